"""The Telnet server: a session with a handler for every event."""

from __future__ import annotations

from netsuite.telnet.server import user_input
from netsuite.telnet.server.session import Session


class TelnetServer(Session):
    """A Telnet session that handles every event its dialog gives."""

    handlers = user_input.HANDLERS
