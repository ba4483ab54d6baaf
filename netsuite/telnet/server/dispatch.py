"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.telnet.server import user_input
from netsuite.telnet.server.session import Session


class TelnetServer(Session):
    """A Telnet session that handles every event its dialog gives."""

    handlers = user_input.HANDLERS
