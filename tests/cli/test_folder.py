"""``netsuite folder``: who is let into folders."""

from __future__ import annotations

from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from tests.cli.commands import done, refused


class Rights(SynchronousTestCase):
    """Rights on folders, shown and changed by an operator."""

    def test_share(self) -> None:
        """What is given is shown; what cannot be given is refused."""
        home = Path(self.mktemp())
        home.mkdir(parents=True)
        for name in ("ann", "bob"):
            done(home, "account", "add", name, "--password-stdin", stdin="long enough a word\n")
        mine = ("--account", "ann")
        self.assertIn(
            "bob has lrs on INBOX",
            done(home, "folder", "share", "inbox", "srl", "--to", "bob", *mine),
        )
        done(home, "folder", "share", "INBOX", "w", "--to", "-$Staff", *mine)
        shown = done(home, "folder", "rights", "INBOX", *mine)
        self.assertEqual(
            ["-$Staff w", "bob lrs"], [" ".join(x.split()) for x in shown.splitlines()[1:]]
        )
        done(home, "folder", "share", "INBOX", "", "--to", "bob", *mine)
        self.assertNotIn("bob", done(home, "folder", "rights", "INBOX", *mine))
        self.assertIn(
            "no right q", refused(home, "folder", "share", "INBOX", "q", "--to", "bob", *mine)
        )
        self.assertIn(
            "carol", refused(home, "folder", "share", "INBOX", "l", "--to", "carol", *mine)
        )
        done(home, "folder", "create", "club")
        self.assertIn("anyone lrs", " ".join(done(home, "folder", "rights", "club").split()))
        for who, letters in (("anyone", "l"), ("-bob", "r")):
            line = refused(home, "folder", "share", "club", letters, "--to", who)
            self.assertIn("everybody has l and r", line)
