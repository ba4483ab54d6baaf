"""Every event that the dialog gives has a handler, and no other."""

from __future__ import annotations

from typing import get_args

from netsuite.gopher.dialog import TRANSITIONS, ServerEvent, ServerSaid
from netsuite.gopher.server import GopherServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import EndOfInput


class Handlers(SynchronousTestCase):
    """The handlers beside the dialog's own tables."""

    def test_both_directions(self) -> None:
        """What the table of states knows, but for what we say, is handled."""
        known = {kind for _, kind in TRANSITIONS} - set(get_args(ServerSaid))
        self.assertEqual(known, set(GopherServer.handlers))
        self.assertEqual(known | {EndOfInput}, set(get_args(ServerEvent)))
