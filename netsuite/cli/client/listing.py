"""The listings that ``netsuite ls`` prints: a table for people, or JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import click

from netsuite.cli.client.problems import printable

#: Between columns.
_GAP: Final = 2
#: No column is cut to less.
_LEAST: Final = 8

Cell: TypeAlias = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under titles. Names that are not UTF-8 have their octets in lone surrogates: a program
    gets them as they are, or in JSON as such, a terminal none that it might obey.

    Args:
        titles: in lower case; the keys of the JSON.
        rows: of as many cells each; None for what the server does not tell.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def show(self) -> None:
        """Print it for people."""
        table = [[title.upper() for title in self.titles]]
        octets = not sys.stdout.isatty()
        table += [[_shown(cell, octets=octets) for cell in row] for row in self.rows]
        numeric = [
            bool(self.rows) and all(isinstance(row[i], int | None) for row in self.rows)
            for i in range(len(self.titles))
        ]
        columns = None if octets else shutil.get_terminal_size().columns
        texts = [any(isinstance(row[i], str) for row in self.rows) for i in range(len(self.titles))]
        widths = _widths(table, texts, columns)
        for row in table:
            cells = [
                _fitted(cell, width, right=right)
                for cell, width, right in zip(row, widths, numeric, strict=True)
            ]
            click.echo("  ".join(cells).rstrip().encode("utf-8", "surrogateescape"))

    def show_json(self) -> None:
        """Print it as an array of objects, one a line."""
        rows = [
            json.dumps({t: _told(cell) for t, cell in zip(self.titles, row, strict=True)})
            for row in self.rows
        ]
        click.echo("[\n" + ",\n".join(rows) + "\n]" if rows else "[]")


def _widths(
    table: Sequence[Sequence[str]], texts: Sequence[bool], columns: int | None
) -> list[int]:
    """Return how wide each column is shown.

    Args:
        texts: of each, whether it may be cut: dates and numbers would say something else then.
        columns: of the terminal, into which the widest texts are cut; None for no limit.
    """
    widths = [max(_width(row[i]) for row in table) for i in range(len(table[0]))]
    over = sum(widths) + _GAP * (len(widths) - 1) - columns if columns is not None else 0
    while over > 0:
        wide = [i for i, text in enumerate(texts) if text and widths[i] > _LEAST]
        if not wide:
            break
        widest = max(wide, key=widths.__getitem__)
        others = [widths[i] for i in wide if widths[i] < widths[widest]]
        less = min(over, widths[widest] - max(others, default=_LEAST))
        widths[widest] -= less
        over -= less
    return widths


def _width(text: str) -> int:
    """Return how many columns a terminal shows a text in."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def _fitted(cell: str, width: int, *, right: bool) -> str:
    """Return a cell as wide as its column; one that is cut says so."""
    missing = width - _width(cell)
    if missing < 0:
        while _width(cell) >= width:
            cell = cell[:-1]
        cell += "\N{HORIZONTAL ELLIPSIS}"
        missing = width - _width(cell)
    return " " * missing + cell if right else cell + " " * missing


def _shown(cell: Cell, *, octets: bool) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M}"
    return "" if cell is None else printable(str(cell), octets=octets)


def _told(cell: Cell) -> str | int | None:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds")
    return cell
