"""What the SQL store promises beyond the contract: processes, crashes of others, limits, errors."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock, deferLater
from twisted.logger import LogLevel, capturedLogs

from netsuite.message.structure import Summary
from netsuite.store import query as q
from netsuite.store.changes import AliasesChanged, FileChanged, MessagesAdded
from netsuite.store.errors import Busy, NoSuchMessage, StorageFull, StoreError, TooLarge
from netsuite.store.interfaces import Store
from netsuite.store.model import Column, FlagAction, Folder, FolderId, Login, Placement
from netsuite.store.sql import SQLStore, database, indexing, schema, search
from netsuite.store.sql.changelog import read
from netsuite.store.sql.contents import read_whole
from netsuite.store.sql.database import Database
from netsuite.store.sql.delivery import AHEAD_OCTETS, SQLDraft
from netsuite.store.sql.maintenance import BACKLOG
from netsuite.store.sql.migrate import migrate
from netsuite.store.summarize import Description, describe
from netsuite.testing.cases import SkipTest, TestCase
from netsuite.testing.store_contract import CREATED, StoreCase
from netsuite.testing.store_contract.case import message, written
from netsuite.testing.store_contract.contents import pattern
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


async def _opened(url: str) -> SQLStore:
    store = SQLStore(url, clock=Clock(), threads=reactor)
    await store.open()
    return store


WRITER = "netsuite.store.sql.writer.Writer"


class SQLCase(StoreCase, TestCase):
    """A store on an SQLite file, and others on the same file."""

    options: dict[str, Any] = {}

    async def make_store(self) -> Store:
        self.url = self.make_url()
        self.sql = sql = self.another(**self.options)
        self.addCleanup(lambda: Deferred.fromCoroutine(sql.close()))
        return sql

    def make_url(self) -> str:
        self.path = os.path.abspath(self.mktemp())
        return f"sqlite:///{self.path}"

    def another(self, **options: Any) -> SQLStore:
        return SQLStore(self.url, clock=self.clock, threads=reactor, **options)

    async def opened(self, **options: Any) -> SQLStore:
        store = self.another(**options)
        await store.open()
        self.addCleanup(lambda: Deferred.fromCoroutine(store.close()))
        return store

    async def both_write(self, inbox: Folder, one: Store, other: Store) -> None:
        """Have two stores write to an empty folder at once; each message has a UID of its own."""
        waiting = []
        for number in range(40):
            store = other if number % 2 else one
            draft = store.mail.draft()
            draft.write(b"x")
            waiting.append(Deferred.fromCoroutine(store.mail.commit(draft, [Placement(inbox.id)])))
        uids = [(await each)[0].uid for each in waiting]
        self.assertEqual(list(range(1, 41)), sorted(uids))

    async def until(self, condition: Any) -> None:
        """Let virtual time pass and threads work until the condition holds."""
        for _ in range(500):
            if condition():
                return
            self.clock.advance(0.25)
            await deferLater(reactor, 0.002)
        self.fail("it never came true")

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the file."""
        connection = sqlite3.connect(self.path)
        try:
            rows = connection.execute(sql, values).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()


