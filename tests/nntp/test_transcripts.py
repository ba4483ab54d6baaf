"""The conversations in ``tests/transcripts/nntp``, played in memory."""

from __future__ import annotations

from functools import partial

from netsuite.testing.cases import SynchronousTestCase
from tests.nntp.fakes import World
from tests.playing import SessionPeer, play


def peer(world: World) -> SessionPeer:
    """Return a new session of a world."""
    session = world.connect()
    return SessionPeer(session, session.greeting)


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""
        play(self, "nntp", lambda path: partial(peer, World()))
