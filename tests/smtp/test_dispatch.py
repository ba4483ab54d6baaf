"""Every command that the dialog accepts has a handler, and no other."""

from __future__ import annotations

from typing import get_args

from netsuite.sasl.lines import AuthResponse, Challenge
from netsuite.smtp.dialog import TRANSITIONS, ServerEvent
from netsuite.smtp.server import SMTPServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import BodyChunk, EndOfInput


class Handlers(SynchronousTestCase):
    """The handlers beside the dialog's own tables."""

    def test_both_directions(self) -> None:
        """What the table of states knows is handled; a response is taken by its exchange."""
        known = {kind for _, kind in TRANSITIONS} - {Challenge, AuthResponse} | {BodyChunk}
        self.assertEqual(known, set(SMTPServer.handlers))
        self.assertEqual(known, set(get_args(ServerEvent)) - {AuthResponse, EndOfInput})
