"""POP3's words: ``-ERR [SYS/TEMP] text``; a code is a response code, without its brackets."""

from __future__ import annotations

import re
from typing import Final, get_args

from netsuite.pop3 import commands
from netsuite.pop3.server.session import Session
from netsuite.sasl.lines import AuthResponse
from netsuite.testing.faults.kinds import Refuse, Wrong
from netsuite.testing.faults.words.table import NO_DOT, Answer, Words, Wrongly, named, shifting


def reply(event: object, refusal: Refuse) -> commands.Status:
    """Return the status line."""
    code = "SYS/TEMP" if refusal.code is None else str(refusal.code)
    return commands.err(refusal.text or "Try again later", code)


async def _refuse_quit(
    session: Session, event: commands.Quit, refused: commands.Status, answer: Answer
) -> None:
    """End the session, with nothing removed (RFC 1939, 6)."""
    session.finish(refused)


WORDS: Final = Words(
    protocol="pop3",
    codes="[A-Z][A-Z0-9/-]{0,40}",
    names=named(*(each for each in get_args(commands.Command) if each is not AuthResponse)),
    reply=reply,
    refusing={commands.Quit: _refuse_quit},
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=NO_DOT),
        Wrong.NO_DOT: Wrongly(change=NO_DOT),
        Wrong.SIZE: Wrongly(
            change=shifting(rb"(?m)^(?:\+OK )?\d+ (\d+)(?=\r?$)"), to=frozenset({"LIST", "STAT"})
        ),
    },
    starttls="STLS",
    go_ahead=re.compile(rb"\A\+OK.*\r\n"),
    injected=b"+OK injected\r\n",
)
