"""The store's refusals in Gopher's words: the text of an item of type 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.connection.close_reason import CloseReason
from netsuite.gopher.commands import error
from netsuite.gopher.dialog import Menu
from netsuite.store.errors import (
    BadFileName,
    Busy,
    IsADirectory,
    NoSuchFile,
    NoSuchFolder,
    NoSuchMessage,
    NotADirectory,
    NotPermitted,
    StorageFull,
    StoreClosed,
    StoreError,
    TooLarge,
)

_NOT_HERE: Final = "There is nothing of that name here"
_LATER: Final = "That cannot be given now; try again later"

_TEXTS: Final[Mapping[type[StoreError], str]] = {
    NoSuchFile: _NOT_HERE,
    NoSuchFolder: _NOT_HERE,
    NoSuchMessage: "That article is not here, or not any more",
    BadFileName: _NOT_HERE,
    IsADirectory: _NOT_HERE,
    NotADirectory: _NOT_HERE,
    # What may not be seen is not told apart from what is not there.
    NotPermitted: _NOT_HERE,
    TooLarge: "That is too large to be shown",
    Busy: _LATER,
    StorageFull: _LATER,
    StoreClosed: _LATER,
}

BROKEN: Final = Menu((error("Something went wrong here; try again later"),))

GOODBYE: Final[Mapping[CloseReason, Menu]] = {
    CloseReason.BUSY: Menu((error("Too many are being served; try again later"),)),
    CloseReason.BUSY_ADDRESS: Menu((error("Too many connections from your address"),)),
    CloseReason.SHUTDOWN: Menu((error("The server is stopping; try again later"),)),
}


def menu_for(cause: StoreError) -> Menu:
    """Give the menu that says what the store refused."""
    return Menu((error(_TEXTS.get(type(cause), _LATER)),))
