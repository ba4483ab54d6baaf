"""When mail is tried again."""

from __future__ import annotations

from datetime import timedelta

from netsuite.smtp.delivery.schedule import Schedule
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.delivery.worlds import BEGAN


class Waits(SynchronousTestCase):
    """They double, up to the longest, a little longer or shorter each."""

    def test_doubling(self) -> None:
        """However many attempts there were."""
        schedule = Schedule(300, 1500, dice=lambda: 0.5)
        for attempts, seconds in ((1, 300), (2, 600), (3, 1200), (4, 1500), (10_000, 1500)):
            self.assertEqual(timedelta(seconds=seconds), schedule.wait(attempts), attempts)

    def test_jitter(self) -> None:
        """A tenth either way."""
        for dice, seconds in ((0.0, 270), (1.0, 330)):
            schedule = Schedule(300, 1500, dice=iter([dice]).__next__)
            self.assertEqual(timedelta(seconds=seconds), schedule.wait(1))

    def test_the_last_attempt(self) -> None:
        """It is when the time is over, and not before now."""
        schedule = Schedule(300, 1500, dice=lambda: 0.5)
        minute = timedelta(minutes=1)
        for not_after, expected in (
            (BEGAN + 10 * minute, BEGAN + 5 * minute),
            (BEGAN + minute, BEGAN + minute),
            (BEGAN - minute, BEGAN),
        ):
            self.assertEqual(expected, schedule.next_attempt(BEGAN, 1, not_after=not_after))

    def test_rests(self) -> None:
        """Hosts are left in peace for less than their messages."""
        schedule = Schedule(300, 4 * 3600)
        for failures, seconds in ((0, 60), (1, 120), (2, 240), (5, 1800), (10_000, 1800)):
            self.assertEqual(seconds, schedule.rest_seconds(failures))
