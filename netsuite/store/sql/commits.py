"""Transactions of the writer's connection: begun, filled with units, and committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Final, NamedTuple

import sqlalchemy as sa
from twisted.logger import Logger

from netsuite.store.changes import Published
from netsuite.store.errors import StoreError
from netsuite.store.sql import schema as t
from netsuite.store.sql.changelog import read_after, written
from netsuite.store.sql.database import Database, DatabaseSession, translated
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import AnyUnit
from netsuite.store.tally import StoreTally

#: Lines of the change log that are kept for other processes to read.
LOG_KEPT: Final = 10_000

_INSERT_CHANGE: Final = sa.insert(t.change)
_TRIM: Final = sa.delete(t.change).where(t.change.c.sequence <= sa.bindparam("last"))


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
        now: returns microseconds since 1970.
        uid_validity: returns a candidate for the next UIDVALIDITY.
    """

    log = Logger()

    def __init__(
        self,
        database: Database,
        tally: StoreTally,
        *,
        now: Callable[[], int],
        uid_validity: Callable[[], int],
    ) -> None:
        self._database = database
        self._tally = tally
        self._now = now
        self._uid_validity = uid_validity
        self._turns: AbstractContextManager[object] = nullcontext()
        self._session: DatabaseSession | None = None
        self._last: Transaction | None = None  # committed, without a savepoint
        self._version: tuple[DatabaseSession, int | None] | None = None
        self._sequence = 0

    def start(
        self,
        session: DatabaseSession,
        sequence: int,
        turns: AbstractContextManager[object] | None,
    ) -> None:
        """Begin with a connection; everything up to *sequence* is known to the feed.

        Args:
            turns: held while writing, where others may want to.
        """
        session.enlarge_cache()
        self._session = session
        self._sequence = sequence
        self._turns = turns or nullcontext()

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
            return self._commit(batch)

    def _commit(self, batch: Sequence[AnyUnit]) -> Committed:
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
            elsewhere: list[Published] = []
            for unit in batch:
                unit.error = None
                self._apply(unit, transaction)
                changes += transaction.changes
                transaction.changes.clear()
                elsewhere += transaction.elsewhere
                transaction.elsewhere.clear()
            logged = changes + elsewhere
            if logged:
                committed.append((self._log_changes(transaction, logged), changes))
            transaction.flush()
            session.execute("COMMIT")
        except Exception as error:
            self._roll_back(session)
            raise self._named(error) from error
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
