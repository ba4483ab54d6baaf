"""The factory of an HTTP service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.http.server.dispatch import HTTPServer
from netsuite.http.server.shared import Shared


class HTTPServerFactory(ServerFactory[Shared]):
    """Makes the connections of one HTTP service (RFC 9110, 9112)."""

    connection = HTTPServer
