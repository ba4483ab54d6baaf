"""Every command that the dialog accepts has a handler, and no other."""

from __future__ import annotations

from typing import get_args

from netsuite.nntp.commands import Challenge, SASLResponse
from netsuite.nntp.dialog import TRANSITIONS, ServerEvent
from netsuite.nntp.server import NNTPServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import BodyChunk, EndOfInput


class Handlers(SynchronousTestCase):
    """The handlers beside the dialog's own tables."""

    def test_both_directions(self) -> None:
        """What the table of states knows is handled; a response is taken by its exchange."""
        known = {kind for _, kind in TRANSITIONS} - {Challenge, SASLResponse} | {BodyChunk}
        self.assertEqual(known, set(NNTPServer.handlers))
        self.assertEqual(known, set(get_args(ServerEvent)) - {SASLResponse, EndOfInput})
