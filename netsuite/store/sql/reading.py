"""Messages of a folder as a session reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.store import model
from netsuite.store.errors import NoSuchFolder
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns, uids_of
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.rows import message_of, select_private, select_public

_OWNER: Final = sa.select(t.folder.c.owner).where(t.folder.c.id == sa.bindparam("folder"))
_UIDS: Final = Columns(
    sa.union_all(
        *(
            sa.select(table.c.uid).where(table.c.folder == sa.bindparam("folder"))
            for table in (t.message, t.arrival)
        )
    ).order_by("uid")
)
#: Of an account's folder, and of a public one.
_BOTH: Final = (select_private, select_public)
_ALL: Final = tuple(select() for select in _BOTH)
_SOME: Final = tuple(select(lambda m: OneOf(m.c.uid, "uids")) for select in _BOTH)
_SINGLE: Final = tuple(select(lambda m: m.c.uid == sa.bindparam("only")) for select in _BOTH)
_RECENT: Final = sa.select(t.folder.c.recent_from, t.folder.c.uid_next).where(
    t.folder.c.id == sa.bindparam("folder")
)


def is_apart(session: DatabaseSession, folder: int, account: int | None) -> bool:
    """Return whether what an account has seen in a folder is its own: it is not the owner's.
    Raises NoSuchFolder."""
    owner = session.found(NoSuchFolder, _OWNER, folder=folder)[0]
    return not owner or (account is not None and account != owner)


def read_uids(session: DatabaseSession, folder: int) -> Sequence[int]:
    """Return all UIDs of a folder, ascending."""
    return uids_of(session, _UIDS, folder=folder)


def read_messages(
    session: DatabaseSession, folder: int, uids: Sequence[int] | None, account: int | None
) -> list[model.Message]:
    """Return the messages of those UIDs that are there. Raises NoSuchFolder."""
    public = is_apart(session, folder, account)
    values: dict[str, object] = {"folder": folder}
    if public:
        values["account"] = account or 0
    if uids is None:
        rows = session.all(_ALL[public], **values)
    elif len(uids) == 1:
        rows = session.all(_SINGLE[public], only=uids[0], **values)
    else:
        rows = session.all(_SOME[public], uids=session.database.numbers(uids), **values)
    return [message_of(row) for row in rows]


def read_recent(session: DatabaseSession, folder: int) -> tuple[int, int]:
    """Return the first UID no session was told of, and the next one. Raises NoSuchFolder."""
    recent_from, uid_next = session.found(NoSuchFolder, _RECENT, folder=folder)
    return recent_from, uid_next
