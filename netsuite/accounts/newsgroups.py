"""A newsgroup kept up to date by the change feed, and reads that several wait for."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from netsuite.store.changes import Change, MessagesAdded, MessagesExpunged
from netsuite.store.model import Folder


class LiveGroup:
    """Implements ``interfaces.Newsgroup``; the newsroom keeps it up to date."""

    __slots__ = (
        "_first", "_uid_next", "count", "created", "description", "gone", "id", "meanwhile",
        "moderator", "modseq", "name", "numbers", "postable", "unsure",
    )  # fmt: skip

    def __init__(self, folder: Folder, first: int | None) -> None:
        self.id = folder.id
        self.gone = False
        #: All article numbers, ascending; None while they are not in memory.
        self.numbers: array[int] | None = None
        #: What happened while the numbers were being read.
        self.meanwhile: list[Change] | None = None
        self.take(folder, first)

    def take(self, folder: Folder, first: int | None) -> None:
        """Accept what the store says now; an older word than the last changes nothing."""
        self.name = folder.name
        self.description = folder.description
        self.created: datetime | None = folder.created
        self.moderator = folder.moderator
        self.postable = folder.postable
        self.modseq = folder.highest_modseq
        self.count = folder.messages
        self._uid_next = folder.uid_next
        self._first = first or folder.uid_next
        #: Whether ``_first`` may have gone.
        self.unsure = False

    @property
    def low(self) -> int:
        """No article has a lower number."""
        return self._first if self.count else self._uid_next

    @property
    def high(self) -> int:
        """The highest number ever given."""
        return self._uid_next - 1

    def begins_at(self, first: int) -> None:
        """Note the lowest number there is."""
        self._first = max(self._first, first)
        self.unsure = False

    def apply(self, change: MessagesAdded | MessagesExpunged) -> None:
        """Note a change; one that is known already changes nothing."""
        if change.modseq > self.modseq:
            self.modseq = change.modseq
            if isinstance(change, MessagesAdded):
                if not self.count:
                    self._first, self.unsure = change.uids[0], False
                self.count += len(change.uids)
                self._uid_next = max(self._uid_next, change.uids[-1] + 1)
            else:
                self.count -= len(change.uids)
                self.unsure = self.unsure or self._first in change.uids
        if self.meanwhile is not None:
            self.meanwhile.append(change)
        if self.numbers is not None:
            self._renumber(self.numbers, change)

    def _renumber(self, numbers: array[int], change: Change) -> None:
        if isinstance(change, MessagesAdded):
            last = numbers[-1] if numbers else 0
            numbers.extend(uid for uid in change.uids if uid > last)
        elif isinstance(change, MessagesExpunged):
            if len(change.uids) == 1:
                index = bisect_left(numbers, change.uids[0])
                if numbers[index : index + 1] == array("I", change.uids):
                    del numbers[index]
            else:
                gone = frozenset(change.uids)
                numbers[:] = array("I", [number for number in numbers if number not in gone])
        self._settle(numbers)

    def _settle(self, numbers: array[int]) -> None:
        if numbers:
            self._first = numbers[0]
            self.unsure = False

    def keep(self, numbers: Sequence[int]) -> None:
        """Keep the numbers as they were read, with what happened meanwhile."""
        kept = array("I", numbers)
        meanwhile, self.meanwhile = self.meanwhile or [], None
        for change in meanwhile:
            self._renumber(kept, change)
        self._settle(kept)
        self.numbers = kept


class SingleFlight:
    """Work that several may wait for while it runs; who stops waiting does not stop it."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: list[Deferred[None]] | None = None

    @property
    def running(self) -> bool:
        """Whether it is being done just now."""
        return self._waiting is not None

    async def done(self) -> None:
        """Do it, or wait for whoever does. Raises what it raises."""
        waiting: Deferred[None] = Deferred()
        if self._waiting is not None:
            self._waiting.append(waiting)
        else:
            self._waiting = [waiting]
            ensureDeferred(_awaited(self._work())).addBoth(self._ended)
        await waiting

    def _ended(self, result: Failure | None) -> None:
        waiting, self._waiting = self._waiting or [], None
        for each in waiting:
            if not each.called:  # else who waited has given up
                each.callback(result)


async def _awaited(work: Awaitable[None]) -> None:
    await work
