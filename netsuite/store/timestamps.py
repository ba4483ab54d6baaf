"""Times as a store keeps them: whole seconds or microseconds since 1970, and a zone's minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)
_FIRST: Final = int(datetime.min.replace(tzinfo=UTC).timestamp())
_LAST: Final = int(datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp())
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def to_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970."""
    return (moment - _EPOCH) // _SECOND


def to_microseconds(moment: datetime) -> int:
    """Return microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """Return the moment, in UTC."""
    return _EPOCH + timedelta(microseconds=count)


def zone_minutes(moment: datetime) -> int:
    """Return how many minutes the moment's zone is ahead of UTC."""
    offset = moment.utcoffset()
    return 0 if offset is None else offset // _MINUTE


@lru_cache(maxsize=64)
def _zone(minutes: int) -> timezone:
    return UTC if minutes == 0 else timezone(timedelta(minutes=minutes))


def from_seconds(seconds: int, minutes: int = 0) -> datetime:
    """Return the moment in the zone that is *minutes* ahead of UTC; one beyond the years 1 to 9999
    is given in UTC, or as the first or last there is: something was kept, and is to be read."""
    try:
        return datetime.fromtimestamp(seconds, _zone(minutes))
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC)


def whole_second(moment: datetime) -> datetime:
    """Return the moment as it comes back from a store."""
    return from_seconds(to_seconds(moment), zone_minutes(moment))


def day_number(day: date) -> int:
    """Return days since 1970; what ``(seconds + 60 * zone_minutes) // 86400`` is compared with."""
    return day.toordinal() - _EPOCH_DAY


def day_digits(day: date) -> int:
    """Return ``YYYYMMDD``, as ``Summary.sent_day`` has it."""
    return day.year * 10000 + day.month * 100 + day.day
