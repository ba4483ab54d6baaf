"""Presence: who has a store open, so that what needs it alone knows, and is waited for.

Each open store holds a shared lock: on SQLite on the file ``netsuite.db-locks`` beside the
database, on PostgreSQL an advisory one. The system gives it back when the process dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netsuite.store.errors import Busy
from netsuite.store.sql.database import Database


def locks_of(database: Database) -> str:
    """Return the name of the file that an SQLite store's processes lock."""
    return f"{database.url.database}-locks"


class Presence:
    """The shared lock of one open store on SQLite."""

    def __init__(self) -> None:
        self._file: int | None = None

    def join(self, path: str) -> bool:
        """Hold the lock, once nobody has it alone; return whether no other process holds it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner(Path(path))
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return alone

    def leave(self) -> None:
        """Give it back, if it is held."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Keep everybody else out of a store: who opens it meanwhile waits.

    Raises:
        Busy: somebody has it open.
        StoreError: PostgreSQL cannot be reached.
    """
    in_use = Busy(f"{database.place} is in use: stop the daemon and every other command first")
    if not database.sqlite:
        session = database.session()
        try:
            if not session.take_presence():
                raise in_use
            yield
        finally:
            session.close()
        return
    path = locks_of(database)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        give_to_owner(Path(path))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise in_use from None
        yield
    finally:
        os.close(file)


def is_in_use(database: Database) -> bool:
    """Return whether somebody has a store open. Raises StoreError."""
    try:
        with alone(database):
            return False
    except Busy:
        return True


def give_to_owner(path: Path) -> None:
    """Change the owner of what root has made to that of its folder: the daemon is no root."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        with suppress(OSError):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
