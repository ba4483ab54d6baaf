"""A literal handed over piece by piece, from the command that brings it to whoever reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from netsuite.connection.errors import PermanentRefusal
from netsuite.connection.stream import Count
from netsuite.imap.client.expected import Consumer
from netsuite.imap.client.results import Fetched
from netsuite.imap.commands.fetch import BodySection
from netsuite.imap.dialog.client import LiteralBegins
from netsuite.imap.grammar.fetch import parse_section
from netsuite.imap.grammar.tokens import BadSyntax, Cursor


class Handover:
    """Gives what a FETCH's consumer is given to a reader, and takes no more before that is taken.

    A reader that leaves lets the rest come and takes no notice of it: the session goes on.
    """

    def __init__(self, count: Count) -> None:
        self._count = count
        self._piece: bytes | None = None
        self._left = False
        self._given: Deferred[None] | None = None  # the reader waits
        self._taken: Deferred[None] | None = None  # the consumer waits

    async def consume(self, begins: LiteralBegins, pieces: AsyncIterator[bytes]) -> None:
        """Accept a literal, for ``fetch``."""
        self._count.total = begins.octets
        async for octets in pieces:
            if self._left:
                return
            self._piece = octets
            self._taken = Deferred()
            _wake(self._given)
            await self._taken

    async def read(
        self, fetch: Callable[[Consumer], Awaitable[Fetched]]
    ) -> AsyncGenerator[bytes, None]:
        """Return the pieces of what a FETCH brings, whether it comes as a large literal or not."""
        failed: list[Failure] = []
        results: list[Fetched] = []
        fetching = ensureDeferred(_result(fetch(self.consume)))
        fetching.addCallbacks(results.append, failed.append)
        fetching.addBoth(lambda _: _wake(self._given))
        came = False
        try:
            while True:
                if self._piece is not None:
                    octets, self._piece = self._piece, None
                    came = True
                    yield octets
                    _wake(self._taken)
                elif failed:
                    failed[0].raiseException()
                elif results:
                    break
                else:
                    self._given = Deferred()
                    await self._given
        finally:
            self._left = True
            _wake(self._taken)
        for content in () if came else _contents(results[0]):
            self._count.total = len(content)
            yield content


def _contents(fetched: Fetched) -> list[bytes]:
    """Return what came within a response. Raises PermanentRefusal where there is nothing: an IMAP
    server says OK to who asks for what is not there."""
    found = [each for one in fetched for each in one.sections.values() if each is not None]
    if not found:
        raise PermanentRefusal("", "there is no such message or section", "FETCH")
    return [each for each in found if isinstance(each, bytes)]


def section_of(text: str, *, peek: bool = True) -> BodySection:
    """Return a section as it stands between the brackets of ``BODY[]``: ``1.2``, ``HEADER``, or
    nothing for the message. Raises ValueError."""
    octets = b"[" + text.encode("ascii") + b"]"
    cursor = Cursor([octets])
    try:
        section = parse_section(cursor, peek=peek)
    except BadSyntax:
        raise ValueError(f"{text!r} is no section") from None
    if cursor.place != len(octets):
        raise ValueError(f"{text!r} is no section")
    return section


async def _result(fetching: Awaitable[Fetched]) -> Fetched:
    return await fetching


def _wake(waiting: Deferred[None] | None) -> None:
    if waiting is not None and not waiting.called:
        waiting.callback(None)
