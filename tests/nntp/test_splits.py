"""Any conversation, cut anywhere: the same answers, and no error of ours."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from tests.nntp.fakes import World

WORDS = [
    b"AUTHINFO USER ann\r\n", b"AUTHINFO PASS se cret\r\n", b"AUTHINFO PASS x\r\n",
    b"AUTHINFO SASL PLAIN\r\n", b"AGFubgBzZSBjcmV0\r\n", b"*\r\n", b"=\r\n", b"CAPABILITIES\r\n",
    b"MODE READER\r\n", b"GROUP misc.test\r\n", b"GROUP misc.empty\r\n", b"LISTGROUP\r\n", b"NEXT\r\n",
    b"LAST\r\n", b"ARTICLE\r\n", b"HEAD 2\r\n", b"BODY 9\r\n", b"STAT <3@example.test>\r\n",
    b"OVER 1-\r\n", b"HDR from 2-\r\n", b"LIST\r\n", b"POST\r\n",
    b"From: a@b.c\r\nNewsgroups: misc.test\r\nSubject: x\r\nMessage-ID: <x@y>\r\n\r\n",
    b"..\r\n", b".\r\n", b"x\r\n", b"DATE\r\n", b"STARTTLS\r\n", b"QUIT\r\n", b"\r\n", b"\n", b"\r", b"x",
    b"\xff", b"\0",
]  # fmt: skip


class Splits(SynchronousTestCase):
    """The server against a soup of commands and line ends."""

    @given(st.lists(st.sampled_from(WORDS), max_size=25), st.lists(st.integers(1, 30), max_size=8))
    @settings(max_examples=150, deadline=None)
    def test_any_soup(self, words: list[bytes], sizes: list[int]) -> None:
        """What is said and stored depends on the octets, not on how they were cut."""
        for login in (b"", b"AUTHINFO USER ann\r\nAUTHINFO PASS se cret\r\nPOST\r\n"):
            octets = login + b"".join(words)
            outcomes = []
            for cuts in ([len(octets) or 1], sizes or [1]):
                world = World()
                session = world.connect(bad_commands=0)
                said, position, turn = b"", 0, 0
                while position < len(octets):
                    size = cuts[turn % len(cuts)]
                    said += session.say(octets[position : position + size])
                    position, turn = position + size, turn + 1
                outcomes.append((said, world.stored(), session.closed))
            self.assertEqual(outcomes[0], outcomes[1])
            self.assertNotIn(b"Something went wrong", outcomes[0][0])
