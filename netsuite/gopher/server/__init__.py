"""The server's side of Gopher: the session, and what stands behind selectors."""

from netsuite.gopher.server.dispatch import GopherServer
from netsuite.gopher.server.factory import GopherServerFactory
from netsuite.gopher.server.shared import Shared

__all__ = ["GopherServer", "GopherServerFactory", "Shared"]
