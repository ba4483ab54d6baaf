"""The server's side of Telnet: the session, and what is done with what is typed."""

from netsuite.telnet.server.dispatch import TelnetServer
from netsuite.telnet.server.factory import TelnetServerFactory
from netsuite.telnet.server.shared import Shared

__all__ = ["Shared", "TelnetServer", "TelnetServerFactory"]
