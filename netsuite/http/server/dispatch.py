"""The table of handlers: requests are all that is handled."""

from __future__ import annotations

from netsuite.http.server import requests
from netsuite.http.server.session import Session


class HTTPServer(Session):
    """A connection that answers requests."""

    handlers = requests.HANDLERS
