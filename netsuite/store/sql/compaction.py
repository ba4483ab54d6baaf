"""An SQLite database written anew without its free pages."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import dataclass

from netsuite.store.errors import StorageFull, StoreError
from netsuite.store.sql.database import Database, translated


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a database file.

    Args:
        free: pages that nothing is in.
    """

    octets: int
    pages: int
    free: int


def compact(database: Database) -> tuple[Pages, Pages]:
    """Free the pages of a database that nothing is on; return what it had, and has.

    Nobody else may have it open: who wants to write meanwhile would wait for too long.

    Raises:
        StorageFull: there is no room for a copy of what is in it, and for the log of it.
        StoreError: it cannot be written, or is on PostgreSQL, which does this by itself.
    """
    if not database.sqlite:
        raise StoreError("PostgreSQL gives free room to what comes next by itself (autovacuum)")
    path = os.path.abspath(database.url.database or "")
    # Where a temporary copy goes: not into the memory, nor to a smaller disk.
    os.environ["SQLITE_TMPDIR"] = os.path.dirname(path)
    try:
        with closing(database.session()) as session:
            session.execute("PRAGMA temp_store = FILE")
            session.pragma("wal_checkpoint(TRUNCATE)")
            size = session.pragma("page_size")

            def pages() -> Pages:
                count = session.pragma("page_count")
                return Pages(count * size, count, session.pragma("freelist_count"))

            before = pages()
            _check_room(path, 2 * (before.pages - before.free) * size)
            session.execute("VACUUM")
            session.pragma("wal_checkpoint(TRUNCATE)")
            return before, pages()
    except Exception as error:
        raise translated(error, database) from error


def _check_room(path: str, octets: int) -> None:
    free = shutil.disk_usage(os.path.dirname(path)).free
    if free < octets:
        raise StorageFull(f"the disk of {path} has {free:,} octets free, and {octets:,} are needed")
