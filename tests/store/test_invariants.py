"""The statements of the invariants are such that both databases take them; see test_checking."""

from __future__ import annotations

import os
from contextlib import closing

import sqlalchemy as sa

from netsuite.store.sql.database import Database
from netsuite.store.sql.invariants import RULES
from netsuite.store.sql.migrate import migrate
from netsuite.testing.cases import SkipTest, SynchronousTestCase
from tests.store.clusters import fresh_database


class OnSQLite(SynchronousTestCase):
    """A store that has nothing."""

    def make_database(self) -> Database:
        return Database(f"sqlite:///{os.path.abspath(self.mktemp())}")

    def test_empty_store(self) -> None:
        """Nothing breaks a rule; mending does no harm; who can be mended says how."""
        database = self.make_database()
        migrate(database)
        with closing(database.session()) as session:
            for rule in RULES:
                with self.subTest(rule.find):
                    self.assertEqual([], list(session.once(sa.text(rule.find))))
                    self.assertEqual(bool(rule.mend), bool(rule.repair))
                    for statement in rule.mend:
                        session.execute(statement)
                    self.assertEqual([], list(session.once(sa.text(rule.find))))


class OnPostgreSQL(OnSQLite):
    """The same on PostgreSQL."""

    def make_database(self) -> Database:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        return Database(url)
