"""The conversations in ``tests/transcripts/smtp``, played in memory."""

from __future__ import annotations

from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.smtp.fakes import Session

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "smtp"


class Peer:
    """A session as the player drives it."""

    def __init__(self) -> None:
        self.session = Session()
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
        self.assertGreaterEqual(len(paths), 2)
        for path in paths:
            with self.subTest(path.name):
                play_file(path, Peer)
