"""The factory of a POP3 service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.pop3.server.dispatch import POP3Server
from netsuite.pop3.server.shared import Shared


class POP3ServerFactory(ServerFactory[Shared]):
    """Makes the connections of one POP3 service (RFC 1939)."""

    connection = POP3Server
