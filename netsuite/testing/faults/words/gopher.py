"""Gopher's words: a menu of one item that says what is wrong; the one command is REQUEST."""

from __future__ import annotations

from typing import Final

from netsuite.gopher.commands import Request, error
from netsuite.gopher.dialog import Menu
from netsuite.testing.faults.kinds import Refuse, Wrong
from netsuite.testing.faults.words.table import NO_DOT, Words, Wrongly


def reply(event: object, refusal: Refuse) -> Menu:
    """Return the menu."""
    return Menu((error(refusal.text or "That cannot be given now; try again later"),))


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it, as behind every answer."""
    return True


WORDS: Final = Words(
    protocol="gopher",
    names={Request: "REQUEST"},
    reply=reply,
    ends=ends,
    greets=False,
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=NO_DOT),
        Wrong.NO_DOT: Wrongly(change=NO_DOT),
    },
)
