"""Messages: read by a session; flagged, copied, moved and expunged by a transaction."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from netsuite.store import model
from netsuite.store.changes import FlagsChanged, MessagesAdded, MessagesExpunged
from netsuite.store.errors import NoSuchFolder
from netsuite.store.flags import (
    NONE,
    ONLY_SEEN,
    applied,
    change_of_own,
    change_of_shared,
    permitted,
)
from netsuite.store.rights import ALL, settable
from netsuite.store.sql import attempts
from netsuite.store.sql import schema as t
from netsuite.store.sql.articles import forget_places, note_copies
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.rows import OWN, message_of, packed, select_private, select_public, unpacked
from netsuite.store.sql.transaction import ARRIVAL, MESSAGE, STATE, FolderState, Transaction

_M: Final = t.message.c
_S: Final = t.state.c
_OWNER: Final = sa.select(t.folder.c.owner).where(t.folder.c.id == sa.bindparam("folder"))
_UIDS: Final = sa.union_all(
    *(
        sa.select(table.c.uid).where(table.c.folder == sa.bindparam("folder"))
        for table in (t.message, t.arrival)
    )
).order_by("uid")
#: Of an account's folder, and of a public one.
_BOTH: Final = (select_private, select_public)
_ALL: Final = tuple(select() for select in _BOTH)
_SOME: Final = tuple(select(lambda m: OneOf(m.c.uid, "uids")) for select in _BOTH)
_SINGLE: Final = tuple(select(lambda m: m.c.uid == sa.bindparam("only")) for select in _BOTH)
_RECENT: Final = sa.select(t.folder.c.recent_from, t.folder.c.uid_next).where(
    t.folder.c.id == sa.bindparam("folder")
)
_CLAIM_RECENT: Final = (
    sa.update(t.folder)
    .values(recent_from=sa.bindparam("recent_from"))
    .where(t.folder.c.id == sa.bindparam("of_folder"))
)
# A bound literal would ask for a value in every row of an executemany.
_ONE: Final = sa.literal_column("1", sa.BigInteger)

#: A row of a message as the writer works on it.
_COLUMNS: Final = (
    _M.uid, _M.content, _M.octets, _M.modseq, _M.date, _M.zone, _M.flags, _M.keywords,
    _S.flags, _S.keywords, _S.modseq,
)  # fmt: skip
_ALL_ROWS: Final = (
    sa.select(*_COLUMNS)
    .select_from(t.message.outerjoin(t.state, OWN))
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
_INSERT_TOMBSTONE: Final = sa.insert(t.tombstone)
_RETAIN: Final = (
    sa.update(t.content)
    .values(refs=t.content.c.refs + _ONE)
    .where(t.content.c.id == sa.bindparam("of_content"))
)


# -- read ----------------------------------------------------------------------------------------


def is_apart(session: DatabaseSession, folder: int, account: int | None) -> bool:
    """Return whether what an account has seen in a folder is its own: it is not the owner's.
    Raises NoSuchFolder."""
    owner = session.found(NoSuchFolder, _OWNER, folder=folder)[0]
    return not owner or (account is not None and account != owner)


def read_uids(session: DatabaseSession, folder: int) -> Sequence[int]:
    """Return all UIDs of a folder, ascending."""
    return array("I", [row[0] for row in session.all(_UIDS, folder=folder)])


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


# -- changed -------------------------------------------------------------------------------------


def claim_recent(transaction: Transaction, folder: int) -> tuple[int, int]:
    """Return the first UID no session was told of, and the next one; mark all as told of."""
    recent_from, uid_next = read_recent(transaction.session, folder)
    transaction.session.run(_CLAIM_RECENT, recent_from=uid_next, of_folder=folder)
    return recent_from, uid_next


@dataclass(frozen=True, slots=True)
class _Row:
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

    def flags_seen(self, public: bool) -> frozenset[str]:
        """The flags that the account sees."""
        return self.flags - ONLY_SEEN | self.own if public else self.flags


def _rows_of(
    transaction: Transaction,
    folder: FolderState,
    uids: Sequence[int] | None,
    account: int | None,
    *,
    deleted_only: bool = False,
) -> list[_Row]:
    """Read the messages of those UIDs that are there (None: all), ascending."""
    session = transaction.session
    transaction.file(folder.id)
    values: dict[str, object] = {"folder": folder.id, "account": account or 0}
    if uids is None:
        rows = session.all(_DELETED_ROWS if deleted_only else _ALL_ROWS, **values)
    elif len(uids) == 1:
        rows = session.all(_ONE_ROW, only=uids[0], **values)
    else:
        rows = session.all(_SOME_ROWS, uids=session.database.numbers(uids), **values)
    return [
        _Row(
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
    action: model.FlagAction,
    given: frozenset[str],
    account: model.AccountId | None,
    unchanged_since: int | None,
    shared: bool,
    may: str = ALL,
) -> model.FlagsStored:
    """Change flags, all with one mod-sequence."""
    state = transaction.folder(folder)
    public = state.is_apart(account)
    next_modseq = state.highest_modseq + 1
    changed: dict[int, tuple[frozenset[str], int]] = {}
    refused: list[int] = []
    common: dict[int, frozenset[str]] = {}
    own: dict[int, frozenset[str]] = {}
    seen: dict[int, frozenset[str]] = {}
    for row in _rows_of(transaction, state, uids, account):
        modseq = max(row.modseq, row.own_modseq)
        if unchanged_since is not None and modseq > unchanged_since:
            refused.append(row.uid)
            continue
        wanted = given
        if may != ALL:
            wanted = permitted(action, row.flags_seen(public), given, may)
        flags, mine = _changed(row, action, wanted, public, account, shared)
        if flags != row.flags:
            common[row.uid] = flags
            modseq = next_modseq
        if mine != row.own:
            own[row.uid] = mine
            modseq = next_modseq
        seen[row.uid] = flags - ONLY_SEEN | mine if public else flags
        changed[row.uid] = (seen[row.uid], modseq)
    if common or own:
        state.advance()
        _write_flags(transaction, state, common, own, account)
    if common:
        transaction.changes.append(
            FlagsChanged(
                state.id, next_modseq, tuple(common), tuple(common.values()), partial=public
            )
        )
    if own:
        now = tuple(seen[uid] for uid in own)
        transaction.changes.append(
            FlagsChanged(state.id, next_modseq, tuple(own), now, account=account)
        )
    return model.FlagsStored(changed, tuple(refused), state.highest_modseq)


def _changed(
    row: _Row,
    action: model.FlagAction,
    given: frozenset[str],
    public: bool,
    account: int | None,
    shared: bool,
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what all see and what the account alone sees afterwards."""
    if not public:
        return applied(action, row.flags, given), row.own
    if account is None:
        return applied(action, row.flags, given - ONLY_SEEN), row.own
    if shared:
        return change_of_shared(action, row.flags, row.own, given)
    return row.flags, change_of_own(action, row.flags, row.own, given)


