"""Copies of a whole database, taken while it is in use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine.url import URL

from netsuite.store.errors import StoreError
from netsuite.store.sql.database import BUSY_SECONDS, Database, translated
from netsuite.store.sql.migrate import revision_of
from netsuite.store.writeout import written_out


def take(database: Database, target: Path) -> str:
    """Write a copy of one moment of a database, which may be written to meanwhile.

    Args:
        target: the new file.

    Returns:
        The schema's revision.

    Raises:
        StoreError: it cannot be read or written, or PostgreSQL's programs are not there.
    """
    if database.sqlite:
        _take_sqlite(database, target)
    else:
        run_tool("pg_dump", database, "--format=custom", f"--file={target}")
    return revision_of(database)


def _take_sqlite(database: Database, target: Path) -> None:
    """Copy all pages in one step.

    Several steps would begin anew whenever another process has written between two of them, and
    so never end. One is a reading transaction, which writers do not wait for.
    """
    path = quote(os.path.abspath(database.url.database or ""))
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=rw", BUSY_SECONDS, uri=True)) as source,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
            written_out(target),
        ):
            copy.execute("PRAGMA synchronous = OFF")  # the whole backup is written out at its end
            source.backup(copy, pages=-1)
            # A single file, that can be read where nothing can be written.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise translated(error, database) from error


def run_tool(program: str, database: Database, *arguments: str) -> None:
    """Run a program of PostgreSQL's own. Raises StoreError."""
    found = shutil.which(program)
    if found is None:
        raise StoreError(
            f"{program} is not installed, which copies a store on PostgreSQL: install PostgreSQL's "
            "client programs, of the server's version or a newer one"
        )
    url = database.url
    environment = dict(os.environ)
    if url.password:  # which everybody could read in the list of processes
        environment["PGPASSWORD"] = url.password
    place = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string()
    done = subprocess.run(
        [found, "--no-password", f"--dbname={place}", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise StoreError(f"{database.place}: {said[0]}")
