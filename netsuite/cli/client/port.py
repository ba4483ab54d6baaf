"""A port on the command line: a number, or the name of a service."""

from __future__ import annotations

import socket

import click


def port_number(text: str) -> int:
    """Return the number of ``23`` or ``telnet``: a name is what this machine calls a service
    (``/etc/services``). Raises click.BadParameter."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    try:
        return socket.getservbyname(text.lower(), "tcp")
    except (OSError, UnicodeError):
        raise click.BadParameter(
            f"{text!r} is neither a port (1 to 65535) nor a service", param_hint="PORT"
        ) from None
