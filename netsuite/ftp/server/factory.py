"""The factory of an FTP service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.ftp.server.dispatch import FTPServer
from netsuite.ftp.server.shared import Shared


class FTPServerFactory(ServerFactory[Shared]):
    """Makes the connections of one FTP service (RFC 959)."""

    connection = FTPServer
