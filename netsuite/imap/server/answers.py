"""Which function answers which command: the groups' tables in one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from netsuite.imap.server import append, fetch, folders, listing, login, messages, search, select

#: By the command's type. A function takes the connection and the command's value, and ends
#: the command with ``finish`` (or ``ok``); it is plain, or gives an awaitable where it waits.
ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    **login.ANSWERS,
    **folders.ANSWERS,
    **listing.ANSWERS,
    **select.ANSWERS,
    **messages.ANSWERS,
    **fetch.ANSWERS,
    **search.ANSWERS,
    **append.ANSWERS,
}
