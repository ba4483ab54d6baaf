"""The server's side of ManageSieve: the session, and one file for each kind of command."""

from netsuite.managesieve.server.dispatch import ManageSieveServer
from netsuite.managesieve.server.factory import ManageSieveServerFactory
from netsuite.managesieve.server.shared import Shared

__all__ = ["ManageSieveServer", "ManageSieveServerFactory", "Shared"]
