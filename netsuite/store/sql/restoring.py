"""A database put back from a copy of it, and what its clients have to be told then.

What is put back is older than what clients know. UIDs that were given since would be given again,
to other messages, so UIDVALIDITY is raised: see ``renew``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa

from netsuite.store.sql import schema as t
from netsuite.store.sql.backup import run_tool
from netsuite.store.sql.database import Database, DatabaseSession, translated
from netsuite.store.sql.migrate import migrate
from netsuite.store.sql.transaction import Transaction

#: Article numbers, which have nothing like UIDVALIDITY, go on so much higher after a restore.
ARTICLES_SKIPPED: Final = 10_000

_F: Final = t.folder.c
_FOLDERS: Final = sa.select(
    _F.id, _F.owner, _F.name, _F.uid_validity, _F.uid_next, _F.highest_modseq
).order_by(_F.id)
_RENEW: Final = (
    sa.update(t.folder)
    .ordered_values(
        (_F.uid_validity, sa.bindparam("uid_validity")), (_F.uid_next, sa.bindparam("uid_next"))
    )
    .where(_F.id == sa.bindparam("of_folder"))
)
#: The files that are put back beside it are of another moment.
_UNCOUNT: Final = sa.update(t.account).values(file_octets=sa.null(), files=sa.null())
_VALIDITY: Final = sa.select(t.counter.c.value).where(t.counter.c.name == "uid_validity")
_WAITING: Final = sa.select(sa.func.count()).select_from(t.queue)


def put_back(database: Database, dump: Path) -> None:
    """Fill a database on PostgreSQL with what ``take`` has written, in place of what it has.

    Raises:
        StoreError: it cannot be done; then the database is as it was.
    """
    options = ("--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-privileges")
    run_tool("pg_restore", database, *options, os.fspath(dump))


def is_filled(database: Database) -> bool:
    """Return whether a database on PostgreSQL has a store. Raises StoreError."""
    with closing(database.session()) as session:
        return session.one(sa.select(sa.func.to_regclass("folder"))) != (None,)


# -- what clients know ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """The numbers that a store has told its clients.

    Args:
        folders: by id name, UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ.
        uid_validity: the greatest UIDVALIDITY.
    """

    folders: Mapping[int, tuple[str, int, int, int]]
    uid_validity: int


def given_by(database: Database) -> Given | None:
    """Return what a store has told its clients; None where it is not there, or not intact."""
    if database.sqlite:
        path = os.path.abspath(database.url.database or "")
        if not os.path.exists(path):
            return None
        # So that a damaged one stays as it is, for whoever looks into it later.
        database = Database(f"sqlite:///file:{quote(path)}?mode=ro&uri=true")
    try:
        with closing(database.session()) as session:
            if session.sqlite and not session.is_intact():
                return None
            rows = session.all(_FOLDERS)
            counted = session.one(_VALIDITY)
    except Exception:  # whatever is wrong with it: it tells nothing
        return None
    known = {row[0]: (row[2], row[3], row[4], row[5]) for row in rows}
    return Given(known, counted[0] if counted else 0)


@dataclass(frozen=True, slots=True)
class Renewed:
    """The result for the folders of a database that was put back.

    Args:
        raised: how many have a new UIDVALIDITY.
        folders: how many there are.
        waiting: items of the queue.
    """

    raised: int
    folders: int
    waiting: int


def renew(database: Database, before: Given | None, now: float) -> Renewed:
    """Bring a database that was put back to this version's schema, and raise UIDVALIDITY of each
    folder that may have had other messages since. See RFC 3501, 2.3.1.1.

    Args:
        before: what the store in whose place it comes had told; None where that is not known, so
            that every folder may have had.
        now: seconds since 1970.

    Raises:
        StorageFull: the disk is.
        StoreError: it is not a store, or a newer version has written it.
    """
    migrate(database)
    with closing(database.session()) as session:
        try:
            return _renew(session, before, int(now))
        except Exception as error:
            raise translated(error, database) from error


def _renew(session: DatabaseSession, before: Given | None, now: int) -> Renewed:
    told = before.folders if before is not None else {}
    greatest = before.uid_validity if before is not None else 0
    session.begin_writing()
    transaction = Transaction(session, now * 1_000_000, lambda: max(now, greatest + 1))
    folders = session.all(_FOLDERS)
    changed: list[Sequence[object]] = []
    for folder, owner, name, uid_validity, uid_next, modseq in folders:
        known = told.get(folder)
        if known == (name, uid_validity, uid_next, modseq):
            continue
        if not owner:
            uid_next = max(uid_next + ARTICLES_SKIPPED, known[2] if known else 0)
        changed.append((transaction.next_uid_validity(), uid_next, folder))
    session.many(_RENEW, changed)
    session.run(_UNCOUNT)
    transaction.flush()
    waiting = int(session.single(_WAITING)[0])
    session.execute("COMMIT")
    return Renewed(len(changed), len(folders), waiting)
