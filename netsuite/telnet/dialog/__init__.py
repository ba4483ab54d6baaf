"""The two sides of a Telnet connection without a network: octets to lines and keys, and back."""

from netsuite.telnet.dialog.client import ClientDialog, ClientEvent, ClientSaid
from netsuite.telnet.dialog.server import ServerDialog, ServerEvent, ServerSaid

__all__ = [
    "ClientDialog",
    "ClientEvent",
    "ClientSaid",
    "ServerDialog",
    "ServerEvent",
    "ServerSaid",
]
