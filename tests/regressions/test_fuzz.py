"""Faults that the fuzzer found."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from tests.http.worlds import World


class HTTP(SynchronousTestCase):
    """Requests that are none."""

    def test_nonsense_after_an_empty_line(self) -> None:
        """What cannot begin a request is refused at once, too where an empty line before it came
        by itself; the server once waited for the rest."""
        for pieces in ([b"\r\n\x80"], [b"\r\n", b"\x80"], [b"\r", b"\n", b"\x80"]):
            session = World().connect()
            said = b"".join([session.say(each) for each in pieces])
            self.assertTrue(said.startswith(b"HTTP/1.1 400 "), pieces)
            self.assertTrue(session.closed)
