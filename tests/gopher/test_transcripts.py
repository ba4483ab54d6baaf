"""The conversations in ``tests/transcripts/gopher``, played in memory."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import ensureDeferred

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.gopher.worlds import Transport, World

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "gopher"


class Peer:
    """A connection as the player drives it."""

    def __init__(self, world: World) -> None:
        self._connection = world.connect()
        assert isinstance(self._connection.transport, Transport)
        self._transport = self._connection.transport

    def say(self, octets: bytes) -> None:
        """Send octets."""
        self._connection.dataReceived(octets)

    def heard(self) -> bytes:
        """Give what was answered since."""
        octets = bytes(self._transport.value())
        self._transport.clear()
        return octets

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""
        return self._transport.disconnecting


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
                play_file(path, lambda world=world: Peer(world))  # type: ignore[misc]
