"""Message-IDs of public folders: where each is, kept with every message that comes or goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.message.news import HEADER_OCTETS, message_id_of
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import FolderId, Placed
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns
from netsuite.store.sql.contents import chunk
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.transaction import ARTICLE, FolderState, Transaction

_A: Final = t.article.c
_M: Final = t.message.c
_PLACES: Final = (
    sa.select(_A.folder, _A.uid)
    .where(_A.message_id == sa.bindparam("message_id"))
    .order_by(_A.folder, _A.uid)
)
_FORGET: Final = sa.delete(t.article).where(
    _A.folder == sa.bindparam("folder"), OneOf(_A.uid, "uids")
)
_O: Final = t.article.alias("other").c
_CROSSPOSTED: Final = Columns(
    sa.select(_A.uid.label("here"), _O.folder, _O.uid)
    .where(
        _A.folder == sa.bindparam("folder"),
        _A.uid.between(sa.bindparam("first"), sa.bindparam("last")),
        _O.message_id == _A.message_id,
        sa.or_(_O.folder != _A.folder, _O.uid != _A.uid),
    )
    .order_by("here", _O.folder, _O.uid)
)
_FIRST: Final = sa.select(sa.func.min(_M.uid)).where(_M.folder == sa.bindparam("folder"))


def places(session: DatabaseSession, message_id: str) -> list[tuple[FolderId, int]]:
    """Return folder and UID of each message of that Message-ID, ascending."""
    # No Message-ID holds what SQL could not take: those were never kept.
    if not message_id.isascii() or "\0" in message_id:
        return []
    rows = session.all(_PLACES, message_id=message_id)
    return [(FolderId(folder), uid) for folder, uid in rows]


def crossposts(
    session: DatabaseSession, folder: int, first: int, last: int
) -> dict[int, list[tuple[FolderId, int]]]:
    """Return where else the messages of a range of UIDs are; those nowhere else are left out."""
    found: dict[int, list[tuple[FolderId, int]]] = {}
    read = _CROSSPOSTED.read(session, folder=folder, first=first, last=last)
    for here, other, uid in zip(*read, strict=True):
        found.setdefault(here, []).append((FolderId(other), uid))
    return found


def is_placed(transaction: Transaction, message_id: str) -> bool:
    """Return whether a message of that Message-ID is there, or is coming in the same batch."""
    if any(row[0] == message_id for row in transaction.rows[ARTICLE]):
        return True
    return bool(places(transaction.session, message_id))


def note_places(transaction: Transaction, message_id: str, placed: Sequence[Placed]) -> None:
    """Keep where a message that comes into public folders is."""
    if message_id:
        transaction.rows[ARTICLE].extend((message_id, each.folder, each.uid) for each in placed)


def note_copies(
    transaction: Transaction, box: FolderState, copies: Sequence[tuple[int, int]]
) -> None:
    """Keep where messages are that were copied into a public folder.

    Args:
        copies: UID and content of each.
    """
    for uid, content in copies:
        try:
            head = chunk(transaction.session, content, 0)[:HEADER_OCTETS]
        except NoSuchMessage:  # an empty content has no chunk
            continue
        if message_id := message_id_of(head):
            transaction.rows[ARTICLE].append((message_id, box.id, uid))


def forget_places(transaction: Transaction, folder: int, uids: object) -> None:
    """Drop what was kept of messages that go.

    Args:
        uids: as ``Database.numbers`` gives them.
    """
    transaction.session.run(_FORGET, folder=folder, uids=uids)


def first_uids(session: DatabaseSession, folders: Sequence[FolderId]) -> dict[FolderId, int]:
    """Return the lowest UID of each folder that has any: a point read of the index each."""
    found = ((folder, session.one(_FIRST, folder=folder)) for folder in folders)
    return {folder: row[0] for folder, row in found if row is not None and row[0] is not None}