class TwoStores(SQLCase):
    """Two stores on one file, as in two processes."""

    async def test_the_other_hears(self) -> None:
        """What one stores, the other is told of, once and in order, and can read."""
        inbox = await self.inbox()
        other = await self.opened()
        heard: list[Any] = []
        other.changes.watch_all(heard.append)
        self.published.clear()
        for _ in range(5):
            await self.put(inbox)
        await self.store.mail.store_flags(
            inbox.id, [2], FlagAction.ADD, frozenset({"\\Seen"}), inbox.owner
        )
        await self.store.mail.create_folder(inbox.owner, "x")
        await self.store.accounts.set_alias("i", ["alice"])
        await self.store.mail.expunge(inbox.id, [1], deleted_only=False)
        await self.until(lambda: len(heard) >= len(self.published))
        self.assertEqual(self.published, heard)
        self.assertEqual([2, 3, 4, 5], list(await other.mail.uids(inbox.id)))

    async def test_small_contents_do_not_wait(self) -> None:
        """A small content of an embedded database is there at once, kept in memory or not."""
        inbox = await self.inbox()
        await self.put(inbox, message("at once"))
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        for store in (self.store, await self.opened()):
            with self.assertRaises(StopIteration) as ended:
                store.mail.content(seen.content).send(None)
            self.assertEqual(message("at once"), ended.exception.value)

    async def test_both_write(self) -> None:
        """Both hear the same order, whoever wrote; UIDs do not collide."""
        inbox = await self.inbox()
        other = await self.opened()
        heard: list[Any] = []
        other.changes.watch_all(heard.append)
        self.published.clear()
        mine = self.store
        for number in range(20):
            self.store = other if number % 3 else mine
            await self.put(inbox)
        self.store = mine
        await self.until(lambda: len(heard) == len(self.published) == 20)
        self.assertEqual(self.published, heard)
        self.assertEqual([(uid,) for uid in range(1, 21)], [c.uids for c in heard])
        self.assertEqual(list(range(2, 22)), [change.modseq for change in heard])

    async def test_both_write_at_once(self) -> None:
        """Transactions of two processes wait for each other."""
        inbox = await self.inbox()
        other = await self.opened()
        await self.both_write(inbox, self.store, other)
        await self.until(lambda: len(self.published_of(MessagesAdded)) == 40)
        self.assertEqual(
            [(uid,) for uid in range(1, 41)], [c.uids for c in self.published_of(MessagesAdded)]
        )

    async def test_heard_at_once(self) -> None:
        """Who is told that another has committed hears of it without any time passing; and who
        only hears of others tells nobody."""
        inbox = await self.inbox()
        other = await self.opened()
        heard: list[Any] = []
        told: list[str] = []
        other.changes.watch_all(heard.append)
        other.on_commit(lambda: told.append("other"))
        self.store.on_commit(lambda: told.append("first"))
        self.store.on_commit(other.look)
        await self.put(inbox)
        self.assertEqual([(1,)], [change.uids for change in heard])
        self.assertEqual(["first"], told)
        await other.close()
        other.look()
        await self.put(inbox)
        self.assertEqual(1, len(heard))

    async def test_files(self) -> None:
        """A file that changes by one is told by both, at once where it was; an upload is one only
        there. What comes together is written down together."""
        other = await self.opened()
        heard: list[Any] = []
        other.changes.watch_files(heard.append)
        self.published.clear()
        name = b"\xff.txt".decode(errors="surrogateescape")
        changes = [
            FileChanged("public", ("a", name), uploaded=True),
            FileChanged("home/x", (), gone=True),
        ]
        before = self.ask("SELECT value FROM counter WHERE name = 'change'")
        for change in changes * 2:
            self.store.changes.publish([change])
        self.assertEqual(changes * 2, self.published)
        await self.until(lambda: heard)
        self.assertEqual([replace(each, uploaded=False) for each in changes], heard)
        self.assertEqual(changes * 2, self.published)
        after = self.ask("SELECT value FROM counter WHERE name = 'change'")
        self.assertEqual(1, after[0][0] - (before[0][0] if before else 0))
        self.store.changes.publish(changes[:1])
        await self.store.close()
        await self.until(lambda: len(heard) == 3)

    async def test_news_of_a_newer_version(self) -> None:
        """A kind of change that is not known here is left out."""
        self.assertEqual([AliasesChanged()], read('[[9],[99,"x"]]', ""))

    async def test_quiet_from_the_beginning(self) -> None:
        """A store that opens late is not told of what was before."""
        await self.put(await self.inbox())
        other = await self.opened()
        heard: list[Any] = []
        other.changes.watch_all(heard.append)
        for _ in range(5):
            self.clock.advance(0.25)
            await deferLater(reactor, 0.01)
        self.assertEqual([], heard)

    async def test_maildrop_lock_between_processes(self) -> None:
        """A maildrop locked in one process is locked in the other, until that one closes."""
        inbox = await self.inbox()
        other = await self.opened()
        self.assertTrue(await other.mail.lock_maildrop(inbox.id))
        self.assertFalse(await self.store.mail.lock_maildrop(inbox.id))
        other.mail.unlock_maildrop(inbox.id)
        self.assertTrue(await self.store.mail.lock_maildrop(inbox.id))
        self.assertFalse(await other.mail.lock_maildrop(inbox.id))
        await self.store.close()
        self.assertTrue(await other.mail.lock_maildrop(inbox.id))

    async def test_opening_leaves_live_drafts_alone(self) -> None:
        """A process that starts does not clean up what another one is just receiving."""
        inbox = await self.inbox()
        data = pattern(1_300_000)
        draft = self.store.mail.draft()
        await written(draft, data[:900_000])
        await self.until(lambda: self.ask("SELECT * FROM draft"))
        other = await self.opened(sweep_after_seconds=0)
        await other.tidy()
        await written(draft, data[900_000:])
        (placed,) = await self.store.mail.commit(draft, [Placement(inbox.id)])
        (seen,) = await other.mail.messages(inbox.id, [placed.uid], None)
        self.store = other
        self.assertEqual(data, await self.whole(seen.content))

    async def test_a_reader_in_another_process(self) -> None:
        """A content that another process expunged stays readable for a while."""
        inbox = await self.inbox()
        data = pattern(700_000)
        await self.put(inbox, data)
        other = await self.opened()
        (seen,) = await other.mail.messages(inbox.id, None, None)
        reading = other.mail.read(seen.content)
        read = await anext(reading)
        await self.store.mail.expunge(inbox.id, None, deleted_only=False)
        self.clock.advance(500)
        await self.sql.tidy()
        async for piece in reading:
            read += piece
            self.clock.advance(500)
            await self.sql.tidy()
        self.assertEqual(data, read)
        self.clock.advance(601)
        await self.sql.tidy()
        self.assertEqual([], self.ask("SELECT * FROM chunk"))


