"""Many rows read with one step of a statement, column by column.

SQLite's driver gives the interpreter up and takes it back at each step. In a thread that is a wait
for the other threads at every row: beside a reactor that has something to do, 50,000 rows took
442 s one by one, and take 0.8 s so; alone, they take as long either way.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.expression import SelectBase

from netsuite.store.sql.database import DatabaseSession

#: One value a row: numbers (none is 0), octets or texts.
Column: TypeAlias = Sequence[Any]


class Columns:
    """A SELECT whose rows come all at once.

    Args:
        select: its columns are numbers, octets or texts; its order is kept.
    """

    def __init__(self, select: SelectBase) -> None:
        self._select = select
        inner = select.subquery()
        self._kinds = [column.type for column in inner.c]
        self._together = sa.select(*(each for column in inner.c for each in _together(column)))

    def read(self, session: DatabaseSession, /, **values: object) -> list[Column]:
        """Return the columns, as long as there are rows."""
        if session.sqlite:
            row = session.single(self._together, **values)
            packed = zip(row[::2], row[1::2], strict=True)
            return [
                () if numbers is None else _apart(kind, numbers, octets)
                for kind, (numbers, octets) in zip(self._kinds, packed, strict=True)
            ]
        columns = list(zip(*session.all(self._select, **values), strict=True))
        if not columns:
            return [() for _ in self._kinds]
        return [_given(kind, each) for kind, each in zip(self._kinds, columns, strict=True)]


def uids_of(session: DatabaseSession, columns: Columns, /, **values: object) -> array[int]:
    """Return the first column, of UIDs, in four octets each."""
    return array("I", columns.read(session, **values)[0])


def _together(column: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[Any], ...]:
    """Return a column in one value of numbers, and one of octets: the numbers themselves, or the
    sizes of what the octets are."""
    if isinstance(column.type, sa.Integer):
        return sa.func.group_concat(sa.func.coalesce(column, _ZERO)), sa.null()
    octets = sa.func.coalesce(sa.cast(column, sa.LargeBinary), _EMPTY)
    joined = sa.cast(sa.func.group_concat(octets, _EMPTY), sa.LargeBinary)
    return sa.func.group_concat(sa.func.length(octets)), joined


_ZERO: Final = sa.literal_column("0", sa.Integer)
_EMPTY: Final = sa.literal_column("x''", sa.LargeBinary)


def _apart(kind: sa.types.TypeEngine[object], numbers: str, octets: bytes | None) -> Column:
    values = list(map(int, numbers.split(",")))
    if octets is None:
        return values
    ends = [0, *accumulate(values)]
    pieces = [octets[start:end] for start, end in pairwise(ends)]
    if isinstance(kind, sa.Text):
        return [piece.decode("utf-8", "replace") for piece in pieces]
    return pieces


def _given(kind: sa.types.TypeEngine[object], column: Column) -> Column:
    if isinstance(kind, sa.Integer):
        return [each or 0 for each in column]
    if isinstance(kind, sa.Text):
        return [each or "" for each in column]
    return [bytes(each or b"") for each in column]
