"""What the kernel is asked to do with a connection over TCP: acknowledge at once, keep it alive."""

from __future__ import annotations

import contextlib
import socket
from typing import Final

from twisted.internet.interfaces import ITCPTransport
from twisted.internet.tcp import Connection

#: Linux has it.
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)

#: After so many seconds it asks, so often, and gives up after so many questions; where the kernel
#: has these options.
_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 6}


def acknowledge(transport: object) -> None:
    """Have the kernel acknowledge what has come.

    It waits up to 40 ms for something of ours to go with it; and a client's kernel that gathers
    (Nagle) keeps back until then what its program has said last: the line behind a literal. An
    APPEND of imaplib takes 48 ms without this, and 4 with it.

    Args:
        transport: over TCP, with whatever layers between.
    """
    connection = _lowest(transport)
    if _QUICKACK is not None and isinstance(connection, Connection):
        with contextlib.suppress(OSError):  # it is gone, or no TCP
            connection.getHandle().setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


def keep_alive(transport: object) -> None:
    """Have the kernel ask a peer that is silent for a minute whether it is still there.

    Who translates addresses on the way forgets a connection on which nothing passes, many after
    five minutes, and Linux asks after two hours.

    Args:
        transport: over TCP, with whatever layers between.
    """
    connection = _lowest(transport)
    if not ITCPTransport.providedBy(connection):
        return
    with contextlib.suppress(OSError):  # it is gone, or no TCP
        connection.setTcpKeepAlive(True)
        if isinstance(connection, Connection):
            for name, value in _KEEP_ALIVE.items():
                option = getattr(socket, name, None)
                if option is not None:
                    connection.getHandle().setsockopt(socket.IPPROTO_TCP, option, value)


def _lowest(transport: object) -> object:
    """Return the transport below all layers."""
    while not isinstance(transport, Connection):
        below = getattr(transport, "transport", None)
        if below is None:
            break
        transport = below
    return transport
