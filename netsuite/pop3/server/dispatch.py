"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.connection.server import merged
from netsuite.pop3.server import login, maildrop
from netsuite.pop3.server.session import Session


class POP3Server(Session):
    """A POP3 session that handles every command its dialog knows."""

    handlers = merged(login.HANDLERS, maildrop.HANDLERS)
