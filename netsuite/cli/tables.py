"""All tables of one store into another, empty one, which may be of the other kind.

Ids, UIDs, UIDVALIDITY, mod-sequences and the queue are rows like all others, so clients do not
notice. Indexes for searching are no tables here: each kind of database makes its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from netsuite.cli.archives import sync_folder
from netsuite.store.errors import StoreError
from netsuite.store.sql import arrivals
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import Database, DatabaseSession, Row, translated
from netsuite.store.sql.migrate import migrate, newest_revision, revision_of
from netsuite.store.sql.presence import alone, give_to_owner
from netsuite.store.sql.restoring import is_filled

#: So many rows are copied at once; of pieces of contents fewer, which are large.
ROWS: Final = 1000
CHUNKS: Final = 64
_PARTIAL: Final = ".partial"

#: Called with the name of a table and how many rows of it were copied.
Advance = Callable[[str, int], None]


def copy_tables(source: Database, target: Database, advance: Advance) -> Mapping[str, int]:
    """Copy a store, and compare how many rows there are.

    Args:
        source: of this version's schema; nobody may use it meanwhile.
        target: has no store yet.

    Returns:
        How many rows each table has.

    Raises:
        Busy: somebody has one of them open.
        StoreError: one cannot be read or written, or *target* has something already; then that is
            as it was.
    """
    with alone(source), alone(target):
        _check_revision(source)
        with _new(target) as place:
            migrate(place)
            with closing(source.session()) as reading, closing(place.session()) as writing:
                try:
                    return _copy(reading, writing, advance)
                except StoreError:
                    raise
                except Exception as error:
                    raise translated(error, place) from error


def _check_revision(source: Database) -> None:
    revision, newest = revision_of(source), newest_revision()
    if revision != newest:
        raise StoreError(
            f"{source.place} has the schema {revision}, and this version {newest}: it is brought "
            "to it by the next start"
        )


@contextmanager
def _new(target: Database) -> Iterator[Database]:
    """Give a database to fill; a file has its name when the block is left."""
    if not target.sqlite:
        if is_filled(target) and not _is_empty(target):
            raise StoreError(f"{target.place} has a store already; name an empty database")
        yield target
        return
    path = Path(os.path.abspath(target.url.database or ""))
    if path.exists():
        raise StoreError(f"{path} is there already; name a new file")
    partial = path.with_name(path.name + _PARTIAL)
    try:
        _remove(partial)
        url = target.url.set(database=str(partial))
        yield Database(url.render_as_string(hide_password=False))
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        give_to_owner(partial)
        os.rename(partial, path)
        sync_folder(path.parent)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _is_empty(database: Database) -> bool:
    tables = [each for each in t.metadata.sorted_tables if each is not t.counter]
    with closing(database.session()) as session:
        return not any(_count(session, each) for each in tables)


def _count(session: DatabaseSession, table: sa.Table) -> int:
    return int(session.once(sa.select(sa.func.count()).select_from(table))[0][0])


def _copy(
    reading: DatabaseSession, writing: DatabaseSession, advance: Advance
) -> Mapping[str, int]:
    if writing.sqlite:  # a file that is removed where anything fails
        writing.execute("PRAGMA journal_mode = OFF")
        writing.execute("PRAGMA synchronous = OFF")
    reading.begin_reading()
    writing.begin_writing()
    counts: dict[str, int] = {}
    for table in t.metadata.sorted_tables:
        writing.run(sa.delete(table))  # counters there may be from the beginning
        insert = sa.insert(table)
        for rows in _rows_of(reading, table):
            writing.many(insert, rows if writing.sqlite else [*map(_without_nul, rows)])
            advance(table.name, len(rows))
        counts[table.name] = _count(writing, table)
        there = _count(reading, table)
        if counts[table.name] != there:
            raise StoreError(f"{table.name}: {counts[table.name]:,} of {there:,} rows were copied")
    if counts["arrival"]:
        arrivals.file_all(writing)  # which only one of the kinds uses
    reading.execute("ROLLBACK")
    writing.execute("COMMIT")
    return counts


def _rows_of(session: DatabaseSession, table: sa.Table) -> Iterator[Sequence[Row]]:
    """Return the rows of a table, some at a time, in the order of its key."""
    key = list(table.primary_key.columns)
    places = [table.columns.keys().index(each.name) for each in key]
    first = sa.select(*table.columns).order_by(*key)
    first = first.limit(CHUNKS if table is t.chunk else ROWS)
    after = sa.tuple_(*key) > sa.tuple_(*(sa.bindparam(f"of_{each.name}") for each in key))
    following = first.where(after)
    rows = session.once(first)
    while rows:
        yield rows
        last = {f"of_{each.name}": rows[-1][at] for each, at in zip(key, places, strict=True)}
        rows = session.all(following, **last)


def _without_nul(row: Row) -> Row:
    """Return a row whose text PostgreSQL can have: text for searching may hold NUL."""
    if not any(isinstance(each, str) and "\0" in each for each in row):
        return row
    return tuple(each.replace("\0", "") if isinstance(each, str) else each for each in row)
