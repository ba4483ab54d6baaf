"""The conversations in ``tests/transcripts/managesieve``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.store.memory import MemoryStore
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.managesieve.fakes import Session
from tests.playing import SessionPeer, play


def peer(store: MemoryStore) -> SessionPeer:
    """Return a new session with one store."""
    session = Session(store=store)
    return SessionPeer(session, session.greeting)


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""

        def connecting(path: Path) -> partial[SessionPeer]:
            store = MemoryStore()
            run(store.accounts.add_account("alice", None))
            return partial(peer, store)

        play(self, "managesieve", connecting)
