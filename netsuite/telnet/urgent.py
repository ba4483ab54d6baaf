"""Urgent octets of TCP, left in their place."""

from __future__ import annotations

import socket
from typing import Final

_WITHOUT: Final = (socket.AF_UNIX,)


def keep_urgent_octets(transport: object) -> None:
    """Have the DM of a Synch, which is TCP's urgent octet, left where it came: else what follows
    it would be taken for its IAC's command (RFC 854, "THE TELNET SYNCH SIGNAL")."""
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    if isinstance(handle, socket.socket) and handle.family not in _WITHOUT:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
