"""The server's side of HTTP/1: the connection, and the exchange on it."""

from netsuite.http.server.dispatch import HTTPServer
from netsuite.http.server.factory import HTTPServerFactory
from netsuite.http.server.shared import Shared

__all__ = ["HTTPServer", "HTTPServerFactory", "Shared"]