class Drafts(SQLCase):
    """Large contents pass through bounded memory; what is left of broken ones is cleaned."""

    options = {"limit_octets": 12_000_000, "sweep_after_seconds": 0}

    async def test_back_pressure(self) -> None:
        """Who writes faster than the disk has to wait; little more than 2 MiB are held."""
        inbox = await self.inbox()
        draft = self.store.mail.draft()
        waited = 0
        piece = bytes(100_000)
        for _ in range(100):
            waiting = draft.write(piece)
            assert isinstance(draft, SQLDraft)
            if waiting is not None:
                waited += 1
                self.assertGreater(draft._ahead, AHEAD_OCTETS)
                self.assertLess(draft._ahead, AHEAD_OCTETS + (1 << 19))
                await waiting
        self.assertGreater(waited, 1)
        (placed,) = await self.store.mail.commit(draft, [Placement(inbox.id)])
        (seen,) = await self.store.mail.messages(inbox.id, [placed.uid], None)
        self.assertEqual(10_000_000, seen.octets)
        self.assertEqual([], self.ask("SELECT * FROM draft"))

    async def test_aborted_ones_leave_nothing(self) -> None:
        """Aborted and refused large contents leave no octet behind."""
        await self.inbox()
        draft = self.store.mail.draft()
        await written(draft, pattern(2_000_000))
        await draft.abort()
        await self.refused(StoreError, self.put_all([Placement(FolderId(999))], pattern(1_000_000)))
        await self.sql.tidy()
        for table in ("chunk", "content", "draft", "pending"):
            self.assertEqual([], self.ask(f"SELECT * FROM {table}"), table)

    async def test_too_large(self) -> None:
        """What exceeds the limit is thrown away as it comes, and refused at the commit."""
        inbox = await self.inbox()
        await self.refused(TooLarge, self.put(inbox, bytes(12_000_001)))
        await self.sql.tidy()
        self.assertEqual([], self.ask("SELECT * FROM chunk"))
        self.assertEqual([], list(await self.store.mail.uids(inbox.id)))

    async def test_a_crash_leaves_drafts_that_the_next_start_cleans(self) -> None:
        """Chunks of a process that died go when the next one opens."""
        await self.inbox()
        draft = self.store.mail.draft()
        await written(draft, pattern(1_000_000))
        await self.until(lambda: len(self.ask("SELECT id FROM chunk")) == 3)
        rows = self.ask("SELECT * FROM draft")
        chunks = self.ask("SELECT * FROM chunk")
        await self.store.close()
        connection = sqlite3.connect(self.path)
        connection.execute("DELETE FROM chunk")
        connection.execute("DELETE FROM content")
        connection.executemany("INSERT INTO draft VALUES (?, ?, ?)", rows)
        connection.executemany("INSERT INTO chunk VALUES (?, ?)", chunks)
        connection.commit()
        connection.close()
        again = await self.opened(sweep_after_seconds=0)
        await again.tidy()
        self.assertEqual([], self.ask("SELECT * FROM draft"))
        self.assertEqual([], self.ask("SELECT * FROM chunk"))

    async def test_closing_aborts_drafts(self) -> None:
        """What was being written when the store closes is nowhere afterwards."""
        await self.inbox()
        draft = self.store.mail.draft()
        await written(draft, pattern(1_000_000))
        await self.store.close()
        self.assertEqual([], self.ask("SELECT * FROM draft"))


