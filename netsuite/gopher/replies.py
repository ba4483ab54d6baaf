"""Replies of a Gopher server to errors of the store: menus of one item of type 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.connection.deadlines import CloseReason
from netsuite.gopher.commands import error
from netsuite.gopher.dialog import Menu, ServerSaid
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable


def _menu(text: str) -> Menu:
    return Menu((error(text),))


#: Errors of what is not here. What may not be seen is not told apart from it.
NOT_HERE: Final = (
    errors.NoSuchFile,
    errors.NoSuchFolder,
    errors.BadFileName,
    errors.IsADirectory,
    errors.NotADirectory,
    errors.NotPermitted,
)
_LATER: Final = _menu("That cannot be given now; try again later")
BROKEN: Final = _menu("Something went wrong here; try again later")

ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        **dict.fromkeys(NOT_HERE, _menu("There is nothing of that name here")),
        errors.NoSuchMessage: _menu("That article is not here, or not any more"),
        errors.TooLarge: _menu("That is too large to be shown"),
        errors.StoreError: _LATER,
    }
)

GOODBYE: Final[Mapping[CloseReason, Menu]] = {
    CloseReason.BUSY: _menu("Too many are being served; try again later"),
    CloseReason.BUSY_ADDRESS: _menu("Too many connections from your address"),
    CloseReason.KICKED: _menu("An administrator has ended the session"),
    CloseReason.SHUTDOWN: _menu("The server is stopping; try again later"),
}
