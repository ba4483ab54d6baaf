"""Every command that the dialog accepts has a handler, and no other."""

from __future__ import annotations

from typing import get_args

from netsuite.imap.commands.requests import Request
from netsuite.imap.dialog import ServerEvent
from netsuite.imap.dialog.events import AppendMore, AuthenticateCancelled, AuthenticateResponse
from netsuite.imap.dialog.rules import RULES
from netsuite.imap.server import IMAPServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput


class Handlers(SynchronousTestCase):
    """The handlers beside the dialog's own tables."""

    def test_both_directions(self) -> None:
        """What the rules know is handled, and the dialog's events, but for those that a handler
        takes itself: the responses of an exchange, and a message."""
        requests = set(get_args(Request))
        self.assertEqual(requests, set(RULES))
        taken = {
            AuthenticateResponse,
            AuthenticateCancelled,
            AppendMore,
            BodyChunk,
            EndOfBody,
            EndOfInput,
        }
        events = set(get_args(ServerEvent))
        self.assertLessEqual(taken, events)
        self.assertEqual(requests | (events - taken), set(IMAPServer.handlers))
