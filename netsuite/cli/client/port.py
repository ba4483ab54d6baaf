"""A port on the command line: a number, or the name of a service."""

from __future__ import annotations

import socket
from typing import Final

import click


class Port(click.ParamType):
    """``23``, or ``telnet``: a name is what this machine calls a service (``/etc/services``)."""

    name = "port"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return its number."""
        if isinstance(value, int):
            return value
        text = str(value)
        if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
            return int(text)
        try:
            return socket.getservbyname(text.lower(), "tcp")
        except (OSError, UnicodeError):
            self.fail(f"{text!r} is neither a port (1 to 65535) nor a service", param, ctx)


PORT: Final = Port()
