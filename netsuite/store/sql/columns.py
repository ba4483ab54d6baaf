"""Many rows read with one step of a statement, column by column.

SQLite's driver gives the interpreter up and takes it back at each step. In a thread that is a wait
for the other threads at every row: beside a reactor that has something to do, 50,000 rows took
442 s one by one, and take 0.8 s so; alone, they take as long either way.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.expression import SelectBase

from netsuite.store.sql.database import DatabaseSession, Row

#: One value a row: numbers (none is 0), octets or texts.
Column: TypeAlias = Sequence[Any]


class Columns:
    """A SELECT whose rows come all at once.

    Args:
        select: its columns are numbers, octets or texts; its order is kept.
        any_octets: whether there may be NUL among the octets; it takes longer.
    """

    def __init__(self, select: SelectBase, *, any_octets: bool = False) -> None:
        self._select = select
        inner = select.subquery()
        self._kinds = [column.type for column in inner.c]
        self._sized = any_octets
        self._together = sa.select(
            *(each for column in inner.c for each in _together(column, any_octets))
        )

    def read(self, session: DatabaseSession, /, **values: object) -> list[Column]:
        """Return the columns, as long as there are rows."""
        if session.sqlite:
            return self._of_row(session.single(self._together, **values))
        return self._of_rows(session.all(self._select, **values))

    def once(self, session: DatabaseSession) -> list[Column]:
        """Return the columns, of a SELECT that was made for this call alone."""
        if session.sqlite:
            return self._of_row(session.once(self._together)[0])
        return self._of_rows(session.once(self._select))

    def _of_row(self, joined: Row) -> list[Column]:
        row = iter(joined)
        return [self._apart(kind, next(row), row) for kind in self._kinds]

    def _of_rows(self, rows: Sequence[Row]) -> list[Column]:
        columns = list(zip(*rows, strict=True))
        if not columns:
            return [() for _ in self._kinds]
        return [_given(kind, each) for kind, each in zip(self._kinds, columns, strict=True)]

    def _apart(
        self, kind: sa.types.TypeEngine[object], joined: str | bytes | None, row: Iterator[str]
    ) -> Column:
        if isinstance(joined, str):
            return list(map(int, joined.split(",")))
        sizes = next(row) if self._sized and not isinstance(kind, sa.Integer) else None
        if joined is None:
            return ()
        is_text = isinstance(kind, sa.Text)
        if sizes is None:
            return joined.decode("utf-8", "replace").split("\0") if is_text else joined.split(b"\0")
        ends = [0, *accumulate(map(int, sizes.split(",")))]
        pieces = [joined[start:end] for start, end in pairwise(ends)]
        return [piece.decode("utf-8", "replace") for piece in pieces] if is_text else pieces


def uids_of(session: DatabaseSession, columns: Columns, /, **values: object) -> array[int]:
    """Return the first column, of UIDs, in four octets each."""
    return array("I", columns.read(session, **values)[0])


def _together(column: sa.ColumnElement[Any], sized: bool) -> list[sa.ColumnElement[Any]]:
    """Return a column in one value: numbers with commas between them, texts and octets with NUL or,
    where there may be NUL in them, with their sizes beside them."""
    if isinstance(column.type, sa.Integer):
        return [sa.func.group_concat(sa.func.coalesce(column, _ZERO))]
    octets = sa.func.coalesce(column, _EMPTY)
    joined = sa.func.group_concat(octets, _EMPTY if sized else _NUL)
    together = sa.cast(joined, sa.LargeBinary)
    if not sized:
        return [together]
    # Of a text that would be characters.
    sizes = sa.func.group_concat(sa.func.length(sa.cast(octets, sa.LargeBinary)))
    return [together, sizes]


_ZERO: Final = sa.literal_column("0", sa.Integer)
_EMPTY: Final = sa.literal_column("x''", sa.LargeBinary)
_NUL: Final = sa.literal_column("char(0)", sa.Text)


def _given(kind: sa.types.TypeEngine[object], column: Column) -> Column:
    if isinstance(kind, sa.Integer):
        return [each or 0 for each in column]
    if isinstance(kind, sa.Text):
        return [each or "" for each in column]
    return [bytes(each or b"") for each in column]
