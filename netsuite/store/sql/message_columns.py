"""What is asked of many messages, read with one step: FETCH and OVER of whole mailboxes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Final

import sqlalchemy as sa

from netsuite.store.model import DESCRIBED, NEVER, Column, Columns
from netsuite.store.sql import columns
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.indexing import descriptions
from netsuite.store.sql.reading import is_apart
from netsuite.store.sql.rows import OWN, unpacked, unpacked_public
from netsuite.store.summarize import Description, described_value
from netsuite.store.timestamps import from_seconds

#: A range of UIDs is read whole where so many of it at most are not wanted, for each that is.
SPARSE: Final = 1

#: Of what is described none of these is empty; so each tells what is not.
_NEVER_EMPTY: Final = frozenset(
    {Column.OFFSETS, Column.STRUCTURE, Column.ENVELOPE, Column.SORT_KEYS}
)

_S: Final = t.state.c
_D: Final = t.summary.c
_H: Final = t.heading.c
_DESCRIBED: Final = {
    Column.ENVELOPE: _D.envelope,
    Column.STRUCTURE: _D.structure,
    Column.OFFSETS: _D.offsets,
    Column.OVERVIEW: _D.overview,
    Column.PREVIEW: _D.preview,
}
_HEADED: Final = {
    Column.SENT: sa.func.coalesce(_H.sent, sa.literal_column(str(NEVER), sa.BigInteger)),
    Column.SORT_KEYS: _H.sort,
    Column.MESSAGE_ID: _H.message_id,
    Column.REFERENCES: _H.refs,
}


def read_columns(
    session: DatabaseSession,
    folder: int,
    uids: Sequence[int],
    wanted: Collection[Column],
    account: int | None,
) -> Columns:
    """Return what is wanted of the messages of those UIDs that are there; of those that are not
    described, see ``is_described``. Raises NoSuchFolder.

    Args:
        uids: ascending.
    """
    if not uids:
        return Columns()
    if not DESCRIBED.isdisjoint(wanted) and _NEVER_EMPTY.isdisjoint(wanted):
        wanted = {*wanted, Column.OFFSETS}
    apart = is_apart(session, folder, account)
    dense = uids[-1] - uids[0] < (1 + SPARSE) * len(uids)
    reading = _reading(frozenset(wanted), apart, dense)
    values: dict[str, object] = {"folder": folder}
    if dense:
        values |= {"first": uids[0], "last": uids[-1]}
    else:
        values["uids"] = session.database.numbers(uids)
    if apart:
        values["account"] = account or 0
    read = reading.statement.read(session, **values)
    result = Columns(read[0])
    for fill, places in reading.fill:
        fill(result, [read[place] for place in places])
    if dense and list(result.uids) != list(uids):
        there = set(uids)
        return result.chosen([place for place, uid in enumerate(result.uids) if uid in there])
    return result


def is_described(found: Columns) -> bool:
    """Return whether of all messages everything was there."""
    return all(found.offsets or found.structures or found.envelopes or found.sort_keys)


def describe_columns(
    session: DatabaseSession,
    folder: int,
    uids: Sequence[int],
    wanted: Collection[Column],
    account: int | None,
) -> tuple[Columns, dict[int, Description]]:
    """Return the same with what was missing made now; that reads contents, so it is to be done in a
    thread. Messages whose content is gone are left out.

    Returns:
        What was made, too, by its content.
    """
    found = read_columns(session, folder, uids, {*wanted, Column.CONTENT, Column.OFFSETS}, account)
    missing = zip(found.contents, found.offsets, strict=True)
    made = descriptions(session, (content for content, offsets in missing if not offsets))
    there = found.chosen(
        [
            place
            for place in range(len(found))
            if found.offsets[place] or found.contents[place] in made
        ]
    )
    described = [made.get(content) for content in there.contents]
    for column in DESCRIBED:
        values = getattr(there, column.value)
        if values:
            filled = [
                kept if new is None else described_value(column, new)
                for kept, new in zip(values, described, strict=True)
            ]
            setattr(there, column.value, filled)
    return there, made


#: Sets values of a result from the columns that they are made of.
_Fill = Callable[[Columns, Sequence[columns.Column]], None]


class _Reading:
    """A statement for what is wanted, and what becomes of its columns."""

    def __init__(self, wanted: frozenset[Column], apart: bool, dense: bool) -> None:
        self.fill: list[tuple[_Fill, range]] = []
        tables = [t.message] if apart else [t.message, t.arrival]
        selects = []
        for table in tables:
            self.fill = []
            chosen: list[sa.ColumnElement[object]] = [table.c.uid]
            for column in sorted(wanted, key=lambda each: each.value):
                fill, parts = _parts(column, table, apart)
                self.fill.append((fill, range(len(chosen), len(chosen) + len(parts))))
                chosen += parts
            selects.append(_select(table, chosen, wanted, apart, dense))
        self.statement = columns.Columns(sa.union_all(*selects).order_by("uid"))


@lru_cache(maxsize=256)
def _reading(wanted: frozenset[Column], apart: bool, dense: bool) -> _Reading:
    return _Reading(wanted, apart, dense)


def _select(
    table: sa.Table,
    chosen: Sequence[sa.ColumnElement[object]],
    wanted: frozenset[Column],
    apart: bool,
    dense: bool,
) -> sa.SelectBase:
    m = table.c
    source: sa.FromClause = table
    if Column.GUID in wanted:
        source = source.join(t.content, t.content.c.id == m.content)
    if not wanted.isdisjoint(_HEADED):
        source = source.outerjoin(t.heading, _H.content == m.content)
    if not wanted.isdisjoint(_DESCRIBED):
        source = source.outerjoin(t.summary, _D.content == m.content)
    if apart:
        source = source.outerjoin(t.state, OWN)
    span: sa.ColumnElement[bool]
    if dense:
        span = m.uid.between(sa.bindparam("first"), sa.bindparam("last"))
    else:
        span = OneOf(m.uid, "uids")
    return sa.select(*chosen).select_from(source).where(m.folder == sa.bindparam("folder"), span)


def _parts(
    column: Column, table: sa.Table, apart: bool
) -> tuple[_Fill, list[sa.ColumnElement[object]]]:
    """Return what a value is made of, and how."""
    m = table.c
    if column is Column.FLAGS:
        if apart:
            return _fill_own_flags, [m.flags, m.keywords, _S.flags, _S.keywords]
        return _fill_flags, [m.flags, m.keywords]
    if column is Column.MODSEQ:
        return (_fill_own_modseqs, [m.modseq, _S.modseq]) if apart else (_fill_modseqs, [m.modseq])
    if column is Column.RECEIVED:
        return _fill_received, [m.date, m.zone]
    if column is Column.SAVED:
        return _fill_saved, [m.saved]
    kept: dict[Column, sa.ColumnElement[object]] = {
        Column.CONTENT: m.content,
        Column.OCTETS: m.octets,
        Column.ARRIVED: m.date,
        Column.GUID: t.content.c.guid,
        **_DESCRIBED,
        **_HEADED,
    }

    def fill(result: Columns, read: Sequence[columns.Column]) -> None:
        setattr(result, column.value, read[0])

    return fill, [kept[column]]


def _fill_flags(result: Columns, read: Sequence[columns.Column]) -> None:
    result.flags = list(map(unpacked, *read))


def _fill_own_flags(result: Columns, read: Sequence[columns.Column]) -> None:
    result.flags = list(map(unpacked_public, *read))


def _fill_modseqs(result: Columns, read: Sequence[columns.Column]) -> None:
    result.modseqs = read[0]


def _fill_own_modseqs(result: Columns, read: Sequence[columns.Column]) -> None:
    result.modseqs = list(map(max, *read))


def _fill_received(result: Columns, read: Sequence[columns.Column]) -> None:
    result.received = list(map(from_seconds, *read))


def _fill_saved(result: Columns, read: Sequence[columns.Column]) -> None:
    result.saved = list(map(from_seconds, read[0]))
