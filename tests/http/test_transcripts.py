"""The conversations in ``tests/transcripts/http``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.http.worlds import World
from tests.playing import SessionPeer, play


def peer(world: World) -> SessionPeer:
    """Return a new connection to a world."""
    return SessionPeer(world.connect())


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""

        def connecting(path: Path) -> partial[SessionPeer]:
            world = World()
            world.put("a.txt", b"0123456789\r\n")
            run(world.store.accounts.add_account("alice", None))
            return partial(peer, world)

        play(self, "http", connecting)
