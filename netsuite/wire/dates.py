"""Dates as protocols write them: messages, news commands, HTTP. Nothing here raises on input.

What is longer than any date can be is not looked at, so the time to read one is bounded.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

MONTHS: Final = (
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun",
    b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
)  # fmt: skip
DAYS: Final = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTH_NUMBERS: Final = {month.lower(): number for number, month in enumerate(MONTHS, 1)}

#: No date is longer, comments included.
DATE_OCTETS: Final = 256
#: Beyond these a date cannot be moved to another zone without leaving what datetime can hold.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


# -- messages (RFC 5322, 3.3 and 4.3) ----------------------------------------------------------
#
#   date-time   =   [ day-of-week "," ] date time [CFWS]
#   date        =   day month year
#   time        =   time-of-day zone
#   time-of-day =   hour ":" minute [ ":" second ]
#   zone        =   (FWS ( "+" / "-" ) 4DIGIT) / obs-zone
#
# Read more freely than written, for there is much mail from programs that did not look: the
# comma may be missing, "-" may separate the date's parts, the zone may be missing.
_MESSAGE_DATE = re.compile(
    rb"\s*(?:[A-Za-z]{3,9}(?:\s*[,.])?\s*)?"
    rb"(?P<day>\d{1,2})(?:\s*-\s*|\s+)(?P<month>[A-Za-z]{3})[A-Za-z]{0,6}\.?(?:\s*-\s*|\s+)"
    rb"(?P<year>\d{2,4})\s+"
    rb"(?P<hour>\d{1,2})\s*:\s*(?P<minute>\d{1,2})(?:\s*:\s*(?P<second>\d{1,2})(?:\.\d*)?)?"
    rb"\s*(?P<zone>[+-]\d{4}|[A-Za-z]{1,5}|)"
)

#   obs-zone: military zones and names nobody knows count as "-0000" (RFC 5322, 4.3).
_ZONE_HOURS: Final = {
    b"EDT": -4, b"EST": -5, b"CDT": -5, b"CST": -6,
    b"MDT": -6, b"MST": -7, b"PDT": -7, b"PST": -8,
}  # fmt: skip


def parse_message_date(octets: bytes) -> datetime | None:
    """Read the date of a message's field, obsolete forms included.

    Args:
        octets: the field's body, folded or not.

    Returns:
        The date in the zone it was written in; None when it is none.
    """
    if len(octets) > DATE_OCTETS:
        return None
    if b"(" in octets:
        octets = _without_comments(octets)
    found = _MESSAGE_DATE.match(octets)
    if found is None:
        return None
    year = int(found["year"])
    if len(found["year"]) < 4:  # obs-year
        year += 2000 if len(found["year"]) == 2 and year < 50 else 1900
    return _made(
        year,
        _MONTH_NUMBERS.get(found["month"].lower(), 0),
        int(found["day"]),
        int(found["hour"]),
        int(found["minute"]),
        int(found["second"] or 0),
        _zone(found["zone"]),
    )


def _without_comments(octets: bytes) -> bytes:
    """Put a space for each comment, nested ones and quoted pairs included (RFC 5322, 3.2.2)."""
    out = bytearray()
    depth = 0
    quoted = False
    for octet in octets:
        if quoted:
            quoted = False
        elif octet == 0x5C:  # backslash
            quoted = True
        elif octet == 0x28:  # (
            depth += 1
        elif octet == 0x29 and depth:  # )
            depth -= 1
            out += b" "
        elif not depth:
            out.append(octet)
    return bytes(out)


def _zone(zone: bytes) -> timezone:
    if zone[:1] in (b"+", b"-"):
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        if offset >= timedelta(days=1):
            return UTC
        return timezone(-offset if zone[:1] == b"-" else offset)
    hours = _ZONE_HOURS.get(zone.upper())
    return UTC if hours is None else timezone(timedelta(hours=hours))


def _made(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone: timezone
) -> datetime | None:
    if not FIRST_YEAR <= year <= LAST_YEAR or second > 60:
        return None
    try:
        # datetime knows no leap second; the one before it is the nearest it can say.
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        return None


def format_message_date(when: datetime) -> bytes:
    """Write a date, which must know its zone, for a message's field: ``Fri, 21 Nov 1997 09:55:06
    -0600``."""
    if when.utcoffset() is None:
        raise ValueError("a date without a zone")
    return b"%s, %d %s %04d %02d:%02d:%02d %s" % (
        DAYS[when.weekday()],
        when.day,
        MONTHS[when.month - 1],
        when.year,
        when.hour,
        when.minute,
        when.second,
        _offset(when).encode(),
    )


def _offset(when: datetime) -> str:
    minutes = int((when.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


# -- news (RFC 3977, 7.1 and 7.3) --------------------------------------------------------------
#
#   date = date2y / date4y ; date4y = 8DIGIT ; date2y = 6DIGIT ; time = 6DIGIT
_NEWS_DATE = re.compile(rb"(\d{2}|\d{4})(\d{2})(\d{2})")
_NEWS_TIME = re.compile(rb"(\d{2})(\d{2})(\d{2})")


def parse_news_date(date: bytes, time: bytes, today: datetime) -> datetime | None:
    """Read the date and time of NEWGROUPS and NEWNEWS, as UTC.

    Args:
        date: ``yymmdd`` or ``yyyymmdd``.
        time: ``hhmmss``.
        today: tells the century of a two-digit year: this one up to this year, else the last.
    """
    days, seconds = _NEWS_DATE.fullmatch(date), _NEWS_TIME.fullmatch(time)
    if days is None or seconds is None:
        return None
    year = int(days[1])
    if len(days[1]) == 2:
        year += today.year - today.year % 100
        if year > today.year:
            year -= 100
    hour, minute, second = (int(part) for part in seconds.groups())
    return _made(year, int(days[2]), int(days[3]), hour, minute, second, UTC)


def format_news_date(when: datetime) -> bytes:
    """Write what DATE answers: ``yyyymmddhhmmss`` in UTC."""
    return when.astimezone(UTC).strftime("%Y%m%d%H%M%S").encode()


# -- HTTP (RFC 9110, 5.6.7) --------------------------------------------------------------------
#
#   IMF-fixdate  = day-name "," SP day SP month SP year SP time-of-day SP GMT
#   rfc850-date  = day-name-l "," SP day "-" month "-" 2DIGIT SP time-of-day SP GMT
#   asctime-date = day-name SP month SP ( 2DIGIT / ( SP 1DIGIT )) SP time-of-day SP year
_TIME_OF_DAY = rb"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
_HTTP_DATES = tuple(
    re.compile(pattern.replace(b"TIME", _TIME_OF_DAY))
    for pattern in (
        rb"[A-Z][a-z]{2}, (?P<day>\d{2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) TIME GMT",
        rb"[A-Z][a-z]{5,8}, (?P<day>\d{2})-(?P<month>[A-Z][a-z]{2})-(?P<year>\d{2}) TIME GMT",
        rb"[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) (?P<day>\d{2}| \d) TIME (?P<year>\d{4})",
    )
)


def parse_http_date(octets: bytes, today: datetime) -> datetime | None:
    """Read an HTTP date in any of its three forms; None when it is none.

    Args:
        octets: the field's value.
        today: tells the century of a two-digit year: a date that would lie more than 50 years
            ahead is in the past (RFC 9110, 5.6.7).
    """
    for pattern in _HTTP_DATES:
        found = pattern.fullmatch(octets)
        if found is not None:
            break
    else:
        return None
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += today.year - today.year % 100
        if year > today.year + 50:
            year -= 100
    return _made(
        year,
        _MONTH_NUMBERS.get(found["month"].lower(), 0),
        int(found["day"]),
        int(found["hour"]),
        int(found["minute"]),
        int(found["second"]),
        UTC,
    )


def format_log_date(when: datetime) -> str:
    """Write a date as the common log format has it: ``06/Nov/1994:08:49:37 +0000``."""
    month = MONTHS[when.month - 1].decode()
    return f"{when:%d}/{month}/{when:%Y:%H:%M:%S} {_offset(when)}"


def format_http_date(when: datetime) -> bytes:
    """Write an HTTP date: ``Sun, 06 Nov 1994 08:49:37 GMT``."""
    when = when.astimezone(UTC)
    return b"%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        DAYS[when.weekday()],
        when.day,
        MONTHS[when.month - 1],
        when.year,
        when.hour,
        when.minute,
        when.second,
    )
