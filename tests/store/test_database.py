"""Statements as drivers take them: compiled once, checked before they are cut to measure."""

from __future__ import annotations

import sqlalchemy as sa

from netsuite.store.sql import schema
from netsuite.store.sql.database import Database
from netsuite.testing.cases import SynchronousTestCase

TEXTS = sa.table("texts", sa.column("id"), sa.column("text"))


class StatementsForRows(SynchronousTestCase):
    """One INSERT for several rows is the text for one, repeated; nothing else passes."""

    def setUp(self) -> None:
        """Compile for SQLite; nothing is opened."""
        self.database = Database(f"sqlite:///{self.mktemp()}")

    def test_rows(self) -> None:
        """As many rows as are asked for, of as many values as the table has columns."""
        for table in schema.metadata.sorted_tables:
            insert = sa.insert(table)
            row = f"({', '.join('?' * len(table.columns))})"
            for count in (1, 2, 32):
                sql = self.database.compiled_for_rows(insert, count)
                self.assertTrue(sql.endswith(" VALUES " + ", ".join([row] * count)), sql)
                self.assertEqual(count * len(table.columns), sql.count("?"))

    def test_refused(self) -> None:
        """What SQLAlchemy puts behind the values, between or in them is not cut blindly."""
        for statement in (
            sa.insert(TEXTS).values(id=sa.bindparam("id"), text=sa.func.lower(sa.bindparam("x"))),
            sa.insert(TEXTS).values(id=sa.bindparam("id"), text="its own"),
            sa.insert(schema.draft).returning(schema.draft.c.content),
            sa.insert(TEXTS).from_select(["id", "text"], sa.select(TEXTS)),
            sa.delete(TEXTS).where(TEXTS.c.id == sa.bindparam("id")),
            sa.delete(TEXTS),
        ):
            with self.assertRaises(TypeError):
                self.database.compiled_for_rows(statement, 2)

    def test_own_values(self) -> None:
        """A statement for many rows has all its values from them."""
        statement = sa.update(TEXTS).values(text="its own").where(TEXTS.c.id == sa.bindparam("x"))
        with self.assertRaises(TypeError):
            self.database.compiled(statement).check_plain()
