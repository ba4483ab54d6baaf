"""A database that was put back tells clients where UIDs may mean other messages."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from netsuite.store.errors import StoreError
from netsuite.store.interfaces import Store
from netsuite.store.model import Folder, FolderKind, Placement
from netsuite.store.sql import SQLStore
from netsuite.store.sql.backup import take
from netsuite.store.sql.database import Database
from netsuite.store.sql.restoring import ARTICLES_SKIPPED, given_by, is_filled, put_back, renew
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor

#: Long before each UIDVALIDITY that a clock of today gives.
LONG_AGO = 1000.0


class RestoringOnSQLite(TestCase):
    """An account with folders, and a group, of which there is a copy."""

    def make_databases(self) -> tuple[Database, Database]:
        """Return one to copy from, and one to put the copy into."""
        paths = [os.path.abspath(self.mktemp()) for _ in range(2)]
        self.copy = Path(paths[1])
        return Database(f"sqlite:///{paths[0]}"), Database(f"sqlite:///{paths[1]}")

    def put_copy_back(self) -> None:
        """Put it into the other database."""

    async def opened(self, database: Database) -> SQLStore:
        url = database.url.render_as_string(hide_password=False)
        store = SQLStore(url, clock=reactor, threads=reactor)
        await store.open()
        return store

    async def folders(self, database: Database) -> dict[str, Folder]:
        store = await self.opened(database)
        try:
            owner = (await store.accounts.account("ann")).id
            found = [*await store.mail.folders(owner), *await store.mail.folders(None)]
            return {each.name: each for each in found}
        finally:
            await store.close()

    async def setUp(self) -> None:
        self.database, self.other = self.make_databases()
        store = await self.opened(self.database)
        ann = await store.accounts.add_account("ann", None, folders=[("Still", None)])
        await store.mail.create_folder(ann.id, "Renamed")
        await store.mail.create_folder(None, "a.group", kind=FolderKind.GROUP)
        for name in ("INBOX", "a.group"):
            await self.commit(store, name)
        await store.close()
        take(self.database, self.copy)

    async def commit(self, store: Store, name: str) -> None:
        ann = await store.accounts.account("ann")
        folder = await store.mail.folder(None if "." in name else ann.id, name)
        draft = store.mail.draft()
        draft.write(b"Subject: x\r\n\r\n")
        await store.mail.commit(draft, [Placement(folder.id)])

    async def test_nothing_known(self) -> None:
        """Without the store that was there every folder is another; each its own, and higher."""
        before = await self.folders(self.database)
        self.put_copy_back()
        renewed = renew(self.other, None, LONG_AGO)
        after = await self.folders(self.other)
        self.assertEqual((4, 4, 0), (renewed.raised, renewed.folders, renewed.waiting))
        highest = max(each.uid_validity for each in before.values())
        values = {each.uid_validity for each in after.values()}
        self.assertEqual(4, len(values))
        self.assertGreater(min(values), highest)
        self.assertEqual(before["INBOX"].uid_next, after["INBOX"].uid_next)
        self.assertEqual(before["a.group"].uid_next + ARTICLES_SKIPPED, after["a.group"].uid_next)
        store = await self.opened(self.other)
        made = await store.mail.create_folder(None, "later")
        await store.close()
        self.assertNotIn(made.uid_validity, values)

    async def test_what_has_not_changed(self) -> None:
        """Folders that are as they were keep their UIDVALIDITY."""
        store = await self.opened(self.database)
        await self.commit(store, "INBOX")
        ann = await store.accounts.account("ann")
        await store.mail.rename_folder((await store.mail.folder(ann.id, "Renamed")).id, "Other")
        new = await store.mail.create_folder(ann.id, "Renamed")
        await store.close()
        given = given_by(self.database)
        before = await self.folders(self.database)
        self.put_copy_back()
        self.assertEqual(2, renew(self.other, given, LONG_AGO).raised)
        after = await self.folders(self.other)
        for name in ("Still", "a.group"):
            self.assertEqual(before[name].uid_validity, after[name].uid_validity)
        self.assertGreater(after["INBOX"].uid_validity, before["INBOX"].uid_validity)
        self.assertGreater(after["Renamed"].uid_validity, new.uid_validity)
        self.assertEqual(after["a.group"].uid_next, before["a.group"].uid_next)


class DamagedOnSQLite(TestCase):
    """What cannot be told, and what cannot be put back."""

    def test_nothing_to_be_told(self) -> None:
        """A database that is not there, not one, or not a store's tells nothing."""
        path = Path(self.mktemp()).absolute()
        database = Database(f"sqlite:///{path}")
        self.assertIsNone(given_by(database))
        self.assertFalse(path.exists())
        path.write_bytes(b"no database " * 1000)
        self.assertIsNone(given_by(database))
        path.write_bytes(b"")
        self.assertIsNone(given_by(database))

    def test_newer_schema(self) -> None:
        """One that a newer version has written is refused."""
        path = Path(self.mktemp()).absolute()
        database = Database(f"sqlite:///{path}")
        renew(database, None, LONG_AGO)
        with closing(database.session()) as session:
            session.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match="newer version"):
            renew(database, None, LONG_AGO)


class RestoringOnPostgreSQL(RestoringOnSQLite):
    """The same by PostgreSQL's own programs."""

    def make_databases(self) -> tuple[Database, Database]:
        """Return one to copy from, and an empty one."""
        urls = fresh_database(), fresh_database(empty=True)
        if urls[0] is None or urls[1] is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.copy = Path(self.mktemp()).absolute()
        return Database(urls[0]), Database(urls[1])

    def put_copy_back(self) -> None:
        """As ``RestoringOnSQLite.put_copy_back``."""
        self.assertFalse(is_filled(self.other))
        put_back(self.other, self.copy)
        self.assertTrue(is_filled(self.other))

    async def test_in_place_of_another(self) -> None:
        """What is there is replaced; a copy that is none changes nothing."""
        store = await self.opened(self.database)
        await self.commit(store, "INBOX")
        await store.close()
        put_back(self.database, self.copy)
        with closing(self.database.session()) as session:
            count = session.once(sa.text("SELECT count(*) FROM message"))
        self.assertEqual([(2,)], list(count))
        self.copy.write_bytes(b"nothing")
        with pytest.raises(StoreError, match="pg_restore: error"):
            put_back(self.database, self.copy)
        self.assertIn("INBOX", await self.folders(self.database))
