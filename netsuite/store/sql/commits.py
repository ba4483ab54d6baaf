"""Transactions of the writer's connection: begun, filled with units, and committed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from time import monotonic, perf_counter, sleep
from typing import Final, NamedTuple

import sqlalchemy as sa
from twisted.logger import Logger

from netsuite.store.changes import Published
from netsuite.store.errors import Busy, StorageFull, StoreError
from netsuite.store.sql import postgresql
from netsuite.store.sql import schema as t
from netsuite.store.sql.changelog import read_after, written
from netsuite.store.sql.database import Database, DatabaseSession, translated
from netsuite.store.sql.reserve import Reserve
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import AnyUnit
from netsuite.store.tally import StoreTally

#: The counter of all commits, on PostgreSQL.
COMMIT: Final = "commit"
#: How long is waited, in seconds and about, before a batch is tried again that others were in the
#: way of.
PAUSES: Final = (0.0, 0.01, 0.05, 0.2)
#: So long is asked whether a commit was done that the server has not answered, and so often.
DOUBT_SECONDS: Final = 30.0
DOUBT_PAUSE_SECONDS: Final = 0.2
#: Lines of the change log that are kept for other processes to read: on the same machine they are
#: seconds behind at most, on another perhaps minutes, where the network was cut between.
LOG_KEPT: Final = 10_000
LOG_KEPT_AFAR: Final = 100_000

_COMMITS: Final = sa.select(t.process.c.commits).where(t.process.c.token == sa.bindparam("token"))
_INSERT_CHANGE: Final = sa.insert(t.change)
_TRIM: Final = sa.delete(t.change).where(t.change.c.sequence <= sa.bindparam("last"))


class NotDone(Busy):
    """A commit that has not come to the server."""


class Committed(NamedTuple):
    """A commit.

    Args:
        changes: what is to be published: of other processes since the last commit, then ours.
        ours: whether others have to hear of it.
    """

    changes: list[tuple[int, list[Published]]]
    ours: bool


class Commits:
    """The connection, used by the writer's thread alone, and what is known from one transaction to
    the next.

    Args:
        tally: where commits are counted.
        process: our token, of hexadecimal digits.
        now: returns microseconds since 1970.
        uid_validity: returns a candidate for the next UIDVALIDITY.
        chance: returns a number from 0 to 1.
        sleep: waits, on the writer's thread.
    """

    log = Logger()

    def __init__(
        self,
        database: Database,
        tally: StoreTally,
        process: str,
        *,
        now: Callable[[], int],
        uid_validity: Callable[[], int],
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], object] = sleep,
    ) -> None:
        self._database = database
        self._process = process
        self._chance = chance
        self._sleep = sleep
        #: Whether the store is closing: nothing is waited for any more.
        self.hurried = False
        self._tally = tally
        self._now = now
        self._uid_validity = uid_validity
        self._turns: AbstractContextManager[object] = nullcontext()
        self._reserve = Reserve("", 0)
        self._session: DatabaseSession | None = None
        self._last: Transaction | None = None  # committed, without a savepoint
        self._version: tuple[DatabaseSession, int | None] | None = None
        self._sequence = 0

    def start(
        self,
        session: DatabaseSession,
        sequence: int,
        turns: AbstractContextManager[object] | None,
        reserve: Reserve,
    ) -> None:
        """Begin with a connection; everything up to *sequence* is known to the feed.

        Args:
            turns: held while writing, where others may want to.
            reserve: of the disk, which nothing that grows may take.
        """
        session.enlarge_cache()
        self._session = session
        self._sequence = sequence
        self._turns = turns or nullcontext()
        self._reserve = reserve

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()

    @property
    def many_arrivals(self) -> bool:
        """Whether messages should be filed, when there is time."""
        return self._last is not None and self._last.many_arrivals

    def commit(self, batch: Sequence[AnyUnit]) -> Committed:
        """Do a batch in one transaction. Raises StoreError when none of it is durable."""
        with self._turns:
            try:
                if self._database.sqlite:
                    return self._commit_on_disk(batch)
                for pause in PAUSES:
                    try:
                        return self._commit(batch)
                    except Exception as error:
                        if not self._passes(error):
                            raise
                        self._sleep(pause * (0.5 + self._chance()))
                return self._commit(batch)
            except Exception as error:
                raise self._named(error) from error

    def _commit_on_disk(self, batch: Sequence[AnyUnit]) -> Committed:
        """Do a batch; what does not grow may have the reserve for it."""
        if any(unit.grows for unit in batch):
            self._check_room()
            return self._commit(batch)
        try:
            return self._commit(batch)
        except Exception as error:
            full = isinstance(self._named(error), StorageFull)
            if not full or not self._reserve.give_up():
                raise
        try:
            self._write_back()
            return self._commit(batch)
        finally:
            self._write_back()
            self._reserve.make()

    def _check_room(self) -> None:
        """Check that more than the reserve is free, on the disk or within the database. Raises
        StorageFull."""
        if self._reserve.is_free():
            return
        session = self._opened()
        if session.pragma("freelist_count") * session.pragma("page_size") < self._reserve.octets:
            raise StorageFull(
                f"{self._database.place}: the disk has less than "
                f"{self._reserve.octets >> 20} MB left, which are kept for removing"
            )

    def _write_back(self) -> None:
        """Have SQLite write its log back to the database, as far as there is room and no reader
        needs it; where all of it was, the next commit begins the log anew, and takes no room."""
        if self._session is not None:
            with suppress(Exception):
                self._session.pragma("wal_checkpoint(PASSIVE)")

    def _passes(self, error: Exception) -> bool:
        """Return whether a batch that was rolled back may well succeed at once: others were in its
        way, or the connection had been lost before, by a server that may be back."""
        if postgresql.is_worth_another_try(error):
            return True
        return isinstance(error, NotDone) or (self._session is None and postgresql.is_lost(error))

    def _commit(self, batch: Sequence[AnyUnit]) -> Committed:
        durable = any(unit.durable for unit in batch)
        session = self._opened()
        try:
            counters = session.begin_writing(durable=durable)
        except Exception:
            self._lose_session()
            raise
        began = perf_counter()
        number = counters.get(COMMIT, 0) + 1 if counters is not None else None
        try:
            transaction = self._begin(session, counters)
            committed = self._missed(transaction)
            logged, changes = self._do(batch, transaction)
            if logged:
                committed.append((self._log_changes(transaction, logged), changes))
            transaction.flush()
        except Exception as error:
            self._roll_back(session, error)
            raise
        self._finish(session, number, bool(logged))
        self._tally.commits.add(perf_counter() - began)
        self._tally.units += len(batch)
        if committed:
            self._sequence = committed[-1][0]
        if not any(unit.needs_savepoint for unit in batch):
            self._last = transaction
        for unit in batch:
            if unit.error is None:
                unit.committed()
        return Committed(committed, bool(logged))

    def _opened(self) -> DatabaseSession:
        """Return the connection, or another in its place."""
        session = self._session
        if session is None:
            session = self._database.session()
            try:
                session.enlarge_cache()
                session.rejoin()
            except Exception:
                session.close()
                raise
            self._session = session
        return session

    def _do(
        self, batch: Sequence[AnyUnit], transaction: Transaction
    ) -> tuple[list[Published], list[Published]]:
        """Do all units; return the changes that are to be logged, and to be published."""
        changes: list[Published] = []
        elsewhere: list[Published] = []
        for unit in batch:
            unit.error = None
            self._apply(unit, transaction)
            changes += transaction.changes
            transaction.changes.clear()
            elsewhere += transaction.elsewhere
            transaction.elsewhere.clear()
        return changes + elsewhere, changes

    def _finish(self, session: DatabaseSession, number: int | None, logged: bool) -> None:
        """Commit.

        Args:
            number: of the commit, of all processes; None on SQLite.
            logged: whether others have to hear of it.
        """
        if number is None:
            try:
                session.execute("COMMIT")
            except Exception as error:
                self._roll_back(session, error)
                raise
            return
        notify = logged and self._database.notifies
        try:
            session.execute(postgresql.ending(self._process, number, self._now(), notify=notify))
        except Exception as error:
            self._roll_back(session, error)
            if not postgresql.is_unknown(error):
                raise
            if not self._is_done(number):
                raise NotDone(f"{self._database.place}: the connection was lost") from error
            return
        self._version = (session, number)

    def _is_done(self, number: int) -> bool:
        """Find out whether a commit was done that the server has not answered.

        Who has been promised nothing may send again, and then has it twice; so it is asked for a
        while. The row that is locked first is locked until the other connection has come to its
        end, and each commit leaves its number.

        Raises:
            Busy: the server did not come back, or does not know us any more.
        """
        end = monotonic() + DOUBT_SECONDS
        while True:
            try:
                session = self._opened()
                session.begin_writing(durable=False)
                known = session.one(_COMMITS, token=self._process)
                session.execute("ROLLBACK")
            except Exception as error:
                self._lose_session()
                if monotonic() > end or self.hurried:
                    raise Busy(
                        f"{self._database.place}: the connection was lost in a commit, and "
                        f"whether it was done is not known: {error}"
                    ) from error
                self._sleep(DOUBT_PAUSE_SECONDS)
                continue
            if known is None:
                raise Busy(f"{self._database.place}: another database has come in its place")
            return bool(known[0] == number)

    def _begin(self, session: DatabaseSession, counters: Mapping[str, int] | None) -> Transaction:
        """Return the transaction that has begun, with what the last one knew where that is true.

        Each question to SQLite gives the interpreter up and waits to have it back, and one to
        PostgreSQL goes to another process. The counters of folders and accounts are asked for
        again only where somebody else has written (SQLite tells: ``data_version``; else commits
        are numbered), or a unit of ours that does not go through them.
        """
        last, self._last = self._last, None
        version = session.pragma("data_version") if counters is None else counters.get(COMMIT)
        before, self._version = self._version, (session, version)
        now = self._now()
        if last is not None and before == (session, version) and last.go_on(now):
            return last
        return Transaction(session, now, self._uid_validity, counters)

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
        transaction.session.many(_INSERT_CHANGE, [(sequence, written(changes, self._process))])
        if sequence % 1000 == 0:
            kept = LOG_KEPT if self._database.sqlite else LOG_KEPT_AFAR
            transaction.session.run(_TRIM, last=sequence - kept)
        return sequence

    def _named(self, error: Exception) -> Exception:
        """Translate what the database said; leave mistakes of ours as they are."""
        named = translated(error, self._database)
        if isinstance(error, StoreError) or type(named) is not StoreError:
            return named
        return error

    def _roll_back(self, session: DatabaseSession, error: Exception) -> None:
        if self._database.sqlite:
            with suppress(Exception):  # it may have rolled back by itself
                session.execute("ROLLBACK")
        elif postgresql.is_lost(error):
            self._lose_session()
        else:
            try:
                session.execute("ROLLBACK")
            except Exception:
                self._lose_session()

    def _lose_session(self) -> None:
        """Drop a connection that may be broken; the next batch opens another, and so do readers:
        the server may be another one now."""
        session, self._session = self._session, None
        if session is not None:
            self._database.generation += 1
            with suppress(Exception):
                session.close()
