"""What is wrong with a home is told, and mended when that is asked for and nobody is in it."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from netsuite.cli.homecheck import UPLOAD_SECONDS, faults_of
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import SkipTest, TestCase
from tests.cli.commands import done, refused, run
from tests.store.reactors import reactor


class Check(TestCase):
    """A home with an account."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        done(self.home, "account", "add", "ann", "--password-stdin")
        self.files = self.home / "files"
        (self.files / "home/ann/public").mkdir(parents=True)

    def faults(self, *, in_use: bool = False) -> list[str]:
        found = faults_of(self.home, self.files, {"ann"}, in_use=in_use)
        return [each.line for each in found]

    def test_nothing_is_wrong(self) -> None:
        """One line, and exit code 0."""
        printed = done(self.home, "check")
        self.assertEqual(
            "1 accounts, 6 folders, 0 messages, 0 items of the queue: nothing is wrong\n", printed
        )

    def test_find_and_repair(self) -> None:
        """Of the store and of the files; what cannot be mended leaves exit code 8."""
        with closing(sqlite3.connect(self.home / "netsuite.db")) as connection, connection:
            connection.execute("UPDATE folder SET messages = 3 WHERE name = 'INBOX'")
        (self.home / "netsuite.db").chmod(0o644)
        (self.files / "home/bob").mkdir()
        code, printed = run(self.home, "check")
        self.assertEqual(8, code)
        self.assertIn("says messages 3, and has 0 (--repair: counted again)\n", printed)
        self.assertIn("netsuite.db (--repair: nobody else may from now on)\n", printed)
        self.assertIn("home/bob is of no account (a repair can do nothing)\n", printed)
        code, printed = run(self.home, "check", "--repair")
        self.assertEqual(8, code)
        self.assertIn("says messages 3, and has 0: counted again\n", printed)
        self.assertIn("findings, ", printed)
        self.assertEqual(0o600, (self.home / "netsuite.db").stat().st_mode & 0o777)
        (self.files / "home/bob").rmdir()
        self.assertIn("nothing is wrong", done(self.home, "check"))

    async def test_home_in_use(self) -> None:
        """It may be looked at, and not be repaired."""
        url = f"sqlite:///{self.home / 'netsuite.db'}"
        store = SQLStore(url, clock=reactor, threads=reactor)
        await store.open()
        self.assertIn("nothing is wrong", done(self.home, "check"))
        self.assertIn("is in use: stop the daemon", refused(self.home, "check", "--repair"))
        await store.close()

    def test_no_store(self) -> None:
        """A home without a store is no home."""
        self.assertIn("there is no store in", refused(self.home / "files", "check"))

    def test_uploads_left(self) -> None:
        """A temporary file is a leftover at once while no daemon runs, else after a day."""
        left = self.files / "home/ann/.netsuite-upload-1"
        left.write_text("half")
        self.assertEqual([f"{left} was left by an upload"], self.faults())
        self.assertEqual([], self.faults(in_use=True))
        long_ago = time.time() - UPLOAD_SECONDS - 1
        os.utime(left, (long_ago, long_ago))
        self.assertEqual([f"{left} was left by an upload"], self.faults(in_use=True))
        done(self.home, "check", "--repair")
        self.assertFalse(left.exists())

    def test_tallies(self) -> None:
        """What other programs have put into a home is found; who is at work is left alone."""
        done(self.home, "account", "file-quota", "ann", 5)
        (self.files / "home/ann/a").write_bytes(b"x" * 5000)
        self.assertIn("nothing is wrong", done(self.home, "check"))  # it is not counted yet
        self.execute("UPDATE account SET file_octets = 0, files = 1")
        code, printed = run(self.home, "check")
        line = "ann says 0 octets in 1 files and directories, and has 5,000 octets in 2 files"
        self.assertEqual((8, True), (code, line in printed), printed)
        self.execute("INSERT INTO file_work VALUES (1, 'ab', 0, 0)")
        self.assertIn("nothing is wrong", done(self.home, "check"))
        self.execute("DELETE FROM file_work")
        self.assertIn("counted again", done(self.home, "check", "--repair"))
        self.assertIn("nothing is wrong", done(self.home, "check"))
        self.assertIn("5,000/2", done(self.home, "account", "list"))

    def execute(self, statement: str) -> None:
        """Change the store behind everybody's back."""
        with closing(sqlite3.connect(self.home / "netsuite.db")) as connection, connection:
            connection.execute(statement)

    def test_leftovers_of_a_restore(self) -> None:
        """They are removed, unless one is under way."""
        left = self.home / ".restoring-x"
        left.mkdir()
        self.assertEqual([], self.faults(in_use=True))
        self.assertEqual([f"{left} was left by a restore"], self.faults())
        done(self.home, "check", "--repair")
        self.assertFalse(left.exists())

    def test_other_faults(self) -> None:
        """Names that nobody is shown, and a secret that is too short."""
        with open(os.path.join(os.fsencode(self.files), b"a\nb"), "wb"):
            pass
        (self.home / "secret").write_bytes(b"short")
        (self.home / "secret").chmod(0o600)
        short, name = self.faults()
        self.assertIn("secret is too short", short)
        self.assertIn("a\\nb' has a name that nobody is shown", name)

    def test_owners(self) -> None:
        """Files of somebody else are told, and given back by root."""
        if os.geteuid() != 0:
            raise SkipTest("only root can give files away")
        path = self.files / "home/ann/a"
        path.write_text("")
        os.chown(path, 12345, -1)
        self.assertIn("a belongs to user 12345, and the home to 0", self.faults()[0])
        done(self.home, "check", "--repair")
        self.assertEqual(0, path.stat().st_uid)
