"""NNTP's words: ``403 text``, which 400 ends; the end of an article that is posted is the
command POSTED."""

from __future__ import annotations

import re
from typing import Final, get_args

from netsuite.nntp import commands
from netsuite.nntp.server.session import Session
from netsuite.testing.faults.kinds import Refuse, Wrong
from netsuite.testing.faults.words.table import NO_DOT, Answer, Words, Wrongly, named
from netsuite.wire.events import EndOfBody


def reply(event: object, refusal: Refuse) -> commands.Status:
    """Return the response line."""
    plainest = 400 if event is None else 441 if isinstance(event, EndOfBody) else 403
    return commands.Status(int(refusal.code or plainest), refusal.text or "Try again later")


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it (RFC 3977, 3.2.1)."""
    return refusal.code == 400


async def _refuse_article(
    session: Session, event: EndOfBody, refused: commands.Status, answer: Answer
) -> commands.Status:
    session.drop_posting()
    return refused


WORDS: Final = Words(
    protocol="nntp",
    codes="[45][0-9]{2}",
    names={
        **named(*(set(get_args(commands.Command)) - {commands.SASLResponse})),
        commands.ModeReader: "MODE READER",
        commands.ListCommand: "LIST",
        commands.AuthInfoUser: "AUTHINFO USER",
        commands.AuthInfoPass: "AUTHINFO PASS",
        commands.AuthInfoSASL: "AUTHINFO SASL",
        EndOfBody: "POSTED",
    },
    reply=reply,
    ends=ends,
    refusing={EndOfBody: _refuse_article},
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=NO_DOT),
        Wrong.NO_DOT: Wrongly(change=NO_DOT),
    },
    starttls="STARTTLS",
    go_ahead=re.compile(rb"\A382 .*\r\n"),
    injected=b"201 injected\r\n",
)
