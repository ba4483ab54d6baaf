"""Any conversation, cut anywhere: the same answers, and no error of ours."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from tests.pop3.fakes import Session

WORDS = [
    b"USER alice\r\n", b"PASS se cret \r\n", b"PASS x\r\n", b"AUTH PLAIN\r\n", b"*\r\n",
    b"AGFsaWNlAHNlY3JldA==\r\n", b"AUTH\r\n", b"CAPA\r\n", b"STAT\r\n", b"LIST\r\n", b"LIST 1\r\n",
    b"UIDL\r\n", b"RETR 1\r\n", b"RETR 3\r\n", b"TOP 1 1\r\n", b"DELE 1\r\n", b"DELE 2\r\n",
    b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"STLS\r\n", b"\r\n", b"\n", b"\r", b"x", b"\xff",
]  # fmt: skip


class Splits(SynchronousTestCase):
    """The server against a soup of commands and line ends."""

    @given(st.lists(st.sampled_from(WORDS), max_size=25), st.lists(st.integers(1, 30), max_size=8))
    @settings(max_examples=200, deadline=None)
    def test_any_soup(self, words: list[bytes], sizes: list[int]) -> None:
        """What is said and removed depends on the octets, not on how they were cut."""
        for login in (b"", b"USER alice\r\nPASS se cret \r\n"):
            octets = login + b"".join(words)
            outcomes = []
            for cuts in ([len(octets) or 1], sizes or [1]):
                session = Session(bad_commands=0)
                said, position, turn = b"", 0, 0
                while position < len(octets):
                    size = cuts[turn % len(cuts)]
                    said += session.say(octets[position : position + size])
                    position, turn = position + size, turn + 1
                outcomes.append((said, session.drop.removed, session.drop.locked, session.closed))
            self.assertEqual(outcomes[0], outcomes[1])
            self.assertNotIn(b"Something went wrong", outcomes[0][0])
