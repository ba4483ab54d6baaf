"""The conversations in ``tests/transcripts/imap``, played in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from netsuite.testing.transcripts import TranscriptError, play_file
from tests.imap.world import World
from tests.playing import files

FILES = files("imap")
#: A message that is there before: its folder and subject.
_deliver = re.compile(r"^# deliver: (\S+) (.*)$", re.MULTILINE)
#: How many seconds a search takes.
_slow = re.compile(r"^# slow: (\d+)$", re.MULTILINE)


class Peer:
    """A session as the player drives it; what it has heard while it idles comes too."""

    def __init__(self, world: World, slow: int = 0) -> None:
        self._slow = slow
        self._client = world.connect()
        self._heard = self._client.heard()

    def say(self, octets: bytes) -> None:
        if not (self._slow and self._client.server.account):
            self._heard += self._client.say(octets)
            return
        mail, clock = self._client.server.mail, self._client.clock
        search = mail.search

        async def slowly(*arguments: Any) -> Sequence[int]:
            await deferLater(clock, self._slow)
            return await search(*arguments)

        with mock.patch.object(mail, "search", slowly):
            self._heard += self._client.say(octets)
            for _ in range(self._slow):
                clock.advance(1)
            self._heard += self._client.heard()

    def heard(self) -> bytes:
        heard, self._heard = self._heard + self._client.turn(), b""
        return heard

    def leave(self) -> None:
        """Be gone."""
        self._client.server.connectionLost(Failure(ConnectionLost()))

    @property
    def closed(self) -> bool:
        return self._client.transport.closed


def play(path: Path) -> None:
    """Play a file to a new server."""
    world = World()
    for folder, subject in _deliver.findall(path.read_text("utf-8")):
        world.deliver(f"Subject: {subject}\r\n\r\nbody\r\n".encode(), folder=folder)
    slow = _slow.search(path.read_text("utf-8"))
    play_file(path, partial(Peer, world, int(slow.group(1)) if slow else 0))


def test_there_are_some() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_conversation(path: Path) -> None:
    play(path)


def test_a_mismatch_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text("S~ \\* OK .*\nC: a NOOP\nS: a OK something else\n")
    with pytest.raises(TranscriptError, match=r"(?s)wrong\.txt:3: .*a OK Nothing done"):
        play(path)
