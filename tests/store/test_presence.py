"""Who has a store open is known, and who needs it alone is waited for."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from netsuite.store.errors import Busy
from netsuite.store.sql import SQLStore
from netsuite.store.sql.database import Database
from netsuite.store.sql.presence import alone, is_in_use, locks_of
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


class PresenceOnSQLite(TestCase):
    """A store that is open, and something that needs it alone."""

    def make_url(self) -> str:
        return f"sqlite:///{os.path.abspath(self.mktemp())}"

    def setUp(self) -> None:
        self.database = Database(self.make_url())
        self.store = SQLStore(
            self.database.url.render_as_string(hide_password=False),
            clock=reactor,
            threads=reactor,
        )

    async def test_open_store_is_in_use(self) -> None:
        """Nobody has it alone while it is open, and anybody afterwards."""
        await self.store.open()
        with pytest.raises(Busy, match="is in use: stop the daemon"):
            self.hold()
        self.assertTrue(is_in_use(self.database))
        await self.store.close()
        self.assertFalse(is_in_use(self.database))
        with alone(self.database), pytest.raises(Busy):
            self.hold()
        self.hold()

    def hold(self) -> None:
        with alone(self.database):
            pass

    async def test_opening_waits(self) -> None:
        """Whoever opens a store waits until nobody has it alone."""
        free, held = threading.Event(), threading.Event()
        self.addCleanup(free.set)

        def hold() -> None:
            with alone(self.database):
                held.set()
                free.wait(10)

        holding = threading.Thread(target=hold)
        holding.start()
        self.assertTrue(held.wait(10))
        opening = threading.Thread(target=self.store.prepare)
        opening.start()
        opening.join(0.2)
        self.assertTrue(opening.is_alive())
        if self.database.sqlite:
            self.assertFalse(Path(self.database.url.database or "").exists())
        free.set()
        holding.join()
        opening.join()
        await self.store.open()
        await self.store.close()


class PresenceOnPostgreSQL(PresenceOnSQLite):
    """The same by a lock of the server's."""

    def make_url(self) -> str:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        return url


class LockFile(TestCase):
    """Its name, which is that of POP3's locks too."""

    def test_name(self) -> None:
        """It lies beside the database."""
        self.assertEqual("/x/netsuite.db-locks", locks_of(Database("sqlite:////x/netsuite.db")))
