"""The factory of an NNTP service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.nntp.server.dispatch import NNTPServer
from netsuite.nntp.server.shared import Shared


class NNTPServerFactory(ServerFactory[Shared]):
    """Makes the connections of one NNTP service (RFC 3977)."""

    connection = NNTPServer
