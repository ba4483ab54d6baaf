"""Work of the writer on messages: flags, copies, moves, expunges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from netsuite.store.changes import Change, FlagsChanged, MessagesAdded, MessagesExpunged
from netsuite.store.flags import NONE, ONLY_SEEN, applied, change_of_own, change_of_shared
from netsuite.store.model import SEEN, Copied, FlagAction, FlagsStored
from netsuite.store.sql import schema as t
from netsuite.store.sql.articles import forget_places, note_copies
from netsuite.store.sql.database import OneOf
from netsuite.store.sql.rows import packed, unpacked
from netsuite.store.sql.transaction import MESSAGE, STATE, FolderState, Transaction

_M: Final = t.message.c
_S: Final = t.state.c
# A bound literal would ask for a value in every row of an executemany.
_ONE: Final = sa.literal_column("1", sa.BigInteger)

#: A row of a message as the writer works on it.
_COLUMNS: Final = (
    _M.uid, _M.content, _M.octets, _M.modseq, _M.date, _M.zone, _M.flags, _M.keywords,
    _S.flags, _S.keywords, _S.modseq,
)  # fmt: skip
_OWN: Final = sa.and_(
    _S.folder == _M.folder, _S.account == sa.bindparam("account"), _S.uid == _M.uid
)
_ALL_ROWS: Final = (
    sa.select(*_COLUMNS)
    .select_from(t.message.outerjoin(t.state, _OWN))
    .where(_M.folder == sa.bindparam("folder"))
    .order_by(_M.uid.asc())
)
_SOME_ROWS: Final = _ALL_ROWS.where(OneOf(_M.uid, "uids"))
_ONE_ROW: Final = _ALL_ROWS.where(_M.uid == sa.bindparam("only"))
_DELETED_ROWS: Final = _ALL_ROWS.where(sa.text("(message.flags & 8) = 8"))
_SET_FLAGS: Final = (
    sa.update(t.message)
    .ordered_values(
        (_M.flags, sa.bindparam("flags")),
        (_M.keywords, sa.bindparam("keywords")),
        (_M.modseq, sa.bindparam("modseq")),
    )
    .where(_M.folder == sa.bindparam("of_folder"), _M.uid == sa.bindparam("of_uid"))
)
_DROP_OWN: Final = sa.delete(t.state).where(
    _S.folder == sa.bindparam("folder"),
    _S.account == sa.bindparam("account"),
    _S.uid == sa.bindparam("uid"),
)
_INSERT_OWN: Final = sa.insert(t.state)
_DROP_ALL_OWN: Final = sa.delete(t.state).where(
    _S.folder == sa.bindparam("folder"), OneOf(_S.uid, "uids")
)
_DROP: Final = sa.delete(t.message).where(
    _M.folder == sa.bindparam("folder"), OneOf(_M.uid, "uids")
)
_BURY: Final = sa.insert(t.tombstone)
_REFER: Final = (
    sa.update(t.content)
    .values(refs=t.content.c.refs + _ONE)
    .where(t.content.c.id == sa.bindparam("of_content"))
)
_RELEASE: Final = (
    sa.update(t.content)
    .values(
        refs=t.content.c.refs - _ONE,
        died_at=sa.case(
            (t.content.c.refs == _ONE, sa.bindparam("died_at")), else_=sa.literal_column("0")
        ),
    )
    .where(t.content.c.id == sa.bindparam("of_content"))
)


@dataclass(frozen=True, slots=True)
class Held:
    """A message as the writer reads it, with what the asking account alone sees."""

    uid: int
    content: int
    octets: int
    modseq: int
    date: int
    zone: int
    flags: frozenset[str]
    own: frozenset[str]
    own_modseq: int

    def seen(self, public: bool) -> frozenset[str]:
        """The flags that the account sees."""
        return self.flags - ONLY_SEEN | self.own if public else self.flags


def rows_of(
    transaction: Transaction,
    folder: FolderState,
    uids: Sequence[int] | None,
    account: int | None,
    *,
    deleted_only: bool = False,
) -> list[Held]:
    """Read the messages of those UIDs that are there (None: all), ascending."""
    session = transaction.session
    transaction.flush()
    given: dict[str, Any] = {"folder": folder.id, "account": account or 0}
    if uids is None:
        rows = session.all(_DELETED_ROWS if deleted_only else _ALL_ROWS, **given)
    elif len(uids) == 1:
        rows = session.all(_ONE_ROW, only=uids[0], **given)
    else:
        rows = session.all(_SOME_ROWS, uids=session.database.numbers(uids), **given)
    return [
        Held(
            row[0], row[1], row[2], row[3], row[4], row[5],
            unpacked(row[6], row[7]),
            NONE if row[10] is None else unpacked(row[8], row[9]),
            row[10] or 0,
        )
        for row in rows
    ]  # fmt: skip


def store_flags(
    transaction: Transaction,
    folder: int,
    uids: Sequence[int],
    action: FlagAction,
    given: frozenset[str],
    account: int | None,
    unchanged_since: int | None,
    shared: bool,
) -> FlagsStored:
    """Change flags, all with one mod-sequence."""
    box = transaction.folder(folder)
    public = not box.owner
    next_modseq = box.highest_modseq + 1
    changed: dict[int, tuple[frozenset[str], int]] = {}
    refused: list[int] = []
    common: dict[int, frozenset[str]] = {}
    own: dict[int, frozenset[str]] = {}
    seen: dict[int, frozenset[str]] = {}
    for row in rows_of(transaction, box, uids, account):
        modseq = max(row.modseq, row.own_modseq)
        if unchanged_since is not None and modseq > unchanged_since:
            refused.append(row.uid)
            continue
        flags, mine = _changed(row, action, given, public, account, shared)
        if flags != row.flags:
            common[row.uid] = flags
            modseq = next_modseq
        if mine != row.own:
            own[row.uid] = mine
            modseq = next_modseq
        seen[row.uid] = flags - ONLY_SEEN | mine if public else flags
        changed[row.uid] = (seen[row.uid], modseq)
    if common or own:
        box.advance()
        _write_flags(transaction, box, common, own, account)
    if common:
        transaction.changes.append(
            FlagsChanged(box.id, next_modseq, tuple(common), tuple(common.values()), partial=public)
        )
    if own:
        now = tuple(seen[uid] for uid in own)
        transaction.changes.append(
            FlagsChanged(box.id, next_modseq, tuple(own), now, account=account)  # type: ignore[arg-type]
        )
    return FlagsStored(changed, tuple(refused), box.highest_modseq)


def _changed(
    row: Held,
    action: FlagAction,
    given: frozenset[str],
    public: bool,
    account: int | None,
    shared: bool,
) -> tuple[frozenset[str], frozenset[str]]:
    """Give what all see and what the account alone sees afterwards."""
    if not public:
        return applied(action, row.flags, given), row.own
    if account is None:
        return applied(action, row.flags, given - ONLY_SEEN), row.own
    if shared:
        return change_of_shared(action, row.flags, row.own, given)
    return row.flags, change_of_own(action, row.flags, row.own, given)


def _write_flags(
    transaction: Transaction,
    box: FolderState,
    common: dict[int, frozenset[str]],
    own: dict[int, frozenset[str]],
    account: int | None,
) -> None:
    session, modseq = transaction.session, box.highest_modseq
    session.many(
        _SET_FLAGS, [(*packed(flags), modseq, box.id, uid) for uid, flags in common.items()]
    )
    session.many(_DROP_OWN, [(box.id, account, uid) for uid in own])
    # A row without flags stays: its mod-sequence tells that something was taken away.
    session.many(
        _INSERT_OWN,
        [(box.id, account, uid, *packed(flags), modseq) for uid, flags in own.items()],
    )


def copy(
    transaction: Transaction,
    source: int,
    uids: Sequence[int] | None,
    target: int,
    account: int | None,
    *,
    moving: bool = False,
) -> Copied:
    """Copy messages, or move them: then the quota of the same owner does not count."""
    origin, box = transaction.folder(source), transaction.folder(target)
    rows = rows_of(transaction, origin, uids, account)
    octets = sum(row.octets for row in rows)
    if box.owner:
        quota = transaction.quota(box.owner)
        if rows and not (moving and origin.owner == box.owner):
            quota.check(octets, len(rows))
        quota.add(octets, len(rows))
    if not rows:
        return Copied(box.uid_validity, (), ())
    copied = _put(transaction, origin, rows, box, account)
    if moving:
        remove(transaction, origin, rows)
    return copied


def _put(
    transaction: Transaction,
    origin: FolderState,
    rows: list[Held],
    box: FolderState,
    account: int | None,
) -> Copied:
    modseq, now = box.advance(), transaction.now_seconds
    first = box.uid_next
    made: list[frozenset[str]] = []
    for uid, row in enumerate(rows, first):
        flags = row.seen(not origin.owner)
        if not box.owner and SEEN in flags:
            flags -= ONLY_SEEN
            if account is not None:
                transaction.rows[STATE].append((box.id, account, uid, t.BIT_SEEN, "", modseq))
        bits, keywords = packed(flags)
        transaction.rows[MESSAGE].append(
            (
                box.id, uid, row.content, row.octets, modseq, row.date, row.zone, bits, keywords,
                now,
            )
        )  # fmt: skip
        made.append(flags)
    if not box.owner:
        note_copies(transaction, box, [(uid, row.content) for uid, row in enumerate(rows, first)])
    box.uid_next += len(rows)
    box.messages += len(rows)
    box.octets += sum(row.octets for row in rows)
    transaction.session.many(_REFER, [(row.content,) for row in rows])
    new = tuple(range(first, box.uid_next))
    transaction.changes.append(MessagesAdded(box.id, modseq, new, tuple(made)))
    return Copied(box.uid_validity, tuple(row.uid for row in rows), new)


def remove(transaction: Transaction, box: FolderState, rows: list[Held]) -> None:
    """Expunge messages that were read in this transaction."""
    session = transaction.session
    transaction.flush()
    uids = tuple(row.uid for row in rows)
    octets = sum(row.octets for row in rows)
    modseq = box.advance()
    listed = session.database.numbers(uids)
    session.run(_DROP, folder=box.id, uids=listed)
    if not box.owner:
        session.run(_DROP_ALL_OWN, folder=box.id, uids=listed)
        forget_places(transaction, box.id, listed)
    session.many(_BURY, [(box.id, modseq, uid) for uid in uids])
    release(transaction, [row.content for row in rows])
    box.messages -= len(rows)
    box.octets -= octets
    if box.owner:
        transaction.quota(box.owner).add(-octets, -len(rows))
    gone: Change = MessagesExpunged(box.id, modseq, uids)
    transaction.changes.append(gone)


def release(transaction: Transaction, contents: Sequence[int]) -> None:
    """Count one reference less of each content."""
    transaction.session.many(_RELEASE, [(transaction.now, content) for content in contents])


def expunge(
    transaction: Transaction, folder: int, uids: Sequence[int] | None, deleted_only: bool
) -> list[int]:
    """Remove messages; give their UIDs."""
    box = transaction.folder(folder)
    rows = rows_of(transaction, box, uids, None, deleted_only=deleted_only)
    if deleted_only:
        rows = [row for row in rows if "\\Deleted" in row.flags]
    if rows:
        remove(transaction, box, rows)
    return [row.uid for row in rows]