class Behind(SQLCase):
    """What the store does by itself, on virtual time."""

    options = {"sweep_after_seconds": 30.0}

    async def test_indexing(self) -> None:
        """New messages are indexed when things are quiet; searches then use the index."""
        inbox = await self.inbox()
        await self.put(inbox, message("a", "findable words"))
        self.assertEqual(1, len(self.ask("SELECT * FROM pending")))
        await self.until(lambda: not self.ask("SELECT * FROM pending"))
        self.assertEqual(1, len(self.ask("SELECT * FROM content_text")))
        self.assertEqual(1, len(self.ask("SELECT * FROM summary")))
        hits = self.ask("SELECT rowid FROM content_fts WHERE content_fts MATCH ?", "fin AND abl")
        self.assertEqual(1, len(hits))
        found = await self.store.mail.search(inbox.id, q.Body("findable"), inbox.owner)
        self.assertEqual([1], list(found))

    async def test_described_in_a_thread(self) -> None:
        """However few messages are asked about, contents are read where nobody else waits."""
        inbox = await self.inbox()
        await self.put(inbox, message("a", "words"))
        threads: list[threading.Thread] = []

        def describing(octets: Iterable[bytes]) -> tuple[Summary, Description]:
            threads.append(threading.current_thread())
            return describe(octets)

        with mock.patch.object(indexing, "describe", describing):
            wanted = {Column.ENVELOPE, Column.FLAGS}
            found = await self.store.mail.columns(inbox.id, [1], wanted, inbox.owner)
        self.assertIn(b'"a"', found.envelopes[0])
        self.assertEqual(1, len(threads))
        self.assertIsNot(threading.main_thread(), threads[0])

    async def test_nothing_to_describe(self) -> None:
        """What is counted and never described, as mail that only passes, is counted out again."""
        self.sql._shared.undescribed = BACKLOG * 2
        await self.until(lambda: not self.sql._shared.undescribed)

    async def test_sweeping(self) -> None:
        """Dead contents go after a while with all that was made of them."""
        inbox = await self.inbox()
        await self.put(inbox, message("a", "findable words"))
        await self.until(lambda: not self.ask("SELECT * FROM pending"))
        await self.store.mail.expunge(inbox.id, None, deleted_only=False)
        self.assertEqual(1, len(self.ask("SELECT * FROM content")))
        await self.until(lambda: not self.ask("SELECT * FROM content"))
        for table in ("chunk", "summary", "content_text"):
            self.assertEqual([], self.ask(f"SELECT * FROM {table}"), table)
        hits = self.ask("SELECT rowid FROM content_fts WHERE content_fts MATCH ?", "fin AND abl")
        self.assertEqual([], hits)
        self.ask("INSERT INTO content_fts(content_fts) VALUES ('integrity-check')")

    async def test_logins_are_written_in_time(self) -> None:
        """The audit log reaches the disk though nobody reads it, at the latest when closing."""
        login = Login(CREATED, "alice", "imap", "", "PLAIN", True, "ok")
        await self.store.accounts.record_login(login)
        self.assertEqual([], self.ask("SELECT * FROM login"))
        await self.until(lambda: self.ask("SELECT * FROM login"))
        await self.store.accounts.record_login(login)
        await self.store.close()
        self.assertEqual(2, len(self.ask("SELECT * FROM login")))

    async def test_remembered_is_written_in_time(self) -> None:
        """Values reach the disk together, at the latest when closing, and go when they end."""
        remembered = self.store.remembered
        hour = CREATED + timedelta(hours=1)
        remembered.remember("k", "a", "1", hour)
        self.assertEqual([], self.ask("SELECT * FROM remembered"))
        await self.until(lambda: self.ask("SELECT * FROM remembered"))
        remembered.remember("k", "b", "2", hour + timedelta(days=1))
        remembered.forget("k", "a")
        await self.until(
            lambda: self.ask("SELECT key FROM remembered WHERE expires_at > 0") == [("b",)]
        )
        remembered.remember("k", "c", "3", hour)
        await self.store.close()
        self.store = await self.opened()
        found = [await self.store.remembered.recall("k", key) for key in "abc"]
        self.assertEqual([None, "2", "3"], found)
        self.clock.advance(3600)
        await self.until(lambda: self.ask("SELECT key FROM remembered") == [("b",)])

    async def test_remembered_is_bounded(self) -> None:
        """Of too many values of a kind those that end first go, other kinds stay."""
        store = await self.opened(remembered_values=100)
        for number in range(2500):
            until = CREATED + timedelta(days=1, seconds=number)
            store.remembered.remember("k", str(number), "", until)
        store.remembered.remember("other", "0", "", CREATED + timedelta(days=1))
        counting = "SELECT kind, count(*), min(key), max(key) FROM remembered GROUP BY kind"
        await self.until(lambda: len(self.ask(counting)) == 2)
        self.assertEqual([("k", 99, "2401", "2499"), ("other", 1, "0", "0")], self.ask(counting))
        for number in range(50):
            store.remembered.remember("k", f"x{number}", "", CREATED + timedelta(days=2))
            await store.tidy()
        ((_, count, _, last), _) = self.ask(counting)
        self.assertLessEqual(count, 102)
        self.assertEqual("x9", last)

    async def test_live_drafts_are_renewed(self) -> None:
        """A draft that takes long stays its process's own; one not renewed is cleaned up."""
        await self.inbox()
        draft = self.store.mail.draft()
        await written(draft, pattern(500_000))
        await self.until(lambda: self.ask("SELECT * FROM draft"))
        before = self.ask("SELECT renewed_at FROM draft")
        self.clock.advance(300)
        await self.until(lambda: self.ask("SELECT renewed_at FROM draft") > before)
        self.ask("UPDATE draft SET process = 'dead'")
        self.clock.advance(901)
        await self.until(lambda: not self.ask("SELECT * FROM draft"))

    async def test_nothing_is_left_after_closing(self) -> None:
        """No thread and no timer outlives the store."""
        await self.put(await self.inbox())
        await self.store.close()
        await self.store.close()
        names = [thread.name for thread in threading.enumerate()]
        self.assertEqual([], [name for name in names if name.startswith("netsuite-store")])
        self.assertEqual([], self.clock.getDelayedCalls())

    async def test_closing_finishes_what_was_begun(self) -> None:
        """Commits that wait when the store closes are carried out."""
        inbox = await self.inbox()
        waiting = []
        for _ in range(30):
            draft = self.store.mail.draft()
            draft.write(b"x")
            waiting.append(
                Deferred.fromCoroutine(self.store.mail.commit(draft, [Placement(inbox.id)]))
            )
        await self.store.close()
        self.assertEqual(list(range(1, 31)), [(await each)[0].uid for each in waiting])
        self.assertEqual([(30,)], self.ask("SELECT count(*) FROM message"))

    async def test_reopened(self) -> None:
        """All is there after a restart, and UIDs go on."""
        inbox = await self.inbox()
        await self.put(inbox)
        await self.put(inbox)
        await self.store.mail.expunge(inbox.id, [2], deleted_only=False)
        before = await self.store.mail.folder_by_id(inbox.id)
        await self.store.close()
        self.store = await self.opened()
        self.assertEqual(before, await self.store.mail.folder_by_id(inbox.id))
        self.assertEqual(3, (await self.put(inbox)).uid)


