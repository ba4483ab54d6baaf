"""The conversations in ``tests/transcripts/telnet``, played in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.playing import play
from tests.telnet.worlds import World


class Peer:
    """A terminal as the player drives it: a prompt is heard with what completes its line."""

    def __init__(self, world: World) -> None:
        self._terminal = world.connect()
        self._prompt = b""

    def say(self, octets: bytes) -> None:
        """Send octets."""
        self._terminal.say(octets)

    def heard(self) -> bytes:
        """Give the lines that were shown since."""
        lines, end, self._prompt = (self._prompt + self._terminal.heard()).rpartition(b"\r\n")
        return lines + end

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""
        return self._terminal.closed


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""

        def connecting(path: Path) -> partial[Peer]:
            return partial(Peer, run(World().fill()))

        play(self, "telnet", connecting, least=2)
