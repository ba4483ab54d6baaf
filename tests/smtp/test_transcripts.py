"""The conversations in ``tests/transcripts/smtp``, played in memory."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from netsuite.smtp.settings import Mode
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transcripts import play_file
from tests.smtp.fakes import Session

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "smtp"


#: For which service a conversation is, where that is not ``smtp``.
_mode = re.compile(r"^# mode: (\w+)$", re.MULTILINE)


class Peer:
    """A session as the player drives it."""

    def __init__(self, mode: Mode = Mode.RELAY) -> None:
        self.session = Session(mode)
        self.session.receiver.without_room = ["full@example.test"]
        self._heard = self.session.greeting

    def say(self, octets: bytes) -> None:
        self._heard += self.session.say(octets)

    def heard(self) -> bytes:
        heard, self._heard = self._heard, b""
        return heard

    @property
    def closed(self) -> bool:
        return self.session.closed


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""
        paths = sorted(FOLDER.glob("*.txt"))
        self.assertGreaterEqual(len(paths), 4)
        for path in paths:
            with self.subTest(path.name):
                said = _mode.search(path.read_text())
                mode = Mode(said.group(1)) if said else Mode.RELAY
                play_file(path, partial(Peer, mode))
