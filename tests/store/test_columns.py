"""Many rows read with one step: on SQLite the same as row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns, uids_of
from netsuite.store.sql.database import Database, DatabaseSession
from netsuite.store.sql.migrate import migrate

_SELECT = (
    sa.select(t.message.c.uid, t.message.c.keywords, t.chunk.c.data, t.heading.c.sent)
    .select_from(
        t.message.outerjoin(t.chunk, t.chunk.c.id == t.message.c.content).outerjoin(
            t.heading, t.heading.c.content == t.message.c.content
        )
    )
    .where(t.message.c.folder == sa.bindparam("folder"))
    .order_by(t.message.c.uid.desc())
)
_INSERT = sa.insert(t.message)
_CHUNK = sa.insert(t.chunk)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[DatabaseSession]:
    """A store with some messages."""
    database = Database(f"sqlite:///{tmp_path}/a.db")
    migrate(database)
    session = database.session()
    rows = [(1, uid, uid, 9, uid, 0, 0, 0, "grün x" if uid % 2 else "", 0) for uid in range(1, 6)]
    session.many(_INSERT, rows)
    session.many(_CHUNK, [(1, b"a,\xff"), (3, b""), (4, b"\r\n")])
    yield session
    session.close()


@pytest.mark.parametrize("any_octets", [False, True])
def test_columns(session: DatabaseSession, any_octets: bool) -> None:
    """In the order asked for; what is missing is 0 or empty."""
    columns = Columns(_SELECT, any_octets=any_octets)
    uids, keywords, data, sent = columns.read(session, folder=1)
    assert list(uids) == [5, 4, 3, 2, 1]
    assert list(keywords) == ["grün x", "", "grün x", "", "grün x"]
    assert list(data) == [b"", b"\r\n", b"", b"", b"a,\xff"]
    assert list(sent) == [0] * 5
    assert list(uids_of(session, columns, folder=1)) == [5, 4, 3, 2, 1]


def test_nothing(session: DatabaseSession) -> None:
    """No rows are as many columns without anything."""
    assert Columns(_SELECT).read(session, folder=2) == [(), (), (), ()]
    assert not uids_of(session, Columns(_SELECT), folder=2)


def test_nul(session: DatabaseSession) -> None:
    """Octets among which NUL may be come as they are."""
    session.many(_CHUNK, [(2, b"\0a\0"), (5, b"\0")])
    _, _, data, _ = Columns(_SELECT, any_octets=True).read(session, folder=1)
    assert list(data) == [b"\0", b"\r\n", b"", b"\0a\0", b"a,\xff"]
