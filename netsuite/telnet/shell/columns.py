"""Text in columns: tables that fit a window, words that are wrapped, sizes and spans of time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from netsuite.telnet.sanitize import cut, one_line, width

#: How a line of an earlier message is marked, as deep as it may be.
_QUOTE: Final = re.compile(r"[> ]{0,40}(?<=[> ])(?=[^> ]|$)|")
#: Of a window, what follows an indent has at least so many columns.
_NARROWEST: Final = 8


def fitted(text: str, columns: int) -> str:
    """Return a text made harmless, cut or filled up to so many columns."""
    shown = cut(one_line(text), columns)
    return shown + " " * (columns - width(shown))


def when(moment: datetime | None, now: datetime) -> str:
    """Return a time in twelve columns, as ls does: without the year where it is near."""
    if moment is None:
        return " " * 12
    near = abs((now - moment).days) < 180
    return f"{moment:%b %d %H:%M}" if near else f"{moment:%b %d  %Y}"


def briefly(moment: datetime | None, now: datetime) -> str:
    """Return a time in six columns: the time of today, a day, or a year."""
    if moment is None:
        return " " * 6
    if moment.date() == now.date():
        return f"{moment:%H:%M} "
    return f"{moment:%b %d}" if abs((now - moment).days) < 180 else f"{moment:%Y}  "


def size(octets: int) -> str:
    """Return a size in five columns at most, as ``ls -h`` does: ``980``, ``1.4K``, ``23M``."""
    number, unit = float(octets), ""
    for following in "KMGTP":
        if number < 1000:
            break
        number, unit = number / 1024, following
    if not unit:
        return str(octets)
    return f"{number:.1f}{unit}" if number < 9.95 else f"{number:.0f}{unit}"


def counted(number: int, noun: str) -> str:
    """Return a number of things: ``1 line``, ``2 lines``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def span(time: timedelta) -> str:
    """Return how long something takes, in its two greatest units: ``2d 3h``, ``4m 10s``."""
    seconds = max(0, int(time.total_seconds()))
    parts = [(seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"),
             (seconds % 60, "s")]  # fmt: skip
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    said = [f"{count}{unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(said) or "0s"


def wrapped(line: str, columns: int) -> Iterator[str]:
    """Return a sanitized line in rows that fit, broken between words where that is possible. What
    marks a quotation stands before each of its rows."""
    if width(line) <= columns:
        yield line
        return
    found = _QUOTE.match(line)
    mark = found[0] if found is not None and width(found[0]) <= columns - _NARROWEST else ""
    room, at = columns - width(mark), len(mark)
    while True:
        # No more than this is looked at for one row: what takes no column is broken there, too.
        ahead = line[at : at + 4 * room]
        if at + len(ahead) >= len(line) and width(ahead) <= room:
            yield mark + ahead
            return
        row = cut(ahead, room) or ahead[:1]
        if line[at + len(row) : at + len(row) + 1] != " ":
            space = row.rfind(" ")
            if space > 0 and row[:space].strip():
                row = row[:space]
        yield (mark + row).rstrip()
        at += len(row)
        at += line[at : at + 1] == " "


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a list of messages in a window of some width.

    Args:
        number: of the number.
        by: of who has written it.
        date: 12, 6, or 0 for none.
    """

    number: int
    by: int
    date: int

    def row(
        self,
        number: int,
        mark: str,
        moment: datetime | None,
        by: str,
        subject: str,
        *,
        now: datetime,
        columns: int,
    ) -> str:
        """Return one message's row; what its names and its subject hold is made harmless."""
        dated = {12: when, 6: briefly}.get(self.date)
        cells = [
            f"{number:>{self.number}} {mark}" if self.date else f"{number:>{self.number}}{mark}"
        ]
        if dated is not None:
            cells.append(dated(moment, now))
        cells += [fitted(by, self.by), one_line(subject)]
        return cut(" ".join(cells), columns).rstrip()


def layout(columns: int, highest: int) -> Layout:
    """Return the layout for a window.

    Args:
        highest: the largest number that is to be listed.
    """
    digits = len(str(highest))
    if columns >= 60:
        return Layout(max(5, digits), 20, 12)
    if columns >= 34:
        return Layout(max(3, digits), 10, 6)
    return Layout(max(2, digits), 5, 0)


def in_columns(names: Sequence[str], columns: int) -> Iterator[str]:
    """Return harmless names in as many columns as fit, read downwards."""
    if not names:
        return
    widest = max(map(width, names)) + 2
    across = max(1, (columns + 2) // widest)
    down = -(-len(names) // across)
    for row in range(down):
        cells = names[row::down]
        yield cut("".join(fitted(each, widest) for each in cells).rstrip(), columns)
