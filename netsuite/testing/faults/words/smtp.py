"""SMTP's and LMTP's words: ``451 4.3.0 text``; the end of a message is the command BODY."""

from __future__ import annotations

import re
from typing import Final, get_args

from netsuite.sasl.lines import Auth, AuthResponse
from netsuite.smtp import commands
from netsuite.smtp.server.session import Session
from netsuite.testing.faults.kinds import Refuse
from netsuite.testing.faults.words.table import Answer, AnySession, Words, named
from netsuite.wire.events import EndOfBody

_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


def reply(event: object, refusal: Refuse) -> commands.Reply:
    """Return the reply, with the enhanced code that its text begins with, or the plainest."""
    code = int(refusal.code or 451)
    text = refusal.text or ("Try again later" if code < 500 else "Refused")
    found = _ENHANCED.match(text)
    if found is not None:
        return commands.reply(code, found[1], text[found.end() :] or "Refused")
    greeting = event is None
    return commands.reply(code, "" if greeting else f"{code // 100}.3.0", text)


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it (RFC 5321, 3.8)."""
    return refusal.code == 421


async def _refuse_content(
    session: AnySession, event: object, refused: commands.Reply, answer: Answer
) -> object:
    """Refuse the message that is coming, or has come: it is read to its end, and that answered."""
    assert isinstance(session, Session)
    if isinstance(event, commands.Bdat):
        await answer(session, event)
        session.transaction.refuse(refused)
        return None
    session.transaction.refuse(refused)
    return await answer(session, event)


def unfinished(octets: bytes) -> bytes:
    """Have the last line of a reply say that another follows."""
    return re.sub(rb"(?m)^(\d{3}) ([^\r\n]*\r\n)\Z", rb"\1-\2", octets)


WORDS: Final = Words(
    protocol="smtp",
    names={
        **named(*(each for each in get_args(commands.Command) if each is not AuthResponse)),
        Auth: "AUTH",
        EndOfBody: "BODY",
        commands.EndOfChunk: "BODY",
    },
    reply=reply,
    ends=ends,
    refusing=dict.fromkeys((commands.Bdat, commands.EndOfChunk, EndOfBody), _refuse_content),
    unfinished=unfinished,
    starttls="STARTTLS",
    injected=b"250 2.0.0 injected\r\n",
)
