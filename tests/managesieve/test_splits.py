"""Any conversation, cut anywhere: the same answers, and no error of ours."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.managesieve.fakes import LOG_IN, Session

WORDS = [
    LOG_IN, b'AUTHENTICATE "PLAIN"\r\n', b'"AGFsaWNlAHNlY3JldA=="\r\n', b'"*"\r\n', b"NOOP\r\n",
    b'PUTSCRIPT "a" "keep;"\r\n', b'PUTSCRIPT "b" {5+}\r\n', b"stop;\r\n", b'SETACTIVE "a"\r\n',
    b'SETACTIVE ""\r\n', b"LISTSCRIPTS\r\n", b'GETSCRIPT "a"\r\n', b'DELETESCRIPT "b"\r\n',
    b'RENAMESCRIPT "a" {1+}\r\n', b"c\r\n", b"CHECKSCRIPT {2001+}\r\n", b'HAVESPACE "a" 1\r\n',
    b"CAPABILITY\r\n", b"UNAUTHENTICATE\r\n", b"LOGOUT\r\n", b"STARTTLS\r\n", b"{3+}\r\n", b"\r\n",
    b"\n", b"\r", b'"', b"x", b"\xff", b"\0",
]  # fmt: skip


class Splits(SynchronousTestCase):
    """The server against a soup of commands, literals and line ends."""

    @given(st.lists(st.sampled_from(WORDS), max_size=25), st.lists(st.integers(1, 30), max_size=8))
    @settings(max_examples=100, deadline=None)
    def test_any_soup(self, words: list[bytes], sizes: list[int]) -> None:
        """What is said and kept depends on the octets, not on how they were cut."""
        for login in (b"", LOG_IN):
            octets = login + b"".join(words)
            outcomes = []
            for cuts in ([len(octets) or 1], sizes or [1]):
                session = Session(bad_commands=0)
                said, position, turn = b"", 0, 0
                while position < len(octets):
                    size = cuts[turn % len(cuts)]
                    said += session.say(octets[position : position + size])
                    position, turn = position + size, turn + 1
                outcomes.append((said, list(run(session.scripts.scripts())), session.closed))
            self.assertEqual(outcomes[0], outcomes[1])
            self.assertNotIn(b"Something went wrong", outcomes[0][0])
