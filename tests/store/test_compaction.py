"""A database gives back the room of what was removed, and keeps the rest."""

from __future__ import annotations

import os
from collections import namedtuple
from contextlib import closing
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from netsuite.store.errors import StorageFull, StoreError
from netsuite.store.sql.compaction import compact
from netsuite.store.sql.database import Database
from netsuite.store.sql.migrate import migrate
from netsuite.testing.cases import SynchronousTestCase

_Usage = namedtuple("_Usage", "total used free")


class Compaction(SynchronousTestCase):
    """A database with more room than content."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.database = Database(f"sqlite:///{self.path}")
        migrate(self.database)
        with closing(self.database.session()) as session:
            session.execute("INSERT INTO chunk (id, data) VALUES (1, zeroblob(4000000))")
            session.execute("INSERT INTO chunk (id, data) VALUES (2, zeroblob(1000))")
            session.execute("DELETE FROM chunk WHERE id = 1")

    def test_room_is_given_back(self) -> None:
        """Free pages are gone, and all else is there."""
        before, after = compact(self.database)
        self.assertGreater(before.free, 900)
        self.assertEqual(0, after.free)
        self.assertEqual(os.stat(self.path).st_size, after.octets)
        self.assertLess(after.octets, before.octets - 3_000_000)
        with closing(self.database.session()) as session:
            self.assertEqual([(2,)], list(session.once(sa.text("SELECT id FROM chunk"))))
            self.assertTrue(session.is_intact())

    def test_no_room(self) -> None:
        """It is refused before anything is written, where the disk has not the room."""
        with (
            patch("shutil.disk_usage", return_value=_Usage(0, 0, 10)),
            pytest.raises(StorageFull, match="has 10 octets free, and"),
        ):
            compact(self.database)

    def test_postgresql(self) -> None:
        """Which needs nothing of the kind."""
        with pytest.raises(StoreError, match="autovacuum"):
            compact(Database("postgresql:///x"))
