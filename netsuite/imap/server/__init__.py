"""The server's Twisted side: one module a group of commands, all answering on one connection."""

from netsuite.imap.server.connection import IMAPServer
from netsuite.imap.server.factory import IMAPServerFactory

__all__ = ["IMAPServer", "IMAPServerFactory"]
