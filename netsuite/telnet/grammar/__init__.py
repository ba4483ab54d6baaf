"""Octets to data and commands, and back; what subnegotiations hold."""

from netsuite.telnet.grammar.meanings import format_meaning, parse_meaning
from netsuite.telnet.grammar.stream import (
    SUBNEGOTIATION_OCTETS,
    TelnetReader,
    escape,
    format_token,
    network_text,
)

__all__ = [
    "SUBNEGOTIATION_OCTETS",
    "TelnetReader",
    "escape",
    "format_meaning",
    "format_token",
    "network_text",
    "parse_meaning",
]
