"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.http.server import requests
from netsuite.http.server.session import Session


class HTTPServer(Session):
    """A connection that answers requests."""

    handlers = requests.HANDLERS
