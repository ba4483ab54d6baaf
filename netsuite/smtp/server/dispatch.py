"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.connection.server import merged
from netsuite.smtp.server import any_state, content, envelope, login
from netsuite.smtp.server.session import Session


class SMTPServer(Session):
    """An SMTP session that handles every command its dialog knows."""

    handlers = merged(any_state.HANDLERS, login.HANDLERS, envelope.HANDLERS, content.HANDLERS)
