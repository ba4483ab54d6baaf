"""When certificates are renewed, and when what has failed is tried again: the rules alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

#: After a failure: twice as long each time. Let's Encrypt looks at five wrong answers of a name an
#: hour, and one try may have two.
FIRST_WAIT: Final = timedelta(minutes=30)
LONGEST_WAIT: Final = timedelta(hours=24)
#: An authority that wants to be left alone for longer is asked again all the same.
LONGEST_ASKED: Final = timedelta(days=7)
#: A new certificate is not renewed before that, whatever an authority suggests.
SOONEST: Final = timedelta(days=1)


def renewal(not_before: datetime, not_after: datetime, chance: float) -> datetime:
    """Return when to renew: with a third of the lifetime left, and a little before that, so that
    not all certificates of a day come on the same day again.

    Args:
        chance: from 0 up to 1.
    """
    lifetime = not_after - not_before
    return not_after - lifetime / 3 - lifetime / 24 * chance


def suggested(start: datetime, end: datetime, chance: float) -> datetime:
    """Return a moment of the window that an authority suggests (RFC 9773, 4.2)."""
    return start + max(end - start, timedelta()) * chance


def settled(lifetime: timedelta) -> timedelta:
    """Return for how long a new certificate is left alone: a part of its lifetime, or a day."""
    return min(SOONEST, lifetime / 3)


def wait(failures: int, asked_seconds: float | None, chance: float) -> timedelta:
    """Return how long to wait before the next try.

    Args:
        failures: in a row, 1 or more.
        asked_seconds: for which the authority wants to be left alone (Retry-After).
        chance: from 0 up to 1.
    """
    doubled = FIRST_WAIT * (1 << min(failures - 1, 10))
    least = min(doubled, LONGEST_WAIT) * (1 + chance / 10)
    if asked_seconds is None:
        return least
    return max(least, min(timedelta(seconds=asked_seconds), LONGEST_ASKED))


def retry_seconds(value: str, now: datetime) -> float | None:
    """Return what a Retry-After field asks for, in seconds (RFC 9110, 10.2.3); None where it is no
    such value."""
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max((moment - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
