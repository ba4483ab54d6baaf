"""The server's side of NNTP: the session, and one file for each kind of command."""

from netsuite.nntp.server.dispatch import NNTPServer
from netsuite.nntp.server.factory import NNTPServerFactory
from netsuite.nntp.server.shared import Shared

__all__ = ["NNTPServer", "NNTPServerFactory", "Shared"]
