"""The Twisted side of the FTP server: one module a group of commands."""

from __future__ import annotations

from netsuite.ftp.server.connection import FTPServer
from netsuite.ftp.server.factory import FTPServerFactory

__all__ = ["FTPServer", "FTPServerFactory"]
