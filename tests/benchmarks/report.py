"""The figures of a run: rows of figures and ratios, printed as a table."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class Report:
    """Rows collected over one run, and what was left out, with the reason."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def row(self, what: str, who: str, figure: str, against: str = "") -> None:
        """Add a row and print it at once."""
        self.rows.append((what, who, figure, against))
        print(f"{what:<46} {who:<18} {figure:>22}  {against}", flush=True)

    def judge(self, what: str, who: str, figure: str, *, reached: bool, goal: str) -> None:
        """Add a row with a goal, and whether it was reached."""
        if not reached:
            self.failed.append(f"{what}: {figure}, goal {goal}")
        self.row(what, who, figure, f"goal {goal}: {'reached' if reached else 'NOT REACHED'}")

    def leave_out(self, who: str, why: object) -> None:
        """Note a peer that could not be measured."""
        self.absent.append(f"{who}: {why}")
        print(f"left out: {who}: {why}", flush=True)

    def rst(self, versions: Sequence[str]) -> str:
        """Return the rows as a table for the documentation."""
        titles = ("Measured", "Server", "Figure", "Against")
        widths = [
            max(len(row[column]) for row in [titles, *self.rows]) for column in range(len(titles))
        ]
        rule = "  ".join("=" * width for width in widths)

        def line(row: Sequence[str]) -> str:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            return "  ".join(cells).rstrip()

        table = [rule, line(titles), rule, *(line(row) for row in self.rows), rule]
        heading = (
            f"Measured on {date.today():%Y-%m-%d}, {platform.machine()}, "
            f"Python {platform.python_version()}, {', '.join(versions)}."
        )
        left_out = [f"Left out: {each}." for each in self.absent]
        return "\n".join([heading, "", *table, "", *left_out, ""])


def versions() -> Sequence[str]:
    """Return the versions of what the figures depend on."""
    import sqlite3
    from importlib.metadata import version

    return [
        f"Twisted {version('twisted')}",
        f"SQLAlchemy {version('sqlalchemy')}",
        f"SQLite {sqlite3.sqlite_version}",
        sys.platform,
    ]
