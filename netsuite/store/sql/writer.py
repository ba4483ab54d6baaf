"""The one thread that writes: it commits together what waits, then reports.

Who submits a unit of work gets a Deferred; it fires on the reactor's thread after the commit
that made the work durable, and after the feed has published it. While the disk is busy with one
commit, the next units gather; so the more is asked, the more share one fsync.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from netsuite.store.changes import Published
from netsuite.store.errors import Busy, StorageFull, StoreClosed, StoreError
from netsuite.store.sql import schema as t
from netsuite.store.sql.changelog import read_after, written
from netsuite.store.sql.database import Database, DatabaseSession, translated
from netsuite.store.sql.transaction import Transaction
from netsuite.store.tally import StoreTally

T = TypeVar("T")

#: Of what waits, so much is taken into one transaction before it is committed.
UNITS: Final = 512
OCTETS: Final = 8 * 1024 * 1024
#: Lines of the change log that are kept for other processes to read.
LOG_KEPT: Final = 10_000

_INSERT_CHANGE: Final = sa.insert(t.change)
_TRIM: Final = sa.delete(t.change).where(t.change.c.sequence <= sa.bindparam("last"))


class Unit(Generic[T]):
    """A piece of work that is done whole or not at all.

    ``octets`` is what it weighs in a batch. One that refuses, if it does, before it changed
    anything does not need a savepoint (``needs_savepoint``). One that is not ``durable`` may be
    lost with the power until one that is has been committed after it.
    """

    needs_savepoint: ClassVar[bool] = True
    durable: ClassVar[bool] = True
    octets: int = 0
    #: What ``apply`` returned, while there is no error.
    result: T

    def __init__(self) -> None:
        self.done: Deferred[T] = Deferred()
        self.error: BaseException | None = None

    def apply(self, transaction: Transaction) -> T:
        """Do the work on the writer's thread."""
        raise NotImplementedError

    def committed(self) -> None:
        """Take note on the writer's thread that the work is durable."""

    def report(self) -> None:
        """Fire the Deferred, on the reactor's thread."""
        if self.error is None:
            self.done.callback(self.result)
        else:
            self.done.errback(self.error)


class Call(Unit[T]):
    """A function of the transaction as a unit."""

    def __init__(self, function: Callable[[Transaction], T]) -> None:
        super().__init__()
        self._function = function

    def apply(self, transaction: Transaction) -> T:
        """Call it."""
        return self._function(transaction)


class Filing(Unit[None]):
    """Some messages that came to many folders are filed. That can be lost: they are there."""

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def apply(self, transaction: Transaction) -> None:
        """File them."""
        transaction.file_some()


#: Units of a batch have results of many types.
AnyUnit: TypeAlias = Unit[Any]


