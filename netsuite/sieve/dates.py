"""Parts of dates. See RFC 5260, 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final

from netsuite.sieve.checks import time_zone
from netsuite.wire.dates import format_message_date, parse_message_date

#: Day 0 of the Modified Julian Day.
_JULIAN: Final = date(1858, 11, 17).toordinal()


def offset(when: datetime) -> str:
    """Return the zone of a moment, ``+hhmm``."""
    minutes = int((when.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _iso8601(when: datetime) -> str:
    zone = offset(when)
    shown = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    return f"{when:%Y-%m-%dT%H:%M:%S}{shown}"


#: By the name of a part, what makes it.
PARTS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "year": lambda when: f"{when.year:04}",
    "month": lambda when: f"{when.month:02}",
    "day": lambda when: f"{when.day:02}",
    "date": lambda when: when.date().isoformat(),
    "julian": lambda when: str(when.toordinal() - _JULIAN),
    "hour": lambda when: f"{when.hour:02}",
    "minute": lambda when: f"{when.minute:02}",
    "second": lambda when: f"{when.second:02}",
    "time": lambda when: f"{when:%H:%M:%S}",
    "iso8601": _iso8601,
    "std11": lambda when: format_message_date(when).decode("ascii"),
    "zone": offset,
    "weekday": lambda when: str(when.isoweekday() % 7),
}


def zone_of(text: str) -> timezone | None:
    """Return a zone as ``:zone`` names it; None where it names none."""
    if not time_zone.fullmatch(text) or int(text[1:3]) > 23:
        return None
    delta = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
    return timezone(-delta if text[0] == "-" else delta)


def date_of(value: bytes) -> datetime | None:
    """Return the date of a field: all of it, or what stands behind its last semicolon."""
    return parse_message_date(value.rpartition(b";")[2].strip())


def moved(when: datetime, zone: tzinfo | None) -> datetime | None:
    """Return a moment in a zone, or that of the machine; None where no year has it."""
    try:
        return when.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return None
