"""The conversations in ``tests/transcripts/pop3``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.pop3.fakes import FakeDrop, Session

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "pop3"


class Peer:
    """A session as the player drives it; all share one maildrop."""

    def __init__(self, drops: list[FakeDrop]) -> None:
        self.session = Session()
        drops.append(self.session.drop)
        self.session.drop = drops[0]
        self.session.authenticator.make = lambda facet: drops[0]
        self._heard = self.session.greeting

    def say(self, octets: bytes) -> None:
        self._heard += self.session.say(octets)

    def heard(self) -> bytes:
        heard, self._heard = self._heard, b""
        return heard

    @property
    def closed(self) -> bool:
        return self.session.closed


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""
        paths = sorted(FOLDER.glob("*.txt"))
        self.assertTrue(paths)
        for path in paths:
            drops: list[FakeDrop] = []
            with self.subTest(path.name):
                play_file(path, partial(Peer, drops))
