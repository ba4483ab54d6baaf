"""The conversations in ``tests/transcripts/gopher``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.gopher.worlds import World, transport_of
from tests.playing import play


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

        def connecting(path: Path) -> partial[Peer]:
            world = World()
            run(world.fill())
            return partial(Peer, world)

        play(self, "gopher", connecting)
