"""Selectors that programs answer: ``site.gopher.add("/time", handler)``.

::

    async def weather(call):
        return f"It rains in {call.rest}.\\n"

    site.gopher.add("/weather/", weather)        # and all selectors below it

A handler returns a text (``str``), octets, items of a menu, or an asynchronous iterator of octets;
it may be a plain function. Errors of the store are answered as those of files; with anything else
it raises, the client is told that something went wrong, and the log what.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netsuite.connection.peer import NOBODY, Peer
from netsuite.gopher.commands import Item

Answer: TypeAlias = str | bytes | Sequence[Item] | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a handler answers.

    Args:
        selector: as it was asked for.
        rest: what of it is behind the selector that the handler was added with.
        search: the words of a search; empty for none.
        peer: who asks.
    """

    selector: str
    rest: str = ""
    search: str = ""
    peer: Peer = NOBODY


Handler: TypeAlias = Callable[[Call], Awaitable[Answer] | Answer]


class Routes:
    """The handlers of a site, by selector. They come before its files and its news."""

    def __init__(self) -> None:
        self._exact: dict[str, Handler] = {}
        self._below: dict[str, Handler] = {}

    def add(self, selector: str, handler: Handler) -> None:
        """Add a handler.

        Args:
            selector: begins with a slash; where it ends with one, too, the handler answers for all
                selectors below, the longest that fits.

        Raises:
            ValueError: there is one already, or it begins otherwise.
        """
        if not selector.startswith("/"):
            raise ValueError("a selector begins with a slash")
        table = self._below if selector.endswith("/") else self._exact
        if selector in table:
            raise ValueError("there is a handler for it already")
        table[selector] = handler

    def find(self, selector: str) -> tuple[Handler, str] | None:
        """Return the handler for a selector, and what of it is left for that; None for no one."""
        handler = self._exact.get(selector)
        if handler is not None:
            return handler, ""
        if self._below:
            end = len(selector)
            while (end := selector.rfind("/", 0, end)) >= 0:
                handler = self._below.get(selector[: end + 1])
                if handler is not None:
                    return handler, selector[end + 1 :]
            handler = self._below.get(selector + "/")
            if handler is not None:
                return handler, ""
        return None
