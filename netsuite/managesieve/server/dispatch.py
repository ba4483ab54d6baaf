"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.connection.server import merged
from netsuite.managesieve.server import login, scripts
from netsuite.managesieve.server.session import Session


class ManageSieveServer(Session):
    """A ManageSieve session that handles every command its dialog knows."""

    handlers = merged(login.HANDLERS, scripts.HANDLERS)
