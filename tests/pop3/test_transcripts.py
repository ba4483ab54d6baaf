"""The conversations in ``tests/transcripts/pop3``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from tests.playing import SessionPeer, play
from tests.pop3.fakes import FakeDrop, Session


def peer(drops: list[FakeDrop]) -> SessionPeer:
    """Return a new session; all that are given the same list share its first maildrop."""
    session = Session()
    drops.append(session.drop)
    session.drop = drops[0]
    session.authenticator.make = lambda facet: drops[0]
    return SessionPeer(session, session.greeting)


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""

        def connecting(path: Path) -> partial[SessionPeer]:
            drops: list[FakeDrop] = []
            return partial(peer, drops)

        play(self, "pop3", connecting)
