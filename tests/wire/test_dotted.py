"""Dot-stuffing and its undoing, at every cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.dotted import DotStuffer, DotUnstuffer

#: On the wire (end included), the body, whether CR or LF stands alone in it.
CASES: list[tuple[bytes, bytes, bool]] = [
    (b".\r\n", b"", False),
    (b"\r\n.\r\n", b"\r\n", False),
    (b"a\r\n.\r\n", b"a\r\n", False),
    (b"..\r\n.\r\n", b".\r\n", False),
    (b"..a\r\n...\r\n.\r\n", b".a\r\n..\r\n", False),
    (b".a\r\n.\r\n", b"a\r\n", False),  # stuffed by nobody, but the rule is: drop the dot
    (b"a\r\n..\r\n..\r\nb\r\n.\r\n", b"a\r\n.\r\n.\r\nb\r\n", False),
    (b"\r\n\r\n\r\n.\r\n", b"\r\n\r\n\r\n", False),
    (b"a.b..c\r\n.\r\n", b"a.b..c\r\n", False),
    # What others have taken for an end, and is none:
    (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", True),
    (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", True),
    (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n", True),
    (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", True),
    (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n", True),
    (b"a\r.\r\nb\r\n.\r\n", b"a\r.\r\nb\r\n", True),
    (b"\r\r\n.\r\n", b"\r\r\n", True),
    (b"\n\r\n.\r\n", b"\n\r\n", True),
    (b".\n.\r\n\r\n.\r\n", b"\n.\r\n\r\n", True),
    (b".\r.\r\n\r\n.\r\n", b"\r.\r\n\r\n", True),
]
TAILS = (b"", b"QUIT\r\n", b".\r\n", b"\r\n.\r\n", b"a\nb\r")


def unstuff(pieces: list[bytes]) -> tuple[bytes, bool, bool, bytes]:
    reader = DotUnstuffer()
    body = b"".join([reader.feed(piece) for piece in pieces])
    return body, reader.ended, reader.bare, reader.rest


class Unstuffing(SynchronousTestCase):
    """A body is the same however the network cut it."""

    def test_every_cut(self) -> None:
        """Whole, octet by octet, and cut once anywhere, with and without a tail."""
        for wire, body, bare in CASES:
            for tail in TAILS:
                octets = wire + tail
                expected = (body, True, bare, tail)
                self.assertEqual(expected, unstuff([octets]), octets)
                single = [octets[i : i + 1] for i in range(len(octets))]
                self.assertEqual(expected, unstuff(single), octets)
                for cut in range(len(octets) + 1):
                    self.assertEqual(expected, unstuff([octets[:cut], octets[cut:]]), octets)

    def test_not_ended(self) -> None:
        """Without CRLF.CRLF a body goes on, and a possible end is held back."""
        for wire, _, _ in CASES:
            for cut in range(len(wire)):
                reader = DotUnstuffer()
                self.assertTrue((b"x" + wire).startswith(reader.feed(b"x" + wire[:cut])[:1]))
                self.assertFalse(reader.ended)

    def test_pieces_come_at_once(self) -> None:
        """All but a possible beginning of the end is given at once: bodies stream."""
        reader = DotUnstuffer()
        self.assertEqual(b"abc", reader.feed(b"abc"))
        self.assertEqual(b"", reader.feed(b"\r\n"))
        self.assertEqual(b"\r\nd", reader.feed(b"d"))
        self.assertEqual(b"", reader.feed(b"\r\n."))
        self.assertEqual(b"\r\nx", reader.feed(b"x"))


def stuff(pieces: list[bytes], *, convert_bare: bool = False) -> bytes:
    stuffer = DotStuffer(convert_bare=convert_bare)
    return b"".join([stuffer.feed(piece) for piece in pieces]) + stuffer.finish()


class Stuffing(SynchronousTestCase):
    """A body on the wire is the same however it was read from the disk."""

    def check(self, body: bytes, wire: bytes, *, convert_bare: bool = False) -> None:
        single = [body[i : i + 1] for i in range(len(body))]
        self.assertEqual(wire, stuff([body], convert_bare=convert_bare), body)
        self.assertEqual(wire, stuff(single, convert_bare=convert_bare), body)
        for cut in range(len(body) + 1):
            pieces = [body[:cut], body[cut:]]
            self.assertEqual(wire, stuff(pieces, convert_bare=convert_bare), body)

    def test_dots(self) -> None:
        """Every line that begins with a dot gets one more, the first line too."""
        for body, wire in [
            (b"", b".\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a\r\n.\r\n.b\r\n..c", b"a\r\n..\r\n..b\r\n...c\r\n.\r\n"),
            (b"a.b\r\n", b"a.b\r\n.\r\n"),
            (b"\r\n", b"\r\n.\r\n"),
            (b"a\r", b"a\r\r\n.\r\n"),
            (b"a\n.\nb", b"a\n.\nb\r\n.\r\n"),
        ]:
            self.check(body, wire)

    def test_bare_line_ends_converted(self) -> None:
        """Bare CR and LF become CRLF, and a dot after one is stuffed: no message hides in it."""
        for body, wire in [
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r", b"a\r\n.\r\n"),
            (b"a\n", b"a\r\n.\r\n"),
            (b"a\n\r\n.b", b"a\r\n\r\n..b\r\n.\r\n"),
            (b"\r\r\n\n", b"\r\n\r\n\r\n.\r\n"),
            (b".\r", b"..\r\n.\r\n"),
        ]:
            self.check(body, wire, convert_bare=True)


SCRAPS = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\r\n."]), max_size=30)


@given(scraps=SCRAPS, cuts=st.lists(st.integers(0, 60), max_size=4))
def test_there_and_back(scraps: list[bytes], cuts: list[int]) -> None:
    """What was stuffed and cut anywhere comes back, and ends where it ended."""
    body = b"".join(scraps)
    marks = [0, *sorted(cut for cut in cuts if cut <= len(body)), len(body)]
    wire = stuff([body[a:b] for a, b in pairwise(marks)])
    back, ended, _, rest = unstuff([wire[a:b] for a, b in pairwise(marks)])
    if not ended:
        back, ended, _, rest = unstuff([wire + b"tail"])
        assert rest == b"tail"
    assert ended
    assert back == body or back == body + b"\r\n"
    assert back.endswith(b"\r\n") or not back


@given(scraps=SCRAPS)
def test_converted_has_no_bare_line_end(scraps: list[bytes]) -> None:
    """Converted bodies hold CRLF only, for receivers of every kind."""
    wire = stuff(list(scraps), convert_bare=True)
    assert wire.replace(b"\r\n", b"").count(b"\r") == 0
    assert wire.replace(b"\r\n", b"").count(b"\n") == 0
    assert wire.find(b"\r\n.\r\n") in (-1, len(wire) - 5)
