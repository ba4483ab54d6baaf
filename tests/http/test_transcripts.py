"""The conversations in ``tests/transcripts/http``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.coroutines import run
from tests.http.worlds import World

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "http"


class Peer:
    """A connection as the player drives it."""

    def __init__(self, world: World) -> None:
        self.session = world.connect()
        self._heard = b""

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
            world.put("a.txt", b"0123456789\r\n")
            run(world.store.accounts.add_account("alice", None))
            with self.subTest(path.name):
                play_file(path, partial(Peer, world))
