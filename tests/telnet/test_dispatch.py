"""Every event that the dialog gives has a handler, and no other."""

from __future__ import annotations

from typing import get_args

from netsuite.telnet.commands import WindowSize
from netsuite.telnet.dialog import ServerEvent, ServerSaid
from netsuite.telnet.dialog.core import Echo
from netsuite.telnet.dialog.server import TRANSITIONS
from netsuite.telnet.server import TelnetServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import EndOfInput


class Handlers(SynchronousTestCase):
    """The handlers beside the dialog's own tables."""

    def test_both_directions(self) -> None:
        """What ends a turn of the user's is handled, and what comes at any time."""
        typed = {kind for _, kind in TRANSITIONS} - set(get_args(ServerSaid))
        self.assertEqual(typed | {WindowSize, Echo, EndOfInput}, set(TelnetServer.handlers))
        self.assertEqual(set(get_args(ServerEvent)), set(TelnetServer.handlers))
