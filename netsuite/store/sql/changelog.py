"""Changes written down for other processes, and read back in the order of the commits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import Final

import sqlalchemy as sa

from netsuite.store import changes as events
from netsuite.store.changes import Published
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

#: What a log holds, by its number there: what is added to these comes last.
_KINDS: Final[tuple[type[Published], ...]] = (
    events.MessagesAdded,
    events.FlagsChanged,
    events.MessagesExpunged,
    events.FolderCreated,
    events.FolderDeleted,
    events.FolderRenamed,
    events.SubscriptionChanged,
    events.AccountChanged,
    events.QueueChanged,
    events.AliasesChanged,
    events.MessageSpread,
    events.FileChanged,
    events.ScriptsChanged,
    events.RightsChanged,
    events.AnnotationsChanged,
    events.FileLocksChanged,
)
_FIELDS: Final = {
    kind: (number, [field.name for field in fields(kind)]) for number, kind in enumerate(_KINDS)
}
#: The first ones have UIDs behind folder and mod-sequence, then maybe a set of flags for each.
_OF_MESSAGES: Final = 3
# A set of flags becomes an array.
_encode: Final = json.JSONEncoder(separators=(",", ":"), default=list).encode


def written(changes: Sequence[Published], by: str) -> str:
    """Return the changes of one transaction as text: for each its kind, then its values, and for
    one of a file the token of the process that has published it already."""
    arrays = []
    for change in changes:
        number, names = _FIELDS[type(change)]
        arrays.append([number, *[getattr(change, name) for name in names]])
        if isinstance(change, events.FileChanged):
            arrays[-1].append(by)
    return _encode(arrays)


def read(payload: str, by: str) -> list[Published]:
    """Return the changes of one transaction, but for those of files that the process has published
    already, and kinds that a newer version has added."""
    changes = []
    for number, *values in json.loads(payload):
        if number >= len(_KINDS):
            continue
        if number < _OF_MESSAGES:
            values[2:4] = tuple(values[2]), *(tuple(map(frozenset, sets)) for sets in values[3:4])
        elif _KINDS[number] is events.MessageSpread:
            values = [tuple(map(tuple, values[0])), frozenset(values[1])]
        elif _KINDS[number] is events.FileChanged:
            *values, origin = values
            if origin == by:
                continue
            values[1] = tuple(values[1])
        elif _KINDS[number] is events.AnnotationsChanged:
            values[2] = tuple(values[2])
        changes.append(_KINDS[number](*values))
    return changes


def last_sequence(session: DatabaseSession) -> int:
    """Return the number of the last transaction that changed something."""
    row = session.one(_LAST)
    return 0 if row is None else int(row[0])


def read_after(
    session: DatabaseSession, after: int, at_most: int = 1 << 30
) -> list[tuple[int, list[Published]]]:
    """Read the transactions after that number."""
    rows = session.all(_AFTER, after=after, at_most=at_most)
    return [(sequence, read(payload, session.database.process)) for sequence, payload in rows]


class OrderedFeed(LocalFeed):
    """A feed that is told of transactions by number, maybe twice, and tells of each once.

    Attributes:
        sequence: the last transaction that was told of.
        tell_others: takes what is published here and happened beside the store.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sequence = 0
        self.tell_others: Callable[[Sequence[Published]], object] = lambda changes: None

    def publish(self, changes: Iterable[Published]) -> None:
        """Report what happened beside the store: here at once, to other processes in a moment."""
        listed = list(changes)
        self._publish(listed)
        self.tell_others(listed)

    def advance(self, transactions: Sequence[tuple[int, list[Published]]]) -> None:
        """Publish the transactions that were not published yet."""
        for sequence, changes in transactions:
            if sequence > self.sequence:
                if sequence > self.sequence + 1:
                    self.log.critical(
                        "{missed} transactions of other processes were missed: this one was away "
                        "for too long, and may show what is no longer so until it is restarted",
                        missed=sequence - self.sequence - 1,
                    )
                self.sequence = sequence
                self._publish(changes)
