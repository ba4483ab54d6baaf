"""Every command that the dialog accepts has a handler, and no other."""

from __future__ import annotations

from typing import get_args

from netsuite.pop3.dialog import TRANSITIONS, ServerEvent
from netsuite.pop3.server import POP3Server
from netsuite.sasl.lines import AuthResponse, Challenge
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput


class Handlers(SynchronousTestCase):
    """The handlers beside the dialog's own tables."""

    def test_both_directions(self) -> None:
        """What the table of states knows is handled; a response is taken by its exchange."""
        known = {kind for _, kind in TRANSITIONS} - {Challenge, AuthResponse}
        self.assertEqual(known, set(POP3Server.handlers))
        others = {AuthResponse, BodyChunk, EndOfBody, EndOfInput}
        self.assertEqual(known, set(get_args(ServerEvent)) - others)
