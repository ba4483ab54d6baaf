"""What the SMTP services bring along: the time of trace fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from netsuite.smtp.service import _LocalTime


class LocalTime(SynchronousTestCase):
    """The clock of trace fields."""

    def test_follows_the_clock(self) -> None:
        """It tells whole seconds in the local zone, each for as long as it lasts, also when the
        system's clock is set back."""
        now = _LocalTime()
        given = []
        for second in (1_000_000.2, 1_000_000.9, 1_000_001.0, 999_999.5):
            with mock.patch("time.time", lambda second=second: second):
                given.append(now())
        first, same, following, back = given
        self.assertEqual(1_000_000, first.timestamp())
        self.assertEqual(datetime.fromtimestamp(1_000_000).astimezone().tzinfo, first.tzinfo)
        self.assertIs(first, same)
        self.assertEqual(timedelta(seconds=1), following - first)
        self.assertEqual(999_999, back.timestamp())
