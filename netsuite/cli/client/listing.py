"""The listings that ``netsuite ls`` prints: a table for people, or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import click

from netsuite.cli.client.problems import printable

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
        widths = [max(len(row[i]) for row in table) for i in range(len(self.titles))]
        for row in table:
            cells = [
                cell.rjust(width) if right else cell.ljust(width)
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


def _shown(cell: Cell, *, octets: bool) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M}"
    return "" if cell is None else printable(str(cell), octets=octets)


def _told(cell: Cell) -> str | int | None:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds")
    return cell
