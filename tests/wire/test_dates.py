"""Dates of all protocols, and of nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire import dates

TODAY = datetime(2026, 11, 22, tzinfo=UTC)


def at(
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    *,
    minutes: int = 0,
) -> datetime:
    zone = timezone(timedelta(minutes=minutes))
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


class Messages(SynchronousTestCase):
    """RFC 5322, current and obsolete, and what is found in real mail."""

    def test_read(self) -> None:
        """Every form gives its moment and its zone."""
        for octets, expected in [
            (b"Fri, 21 Nov 1997 09:55:06 -0600", at(1997, 11, 21, 9, 55, 6, minutes=-360)),
            (b"Tue, 1 Jul 2003 10:52:37 +0200", at(2003, 7, 1, 10, 52, 37, minutes=120)),
            (b"1 Jul 2003 10:52 +0530", at(2003, 7, 1, 10, 52, 0, minutes=330)),
            (b"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
             b"               -0330 (Newfoundland Time)", at(1969, 2, 13, 23, 32, minutes=-210)),
            (b"21 Nov 97 09:55:06 GMT", at(1997, 11, 21, 9, 55, 6)),
            (b"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
             at(1997, 11, 21, 9, 55, 6, minutes=-360)),
            (b"Fri, 21 Nov 1997 09:55:06 -0600 (a (nested \\) one) b)",
             at(1997, 11, 21, 9, 55, 6, minutes=-360)),
            (b"21 Nov 49 00:00 EST", at(2049, 11, 21, minutes=-300)),
            (b"21 Nov 50 00:00 pdt", at(1950, 11, 21, minutes=-420)),
            (b"21 Nov 101 00:00 UT", at(2001, 11, 21)),
            (b"21 Nov 1997 00:00 A", at(1997, 11, 21)),
            (b"21 Nov 1997 00:00 XYZZY", at(1997, 11, 21)),
            (b"21 Nov 1997 00:00 -0000", at(1997, 11, 21)),
            (b"21 Nov 1997 00:00 +9900", at(1997, 11, 21)),
            (b"21 Nov 1997 00:00", at(1997, 11, 21)),
            (b"Fri 21 November 1997 23:59:60 +0000", at(1997, 11, 21, 23, 59, 59)),
            (b"21-Nov-1997 00:00:01 +0100", at(1997, 11, 21, 0, 0, 1, minutes=60)),
        ]:  # fmt: skip
            found = dates.parse_message_date(octets)
            self.assertEqual(expected, found, octets)
            assert found is not None
            self.assertEqual(expected.utcoffset(), found.utcoffset(), octets)

    def test_none(self) -> None:
        """What is no date gives None and raises nothing."""
        for octets in [
            b"", b"now", b"Fri, 21 Nov", b"32 Jan 2000 00:00 +0000", b"29 Feb 2001 00:00 +0000",
            b"1 Foo 2000 00:00 +0000", b"1 Jan 2000 24:00 +0000", b"1 Jan 2000 00:60 +0000",
            b"1 Jan 2000 00:00:61 +0000", b"1 Jan 0000 00:00 +0000", b"1 Jan 1899 00:00 +0000",
            b"1 Jan 9999 00:00 +0000", b"0 Jan 2000 00:00 +0000", b"((((", b"1 Jan 2000\x00 00:00",
            b"1 Jan 2000 00:00 +0000" + b" " * 300, b"\xff" * 100,
        ]:  # fmt: skip
            self.assertIs(None, dates.parse_message_date(octets), octets)

    def test_written(self) -> None:
        """Written in the zone it is in."""
        for when, octets in [
            (at(1997, 11, 21, 9, 55, 6, minutes=-360), b"Fri, 21 Nov 1997 09:55:06 -0600"),
            (at(2003, 7, 1, 1, 2, 3, minutes=330), b"Tue, 1 Jul 2003 01:02:03 +0530"),
            (at(2003, 7, 1, 1, 2, 3, minutes=-210), b"Tue, 1 Jul 2003 01:02:03 -0330"),
            (at(2003, 7, 1), b"Tue, 1 Jul 2003 00:00:00 +0000"),
        ]:
            self.assertEqual(octets, dates.format_message_date(when))
        self.assertRaises(ValueError, dates.format_message_date, datetime(2003, 7, 1))


class News(SynchronousTestCase):
    """RFC 3977, 7.1.1 and 7.3.2."""

    def test_read(self) -> None:
        """Two digits of a year belong to the century that makes them past."""
        for date, time, expected in [
            (b"19990624", b"000000", at(1999, 6, 24)),
            (b"990624", b"235960", at(1999, 6, 24, 23, 59, 59)),
            (b"260101", b"010203", at(2026, 1, 1, 1, 2, 3)),
            (b"270101", b"000000", at(1927, 1, 1)),
        ]:
            self.assertEqual(expected, dates.parse_news_date(date, time, TODAY))

    def test_none(self) -> None:
        """Anything else is none."""
        for date, time in [
            (b"9906241", b"000000"), (b"", b""), (b"19991324", b"000000"), (b"990624", b"0000"),
            (b"990230", b"000000"), (b"990624", b"240000"), (b"990624\n", b"000000"),
        ]:  # fmt: skip
            self.assertIs(None, dates.parse_news_date(date, time, TODAY))

    def test_written(self) -> None:
        """In UTC."""
        self.assertEqual(b"20030630230000", dates.format_news_date(at(2003, 7, 1, 1, minutes=120)))


class HTTP(SynchronousTestCase):
    """RFC 9110, 5.6.7."""

    def test_read(self) -> None:
        """Its three forms of one moment."""
        for octets in [
            b"Sun, 06 Nov 1994 08:49:37 GMT",
            b"Sunday, 06-Nov-94 08:49:37 GMT",
            b"Sun Nov  6 08:49:37 1994",
        ]:
            self.assertEqual(
                at(1994, 11, 6, 8, 49, 37), dates.parse_http_date(octets, TODAY), octets
            )
        far = dates.parse_http_date(b"Sunday, 06-Nov-76 08:49:37 GMT", TODAY)
        self.assertEqual(at(2076, 11, 6, 8, 49, 37), far)
        past = dates.parse_http_date(b"Sunday, 06-Nov-77 08:49:37 GMT", TODAY)
        self.assertEqual(at(1977, 11, 6, 8, 49, 37), past)

    def test_none(self) -> None:
        """Anything else is none."""
        for octets in [
            b"", b"0", b"Sun, 06 Nov 1994 08:49:37", b"Sun, 06 Nov 1994 08:49:37 UTC",
            b"Sun, 6 Nov 1994 08:49:37 GMT", b"Sun, 31 Feb 1994 08:49:37 GMT",
            b"Sun, 06 Nov 1994 08:49:37 GMT\n",
        ]:  # fmt: skip
            self.assertIs(None, dates.parse_http_date(octets, TODAY), octets)

    def test_written(self) -> None:
        """In the one form that may be written."""
        self.assertEqual(
            b"Sun, 06 Nov 1994 08:49:37 GMT",
            dates.format_http_date(at(1994, 11, 6, 9, 49, 37, minutes=60)),
        )


MOMENTS = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9998, 12, 30)).map(
    lambda when: when.replace(microsecond=0)
)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(when=MOMENTS, zone=ZONES)
def test_message_date_there_and_back(when: datetime, zone: timezone) -> None:
    """What we write we read."""
    when = when.replace(tzinfo=zone)
    assert dates.parse_message_date(dates.format_message_date(when)) == when


@given(octets=st.binary(max_size=60) | st.text("0123456789 :-+()\\,JanFebGMT").map(str.encode))
def test_hostile(octets: bytes) -> None:
    """No input raises, and every date found can be moved to UTC."""
    for found in (dates.parse_message_date(octets), dates.parse_http_date(octets, TODAY)):
        if found is not None:
            found.astimezone(UTC).timestamp()
    dates.parse_news_date(octets, octets, TODAY)
