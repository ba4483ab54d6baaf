"""Messages that came to many folders at once, kept together until they are filed.

The rows of ``message`` lie by folder, in three b-trees: a message for a hundred folders changes
three hundred pages, and its commit writes all of them. ``arrival`` is small, so the newest rows of
many folders lie on a few pages; some thousand of them are then filed in one go, a page for many.
Measured on SQLite: a commit into 100 folders 5.0 ms before, 1.8 ms so, its filing included. On
PostgreSQL, whose log has rows and not pages, nothing is put here.

Who reads the messages of an account's folder reads both tables; who changes some has those of
their folder filed first. Messages of public folders are never here.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession

#: So many folders get messages by one commit, for them to be put here.
SPREAD: Final = 8
#: When there are so many, some are filed after each commit, while nobody waits for another; ...
MANY: Final = 2000
#: ... and when there are so many, within the commit.
TOO_MANY: Final = 3000
#: So many in one go, the folders in turn: each has gathered what makes it worth its pages.
STEP: Final = 200

_A: Final = t.arrival.c
_AFTER: Final = _A.folder > sa.bindparam("after")
_STEP: Final = (
    sa.select(_A.folder)
    .where(_AFTER)
    .order_by(_A.folder, _A.uid)
    .limit(sa.bindparam("most"))
    .subquery()
)
_LAST: Final = sa.select(sa.func.max(_STEP.c.folder))
_COUNT: Final = sa.select(sa.func.count()).select_from(t.arrival)
_ANY: Final = sa.select(_A.uid).limit(sa.literal_column("1"))
_ANY_OF_FOLDER: Final = _ANY.where(_A.folder == sa.bindparam("folder"))
_ALL: Final = sa.select(*_A).order_by(_A.folder, _A.uid)
_FILE_ALL: Final = sa.insert(t.message).from_select([each.name for each in _A], _ALL)
_DROP_ALL: Final = sa.delete(t.arrival)
_FILE: Final = sa.insert(t.message).from_select(
    [each.name for each in _A], _ALL.where(_A.folder == sa.bindparam("folder"))
)
_DROP: Final = _DROP_ALL.where(_A.folder == sa.bindparam("folder"))
_UP_TO: Final = (_AFTER, _A.folder <= sa.bindparam("last"))
_FILE_SOME: Final = sa.insert(t.message).from_select(
    [each.name for each in _A], _ALL.where(*_UP_TO)
)
_DROP_SOME: Final = _DROP_ALL.where(*_UP_TO)


def count(session: DatabaseSession) -> int:
    """Return how many messages wait to be filed."""
    return int(session.single(_COUNT)[0])


def are_there(session: DatabaseSession, folder: int | None = None) -> bool:
    """Return whether messages, of a folder or of any, wait to be filed."""
    if folder is None:
        return session.one(_ANY) is not None
    return session.one(_ANY_OF_FOLDER, folder=folder) is not None


def file(session: DatabaseSession, folder: int) -> None:
    """File the messages of a folder."""
    if are_there(session, folder):
        session.run(_FILE, folder=folder)
        session.run(_DROP, folder=folder)


def file_some(session: DatabaseSession, after: int) -> tuple[int, int]:
    """File those of some folders.

    Args:
        after: the last folder of those before.

    Returns:
        The last folder of these, 0 where there are no more; and how many messages they were.
    """
    last = session.single(_LAST, after=after, most=STEP)[0]
    if last is None:
        return 0, 0
    session.run(_FILE_SOME, after=after, last=last)
    return int(last), session.run(_DROP_SOME, after=after, last=last)


def file_all(session: DatabaseSession) -> None:
    """File all that wait."""
    session.run(_FILE_ALL)
    session.run(_DROP_ALL)