class Failures(SQLCase):
    """What goes wrong is said in the store's words, and nothing of it is published."""

    async def _fails(self, kind: type[StoreError], inbox: Folder) -> None:
        self.published.clear()
        await self.refused(kind, self.put(inbox))
        self.assertEqual([], self.published)

    async def test_locked(self) -> None:
        """Another process that holds the lock too long makes the store busy, not broken."""
        inbox = await self.inbox()
        self.patch(database, "BUSY_SECONDS", 0.01)
        session = self.sql._shared.writer._commits._session
        assert session is not None
        session.execute("PRAGMA busy_timeout = 10")
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        await self._fails(Busy, inbox)
        connection.execute("ROLLBACK")
        connection.close()
        await self.put(inbox)

    async def test_file_moved_away(self) -> None:
        """Nothing is promised once the file is gone; nor is another made in its place. When it is
        back, so is everything that was promised."""
        inbox = await self.inbox()
        await self.put(inbox, b"kept")
        away = f"{self.path}-away"
        os.rename(self.path, away)
        with capturedLogs() as logged:
            await self.refused(StorageFull, self.put(inbox, b"lost"))
            await self.refused(StorageFull, self.put(inbox, b"lost, too"))
            self.assertFalse(os.path.exists(self.path))
            self.assertEqual((1, 2), await self.store.mail.claim_recent(inbox.id))
            os.rename(away, self.path)
            await self.put(inbox, b"kept, too")
        # Said once, and again when it is over; not with each refusal.
        levels = [event["log_level"] for event in logged if event["log_namespace"] == WRITER]
        self.assertEqual([LogLevel.critical, LogLevel.info], levels)
        self.assertEqual([1, 2], list(await self.store.mail.uids(inbox.id)))

    async def test_disk_full(self) -> None:
        """A full disk refuses what does not fit; what was there stays, and it goes on later."""
        inbox = await self.inbox()
        await self.put(inbox, b"first")
        await self.sql._shared.writer.call(
            lambda tr: tr.session.execute(
                f"PRAGMA max_page_count = {tr.session.pragma('page_count')}"
            )
        )
        self.published.clear()
        await self.refused(StorageFull, self.put(inbox, bytes(3_000_000)))
        await self.refused(StorageFull, self.put(inbox, bytes(200_000)))
        self.assertEqual([], self.published)
        await self.sql._shared.writer.call(lambda tr: None)
        self.assertEqual([1], list(await self.store.mail.uids(inbox.id)))

    async def test_one_bad_unit(self) -> None:
        """A unit that fails in a way nobody foresaw does not take others along."""
        inbox = await self.inbox()

        def bad(transaction: Any) -> None:
            transaction.session.execute("SELECT * FROM no_such_table")

        draft = self.store.mail.draft()
        draft.write(b"x")
        writer = self.sql._shared.writer
        first = writer.call(lambda transaction: 1)
        second = writer.call(bad)
        third = Deferred.fromCoroutine(self.store.mail.commit(draft, [Placement(inbox.id)]))
        self.assertEqual(1, await first)
        await self.refused(StoreError, _awaited(second))
        self.assertEqual(1, (await third)[0].uid)
        self.flushLoggedErrors()

    async def test_rolled_back_unit(self) -> None:
        """A unit that refuses half-way leaves nothing of itself."""
        inbox = await self.inbox()

        def half(transaction: Any) -> None:
            transaction.folder(inbox.id).advance()
            transaction.flush()
            transaction.session.run(sa.delete(schema.account))
            raise TooLarge("half-way")

        await self.refused(TooLarge, _awaited(self.sql._shared.writer.call(half)))
        self.assertEqual(inbox, await self.store.mail.folder_by_id(inbox.id))
        self.assertEqual(1, len(await self.store.accounts.accounts()))


