"""The factory of a Telnet service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.telnet.server.dispatch import TelnetServer
from netsuite.telnet.server.shared import Shared


class TelnetServerFactory(ServerFactory[Shared]):
    """Makes the connections of one Telnet service (RFC 854)."""

    connection = TelnetServer
