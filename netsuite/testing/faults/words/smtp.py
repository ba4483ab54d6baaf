"""SMTP's and LMTP's words: ``451 4.3.0 text``; the end of a message is the command BODY."""

from __future__ import annotations

import re
from typing import Final, get_args

from netsuite.sasl.lines import AuthResponse
from netsuite.smtp import commands
from netsuite.smtp.server.session import Session
from netsuite.testing.faults.kinds import Refuse, Wrong
from netsuite.testing.faults.words.table import GOES_ON, Answer, Words, Wrongly, named, shifting
from netsuite.wire.events import EndOfBody

_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


def reply(event: object, refusal: Refuse) -> commands.Reply:
    """Return the reply, with the enhanced code that its text begins with, or the plainest."""
    code = int(refusal.code or (421 if event is None else 451))
    text = refusal.text or ("Try again later" if code < 500 else "Refused")
    found = _ENHANCED.match(text)
    if found is not None:
        return commands.reply(code, found[1], text[found.end() :] or "Refused")
    return commands.reply(code, "" if event is None else f"{code // 100}.3.0", text)


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it (RFC 5321, 3.8)."""
    return refusal.code == 421


async def _refuse_chunk(
    session: Session, event: commands.Bdat, refused: commands.Reply, answer: Answer
) -> object:
    """Refuse a chunk that comes in any case: at its end."""
    said = await answer(session, event)
    session.transaction.refuse(refused)
    return said


async def _refuse_content(
    session: Session, event: object, refused: commands.Reply, answer: Answer
) -> object:
    """Refuse the message that has come; in LMTP to each of its recipients."""
    session.transaction.refuse(refused)
    return await answer(session, event)


WORDS: Final = Words(
    protocol="smtp",
    codes="[45][0-9]{2}",
    names={
        **named(*(each for each in get_args(commands.Command) if each is not AuthResponse)),
        EndOfBody: "BODY",
        commands.EndOfChunk: "BODY",
    },
    reply=reply,
    ends=ends,
    refusing={
        commands.Bdat: _refuse_chunk,
        commands.EndOfChunk: _refuse_content,
        EndOfBody: _refuse_content,
    },
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=GOES_ON),
        Wrong.SIZE: Wrongly(change=shifting(rb"\bSIZE (\d+)"), to=frozenset({"EHLO", "LHLO"})),
    },
    starttls="STARTTLS",
    go_ahead=re.compile(rb"\A220 .*\r\n"),
    injected=b"250 2.0.0 injected\r\n",
)