async def _awaited(deferred: Deferred[Any]) -> Any:
    return await deferred


class Opening(TestCase):
    """What cannot be opened says what to change, in one line."""

    async def says(self, url: str, *parts: str) -> None:
        with self.assertRaises(StoreError) as caught:
            await _opened(url)
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        for part in parts:
            self.assertIn(part, text)
        names = [thread.name for thread in threading.enumerate()]
        self.assertEqual([], [name for name in names if name.startswith("netsuite-store")])

    async def test_urls(self) -> None:
        """A URL that is no store's is named, without the password in it."""
        await self.says("mysql://me:secret@host/db", "mysql", "sqlite:////")
        await self.says("nonsense", "sqlite:////")
        await self.says("sqlite://", "needs a file")

    async def test_no_folder(self) -> None:
        """A folder that is not there is named."""
        await self.says("sqlite:////no/such/folder/x.db", "/no/such/folder", "does not exist")

    async def test_not_a_database(self) -> None:
        """A file that is something else is left alone."""
        path = Path(self.mktemp())
        path.write_bytes(b"Dear diary, " * 100)
        await self.says(f"sqlite:///{path}", "not an intact SQLite database", str(path))
        self.assertEqual(b"Dear diary, " * 100, path.read_bytes())

    async def test_read_only(self) -> None:
        """A home that cannot be written is named."""
        if os.geteuid() == 0:
            raise SkipTest("root may write everywhere")
        home = Path(self.mktemp())
        home.mkdir(mode=0o500)
        await self.says(f"sqlite:///{home}/x.db", str(home), "cannot be written")

    async def test_private(self) -> None:
        """Only its owner can read the files of a store."""
        path = Path(self.mktemp())
        store = await _opened(f"sqlite:///{path}")
        files = sorted(path.parent.glob("temp*"))
        self.assertEqual(4, len(files), files)
        self.assertEqual([0o600] * 4, [file.stat().st_mode & 0o777 for file in files])
        await store.close()

    async def test_newer(self) -> None:
        """A store of a newer version is refused, untouched."""
        path = self.mktemp()
        store = await _opened(f"sqlite:///{path}")
        await store.close()
        connection = sqlite3.connect(path)
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
        connection.close()
        await self.says(f"sqlite:///{path}", "newer version", "9999")

    async def test_no_server(self) -> None:
        """A PostgreSQL that does not answer is temporary, and the password is not told."""
        with self.assertRaises(Busy) as caught:
            await _opened("postgresql://me:secret@localhost/x?host=/no/such&connect_timeout=1")
        self.assertNotIn("secret", str(caught.exception))


