"""When certificates are renewed, and what has failed is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from netsuite.acme.schedule import renewal, retry_seconds, settled, suggested, wait
from netsuite.testing.cases import SynchronousTestCase

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


class Times(SynchronousTestCase):
    """The rules."""

    def test_renewal(self) -> None:
        """A third of the lifetime is left, and a little more; so of short ones, too."""
        for days in (90, 47, 6):
            end = NOW + timedelta(days=days)
            self.assertEqual(end - timedelta(days=days / 3), renewal(NOW, end, 0.0))
            earliest = renewal(NOW, end, 0.999)
            self.assertGreater(earliest, NOW + timedelta(days=days * 0.62))

    def test_suggested(self) -> None:
        """A moment of the window; its beginning where it is none."""
        self.assertEqual(NOW + timedelta(hours=6), suggested(NOW, NOW + timedelta(days=1), 0.25))
        self.assertEqual(NOW, suggested(NOW, NOW - timedelta(days=1), 0.25))

    def test_waits(self) -> None:
        """Each is twice the last, up to a day; the authority's wish counts where it is longer, but
        not for ever."""
        waits = [wait(failures, None, 0.0) for failures in (1, 2, 3, 7, 1000)]
        hours = [0.5, 1, 2, 24, 24]
        self.assertEqual([timedelta(hours=each) for each in hours], waits)
        self.assertEqual(timedelta(minutes=33), wait(1, None, 1.0))
        self.assertEqual(timedelta(hours=3), wait(1, 10_800.0, 0.0))
        self.assertEqual(timedelta(minutes=30), wait(1, 5.0, 0.0))
        self.assertEqual(timedelta(days=7), wait(1, 1e9, 0.0))

    def test_settled(self) -> None:
        """A new certificate is left alone for a day, or a part of its life."""
        self.assertEqual(timedelta(days=1), settled(timedelta(days=90)))
        self.assertEqual(timedelta(hours=8), settled(timedelta(days=1)))

    def test_tries_of_an_hour(self) -> None:
        """In an hour a name is tried twice: with two challenges each that is less than the five
        wrong answers that Let's Encrypt allows."""
        at, tries, failures = timedelta(), 1, 0
        while True:
            failures += 1
            at += wait(failures, None, 0.0)
            if at >= timedelta(hours=1):
                break
            tries += 1
        self.assertEqual(2, tries)

    def test_retry_after(self) -> None:
        """Seconds, a date, or nothing that can be understood."""
        for value, seconds in [
            ("120", 120.0),
            ("0", 0.0),
            ("Sun, 29 Nov 2026 12:10:00 GMT", 600.0),
            ("Sun, 29 Nov 2026 11:00:00 GMT", 0.0),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("\u0661", None),
            ("Sun, 29 Nov 2026 12:10:00", None),
            ("9" * 5000, 999_999_999.0),
        ]:
            self.assertEqual(seconds, retry_seconds(value, NOW), value)
