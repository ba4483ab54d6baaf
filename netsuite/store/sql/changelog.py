"""Changes written down for other processes, and read back in the order of the commits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.store.changes import (
    AccountChanged,
    AliasesChanged,
    Change,
    FileChanged,
    FlagsChanged,
    FolderCreated,
    FolderDeleted,
    FolderRenamed,
    MessagesAdded,
    MessagesExpunged,
    QueueChanged,
    SubscriptionChanged,
)
from netsuite.store.feed import LocalFeed
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession

_C: Final = t.change.c
_AFTER: Final = (
    sa.select(_C.sequence, _C.payload)
    .where(_C.sequence > sa.bindparam("after"))
    .order_by(_C.sequence.asc())
    .limit(sa.bindparam("at_most"))
)
_LAST: Final = sa.select(t.counter.c.value).where(t.counter.c.name == "change")

#: So many transactions are read in one go.
AT_ONCE: Final = 200

_ADDED, _FLAGS, _EXPUNGED, _CREATED, _DELETED = range(5)
_RENAMED, _SUBSCRIBED, _ACCOUNT, _QUEUE, _ALIASES = range(5, 10)


def _sets(flags: Sequence[frozenset[str]]) -> list[list[str]]:
    return [list(each) for each in flags]


def _array(change: Change) -> list[object]:
    """Return a change as JSON takes it: its kind, then its values."""
    match change:
        case MessagesAdded():
            return [_ADDED, change.folder, change.modseq, change.uids, _sets(change.flags)]
        case FlagsChanged():
            return [
                _FLAGS,
                change.folder,
                change.modseq,
                change.uids,
                _sets(change.flags),
                change.account,
                change.partial,
            ]
        case MessagesExpunged():
            return [_EXPUNGED, change.folder, change.modseq, change.uids]
        case FolderCreated():
            return [_CREATED, change.folder, change.owner, change.name]
        case FolderDeleted():
            return [_DELETED, change.folder, change.owner, change.name]
        case FolderRenamed():
            return [_RENAMED, change.folder, change.owner, change.old, change.new]
        case SubscriptionChanged():
            return [_SUBSCRIBED, change.account, change.name, change.subscribed]
        case AccountChanged():
            return [_ACCOUNT, change.account, change.name]
        case QueueChanged():
            return [_QUEUE]
        case AliasesChanged():
            return [_ALIASES]
        case FileChanged():
            raise TypeError(f"not a change of the database: {change}")


def _read_sets(flags: list[list[str]]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(each) for each in flags)


_READ: Final[dict[int, Callable[..., Change]]] = {
    _ADDED: lambda folder, modseq, uids, flags: MessagesAdded(
        folder, modseq, tuple(uids), _read_sets(flags)
    ),
    _FLAGS: lambda folder, modseq, uids, flags, account, partial: FlagsChanged(
        folder, modseq, tuple(uids), _read_sets(flags), account, partial
    ),
    _EXPUNGED: lambda folder, modseq, uids: MessagesExpunged(folder, modseq, tuple(uids)),
    _CREATED: FolderCreated,
    _DELETED: FolderDeleted,
    _RENAMED: FolderRenamed,
    _SUBSCRIBED: SubscriptionChanged,
    _ACCOUNT: AccountChanged,
    _QUEUE: QueueChanged,
    _ALIASES: AliasesChanged,
}


def written(changes: Sequence[Change]) -> str:
    """Return the changes of one transaction as text."""
    return json.dumps([_array(change) for change in changes])


def read(payload: str) -> list[Change]:
    """Return the changes of one transaction."""
    return [_READ[kind](*values) for kind, *values in json.loads(payload)]


def last_sequence(session: DatabaseSession) -> int:
    """Return the number of the last transaction that changed something."""
    row = session.one(_LAST)
    return 0 if row is None else int(row[0])


def read_after(
    session: DatabaseSession, after: int, at_most: int = 1 << 30
) -> list[tuple[int, list[Change]]]:
    """Read the transactions after that number."""
    rows = session.all(_AFTER, after=after, at_most=at_most)
    return [(sequence, read(payload)) for sequence, payload in rows]


class OrderedFeed(LocalFeed):
    """A feed that is told of transactions by number, maybe twice, and tells of each once."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = 0

    def advance(self, transactions: Sequence[tuple[int, list[Change]]]) -> None:
        """Publish the transactions that were not published yet."""
        for sequence, changes in transactions:
            if sequence > self.sequence:
                self.sequence = sequence
                self.publish(changes)
