"""Conversations in ``tests/transcripts``, played to sessions in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import Peer, play_file

FOLDER: Final = Path(__file__).resolve().parent / "transcripts"


class Session(Protocol):
    """A session with a server."""

    def say(self, octets: bytes) -> bytes:
        """Say something; return the answer."""

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""


class SessionPeer:
    """A session as the player drives it.

    Args:
        greeting: what was heard of it before.
    """

    def __init__(self, session: Session, greeting: bytes = b"") -> None:
        self._session = session
        self._heard = greeting

    def say(self, octets: bytes) -> None:
        self._heard += self._session.say(octets)

    def heard(self) -> bytes:
        heard, self._heard = self._heard, b""
        return heard

    @property
    def closed(self) -> bool:
        return self._session.closed


def files(protocol: str) -> list[Path]:
    """Return a protocol's conversations."""
    return sorted((FOLDER / protocol).glob("*.txt"))


def play(
    test: SynchronousTestCase,
    protocol: str,
    connecting: Callable[[Path], Callable[[], Peer]],
    least: int = 1,
) -> None:
    """Play every conversation of a protocol.

    Args:
        connecting: returns what connects to a new server, for a conversation.
        least: so many have to be there.
    """
    paths = files(protocol)
    test.assertGreaterEqual(len(paths), least)
    for path in paths:
        with test.subTest(path.name):
            play_file(path, connecting(path))
