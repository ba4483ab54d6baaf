"""The server's side of POP3: the session, and one file for each kind of command."""

from netsuite.pop3.server.dispatch import POP3Server
from netsuite.pop3.server.factory import POP3ServerFactory
from netsuite.pop3.server.shared import Shared

__all__ = ["POP3Server", "POP3ServerFactory", "Shared"]
