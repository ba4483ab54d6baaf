"""ManageSieve's words: ``NO (TRYLATER) "text"``; a code is a response code, without its
parentheses."""

from __future__ import annotations

import re
from typing import Final, get_args

from netsuite.managesieve import commands
from netsuite.managesieve.server.session import Session
from netsuite.sasl.lines import AuthResponse
from netsuite.testing.faults.kinds import Refuse
from netsuite.testing.faults.words.table import Answer, Words, named


def reply(event: object, refusal: Refuse) -> commands.Response:
    """Return the response."""
    code = "TRYLATER" if refusal.code is None else str(refusal.code)
    return commands.no(refusal.text or "Try again later", code)


async def _refuse_logout(
    session: Session, event: commands.Logout, refused: commands.Response, answer: Answer
) -> None:
    """End the session all the same."""
    session.logged_out()
    session.say(refused)
    session.close()


WORDS: Final = Words(
    protocol="managesieve",
    codes="[A-Z][A-Z0-9/-]{0,40}",
    names=named(*(each for each in get_args(commands.Command) if each is not AuthResponse)),
    reply=reply,
    refusing={commands.Logout: _refuse_logout},
    wrongly={},
    starttls='"STARTTLS"',
    go_ahead=re.compile(rb"\AOK.*\r\n"),
    injected=b"OK\r\n",
)
