"""Which function handles which event: requests, and nothing else."""

from __future__ import annotations

from netsuite.http.server import requests
from netsuite.http.server.session import Session


class HTTPServer(Session):
    """A connection that answers requests."""

    handlers = requests.HANDLERS
