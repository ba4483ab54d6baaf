"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.gopher.server import request
from netsuite.gopher.server.session import Session


class GopherServer(Session):
    """A Gopher session that answers the request its dialog knows."""

    handlers = request.HANDLERS