def _write_flags(
    transaction: Transaction,
    state: FolderState,
    common: dict[int, frozenset[str]],
    own: dict[int, frozenset[str]],
    account: int | None,
) -> None:
    session, modseq = transaction.session, state.highest_modseq
    session.many(
        _SET_FLAGS, [(*packed(flags), modseq, state.id, uid) for uid, flags in common.items()]
    )
    session.many(_DROP_OWN, [(state.id, account, uid) for uid in own])
    # A row without flags stays: its mod-sequence tells that something was taken away.
    session.many(
        _INSERT_OWN,
        [(state.id, account, uid, *packed(flags), modseq) for uid, flags in own.items()],
    )


def copy(
    transaction: Transaction,
    source: int,
    uids: Sequence[int] | None,
    destination: int,
    account: int | None,
    *,
    moving: bool = False,
    may: str = ALL,
) -> model.Copied:
    """Copy messages, or move them: then the quota of the same owner does not count."""
    origin, target = transaction.folder(source), transaction.folder(destination)
    rows = _rows_of(transaction, origin, uids, account)
    octets = sum(row.octets for row in rows)
    if target.owner:
        quota = transaction.quota(target.owner)
        if rows and not (moving and origin.owner == target.owner):
            quota.check(octets, len(rows))
        quota.add(octets, len(rows))
    if not rows:
        return model.Copied(target.uid_validity, (), ())
    copied = _put(transaction, origin, rows, target, account, may)
    if moving:
        remove(transaction, origin, rows)
    return copied


