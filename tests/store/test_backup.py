"""Copies of a database are of one moment, and PostgreSQL's come by its own programs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.threads import deferToThread

from netsuite.store.errors import StoreError
from netsuite.store.model import Placement
from netsuite.store.sql import SQLStore
from netsuite.store.sql.backup import take
from netsuite.store.sql.database import Database
from netsuite.store.sql.migrate import newest_revision
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


async def commit(store: SQLStore, octets: bytes = b"Subject: x\r\n\r\n") -> int:
    """Put a message into the public folder ``work``; return its UID."""
    folder = await store.mail.folder(None, "work")
    draft = store.mail.draft()
    draft.write(octets)
    (placed,) = await store.mail.commit(draft, [Placement(folder.id)])
    return placed.uid


class OnSQLite(TestCase):
    """A store that is written to."""

    async def test_copy_under_writes(self) -> None:
        """It ends while another process would write on and on, and has a moment's messages."""
        path = Path(self.mktemp()).absolute()
        store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
        await store.open()
        self.addCleanup(store.close)
        await store.mail.create_folder(None, "work")
        copied = False
        last = 0

        async def write() -> None:
            nonlocal last
            while not copied:
                last = await commit(store, b"x" * 5000)

        writing = ensureDeferred(write())
        await _some(lambda: last >= 20)
        before, copy = last, path.with_name(path.name + "-copy")
        revision = await deferToThread(take, Database(f"sqlite:///{path}"), copy)
        after, copied = last, True
        await writing
        self.assertEqual(newest_revision(), revision)
        self.assertEqual([], list(copy.parent.glob(f"{copy.name}-*")))
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            self.assertEqual([("ok",)], connection.execute("PRAGMA integrity_check").fetchall())
            ((count, highest),) = connection.execute("SELECT count(*), max(uid) FROM message")
            self.assertEqual(count, highest)
            self.assertTrue(before <= highest <= after + 1, (before, highest, after))

    def test_no_store(self) -> None:
        """A database that has no store is no backup."""
        path = Path(self.mktemp()).absolute()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE x (y)")
        with pytest.raises(StoreError, match="is no store of netsuite's"):
            take(Database(f"sqlite:///{path}"), path.with_name(f"{path.name}-copy"))


class OnPostgreSQL(TestCase):
    """Its own programs."""

    def setUp(self) -> None:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.database = Database(url)

    def test_dump(self) -> None:
        """What it writes is in PostgreSQL's form."""
        target = Path(self.mktemp()).absolute()
        self.assertEqual(newest_revision(), take(self.database, target))
        self.assertTrue(target.read_bytes().startswith(b"PGDMP"))

    def test_no_programs(self) -> None:
        """Where they are not installed it is said what to install."""
        with (
            patch.dict(os.environ, PATH="/nowhere"),
            pytest.raises(StoreError, match=r"pg_dump is not installed.*client programs"),
        ):
            take(self.database, Path(self.mktemp()))

    def test_what_they_say(self) -> None:
        """What they refuse is told in one line, without the password."""
        url = "postgresql://nobody:secret@127.0.0.1:1/none"
        with pytest.raises(StoreError, match=r"pg_dump: error:.*refused") as caught:
            take(Database(url), Path(self.mktemp()))
        self.assertNotIn("secret", str(caught.value))


async def _some(condition: object) -> None:
    """Wait until a condition holds."""
    assert callable(condition)
    while not condition():
        waiting: Deferred[None] = Deferred()
        reactor.callLater(0.01, waiting.callback, None)
        await waiting
