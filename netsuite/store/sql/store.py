"""The SQL store itself: its parts, and how it opens and closes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from typing import Protocol, TypeVar

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from netsuite.store.changes import ChangeFeed
from netsuite.store.errors import StoreError
from netsuite.store.file_locks import FileLockStore
from netsuite.store.file_usage import FileUsageStore
from netsuite.store.interfaces import (
    AccountStore,
    MailStore,
    QueueStore,
    RememberedStore,
    ScriptStore,
)
from netsuite.store.model import REMEMBERED
from netsuite.store.objects import ObjectStore
from netsuite.store.sharing import AnnotationStore, RightsStore
from netsuite.store.sql import postgresql
from netsuite.store.sql.accounts import SQLAccounts
from netsuite.store.sql.changelog import OrderedFeed, last_sequence
from netsuite.store.sql.database import BUSY_SECONDS, Database, DatabaseSession, translated
from netsuite.store.sql.file_locks import SQLFileLocks
from netsuite.store.sql.file_news import FileNews
from netsuite.store.sql.file_usage import SQLFileUsage
from netsuite.store.sql.indexing import count_pending
from netsuite.store.sql.leases import Join, Leave
from netsuite.store.sql.listener import Listener
from netsuite.store.sql.locks import Locks
from netsuite.store.sql.mail import SQLMail
from netsuite.store.sql.maintenance import (
    LEASE_SECONDS,
    POLL_SECONDS,
    Maintenance,
    discard_drafts,
)
from netsuite.store.sql.migrate import migrate
from netsuite.store.sql.offloading import LEAST_OCTETS, Offloading, any_moved
from netsuite.store.sql.parts import Cache, StoreParts
from netsuite.store.sql.presence import Presence, locks_of
from netsuite.store.sql.queue import SQLQueue
from netsuite.store.sql.readers import Readers
from netsuite.store.sql.remembered import SQLRemembered, probe
from netsuite.store.sql.reserve import Reserve
from netsuite.store.sql.schema import LARGEST_OCTETS
from netsuite.store.sql.scripts import SQLScripts
from netsuite.store.sql.sharing import SQLAnnotations, SQLRights
from netsuite.store.sql.turns import WriteTurns
from netsuite.store.sql.writer import Writer
from netsuite.store.tally import Backlog, StoreTally

T = TypeVar("T")
_SQLITE_SIZE = sa.text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
_POSTGRESQL_SIZE = sa.text("SELECT pg_database_size(current_database())")
_MICRO = 1_000_000
_GUID_OCTETS = 16
_GUIDS_AT_ONCE = 64
_PROBE_SECONDS = 3600  # for which what a probe writes is kept


class CallsFromThread(Protocol):
    """What a store needs of a reactor besides its clock."""

    def callFromThread(  # noqa: N802 (a Twisted name)
        self, function: Callable[..., object], /, *arguments: object
    ) -> object:
        """Run a function on the reactor's thread."""


class _Guids:
    """Gives random identifiers; asks the system for many at a time, not once a message."""

    def __init__(self) -> None:
        self._ready: list[str] = []

    def __call__(self) -> str:
        if not self._ready:
            digits = secrets.token_hex(_GUID_OCTETS * _GUIDS_AT_ONCE)
            size = 2 * _GUID_OCTETS
            self._ready = [digits[at : at + size] for at in range(0, len(digits), size)]
        return self._ready.pop()