def _put(
    transaction: Transaction,
    origin: FolderState,
    rows: list[_Row],
    target: FolderState,
    account: int | None,
    may: str,
) -> model.Copied:
    modseq, now = target.advance(), transaction.now_seconds
    first = target.uid_next
    made: list[frozenset[str]] = []
    for uid, row in enumerate(rows, first):
        flags = row.flags_seen(origin.is_apart(account))
        if may != ALL:
            flags = settable(may, flags)
        if target.is_apart(account) and model.SEEN in flags:
            flags -= ONLY_SEEN
            if account is not None:
                transaction.rows[STATE].append((target.id, account, uid, t.BIT_SEEN, "", modseq))
        bits, keywords = packed(flags)
        transaction.rows[MESSAGE if target.shared else ARRIVAL].append(
            (
                target.id, uid, row.content, row.octets, modseq, row.date, row.zone, bits, keywords,
                now,
            )
        )  # fmt: skip
        made.append(flags)
    if not target.owner:
        note_copies(
            transaction, target, [(uid, row.content) for uid, row in enumerate(rows, first)]
        )
    target.uid_next += len(rows)
    target.messages += len(rows)
    target.octets += sum(row.octets for row in rows)
    transaction.session.many(_RETAIN, [(row.content,) for row in rows])
    new = tuple(range(first, target.uid_next))
    transaction.changes.append(MessagesAdded(target.id, modseq, new, tuple(made)))
    return model.Copied(target.uid_validity, tuple(row.uid for row in rows), new)


def remove(transaction: Transaction, state: FolderState, rows: list[_Row]) -> None:
    """Expunge messages that were read in this transaction."""
    session = transaction.session
    transaction.flush()
    uids = tuple(row.uid for row in rows)
    octets = sum(row.octets for row in rows)
    modseq = state.advance()
    listed = session.database.numbers(uids)
    session.run(_DROP, folder=state.id, uids=listed)
    if state.shared:
        session.run(_DROP_ALL_OWN, folder=state.id, uids=listed)
    if not state.owner:
        forget_places(transaction, state.id, listed)
    session.many(_INSERT_TOMBSTONE, [(state.id, modseq, uid) for uid in uids])
    release(transaction, [row.content for row in rows])
    state.messages -= len(rows)
    state.octets -= octets
    if state.owner:
        transaction.quota(state.owner).add(-octets, -len(rows))
    transaction.changes.append(MessagesExpunged(state.id, modseq, uids))


def retain(transaction: Transaction, content: int, count: int) -> None:
    """Count references more of a content."""
    transaction.session.many(_RETAIN, [(content,)] * count)


def release(transaction: Transaction, contents: Sequence[int]) -> None:
    """Count one reference less of each content."""
    attempts.release(transaction.session, contents, transaction.now)


def expunge(
    transaction: Transaction, folder: int, uids: Sequence[int] | None, deleted_only: bool
) -> list[int]:
    """Remove messages; return their UIDs."""
    state = transaction.folder(folder)
    rows = _rows_of(transaction, state, uids, None, deleted_only=deleted_only)
    if deleted_only:
        rows = [row for row in rows if model.DELETED in row.flags]
    if rows:
        remove(transaction, state, rows)
    return [row.uid for row in rows]
