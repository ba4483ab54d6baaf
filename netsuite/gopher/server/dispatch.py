"""The Gopher server: a session with a handler for its one event."""

from __future__ import annotations

from netsuite.gopher.server import request
from netsuite.gopher.server.session import Session


class GopherServer(Session):
    """A Gopher session that answers the request its dialog knows."""

    handlers = request.HANDLERS
