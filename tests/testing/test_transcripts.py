"""The transcript player tells right from wrong."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import Player, Role, TranscriptError, parse


class Echo:
    """Says every line back, twice for ``twice``, and closes at ``bye``."""

    def __init__(self) -> None:
        self.said = b"hello 7\r\n"
        self.closed = False

    def say(self, octets: bytes) -> None:
        self.said += octets * (2 if octets.startswith(b"twice") else 1)
        self.closed = octets == b"bye\r\n"

    def heard(self) -> bytes:
        said, self.said = self.said, b""
        return said


class Playing(SynchronousTestCase):
    """Every kind of line."""

    def play(self, text: str) -> dict[str, str]:
        return Player(Echo).play(text)

    def test_right(self) -> None:
        """A server that says what is written passes, and what was captured is given."""
        captured = self.play(
            "# remark\n\nS~ hello (?P<n>[0-9])\nC: a {{n}}\nS: a 7\n2S: hello 7\n2C: b\nC: twice\n"
            "S* tw.*\n2S: b\nC\\ x\\ty\\r\\n\nS: x\ty\nC: bye\nS: bye\nS!\n"
        )
        self.assertEqual({"n": "7"}, captured)

    def test_wrong(self) -> None:
        """What was not said, said otherwise, said too much, or not closed is an error."""
        for text in (
            "S: hello 8",
            "S~ goodbye.*",
            "C: a",
            "S: hello 7\nS: more",
            "S: hello 7\nC: a",
            "S: hello 7\nC: twice\nS: twice",
            "S: hello 7\nS!",
            "S: hello 7\nC: bye\nS!",
            "S: hello 7\nC\\ half",
        ):
            with self.assertRaises(TranscriptError):
                self.play(text)

    def test_not_a_transcript(self) -> None:
        """A line that is none is named."""
        for text in ("X: y", "C~ x", "S\\ x", "C!", "S~ ("):
            with self.assertRaises(ValueError):
                list(parse(text))

    def test_roles(self) -> None:
        """Who plays it says its own lines as they are, and may expect patterns of the other."""
        for role, right, wrong in (
            (Role.CLIENT, ("C\\ x", "S~ x", "S!"), ("C~ x", "C!", "S\\ x")),
            (Role.SERVER, ("S\\ x", "S!", "C~ x", "C* x", "C!", "C\\ x"), ("S~ x", "S* x")),
            (Role.NEITHER, ("C~ x", "S* x", "S!"), ("C\\ x", "S\\ x")),
        ):
            for text in right:
                self.assertEqual(
                    text[:2], "".join(*[(e.who, e.how) for e in parse(text, "", role)])
                )
            for text in wrong:
                with self.assertRaises(ValueError):
                    list(parse(text, "", role))
