"""The conversations in ``tests/transcripts/ftp``, played in memory."""

from __future__ import annotations

from functools import partial

from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import GREETING, Session, World
from tests.playing import SessionPeer, play


def peer(world: World) -> SessionPeer:
    """Return a new session of a world."""
    return SessionPeer(Session(world, logged_in=False), GREETING)


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""
        play(self, "ftp", lambda path: partial(peer, World()))
