"""The factory of a Gopher service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.gopher.server.dispatch import GopherServer
from netsuite.gopher.server.shared import Shared


class GopherServerFactory(ServerFactory[Shared]):
    """Makes the connections of one Gopher service (RFC 1436)."""

    connection = GopherServer
