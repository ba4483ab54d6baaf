"""Times as a store keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from netsuite.store.timestamps import from_seconds, to_seconds, whole_second, zone_minutes
from netsuite.testing.cases import SynchronousTestCase


class Moments(SynchronousTestCase):
    """There and back."""

    def test_zone(self) -> None:
        """A moment comes back in the zone it was kept with, in whole seconds."""
        moment = datetime(2026, 3, 1, 12, 0, 7, 900, tzinfo=timezone(timedelta(minutes=-210)))
        back = from_seconds(to_seconds(moment), zone_minutes(moment))
        self.assertEqual(moment.replace(microsecond=0).isoformat(), back.isoformat())
        self.assertEqual(back, whole_second(moment))

    def test_no_such_year(self) -> None:
        """What is kept can be read, also where its zone, or any, has no year for it."""
        last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        first = datetime(1, 1, 1, tzinfo=UTC)
        for seconds, minutes, expected in (
            (to_seconds(last), 60, last),
            (to_seconds(last) + 43_200, -720, last),
            (10**15, 0, last),
            (to_seconds(first), -60, first),
            (-(10**15), 0, first),
        ):
            self.assertEqual(expected, from_seconds(seconds, minutes))
