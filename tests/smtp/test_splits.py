"""Any conversation, cut anywhere: the same answers, and no error of ours."""

# ruff: noqa: E501 - the words read best side by side

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.fakes import Session

WORDS = [
    b"EHLO x\r\n", b"HELO x\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<alice@example.test>\r\n",
    b"RCPT TO:<n@example.test>\r\n", b"DATA\r\n", b"BDAT 3\r\n", b"BDAT 2 LAST\r\n", b"BDAT 0 LAST\r\n",
    b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"AUTH PLAIN\r\n", b"*\r\n", b"AUTH PLAIN AA==\r\n",
    b".\r\n", b".", b"\r\n", b"\n", b"\r", b"abc", b"\r\n.\r\n", b"X: y\r\n", b"STARTTLS\r\n", b"\xff",
]  # fmt: skip


class Splits(SynchronousTestCase):
    """The server against a soup of commands, bodies and line ends."""

    @given(st.lists(st.sampled_from(WORDS), max_size=25), st.lists(st.integers(1, 40), max_size=8))
    @settings(max_examples=200, deadline=None)
    def test_any_soup(self, words: list[bytes], sizes: list[int]) -> None:
        """What is said and delivered depends on the octets, not on how they were cut."""
        octets = b"".join([b"EHLO x\r\n", *words])
        outcomes = []
        for cuts in ([len(octets)], sizes or [1]):
            session = Session(offer_auth=True, bad_commands=0)
            said, position, turn = b"", 0, 0
            while position < len(octets):
                size = cuts[turn % len(cuts)]
                said += session.say(octets[position : position + size])
                position, turn = position + size, turn + 1
            outcomes.append((said, session.receiver.delivered, session.closed))
        self.assertEqual(outcomes[0], outcomes[1])
        for line in outcomes[0][0].split(b"\r\n")[:-1]:
            self.assertRegex(line, rb"\A[2345][0-9]{2}[ -]")
            self.assertNotIn(b" 4.3.0 Something", line)
