"""A folder as it stands at one moment, for whoever opens it, and what happened since another.

All of it is read in one transaction. UIDs of large folders are kept from one time to the next and
brought up to date: who opens a mailbox of 200,000 messages again does not read them again.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from netsuite.store import model
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns
from netsuite.store.sql.database import DatabaseSession
from netsuite.store.sql.folders import read_folder
from netsuite.store.sql.rows import OWN, unpacked, unpacked_public
from netsuite.wire.ranges import Ranges, gaps, runs

_M: Final = t.message.c
_S: Final = t.state.c
_T: Final = t.tombstone.c
_TABLES: Final = (t.message, t.arrival)


def _of_folder(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.folder == sa.bindparam("folder")


_UIDS: Final = Columns(
    sa.union_all(
        *(
            sa.select(table.c.uid).where(_of_folder(table), table.c.uid >= sa.bindparam("first"))
            for table in _TABLES
        )
    ).order_by("uid")
)
_KEYWORDS: Final = sa.union(
    *(
        sa.select(table.c.keywords).where(
            _of_folder(table), table.c.modseq > sa.bindparam("after"), table.c.keywords != ""
        )
        for table in _TABLES
    )
)
_OWN_KEYWORDS: Final = (
    sa.select(_S.keywords)
    .where(
        _of_folder(t.state),
        _S.account == sa.bindparam("account"),
        _S.keywords != "",
    )
    .distinct()
)
# Written like the condition of the partial index, which answers it.
_UNSEEN: Final = tuple(
    sa.select(sa.func.min(table.c.uid)).where(_of_folder(table), sa.text("(flags & 1) = 0"))
    for table in _TABLES
)
_UNSEEN_APART: Final = (
    sa.select(_M.uid)
    .select_from(t.message.outerjoin(t.state, OWN))
    .where(_of_folder(t.message), sa.text("(coalesce(state.flags, 0) & 1) = 0"))
    .order_by(_M.uid.asc())
    .limit(sa.literal_column("1"))
)
_CHANGED: Final = Columns(
    sa.union_all(
        *(
            sa.select(table.c.uid, table.c.flags, table.c.keywords, table.c.modseq).where(
                _of_folder(table), table.c.modseq > sa.bindparam("after")
            )
            for table in _TABLES
        )
    ).order_by("uid")
)
_CHANGED_APART: Final = Columns(
    sa.select(
        _M.uid, _M.flags, _M.keywords, _M.modseq,
        _S.flags.label("own_flags"), _S.keywords.label("own_keywords"),
        _S.modseq.label("own_modseq"),
    )
    .select_from(t.message.outerjoin(t.state, OWN))
    .where(
        _of_folder(t.message),
        sa.or_(_M.modseq > sa.bindparam("after"), _S.modseq > sa.bindparam("after")),
    )
    .order_by(_M.uid.asc())
)  # fmt: skip
_VANISHED: Final = Columns(
    sa.select(_T.uid)
    .where(_of_folder(t.tombstone), _T.modseq > sa.bindparam("after"))
    .order_by(_T.uid.asc())
)


@dataclass(frozen=True, slots=True)
class KnownUids:
    """What a folder's messages were when it had that mod-sequence."""

    uid_validity: int
    modseq: int
    uid_next: int
    uids: array[int]
    keywords: frozenset[str]


def read_opened(
    session: DatabaseSession,
    folder: int,
    account: int | None,
    since: int | None,
    known: KnownUids | None,
) -> tuple[model.Opened, KnownUids]:
    """Return a folder as it stands; for the next time, what is then known. Raises NoSuchFolder.

    Args:
        since: with what happened after that mod-sequence.
        known: from the last time.
    """
    now = read_folder(session, folder)
    if known is not None and known.uid_validity != now.uid_validity:
        known = None
    known = _read_known(session, now, known)
    keywords = known.keywords
    if now.is_apart(account):
        keywords |= _words(session.all(_OWN_KEYWORDS, folder=folder, account=account or 0))
        row = session.one(_UNSEEN_APART, folder=folder, account=account or 0)
        unseen = [] if row is None else [row[0]]
    else:
        firsts = [session.single(each, folder=folder)[0] for each in _UNSEEN]
        unseen = [uid for uid in firsts if uid is not None]
    changes = None
    if since is not None:
        changes = changes_of(session, now, since, account, known.uids)
    opened = model.Opened(now, known.uids, min(unseen, default=None), keywords, changes)
    return opened, known


def _read_known(session: DatabaseSession, now: model.Folder, before: KnownUids | None) -> KnownUids:
    """Return UIDs and keywords as they are now, by way of what they were."""
    if before is not None and before.modseq == now.highest_modseq:
        return before
    uids, keywords, first, after = array("I"), frozenset[str](), 0, 0
    if before is not None:
        gone = _tombstones(session, now.id, before.modseq)
        if 0 not in gone:  # else nobody knows
            uids.extend([uid for uid in before.uids if uid not in gone] if gone else before.uids)
            keywords, first, after = before.keywords, before.uid_next, before.modseq
    uids.extend(_UIDS.read(session, folder=now.id, first=first)[0])
    keywords |= _words(session.all(_KEYWORDS, folder=now.id, after=after))
    return KnownUids(now.uid_validity, now.highest_modseq, now.uid_next, uids, keywords)


def _words(rows: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the keywords of rows, of those that differ by case only one."""
    known = {word.lower(): word for row in rows for word in row[0].split()}
    return frozenset(known.values())


def _tombstones(session: DatabaseSession, folder: int, after: int) -> frozenset[int]:
    """Return the UIDs that went after a mod-sequence; 0 among them where some are forgotten."""
    return frozenset(_VANISHED.read(session, folder=folder, after=after)[0])


def read_changes(
    session: DatabaseSession, folder: int, since: int, account: int | None
) -> model.Changes:
    """Return what happened after a mod-sequence. Raises NoSuchFolder."""
    return changes_of(session, read_folder(session, folder), since, account, None)


def changes_of(
    session: DatabaseSession,
    folder: model.Folder,
    since: int,
    account: int | None,
    uids: Sequence[int] | None,
) -> model.Changes:
    """Return what happened after a mod-sequence.

    Args:
        uids: all there are, where they are known.
    """
    if folder.highest_modseq <= since:
        return model.Changes([], [])
    if folder.is_apart(account):
        columns = _CHANGED_APART.read(session, folder=folder.id, after=since, account=account or 0)
        changed = [
            model.Changed(uid, unpacked_public(bits, words, own, own_words), max(modseq, other))
            for uid, bits, words, modseq, own, own_words, other in zip(*columns, strict=True)
        ]
    else:
        columns = _CHANGED.read(session, folder=folder.id, after=since)
        changed = [
            model.Changed(uid, unpacked(bits, words), modseq)
            for uid, bits, words, modseq in zip(*columns, strict=True)
        ]
    return model.Changes(changed, _vanished(session, folder, since, uids))


def _vanished(
    session: DatabaseSession, folder: model.Folder, since: int, uids: Sequence[int] | None
) -> Ranges:
    gone = _VANISHED.read(session, folder=folder.id, after=since)[0]
    if not gone or gone[0]:
        return runs(gone)
    if uids is None:
        uids = _UIDS.read(session, folder=folder.id, first=0)[0]
    return gaps(uids, 1, folder.uid_next - 1)
