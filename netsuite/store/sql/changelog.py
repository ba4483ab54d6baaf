"""Changes written down for other processes, and read back in the order of the commits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from netsuite.store.changes import (
    AccountChanged,
    AliasesChanged,
    Change,
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
from netsuite.store.sql.database import Session

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


_WRITE: Final[dict[type, Callable[[Any], list[Any]]]] = {
    MessagesAdded: lambda c: [_ADDED, c.folder, c.modseq, c.uids, _sets(c.flags)],
    FlagsChanged: lambda c: [
        _FLAGS, c.folder, c.modseq, c.uids, _sets(c.flags), c.account, c.partial
    ],
    MessagesExpunged: lambda c: [_EXPUNGED, c.folder, c.modseq, c.uids],
    FolderCreated: lambda c: [_CREATED, c.folder, c.owner, c.name],
    FolderDeleted: lambda c: [_DELETED, c.folder, c.owner, c.name],
    FolderRenamed: lambda c: [_RENAMED, c.folder, c.owner, c.old, c.new],
    SubscriptionChanged: lambda c: [_SUBSCRIBED, c.account, c.name, c.subscribed],
    AccountChanged: lambda c: [_ACCOUNT, c.account, c.name],
    QueueChanged: lambda c: [_QUEUE],
    AliasesChanged: lambda c: [_ALIASES],
}  # fmt: skip


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
    """Give the changes of one transaction as text."""
    return json.dumps([_WRITE[type(change)](change) for change in changes])


def read(payload: str) -> list[Change]:
    """Give the changes of one transaction."""
    return [_READ[kind](*values) for kind, *values in json.loads(payload)]


def last_sequence(session: Session) -> int:
    """Give the number of the last transaction that changed something."""
    row = session.one(_LAST)
    return 0 if row is None else int(row[0])


def read_after(
    session: Session, after: int, at_most: int = 1 << 30
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
