"""The two sides of a Telnet connection without a network: octets to lines and keys, and back."""

from netsuite.telnet.dialog.client import ClientDialog, ClientEvent, ClientSaid
from netsuite.telnet.dialog.core import ANSWER_SECONDS, Echo, TooMuchNegotiation
from netsuite.telnet.dialog.server import (
    Farewell,
    Greet,
    Key,
    Print,
    ReadKey,
    ReadLine,
    ServerDialog,
    ServerEvent,
    ServerSaid,
    State,
)
from netsuite.telnet.editing import EndOfFile, Interrupt, Line

__all__ = [
    "ANSWER_SECONDS",
    "ClientDialog",
    "ClientEvent",
    "ClientSaid",
    "Echo",
    "EndOfFile",
    "Farewell",
    "Greet",
    "Interrupt",
    "Key",
    "Line",
    "Print",
    "ReadKey",
    "ReadLine",
    "ServerDialog",
    "ServerEvent",
    "ServerSaid",
    "State",
    "TooMuchNegotiation",
]
