"""The factory of an SMTP service's connections."""

from __future__ import annotations

from netsuite.connection.factory import ServerFactory
from netsuite.smtp.server.dispatch import SMTPServer
from netsuite.smtp.server.shared import Shared


class SMTPServerFactory(ServerFactory[Shared]):
    """Makes the connections of one SMTP service: relay, submission or LMTP."""

    connection = SMTPServer
