"""Backups of a home that is in use: whole, private, and only what has changed once more."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

from netsuite.cli.archives import read_manifest
from netsuite.testing.cases import TestCase
from tests.cli.commands import done, refused


def fill(home: Path) -> None:
    """Put something of everything into a home."""
    done(home, "account", "add", "ann", "--password-stdin")
    (home / "netsuite.toml").write_text('[site]\ndomains = ["example.test"]\n')
    for name, octets in {
        "secret": b"s" * 32,
        "tls/default.pem": b"key and chain",
        "dkim/example.test/s1.pem": b"key",
        "files/public/index.html": b"<h1>",
        "files/home/ann/public/a": b"a",
    }.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


class Backup(TestCase):
    """A home with something of everything."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        fill(self.home)
        self.target = self.home.with_name(f"{self.home.name}-backups")

    def test_folder(self) -> None:
        """All is there, as the manifest says, for nobody else to read."""
        printed = done(self.home, "backup", self.target)
        (made,) = self.target.iterdir()
        self.assertTrue(printed.startswith(f"{made}: 7 files, "), printed)
        manifest = read_manifest((made / "manifest.json").read_bytes(), made)
        found = {each.relative_to(made).as_posix() for each in made.rglob("*")}
        self.assertEqual({*manifest.entries, "manifest.json"}, found)
        self.assertLessEqual(
            {"netsuite.db", "netsuite.toml", "secret", "tls/default.pem",
             "dkim/example.test/s1.pem", "files/home/ann/public/a"},
            found,
        )  # fmt: skip
        for name, entry in manifest.entries.items():
            path = made / name
            self.assertEqual(0, stat.S_IMODE(path.stat().st_mode) & 0o077, name)
            if entry.kind == "file":
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                self.assertEqual(entry.sha256, digest, name)
        with closing(sqlite3.connect(made / "netsuite.db")) as connection:
            self.assertEqual([("ann",)], connection.execute("SELECT name FROM account").fetchall())

    def test_again(self) -> None:
        """The next one takes room for what has changed; leftovers go, and the oldest if told."""
        done(self.home, "backup", self.target)
        (first,) = self.target.iterdir()
        (self.target / ".partial-0123").mkdir()
        (self.home / "files/home/ann/public/a").write_bytes(b"b")
        printed = done(self.home, "backup", self.target)
        self.assertIn("3 files unchanged", printed)
        first, second = sorted(self.target.iterdir())
        page = "files/public/index.html"
        self.assertTrue((first / page).samefile(second / page))
        self.assertEqual(b"a", (first / "files/home/ann/public/a").read_bytes())
        done(self.home, "backup", self.target, "--keep", 2)
        self.assertNotIn(first, self.target.iterdir())
        self.assertEqual(2, len(list(self.target.iterdir())))

    def test_tar(self) -> None:
        """One file, which no other overwrites."""
        path = self.target.with_name("b.tar.gz")
        done(self.home, "backup", path)
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))
        with tarfile.open(path) as tar:
            names = tar.getnames()
        self.assertEqual("manifest.json", names[-1])
        self.assertIn("netsuite.db", names)
        self.assertIn("is there already", refused(self.home, "backup", path))
        self.assertEqual([], [each for each in os.listdir(path.parent) if "partial" in each])

    def test_refusals(self) -> None:
        """Nothing to back up, and nowhere to put it."""
        empty = self.home.with_name("empty")
        self.assertIn("there is no store in", refused(empty, "backup", self.target))
        inside = self.home / "files/backups"
        self.assertIn("which is backed up", refused(self.home, "backup", inside))
        self.target.write_text("")
        self.assertIn("File exists", refused(self.home, "backup", self.target))
