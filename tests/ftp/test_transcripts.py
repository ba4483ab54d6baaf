"""The conversations in ``tests/transcripts/ftp``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.ftp.fakes import GREETING, Session, World

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "ftp"


class Peer:
    """A session as the player drives it; all share one world."""

    def __init__(self, world: World) -> None:
        self.session = Session(world, logged_in=False)
        self._heard = GREETING

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
            world = World()
            with self.subTest(path.name):
                play_file(path, partial(Peer, world))
