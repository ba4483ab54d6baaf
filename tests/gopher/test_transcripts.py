"""The conversations in ``tests/transcripts/gopher``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from twisted.internet.defer import ensureDeferred

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.gopher.worlds import World, transport_of

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "gopher"


class Peer:
    """A connection as the player drives it."""

    def __init__(self, world: World) -> None:
        self._connection = world.connect()
        self._transport = transport_of(self._connection)

    def say(self, octets: bytes) -> None:
        """Send octets."""
        self._connection.dataReceived(octets)

    def heard(self) -> bytes:
        """Return what was answered since."""
        return self._transport.said()

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""
        return self._transport.closed


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""
        paths = sorted(FOLDER.glob("*.txt"))
        self.assertTrue(paths)
        for path in paths:
            world = World()
            self.successResultOf(ensureDeferred(world.fill()))
            with self.subTest(path.name):
                play_file(path, partial(Peer, world))
