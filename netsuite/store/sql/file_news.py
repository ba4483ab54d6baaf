"""News of files that this process has changed, for the others: gathered, then logged.

Nobody's upload waits for it. What is lost with the process, or while the database cannot be
written, is found out by whoever looks at validators, as with what others than us do to files.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from netsuite.store.changes import FileChanged, Published
from netsuite.store.errors import StoreError
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import Unit
from netsuite.store.sql.writer import Writer

#: So long news wait for more of them: a commit for each file would be half of what it costs to
#: write a small one.
GATHER_SECONDS: Final = 0.02
#: More are not told of one by one while they wait: who hears of one file of a tree looks again.
MOST: Final = 500


class _Told(Unit[None]):
    """Some news, logged; published in this process they are already."""

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def __init__(self, changes: Iterable[FileChanged]) -> None:
        super().__init__()
        self._changes = tuple(changes)

    def apply(self, transaction: Transaction) -> None:
        """Have them logged."""
        transaction.elsewhere += self._changes


class FileNews:
    """What waits to be told."""

    def __init__(self, writer: Writer, clock: IReactorTime) -> None:
        self._writer = writer
        self._clock = clock
        self._waiting: dict[FileChanged, None] = {}
        self._call: IDelayedCall | None = None

    def tell(self, changes: Iterable[Published]) -> None:
        """Tell the other processes in a moment. An upload is a change to them: it arrives here."""
        for change in changes:
            if isinstance(change, FileChanged) and len(self._waiting) < MOST:
                self._waiting[replace(change, uploaded=False)] = None
        if self._waiting and self._call is None:
            self._call = self._clock.callLater(GATHER_SECONDS, self._begin)

    async def write(self) -> None:
        """Tell what waits, at once."""
        if self._call is not None:
            self._call.cancel()
            await self._write()

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._write())

    async def _write(self) -> None:
        self._call = None
        told = _Told(self._waiting)
        self._waiting.clear()
        with suppress(StoreError):  # the writer has logged what was wrong
            await self._writer.submit(told)
