"""The Twisted side of a Gopher server: the connection, and what stands behind selectors."""

from netsuite.gopher.server.connection import GopherServer, GopherServerFactory

__all__ = ["GopherServer", "GopherServerFactory"]
