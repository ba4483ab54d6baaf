"""The factory of an IMAP service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.imap.server.dispatch import IMAPServer
from netsuite.imap.server.shared import Shared


class IMAPServerFactory(ServerFactory[Shared]):
    """Makes the connections of one IMAP service (RFC 3501)."""

    connection = IMAPServer
