"""The server's side of SMTP: the session, and one file for each kind of command."""

from netsuite.smtp.server.dispatch import SMTPServer
from netsuite.smtp.server.factory import SMTPServerFactory
from netsuite.smtp.server.shared import Shared

__all__ = ["SMTPServer", "SMTPServerFactory", "Shared"]
