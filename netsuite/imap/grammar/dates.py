"""IMAP's two dates: ``17-Jul-1996 02:44:25 -0700`` and ``17-Jul-1996`` (RFC 3501, 9)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from netsuite.imap.grammar.tokens import BadSyntax

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF: Final = {name.lower().encode(): number for number, name in enumerate(MONTHS, 1)}

# date-text = date-day "-" date-month "-" date-year
DATE_TEXT = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})")
# date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
# The day without its leading space is taken too: clients send it so.
DATE_TIME = re.compile(
    rb'" ?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) '
    rb'([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"'
)


def parse_date(octets: bytes) -> date:
    """Read a matched date-text."""
    match = DATE_TEXT.fullmatch(octets)
    if match is None:
        raise BadSyntax("a date was expected")
    day, month, year = match.groups()
    try:
        return date(int(year), _NUMBER_OF[month.lower()], int(day))
    except (KeyError, ValueError):
        raise BadSyntax("no such day") from None


def parse_date_time(octets: bytes) -> datetime:
    """Read a matched date-time, quotes included."""
    match = DATE_TIME.fullmatch(octets)
    if match is None:
        raise BadSyntax("a date and time was expected")
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    east = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        time = datetime(
            int(year),
            _NUMBER_OF[month.lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),  # a leap second
            tzinfo=timezone(-east if sign == b"-" else east),
        )
        time.astimezone(UTC)  # which may lie in a year that no calendar here has
    except (KeyError, ValueError, OverflowError):
        raise BadSyntax("no such time") from None
    return time


def format_date(day: date) -> bytes:
    """Return a date-text."""
    return b"%d-%b-%04d" % (day.day, MONTHS[day.month - 1].encode(), day.year)


def format_date_time(time: datetime) -> bytes:
    """Return a date-time with its quotes; a naive one is taken as UTC."""
    offset = time.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    sign, minutes = (b"-", -minutes) if minutes < 0 else (b"+", minutes)
    return b'"%2d-%b-%04d %02d:%02d:%02d %b%02d%02d"' % (
        time.day,
        MONTHS[time.month - 1].encode(),
        time.year,
        time.hour,
        time.minute,
        time.second,
        sign,
        minutes // 60,
        minutes % 60,
    )
