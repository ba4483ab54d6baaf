"""The conversations in ``tests/transcripts/smtp``, played in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from netsuite.smtp.policy.interface import Defer, Facts, Policy, Reject, Verdict
from netsuite.smtp.settings import Mode
from netsuite.testing.cases import SynchronousTestCase
from tests.playing import SessionPeer, play
from tests.smtp.fakes import Session

#: For which service a conversation is, where that is not ``smtp``.
_mode = re.compile(r"^# mode: (\w+)$", re.MULTILINE)


class Judge(Policy):
    """What ``judged.txt`` shows."""

    async def helo(self, facts: Facts) -> Verdict:
        return Reject("Not you") if facts.client.helo == "spam.test" else None

    async def recipient(self, facts: Facts) -> Verdict:
        name = facts.recipient.partition("@")[0]
        if name == "eve":
            return Defer("Go away", 421, "4.7.0", close=True)
        return Defer("Come back later", 450, "4.7.1") if name == "bob" else None

    async def message(self, facts: Facts) -> Verdict:
        won = facts.message is not None and b"Subject: win" in facts.message.header
        return Reject("We have won enough", 554, "5.7.9") if won else None


def peer(mode: Mode = Mode.RELAY, policies: Sequence[Policy] = ()) -> SessionPeer:
    """Return a new session."""
    session = Session(mode, policies=policies)
    session.receiver.without_room = ["full@example.test"]
    return SessionPeer(session, session.greeting)


class Transcripts(SynchronousTestCase):
    """Every file is played."""

    def test_all(self) -> None:
        """The server says what the conversations show."""

        def connecting(path: Path) -> partial[SessionPeer]:
            policies = [Judge()] if path.name == "judged.txt" else []
            said = _mode.search(path.read_text())
            return partial(peer, Mode(said.group(1)) if said else Mode.RELAY, policies)

        play(self, "smtp", connecting, least=5)
