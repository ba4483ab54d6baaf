"""The room of removed mail is given back, while nobody uses the store."""

from __future__ import annotations

import re
from pathlib import Path

from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.cli.commands import done, refused
from tests.store.reactors import reactor


class Compact(TestCase):
    """A home with an account."""

    async def test_in_use_and_not(self) -> None:
        """It tells how much was free before and is after; it refuses a store in use."""
        home = Path(self.mktemp()).absolute()
        home.mkdir()
        done(home, "account", "add", "ann", "--password-stdin")
        url = f"sqlite:///{home / 'netsuite.db'}"
        store = SQLStore(url, clock=reactor, threads=reactor)
        await store.open()
        self.assertIn("is in use: stop the daemon", refused(home, "compact"))
        await store.close()
        before, after = done(home, "compact").splitlines()
        pattern = r"(before|after): [\d,]+ octets, \d+ of \d+ pages free"
        self.assertTrue(re.fullmatch(pattern, before), before)
        self.assertTrue(re.fullmatch(pattern, after), after)
        self.assertIn("ann", done(home, "account", "list"))

    def test_no_store(self) -> None:
        """A home without a store is no home."""
        self.assertIn("there is no store in", refused(Path(self.mktemp()).absolute(), "compact"))
