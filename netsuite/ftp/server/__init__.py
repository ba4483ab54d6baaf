"""The server's side of FTP: the session, and one file for each kind of command."""

from netsuite.ftp.server.dispatch import FTPServer
from netsuite.ftp.server.factory import FTPServerFactory
from netsuite.ftp.server.shared import Shared

__all__ = ["FTPServer", "FTPServerFactory", "Shared"]
