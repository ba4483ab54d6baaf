"""The server's side of IMAP: the session, and one file for each kind of command."""

from netsuite.imap.server.dispatch import IMAPServer
from netsuite.imap.server.factory import IMAPServerFactory
from netsuite.imap.server.shared import Shared

__all__ = ["IMAPServer", "IMAPServerFactory", "Shared"]
