"""Messages flagged, copied, moved and expunged by a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from netsuite.store import model
from netsuite.store.changes import FlagsChanged, MessagesAdded, MessagesExpunged
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
from netsuite.store.sql.columns import Column, Columns
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.reading import read_recent
from netsuite.store.sql.rows import OWN, packed, unpacked
from netsuite.store.sql.transaction import ARRIVAL, MESSAGE, STATE, FolderState, Transaction

_M: Final = t.message.c
_S: Final = t.state.c
_T: Final = t.tombstone.c


def _number(name: str) -> sa.Cast[int]:
    """Return a parameter of which PostgreSQL, too, knows that it is a number."""
    return sa.cast(sa.bindparam(name), sa.BigInteger)


_CLAIM_RECENT: Final = (
    sa.update(t.folder)
    .values(recent_from=sa.bindparam("recent_from"))
    .where(t.folder.c.id == sa.bindparam("of_folder"))
)
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
_ALL_THERE_ARE: Final = 1 << 40
_SOME_ROWS: Final = _ALL_ROWS.where(OneOf(_M.uid, "uids"))
_ONE_ROW: Final = _ALL_ROWS.where(_M.uid == sa.bindparam("only"))
_DELETED_ROWS: Final = _ALL_ROWS.where(sa.text("(message.flags & 8) = 8")).limit(
    sa.bindparam("at_most")
)
_ALL_COLUMNS, _SOME_COLUMNS, _DELETED_COLUMNS = map(Columns, (_ALL_ROWS, _SOME_ROWS, _DELETED_ROWS))
#: One statement for all messages that get the same flags, of which there are few kinds.
_SET_FLAGS: Final = (
    sa.update(t.message)
    .values(
        flags=sa.bindparam("flags"),
        keywords=sa.bindparam("keywords"),
        modseq=sa.bindparam("modseq"),
    )
    .where(_M.folder == sa.bindparam("folder"), OneOf(_M.uid, "uids"))
)
_DROP_OWN: Final = sa.delete(t.state).where(
    _S.folder == sa.bindparam("folder"),
    _S.account == sa.bindparam("account"),
    OneOf(_S.uid, "uids"),
)
_INSERT_OWN: Final = sa.insert(t.state)
_DROP_ALL_OWN: Final = sa.delete(t.state).where(
    _S.folder == sa.bindparam("folder"), OneOf(_S.uid, "uids")
)
_DROP: Final = sa.delete(t.message).where(
    _M.folder == sa.bindparam("folder"), OneOf(_M.uid, "uids")
)
_INSERT_TOMBSTONES: Final = sa.insert(t.tombstone).from_select(
    ["folder", "modseq", "uid"],
    sa.select(_M.folder, _number("modseq"), _M.uid).where(
        _M.folder == sa.bindparam("folder"), OneOf(_M.uid, "uids")
    ),
)
_INSERT_TOMBSTONE: Final = sa.insert(t.tombstone)
_OLD_TOMBSTONE: Final = (
    sa.select(_T.modseq)
    .where(_T.folder == sa.bindparam("folder"))
    .order_by(_T.modseq.desc(), _T.uid.desc())
    .limit(sa.literal_column("1"))
    .offset(sa.bindparam("kept"))
)
_DROP_TOMBSTONES: Final = sa.delete(t.tombstone).where(
    _T.folder == sa.bindparam("folder"), _T.modseq <= sa.bindparam("modseq")
)
#: Copies that are what they were, numbered in their order.
_COPY: Final = sa.insert(t.message).from_select(
    ["folder", "uid", "content", "octets", "modseq", "date", "zone", "flags", "keywords", "saved"],
    sa.select(
        _number("to_folder"),
        _number("before") + sa.func.row_number().over(order_by=_M.uid),
        _M.content, _M.octets, _number("modseq"), _M.date, _M.zone, _M.flags, _M.keywords,
        _number("saved"),
    ).where(_M.folder == sa.bindparam("folder"), OneOf(_M.uid, "uids")),
)  # fmt: skip
#: What some messages take; the writer has filed them.
_SIZE: Final = sa.select(
    sa.cast(sa.func.coalesce(sa.func.sum(_M.octets), sa.literal_column("0")), sa.BigInteger),
    sa.func.count(),
).where(_M.folder == sa.bindparam("folder"), OneOf(_M.uid, "uids"))
_RETAIN: Final = (
    sa.update(t.content)
    .values(refs=t.content.c.refs + _number("more"))
    .where(OneOf(t.content.c.id, "contents"))
)


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
    at_most: int | None = None,
) -> list[_Row]:
    """Read the messages of those UIDs that are there (None: all, or the first so many of those
    that are marked as deleted), ascending."""
    session = transaction.session
    transaction.file(folder.id)
    values: dict[str, object] = {"folder": folder.id, "account": account or 0}
    columns: Sequence[Column]
    if uids is not None and len(uids) == 1:
        columns = list(zip(*session.all(_ONE_ROW, only=uids[0], **values), strict=True))
    elif uids is None:
        if deleted_only:
            columns = _DELETED_COLUMNS.read(session, at_most=at_most or _ALL_THERE_ARE, **values)
        else:
            columns = _ALL_COLUMNS.read(session, **values)
    else:
        listed = session.database.numbers(uids)
        columns = _SOME_COLUMNS.read(session, uids=listed, **values)
    return [
        _Row(
            uid, content, octets, modseq, date, zone,
            unpacked(bits, words),
            unpacked(own_bits, own_words) if own_modseq else NONE,
            own_modseq or 0,
        )
        for uid, content, octets, modseq, date, zone, bits, words, own_bits, own_words, own_modseq
        in zip(*columns, strict=True)
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
    taken = frozenset({next_modseq} if common or own else ())
    return model.FlagsStored(changed, tuple(refused), state.highest_modseq, taken)


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
    alike: dict[frozenset[str], list[int]] = {}
    for uid, flags in common.items():
        alike.setdefault(flags, []).append(uid)
    for flags, uids in alike.items():
        bits, keywords = packed(flags)
        listed = session.database.numbers(uids)
        session.run(
            _SET_FLAGS, flags=bits, keywords=keywords, modseq=modseq, folder=state.id, uids=listed
        )
    if own:
        listed = session.database.numbers(own)
        session.run(_DROP_OWN, folder=state.id, account=account, uids=listed)
        # A row without flags stays: its mod-sequence tells that something was taken away.
        session.insert(
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
    room_for: Sequence[int] = (),
    moving: bool = False,
    may: str = ALL,
) -> model.Copied:
    """Copy messages, or move them: then the quota of the same owner does not count.

    Args:
        room_for: UIDs of all that are to be there in the end; none where it is known that the
            quota has room for them.
    """
    origin, target = transaction.folder(source), transaction.folder(destination)
    rows = _rows_of(transaction, origin, uids, account)
    octets = sum(row.octets for row in rows)
    if target.owner:
        quota = transaction.quota(target.owner)
        if rows and room_for and not (moving and origin.owner == target.owner):
            listed = transaction.session.database.numbers(room_for)
            all_octets, number = transaction.session.single(_SIZE, folder=origin.id, uids=listed)
            quota.check(all_octets, number)
        quota.add(octets, len(rows))
    if not rows:
        return model.Copied(target.uid_validity, (), ())
    alike = may == ALL and not (origin.is_apart(account) or target.is_apart(account))
    put = _put_alike if alike and len(rows) > 1 else _put
    modseq = target.advance()
    made = put(transaction, origin, rows, target, modseq, account, may)
    first = target.uid_next
    target.uid_next += len(rows)
    target.messages += len(rows)
    target.octets += octets
    if not moving:  # else its content has as many as before
        retain(transaction, [row.content for row in rows])
    new = tuple(range(first, target.uid_next))
    transaction.changes.append(MessagesAdded(target.id, modseq, new, tuple(made)))
    if moving:
        remove(transaction, origin, rows, keeping=True)
    return model.Copied(target.uid_validity, tuple(row.uid for row in rows), new)


def _put_alike(
    transaction: Transaction,
    origin: FolderState,
    rows: list[_Row],
    target: FolderState,
    modseq: int,
    account: int | None,
    may: str,
) -> list[frozenset[str]]:
    """Put copies that are what they were into a folder; return their flags."""
    session = transaction.session
    session.run(
        _COPY,
        to_folder=target.id,
        before=target.uid_next - 1,
        modseq=modseq,
        saved=transaction.now_seconds,
        folder=origin.id,
        uids=session.database.numbers([row.uid for row in rows]),
    )
    return [row.flags for row in rows]


def _put(
    transaction: Transaction,
    origin: FolderState,
    rows: list[_Row],
    target: FolderState,
    modseq: int,
    account: int | None,
    may: str,
) -> list[frozenset[str]]:
    """Put copies into a folder, with the flags that the account sees and may set there; return
    what all see of them."""
    now, first = transaction.now_seconds, target.uid_next
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
    return made


def remove(
    transaction: Transaction, state: FolderState, rows: list[_Row], *, keeping: bool = False
) -> None:
    """Expunge messages that were read in this transaction.

    Args:
        keeping: their contents stay, as they are elsewhere now.
    """
    session = transaction.session
    transaction.flush()
    uids = tuple(row.uid for row in rows)
    octets = sum(row.octets for row in rows)
    modseq = state.advance()
    listed = session.database.numbers(uids)
    session.run(_INSERT_TOMBSTONES, folder=state.id, modseq=modseq, uids=listed)
    session.run(_DROP, folder=state.id, uids=listed)
    if state.shared:
        session.run(_DROP_ALL_OWN, folder=state.id, uids=listed)
    if not state.owner:
        forget_places(transaction, state.id, listed)
    if not keeping:
        release(transaction, [row.content for row in rows])
    state.messages -= len(rows)
    state.octets -= octets
    if state.owner:
        transaction.quota(state.owner).add(-octets, -len(rows))
    _forget_old(session, state, len(rows))
    transaction.changes.append(MessagesExpunged(state.id, modseq, uids))


def _forget_old(session: DatabaseSession, state: FolderState, more: int) -> None:
    """Drop the oldest tombstones where there are too many. One of UID 0 says up to where."""
    kept = model.TOMBSTONES
    every = kept // 16 + 1
    ever = state.uid_next - 1 - state.messages
    if ever <= kept or (more < every and state.highest_modseq % every):
        return
    row = session.one(_OLD_TOMBSTONE, folder=state.id, kept=kept)
    if row is not None:
        session.run(_DROP_TOMBSTONES, folder=state.id, modseq=row[0])
        session.many(_INSERT_TOMBSTONE, [(state.id, row[0], 0)])


def retain(transaction: Transaction, contents: Sequence[int]) -> None:
    """Count a reference more of each content."""
    session = transaction.session
    for times, some in attempts.by_times(contents):
        session.run(_RETAIN, more=times, contents=session.database.numbers(some))


def release(transaction: Transaction, contents: Sequence[int]) -> None:
    """Count one reference less of each content."""
    attempts.release(transaction.session, contents, transaction.now)


def expunge(
    transaction: Transaction,
    folder: int,
    uids: Sequence[int] | None,
    deleted_only: bool,
    at_most: int | None = None,
) -> list[int]:
    """Remove messages, of all that are marked as deleted the first so many; return their UIDs."""
    state = transaction.folder(folder)
    rows = _rows_of(transaction, state, uids, None, deleted_only=deleted_only, at_most=at_most)
    if deleted_only:
        rows = [row for row in rows if model.DELETED in row.flags]
    if rows:
        remove(transaction, state, rows)
    return [row.uid for row in rows]
