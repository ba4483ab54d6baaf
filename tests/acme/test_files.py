"""What ACME keeps on the disk."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from netsuite.acme.files import Account, ACMEFolder, NameState
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.connection.places import temporary


class Files(SynchronousTestCase):
    """``ACMEFolder``."""

    def setUp(self) -> None:
        self.path = temporary(self)
        self.folder = ACMEFolder(self.path)

    def again(self) -> ACMEFolder:
        """Return what the next start finds."""
        found = ACMEFolder(self.path)
        found.load()
        return found

    def test_accounts(self) -> None:
        """Each authority has its own; only the owner can read them."""
        one, two = (
            Account("https://one.test/", "KEY", "https://one.test/1", "a@b.test"),
            "https://x/",
        )
        self.folder.save_account(one)
        self.assertEqual(one, self.again().account(one.directory))
        self.assertNotIn("KEY", repr(one))
        self.assertIsNone(self.again().account(two))
        (path,) = (self.path / "acme").iterdir()
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.assertEqual(0o700, path.parent.stat().st_mode & 0o777)

    def test_states(self) -> None:
        """What is known of a name is there after a restart."""
        state = NameState(("a", "b"), "https://x/", 5.5, 2, 9.0, "trouble")
        self.folder.save_state("a.test", state)
        self.folder.save_state("b.test", NameState())
        self.assertEqual(state, self.again().state("a.test"))
        self.assertEqual(NameState(), self.again().state("c.test"))

    def test_outcome(self) -> None:
        """A try has an outcome once it has failed, or there is a certificate."""
        before = NameState(("a",), failures=1, next_try=5.0, trouble="old")
        self.folder.save_state("a.test", before)
        self.assertIsNone(self.folder.outcome("a.test", before))
        self.folder.save_state("a.test", replace(before, written=("a", "b")))
        self.assertIsNone(self.folder.outcome("a.test", before))
        self.folder.save_state("a.test", NameState(("a", "b")))
        self.assertEqual("", self.folder.outcome("a.test", before))
        failed = replace(before, failures=2, next_try=9.0, trouble="new")
        self.folder.save_state("a.test", failed)
        self.assertEqual("new", self.folder.outcome("a.test", before))

    def test_nonsense(self) -> None:
        """What somebody has spoiled is as if it was not there, bit by bit."""
        path = self.path / "acme/state.json"
        path.parent.mkdir(parents=True)
        for text in (
            "",
            "[]",
            "\xff",
            '{"a.test": 5}',
            '{"a.test": {"failures": "x"}}',
            "{" * 5000,
        ):
            path.write_text(text, "latin-1")
            self.assertEqual(NameState(), self.again().state("a.test"))
        path.write_text(json.dumps({"a.test": {"written": ["x"], "failures": None, "more": 1}}))
        self.assertEqual(NameState(("x",)), self.again().state("a.test"))
        self.folder.save_account(Account("https://one.test/", "KEY"))
        (account,) = path.parent.glob("account-*")
        account.write_text('{"key": 5}')
        self.assertIsNone(self.again().account("https://one.test/"))

    def test_certificate(self) -> None:
        """One file, which only the owner can read, ours also after a crash before it was there."""
        pem = authority.certificate("a.test").pem()
        self.assertIsNone(self.folder.of_others("a.test"))
        self.folder.write("a.test", pem)
        path = self.path / "a.test.pem"
        self.assertEqual((pem, 0o600), (path.read_bytes(), path.stat().st_mode & 0o777))
        self.assertEqual(("a.test",), getattr(self.again().pair("a.test"), "names", None))
        self.assertIsNone(self.again().of_others("a.test"))
        state = self.folder.state("a.test")
        # The next one is noted, and then the power fails.
        self.folder.save_state("a.test", replace(state, written=(*state.written[-1:], "next")))
        self.assertIsNone(self.again().of_others("a.test"))
        self.folder.write("a.test", authority.certificate("a.test").pem())
        self.assertIsNone(self.again().of_others("a.test"))
        self.assertEqual([], list(self.path.glob("*.new")))

    def test_of_others(self) -> None:
        """A folder, a link to certbot's, a file with another content, also in capitals: theirs."""
        self.path.mkdir()
        pem = authority.certificate("a.test").pem()
        for name in ("a.test.pem", "A.Test.pem"):
            (self.path / name).write_bytes(pem)
            self.assertEqual(self.path / name, self.folder.of_others("a.test"))
            (self.path / name).unlink()
        (self.path / "a.test").mkdir()
        self.assertEqual(self.path / "a.test", self.folder.of_others("a.test"))
        (self.path / "a.test").rmdir()
        os.symlink("/nowhere/live/a.test", self.path / "a.test")
        self.assertEqual(self.path / "a.test", self.folder.of_others("a.test"))
        (self.path / "a.test").unlink()
        self.folder.write("a.test", pem)
        (self.path / "a.test.pem").rename(self.path / "elsewhere")
        os.symlink("elsewhere", self.path / "a.test.pem")
        self.assertEqual(self.path / "a.test.pem", self.folder.of_others("a.test"))
        self.assertIsNone(self.folder.of_others("b.test"))