class SQLStore:
    """A durable store on SQLite or PostgreSQL, with threads of its own.

    Args:
        url: ``sqlite:////absolute/path/netsuite.db`` or ``postgresql://...``.
        clock: wakes the store's routines.
        now: returns seconds since 1970; None for the clock's, as in tests.
        threads: the reactor whose thread the methods are called on.
        guid: returns 32 hexadecimal digits, never the same twice; None for random ones.
        limit_octets: the largest content it takes, at most 2 GiB.
        cache_octets: what contents and summaries kept in memory may take together.
        sweep_after_seconds: how long a content that nothing refers to stays.
        remembered_values: of each kind, how many it keeps.
        reserve_octets: of an SQLite store's disk, what is kept for whoever removes.
        objects: where large contents go; None: they stay in the database.
        objects_from_octets: smaller ones stay there.
        objects_keep_seconds: how long objects of contents that are gone are kept.

    Raises:
        StoreError: the URL is not a store's.
    """

    mail: MailStore
    accounts: AccountStore
    queue: QueueStore
    remembered: RememberedStore
    scripts: ScriptStore
    rights: RightsStore
    annotations: AnnotationStore
    file_usage: FileUsageStore
    file_locks: FileLockStore
    changes: ChangeFeed

    def __init__(
        self,
        url: str,
        *,
        clock: IReactorTime,
        threads: CallsFromThread,
        now: Callable[[], float] | None = None,
        guid: Callable[[], str] | None = None,
        limit_octets: int = 1 << 30,
        cache_octets: int = 32 << 20,
        sweep_after_seconds: float = 600.0,
        remembered_values: int = REMEMBERED,
        reserve_octets: int = 0,
        objects: ObjectStore | None = None,
        objects_from_octets: int = LEAST_OCTETS,
        objects_keep_seconds: float = 0.0,
    ) -> None:
        self._wall = now or clock.seconds
        self._call_from_thread = threads.callFromThread
        self._database = Database(url, objects)
        process = self._database.process = secrets.token_hex(8)
        feed = OrderedFeed()
        writer = Writer(
            self._database,
            process,
            now=self._now,
            uid_validity=lambda: int(self._wall()),
            call_from_thread=self._call_from_thread,
            publish=feed.advance,
        )
        self._shared = StoreParts(
            database=self._database,
            writer=writer,
            readers=Readers(self._database, self._call_from_thread),
            feed=feed,
            now=self._now,
            guid=guid or _Guids(),
            process=process,
            limit_octets=min(limit_octets, LARGEST_OCTETS),
            contents=Cache(cache_octets // 2),
            summaries=Cache(cache_octets // 2),
        )
        self._presence = Presence()
        self._prepared: tuple[bool, DatabaseSession, int] | None = None
        self._locks = Locks(writer, process)
        self._turns: WriteTurns | None = None
        self._reserve = Reserve(self._database.url.database or "", reserve_octets)
        self._listener: Listener | None = None
        mail = SQLMail(self._shared, self._locks)
        accounts = SQLAccounts(self._shared)
        remembered = SQLRemembered(self._shared, remembered_values)
        news = FileNews(writer, clock)
        feed.tell_others = news.tell
        self._write_waiting = (accounts.write_logins, remembered.write, news.write)
        self.mail, self.accounts, self.queue = mail, accounts, SQLQueue(self._shared, mail)
        self.remembered = remembered
        self.scripts = SQLScripts(self._shared)
        self.rights, self.annotations = SQLRights(self._shared), SQLAnnotations(self._shared)
        self.file_usage = SQLFileUsage(self._shared)
        self.file_locks = SQLFileLocks(self._shared)
        self.changes = feed
        offloading = None
        if objects is not None:
            offloading = Offloading(
                self._shared,
                objects,
                self._in_thread,
                from_octets=objects_from_octets,
                keep_seconds=objects_keep_seconds,
            )
        self._maintenance = Maintenance(
            self._shared,
            self._write_waiting,
            clock,
            sweep_after_seconds=sweep_after_seconds,
            offloading=offloading,
            locks=self._locks,
            looked=self._looked,
        )

    def _looked(self, found: bool) -> float:
        """Return how many seconds after a look for others' commits comes the next."""
        return POLL_SECONDS if self._listener is None else self._listener.looked(found)

    def _now(self) -> int:
        return int(self._wall() * _MICRO)

    @property
    def tally(self) -> StoreTally:
        """What it has done."""
        shared = self._shared
        tally = shared.writer.tally
        for name, cache in (("contents", shared.contents), ("summaries", shared.summaries)):
            tally.hits[name], tally.misses[name] = cache.hits, cache.misses
        return tally

    async def backlog(self) -> Backlog:
        """Return what waits in it."""
        shared = self._shared
        reads, writes = shared.readers.waiting, shared.writer.waiting

        def count(session: DatabaseSession) -> Backlog:
            last = last_sequence(session)
            return Backlog(count_pending(session), last, reads, writes)

        found = await shared.read(count, inline=False)
        return replace(found, unpublished=max(0, found.unpublished - shared.feed.sequence))

    async def octets(self) -> int:
        """Return how large the database is, with what was removed and is kept for what comes."""

        statement = _SQLITE_SIZE if self._database.sqlite else _POSTGRESQL_SIZE
        (octets,) = await self._shared.read(lambda s: s.single(statement), inline=False)
        return int(octets)

    async def probe(self) -> None:
        """Ask something, and write something that nobody misses."""
        shared = self._shared
        await shared.read(last_sequence, inline=False)
        await shared.writer.submit(probe(shared.process, self._now() + _PROBE_SECONDS * _MICRO))

    def prepare(self) -> None:
        """Do at once what of ``open`` blocks. Raises StoreError."""
        if self._prepared is None:
            self._prepared = self._prepare()

    async def open(self) -> None:
        """Make or migrate the schema, clean up what a crash left. Raises StoreError."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            prepared = await self._in_thread(self._prepare)
        alone, session, sequence = prepared
        shared = self._shared
        shared.feed.sequence = sequence
        shared.writer.start(session, sequence, self._turns, self._reserve)
        shared.open = True
        if not self._database.sqlite:
            await shared.writer.submit(Join(shared.process))
            self._listener = self._make_listener()
        before = self._now() + 1 if alone else self._now() - int(LEASE_SECONDS * _MICRO)
        await shared.writer.call(lambda transaction: discard_drafts(transaction, before))
        self._maintenance.start()

    def _make_listener(self) -> Listener:
        shared = self._shared
        return Listener(
            self._database,
            shared.process,
            known=lambda: shared.feed.sequence,
            advance=shared.feed.advance,
            call_from_thread=self._call_from_thread,
        )

    def _prepare(self) -> tuple[bool, DatabaseSession, int]:
        database = self._database
        session: DatabaseSession | None = None
        database.forget_place()
        try:
            if database.sqlite:
                alone = self._join()  # first: a database that is being put back is not made anew
            migrate(database)
            database.note_place()
            if database.sqlite:
                self._locks.open(locks_of(database))
                self._turns = WriteTurns(locks_of(database), BUSY_SECONDS)
                self._reserve.make()
            session = database.session()
            if not database.sqlite:
                alone = session.lock_presence()
                session.execute(postgresql.MAKE_LOCK)
            sequence = last_sequence(session)
            self._check_objects(session)
            self._shared.readers.start()
        except Exception as error:
            if session is not None:
                session.close()
            self._leave()
            raise translated(error, database) from error
        return alone, session, sequence

    def _check_objects(self, session: DatabaseSession) -> None:
        """Check that contents which are in an object store can be read, and more can go there."""
        objects = self._database.objects
        if objects is not None:
            objects.check()
        elif any_moved(session):
            raise StoreError("contents are in an object store: name it with store.objects")

    def _join(self) -> bool:
        """Hold the lock of whoever has the store open; return whether nobody else does."""
        try:
            return self._presence.join(locks_of(self._database))
        except OSError:
            migrate(self._database)  # which says what is wrong with the place in its own words
            raise

    def _leave(self) -> None:
        self._presence.leave()
        self._locks.close()
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.close()

    def on_commit(self, tell: Callable[[], object]) -> None:
        """Call a function after each commit of ours that other processes have to hear of."""
        self._shared.writer.on_commit.append(tell)

    def look(self) -> None:
        """Hear at once what others have committed."""
        if self._shared.open:
            self._maintenance.listen_now()

    async def tidy(self) -> None:
        """Write, index and sweep all that waits, now; by itself it happens behind deliveries."""
        self._shared.check_open()
        await self._maintenance.tidy()

    async def close(self) -> None:
        """Finish what was begun, then close; later calls raise StoreClosed."""
        shared = self._shared
        if not shared.open:
            return
        shared.open = False
        await self._maintenance.stop()
        for write in self._write_waiting:
            with suppress(StoreError):  # the writer has logged what was wrong
                await write()
        for draft in list(shared.drafts):
            await draft.abort()
        if not self._database.sqlite:
            with suppress(StoreError):
                await shared.writer.submit(Leave(shared.process))
        await shared.writer.stop()
        shared.writer.join()
        listener, self._listener = self._listener, None
        if listener is not None:
            await self._in_thread(listener.stop)
        await self._in_thread(shared.readers.stop)
        self._leave()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        done: Deferred[T] = Deferred()

        def run() -> None:
            try:
                result = function()
            except BaseException as error:
                self._call_from_thread(done.errback, error)
            else:
                self._call_from_thread(done.callback, result)

        thread = Thread(target=run, name="netsuite-store-opening", daemon=True)
        thread.start()
        try:
            return await done
        finally:
            thread.join()
