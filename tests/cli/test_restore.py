"""A home comes back from a backup; what was there is moved away; nothing in use is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from netsuite.store.sql import SQLStore
from netsuite.testing.cases import SkipTest, TestCase
from tests.cli.commands import done, refused
from tests.cli.test_backup import fill
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


def contents(home: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and octets of each file of a home, but for the database's."""
    return {
        each.relative_to(home).as_posix(): (each.stat().st_mode, each.read_bytes())
        for each in home.rglob("*")
        if each.is_file() and "netsuite.db" not in each.name
    }


class Restore(TestCase):
    """A home with something of everything, and a backup of it."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        fill(self.home)
        self.before = contents(self.home)
        self.backups = self.home.with_name(f"{self.home.name}-backups")
        done(self.home, "backup", self.backups)

    def accounts(self) -> str:
        return done(self.home, "account", "list")

    def test_after_a_loss(self) -> None:
        """All is as it was, from a folder and from a file; every UIDVALIDITY is raised."""
        path = self.home.with_name(f"{self.home.name}.tar.gz")
        done(self.home, "backup", path)
        accounts = self.accounts()
        for source in (self.backups, next(self.backups.iterdir()), path):
            shutil.rmtree(self.home)
            printed = done(self.home, "restore", source)
            self.assertIn("UIDVALIDITY raised for 6 of 6 folders", printed)
            self.assertEqual(self.before, contents(self.home))
            self.assertEqual(accounts, self.accounts())

    def test_configuration_elsewhere(self) -> None:
        """Where the home has a link to the configuration, it stays, and leads to what is back."""
        link, elsewhere = self.home / "netsuite.toml", self.home.with_name("elsewhere.toml")
        known = link.read_bytes()
        os.rename(link, elsewhere)
        elsewhere.write_bytes(known + b"# changed since\n")
        link.symlink_to(elsewhere)
        done(self.home, "restore", "--replace", self.backups)
        self.assertEqual(elsewhere, link.readlink())
        self.assertEqual(known, elsewhere.read_bytes())
        (aside,) = elsewhere.parent.glob("elsewhere.toml.before-restore-*")
        self.assertEqual(known + b"# changed since\n", aside.read_bytes())

    def test_home_that_is_not_empty(self) -> None:
        """Nothing is replaced unasked; then it is moved away, the log of SQLite with it."""
        for name in ("netsuite.db", "netsuite.db-wal"):
            (self.home / name).write_bytes(b"garbage" * 1000)
        (self.home / "secret").write_bytes(b"other")
        self.assertIn(
            "is there already; --replace moves it away",
            refused(self.home, "restore", self.backups),
        )
        self.assertEqual(b"other", (self.home / "secret").read_bytes())
        printed = done(self.home, "restore", "--replace", self.backups)
        (aside,) = self.home.glob("before-restore-*")
        self.assertIn(f"what was there is now {aside / 'netsuite.db-wal'}", printed)
        self.assertEqual(b"other", (aside / "secret").read_bytes())
        self.assertEqual(b"garbage" * 1000, (aside / "netsuite.db-wal").read_bytes())
        self.assertFalse((self.home / "netsuite.db-wal").exists())
        shutil.rmtree(aside)
        self.assertEqual(self.before, contents(self.home))
        self.assertIn("ann", self.accounts())
        with closing(sqlite3.connect(self.home / "netsuite.db")) as connection:
            self.assertEqual([("ok",)], connection.execute("PRAGMA integrity_check").fetchall())

    def test_log_without_its_database(self) -> None:
        """A log that SQLite left is not taken for that of the database put back."""
        shutil.rmtree(self.home)
        self.home.mkdir()
        (self.home / "netsuite.db-wal").write_bytes(b"garbage")
        self.assertIn("netsuite.db-wal is there", refused(self.home, "restore", self.backups))
        done(self.home, "restore", "--replace", self.backups)
        self.assertFalse((self.home / "netsuite.db-wal").exists())

    async def test_home_in_use(self) -> None:
        """While somebody has the store open nothing is done."""
        url = f"sqlite:///{self.home / 'netsuite.db'}"
        store = SQLStore(url, clock=reactor, threads=reactor)
        await store.open()
        line = refused(self.home, "restore", "--replace", self.backups)
        await store.close()
        self.assertIn("is in use: stop the daemon", line)
        self.assertEqual([], list(self.home.glob("before-restore-*")))
        self.assertEqual([], list(self.home.glob(".restoring-*")))

    def test_damaged_backup(self) -> None:
        """It changes nothing."""
        (backup,) = self.backups.iterdir()
        (backup / "secret").write_bytes(b"another")
        line = refused(self.home, "restore", "--replace", backup)
        self.assertIn("is damaged: secret is not what it was", line)
        self.assertEqual(self.before, contents(self.home))
        self.assertEqual([], list(self.home.glob(".restoring-*")))

    def test_files_elsewhere(self) -> None:
        """Files go where the configuration says, and those there are moved away beside them."""
        place = self.home.with_name(f"{self.home.name}-files")
        (self.home / "netsuite.toml").write_text(f'[files]\nroot = "{place}"\n')
        os.rename(self.home / "files", place)
        done(self.home, "backup", self.backups)
        (place / "public/index.html").write_text("later")
        done(self.home, "restore", "--replace", self.backups)
        self.assertEqual(b"<h1>", (place / "public/index.html").read_bytes())
        (aside,) = place.parent.glob(f"{place.name}.before-restore-*")
        self.assertEqual("later", (aside / "public/index.html").read_text())

    def test_another_kind_of_store(self) -> None:
        """A backup goes into the kind of database that it is of."""
        line = refused(
            self.home, "--set", "store.url=postgresql:///x", "restore", "--replace", self.backups
        )
        self.assertTrue("store.url names one on postgresql" in line or "postgres" in line, line)


class OnPostgreSQL(TestCase):
    """A home whose store is on PostgreSQL."""

    def test_there_and_back(self) -> None:
        """The database is replaced when that is asked for, after a copy of it was made."""
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        home = Path(self.mktemp()).absolute()
        home.mkdir()
        (home / "netsuite.toml").write_text(f'[store]\nurl = "{url}"\n')
        done(home, "account", "add", "ann", "--password-stdin")
        backups = home.with_name(f"{home.name}-backups")
        done(home, "backup", backups)
        done(home, "account", "add", "bob", "--password-stdin")
        shutil.rmtree(home)
        self.assertIn("has a store; --replace", refused(home, "restore", backups))
        printed = done(home, "restore", "--replace", backups)
        self.assertIn("netsuite.pgdump", printed)
        self.assertIn("UIDVALIDITY raised for 0 of 6 folders", printed)
        accounts = done(home, "account", "list")
        self.assertIn("ann", accounts)
        self.assertNotIn("bob", accounts)