class Writer:
    """The thread and what waits for it.

    Args:
        now: returns microseconds since 1970.
        uid_validity: returns a candidate for the next UIDVALIDITY.
        call_from_thread: runs a function on the reactor's thread.
        publish: takes (sequence, changes) pairs in commit order, on the reactor's thread.
    """

    log = Logger()

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        uid_validity: Callable[[], int],
        call_from_thread: Callable[..., object],
        publish: Callable[[list[tuple[int, list[Published]]]], None],
    ) -> None:
        self._database = database
        self._now = now
        self._uid_validity = uid_validity
        self._call_from_thread = call_from_thread
        self._publish = publish
        self._waiting: SimpleQueue[list[AnyUnit] | None] = SimpleQueue()
        self._gathered: list[AnyUnit] = []
        self._session: DatabaseSession | None = None
        self._last: Transaction | None = None  # committed, without a savepoint
        self._version: tuple[DatabaseSession, int | None] | None = None
        self._sequence = 0
        self._thread = Thread(target=self._run, name="netsuite-store-writer", daemon=True)
        self._closed: Deferred[None] = Deferred()
        self._closing = False
        self._full = False  # as the log has it
        #: What was committed, and what could not be.
        self.tally = StoreTally()

    def start(self, session: DatabaseSession, sequence: int) -> None:
        """Begin; everything up to *sequence* is known to the feed."""
        session.enlarge_cache()
        self._session = session
        self._sequence = sequence
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
            self._closing = True
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
        if self._session is not None:
            self._session.close()
        self._call_from_thread(self._closed.callback, None)

    def _file_meanwhile(self) -> None:
        """File some of what came to many folders, while nobody waits for a commit: a message for
        100 mailboxes takes 2.5 ms so, and 2.7 where all of that is left to the commits."""
        while self._last is not None and self._last.many_arrivals and self._waiting.empty():
            try:
                committed = self._commit([Filing()])
            except StoreError:
                return  # who is next is told what is wrong
            except Exception:
                self.log.failure("filing messages that came")
                return
            if committed:
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
            committed = self._commit(batch)
        except Exception as error:
            self.tally.failures[type(error).__name__] += 1
            if len(batch) > 1 and not isinstance(error, StorageFull | Busy):
                # One of them is bad in a way nobody foresaw: let the others pass.
                for unit in batch:
                    self._work([unit])
                return
            if isinstance(error, StorageFull):
                if not self._full:
                    self.log.critical("{error}: nothing is taken until there is room", error=error)
                self._full = True
            elif not isinstance(error, StoreError):
                self.log.failure("a unit of work failed")
                error = StoreError(f"{self._database.place}: unexpected {type(error).__name__}")
            for unit in batch:
                unit.error = error
            committed = []
        else:
            if self._full:
                self._full = False
                self.log.info("the store can be written again")
        self._call_from_thread(self._report, batch, committed)

    def _commit(self, batch: list[AnyUnit]) -> list[tuple[int, list[Published]]]:
        """Do a batch in one transaction. Raises StoreError when none of it is durable."""
        session = self._session
        try:
            if session is None:
                session = self._session = self._database.session()
                session.enlarge_cache()
            session.begin_writing(durable=any(unit.durable for unit in batch))
        except Exception as error:
            self._lose_session()
            raise translated(error, self._database) from error
        began = perf_counter()
        try:
            transaction = self._begin(session)
            committed = self._missed(transaction)
            changes: list[Published] = []
            for unit in batch:
                unit.error = None
                self._apply(unit, transaction)
                changes += transaction.changes
                transaction.changes.clear()
            if changes:
                committed.append((self._log_changes(transaction, changes), changes))
            transaction.flush()
            session.execute("COMMIT")
        except Exception as error:
            self._roll_back(session)
            raise self._named(error) from error
        self.tally.commits.add(perf_counter() - began)
        self.tally.units += len(batch)
        if committed:
            self._sequence = committed[-1][0]
        if not any(unit.needs_savepoint for unit in batch):
            self._last = transaction
        for unit in batch:
            if unit.error is None:
                unit.committed()
        return committed

    def _begin(self, session: DatabaseSession) -> Transaction:
        """Return the transaction that has begun, with what the last one knew where that is true.

        Each question to SQLite gives the interpreter up and waits to have it back. The counters
        of folders and accounts are asked for again only where somebody else has written (SQLite
        tells: ``data_version``), or a unit of ours that does not go through them.
        """
        last, self._last = self._last, None
        version = session.pragma("data_version") if session.sqlite else None
        before, self._version = self._version, (session, version)
        now = self._now()
        if (
            last is not None
            and version is not None
            and before == (session, version)
            and last.go_on(now)
        ):
            return last
        return Transaction(session, now, self._uid_validity)

    def _apply(self, unit: AnyUnit, transaction: Transaction) -> None:
        if not unit.needs_savepoint:
            try:
                unit.result = unit.apply(transaction)
            except (StoreError, ValueError) as error:
                unit.error = error
            return
        session = transaction.session
        transaction.flush()
        session.execute("SAVEPOINT unit")
        try:
            unit.result = unit.apply(transaction)
            transaction.flush()
        except (StoreError, ValueError) as error:
            session.execute("ROLLBACK TO unit")
            transaction.forget()
            unit.error = error
        session.execute("RELEASE unit")

    def _missed(self, transaction: Transaction) -> list[tuple[int, list[Published]]]:
        """Read what other processes committed since, so that the feed keeps the order."""
        if transaction.counter("change") == self._sequence:
            return []
        return read_after(transaction.session, self._sequence)

    def _log_changes(self, transaction: Transaction, changes: list[Published]) -> int:
        sequence = transaction.next("change")
        transaction.session.many(_INSERT_CHANGE, [(sequence, written(changes))])
        if sequence % 1000 == 0:
            transaction.session.run(_TRIM, last=sequence - LOG_KEPT)
        return sequence

    def _named(self, error: Exception) -> Exception:
        """Translate what the database said; leave mistakes of ours as they are."""
        named = translated(error, self._database)
        if isinstance(error, StoreError) or type(named) is not StoreError:
            return named
        return error

    def _roll_back(self, session: DatabaseSession) -> None:
        try:
            session.execute("ROLLBACK")
        except Exception:
            # SQLite has rolled back by itself, or the connection is gone.
            if not session.sqlite:
                self._lose_session()

    def _lose_session(self) -> None:
        """Drop a connection that may be broken; the next batch opens another."""
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except Exception:
                self.log.failure("closing a broken connection failed")

    # -- on the reactor's thread

    def _report(self, batch: list[AnyUnit], changes: list[tuple[int, list[Published]]]) -> None:
        if changes:
            self._publish(changes)
        for unit in batch:
            unit.report()
