"""Messages on their way into folders, many to a commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite.store.errors import NoSuchFolder, OverQuota, StoreError, TooLarge
from netsuite.store.interfaces import Draft, Store
from netsuite.store.model import Placed, Placement

#: So many messages, and so many octets of them, wait for their commit at once. One by one, each
#: would wait for the disk alone.
MESSAGES: Final = 256
OCTETS: Final = 16 << 20
#: What a store refuses of one message, and not of the next.
REFUSALS: Final = (OverQuota, TooLarge, NoSuchFolder)


class Filling:
    """Puts messages into a store, in their order, and does not wait for each.

    ::

        filling = Filling(store)
        for each in messages:
            await filling.add(await filling.drafted(each.pieces()), placement, placed, refused)
        await filling.finish()
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._messages = 0
        self._octets = 0
        self._waiting: Deferred[None] | None = None
        self._error: BaseException | None = None

    async def drafted(self, pieces: Iterator[bytes] | AsyncIterator[bytes]) -> Draft:
        """Return a draft of a content; what reading it raises, throws the draft away."""
        draft = self._store.mail.draft()
        try:
            if isinstance(pieces, AsyncIterator):
                async for piece in pieces:
                    await _write(draft, piece)
            else:
                for piece in pieces:
                    await _write(draft, piece)
        except BaseException:
            await draft.abort()
            raise
        return draft

    async def add(
        self,
        draft: Draft,
        placement: Placement,
        placed: Callable[[Placed], None],
        refused: Callable[[StoreError], None],
    ) -> None:
        """Begin to commit; wait only where too much waits already.

        Args:
            placed: called when it is durable.
            refused: called when this message alone cannot be taken.

        Raises:
            StoreError: the store takes none; of this or of an earlier message.
        """
        octets = draft.octets
        self._count(1, octets)
        committed = ensureDeferred(self._store.mail.commit(draft, [placement]))

        async def reported() -> None:
            try:
                (place,) = await committed
                placed(place)
            except REFUSALS as error:
                refused(error)
            except BaseException as error:
                self._error = self._error or error

        ensureDeferred(reported()).addBoth(lambda _: self._count(-1, -octets))
        while self._messages >= MESSAGES or self._octets >= OCTETS:
            await self._room()
        self._check()

    async def finish(self) -> None:
        """Wait until all is durable. Raises StoreError."""
        while self._messages:
            await self._room()
        self._check()

    def _count(self, messages: int, octets: int) -> None:
        self._messages += messages
        self._octets += octets
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    async def _room(self) -> None:
        self._waiting = Deferred()
        await self._waiting

    def _check(self) -> None:
        if self._error is not None:
            raise self._error


async def _write(draft: Draft, piece: bytes) -> None:
    waiting = draft.write(piece)
    if waiting is not None:
        await waiting