class Migrations(TestCase):
    """The migrations make what the schema says."""

    def differences(self, url: str) -> list[Any]:
        base = Database(url)
        migrate(base)
        migrate(base)
        with base.engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_object": lambda thing, name, kind, reflected, other: (
                        not (kind == "table" and name.startswith("content_fts"))
                        and name not in ("content_text_fields", "content_text_body")
                    ),
                },
            )
            return list(compare_metadata(context, schema.metadata))

    def test_sqlite(self) -> None:
        """On SQLite, partial indexes and table forms included."""
        path = self.mktemp()
        self.assertEqual([], self.differences(f"sqlite:///{path}"))
        other = self.mktemp()
        schema.metadata.create_all(Database(f"sqlite:///{other}").engine)
        self.assertEqual(self._made(other), self._made(path))

    def _made(self, path: str) -> set[str]:
        connection = sqlite3.connect(path)
        rows = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
            " AND name NOT LIKE 'content_fts%' AND name NOT LIKE 'alembic%'"
        ).fetchall()
        connection.close()
        return {" ".join(sql.split()) for (sql,) in rows}

    def test_postgresql(self) -> None:
        """On PostgreSQL."""
        url = fresh_database(empty=True)
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.assertEqual([], self.differences(url))


class TwoStoresOnPostgreSQL(SQLCase):
    """Two daemons in front of one PostgreSQL."""

    def make_url(self) -> str:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        return url

    async def test_both_write(self) -> None:
        """Both hear the same order, whoever wrote; UIDs do not collide."""
        inbox = await self.inbox()
        other = await self.opened()
        heard: list[Any] = []
        other.changes.watch_all(heard.append)
        self.published.clear()
        await self.both_write(inbox, self.store, other)
        await self.until(lambda: len(heard) == len(self.published) == 40)
        self.assertEqual(self.published, heard)
        self.assertEqual([(uid,) for uid in range(1, 41)], [c.uids for c in heard])

    async def test_a_lost_connection(self) -> None:
        """When the server drops its connections, what is written or read then goes on another."""
        inbox = await self.inbox()
        await self.put(inbox)
        killer = Database(self.url)
        with killer.engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await self.put(inbox)
        for _ in range(6):
            self.assertEqual([1, 2], list(await self.store.mail.uids(inbox.id)))


