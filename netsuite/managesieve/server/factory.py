"""The factory of a ManageSieve service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.managesieve.server.dispatch import ManageSieveServer
from netsuite.managesieve.server.shared import Shared


class ManageSieveServerFactory(ServerFactory[Shared]):
    """Makes the connections of one ManageSieve service (RFC 5804)."""

    connection = ManageSieveServer
