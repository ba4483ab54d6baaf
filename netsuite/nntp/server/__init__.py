"""The server's side of NNTP: the session, and one file for each kind of command."""

from netsuite.nntp.server.factory import NNTPServerFactory
from netsuite.nntp.server.session import NNTPServer

__all__ = ["NNTPServer", "NNTPServerFactory"]