class Unindexed(SQLCase):
    """Searches while nothing is indexed yet."""

    async def test_each_is_read_once(self) -> None:
        """However many texts a search asks for, a message that is not indexed is read once."""
        inbox = await self.inbox()
        for word in (b"grey", b"blue"):
            await self.put(inbox, b"Subject: " + word + b"\r\n\r\nbody of " + word + b"\r\n")
        terms = [q.Not(q.Body(f"no {number}")) for number in range(200)]
        query = q.And((*terms, q.Or((q.Body("body of grey"), q.Field("subject", "none")))))
        with mock.patch.object(search, "read_whole", wraps=read_whole) as made:
            found = await self.store.mail.search(inbox.id, query, None)
        self.assertEqual([1], list(found))
        self.assertEqual(2, made.call_count)

    async def test_nobody_waits(self) -> None:
        """A search whose asker has gone ends with the message it is at."""
        inbox = await self.inbox()
        for _ in range(5):
            await self.put(inbox)
        count = 0
        gone = threading.Event()

        def leave() -> None:
            asked.cancel()
            gone.set()

        def made(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            reactor.callFromThread(leave)
            gone.wait(10)
            return read_whole(*arguments)

        with mock.patch.object(search, "read_whole", made):
            asked = Deferred.fromCoroutine(self.store.mail.search(inbox.id, q.Body("x y"), None))
            with self.assertRaises(CancelledError):
                await asked
            await self.store.close()  # waits for the threads
        self.assertEqual(1, count)


class Unknown(SQLCase):
    """Contents that vanish between two steps."""

    async def test_expunged_between(self) -> None:
        """A message expunged after it was listed has no summary, and reading says so."""
        inbox = await self.inbox()
        await self.put(inbox, pattern(300_000))
        (seen,) = await self.store.mail.messages(inbox.id, None, None)
        await self.store.mail.expunge(inbox.id, None, deleted_only=False)
        self.clock.advance(601)
        await self.sql.tidy()
        await self.refused(NoSuchMessage, self.whole(seen.content))
        self.assertEqual([], list(await self.store.mail.described(inbox.id, [1], None)))
