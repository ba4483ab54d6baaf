"""The one thread that writes: it commits together what waits, then reports.

Who submits a unit of work gets a Deferred; it fires on the reactor's thread after the commit
that made the work durable, and after the feed has published it. While the disk is busy with one
commit, the next units gather; so the more is asked, the more share one fsync.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from netsuite.store.changes import Published
from netsuite.store.errors import Busy, StorageFull, StoreClosed, StoreError
from netsuite.store.sql.commits import Commits, Committed
from netsuite.store.sql.database import Database, DatabaseSession
from netsuite.store.sql.reserve import Reserve
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import AnyUnit, Call, Filing, Unit
from netsuite.store.tally import StoreTally

T = TypeVar("T")

#: Of what waits, so much is taken into one transaction before it is committed.
UNITS: Final = 512
OCTETS: Final = 8 * 1024 * 1024


class Writer:
    """The thread and what waits for it.

    Args:
        now: returns microseconds since 1970.
        process: our token, of hexadecimal digits.
        uid_validity: returns a candidate for the next UIDVALIDITY.
        call_from_thread: runs a function on the reactor's thread.
        publish: takes (sequence, changes) pairs in commit order, on the reactor's thread.
    """

    log = Logger()

    def __init__(
        self,
        database: Database,
        process: str,
        *,
        now: Callable[[], int],
        uid_validity: Callable[[], int],
        call_from_thread: Callable[..., object],
        publish: Callable[[list[tuple[int, list[Published]]]], None],
    ) -> None:
        self._place = database.place
        #: What was committed, and what could not be.
        self.tally = StoreTally()
        self._commits = Commits(database, self.tally, process, now=now, uid_validity=uid_validity)
        self._call_from_thread = call_from_thread
        self._publish = publish
        self._waiting: SimpleQueue[list[AnyUnit] | None] = SimpleQueue()
        self._gathered: list[AnyUnit] = []
        self._thread = Thread(target=self._run, name="netsuite-store-writer", daemon=True)
        self._closed: Deferred[None] = Deferred()
        self._closing = False
        #: Whether the disk is, so that nothing can be added.
        self.is_full = False
        #: Called on the reactor's thread after a commit that others have to hear of.
        self.on_commit: list[Callable[[], object]] = []

    def start(
        self,
        session: DatabaseSession,
        sequence: int,
        turns: AbstractContextManager[object] | None,
        reserve: Reserve,
    ) -> None:
        """Begin, as ``Commits.start``."""
        self._commits.start(session, sequence, turns, reserve)
        self._thread.start()

    def submit(self, unit: Unit[T]) -> Deferred[T]:
        """Put a unit in the queue. Raises StoreClosed."""
        if self._closing:
            raise StoreClosed("the store is closing")
        # What comes in one turn of the reactor goes to the thread at its end: it would begin with
        # the first unit alone, and the others would wait for a commit more.
        if not self._gathered:
            self._call_from_thread(self._hand_over)
        self._gathered.append(unit)
        return unit.done

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            self._waiting.put(gathered)

    def call(self, function: Callable[[Transaction], T]) -> Deferred[T]:
        """Submit a function."""
        return self.submit(Call(function))

    @property
    def waiting(self) -> int:
        """How many bundles of units wait."""
        return self._waiting.qsize() + bool(self._gathered)

    def stop(self) -> Deferred[None]:
        """Finish what waits, then end the thread."""
        if not self._closing:
            self._closing = self._commits.hurried = True
            self._hand_over()
            self._waiting.put(None)
        return self._closed

    def join(self) -> None:
        """Wait for the thread, which has nothing left to do, to be gone."""
        self._thread.join()

    # -- on the writer's thread

    def _run(self) -> None:
        ending = False
        while not ending:
            batch, ending = self._take()
            if batch:
                self._work(batch)
            self._file_meanwhile()
        self._commits.close()
        self._call_from_thread(self._closed.callback, None)

    def _file_meanwhile(self) -> None:
        """File some of what came to many folders, while nobody waits for a commit: a message for
        100 mailboxes takes 2.5 ms so, and 2.7 where all of that is left to the commits."""
        while self._commits.many_arrivals and self._waiting.empty():
            try:
                committed = self._commits.commit([Filing()])
            except StoreError:
                return  # who is next is told what is wrong
            except Exception:
                self.log.failure("filing messages that came")
                return
            if committed.changes:
                self._call_from_thread(self._report, [], committed)

    def _take(self) -> tuple[list[AnyUnit], bool]:
        """Wait for work, then take all there is, within limits; return whether it was the last."""
        units = self._waiting.get()
        batch: list[AnyUnit] = []
        octets = 0
        while units is not None:
            batch += units
            octets += sum(unit.octets for unit in units)
            if len(batch) >= UNITS or octets >= OCTETS:
                return batch, False
            try:
                units = self._waiting.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _work(self, batch: list[AnyUnit]) -> None:
        try:
            committed = self._commits.commit(batch)
        except Exception as error:
            self.tally.failures[type(error).__name__] += 1
            rest = [unit for unit in batch if not unit.grows]
            if isinstance(error, StorageFull) and 0 < len(rest) < len(batch):
                self._work([unit for unit in batch if unit.grows])
                self._work(rest)
                return
            if len(batch) > 1 and not isinstance(error, StorageFull | Busy):
                # One of them is bad in a way nobody foresaw: let the others pass.
                for unit in batch:
                    self._work([unit])
                return
            if isinstance(error, StorageFull):
                if not self.is_full:
                    self.log.critical("{error}: nothing is taken until there is room", error=error)
                self.is_full = True
            elif not isinstance(error, StoreError):
                self.log.failure("a unit of work failed")
                error = StoreError(f"{self._place}: unexpected {type(error).__name__}")
            for unit in batch:
                unit.error = error
            committed = Committed([], ours=False)
        else:
            if self.is_full and any(unit.grows for unit in batch):
                self.is_full = False
                self.log.info("the store can be written again")
        self._call_from_thread(self._report, batch, committed)

    # -- on the reactor's thread

    def _report(self, batch: list[AnyUnit], committed: Committed) -> None:
        if committed.changes:
            self._publish(committed.changes)
        if committed.ours:
            for tell in self.on_commit:  # who is answered now may ask another process next
                tell()
        for unit in batch:
            unit.report()
