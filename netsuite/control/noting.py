"""Deeds by ``control.sock``, noted in the audit log by the one process that is to write it."""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Mapping
from typing import Final

from netsuite.bus import Value
from netsuite.connection.writer import StreamTransport
from netsuite.control.questions import NOTE
from netsuite.logs.audit import note
from netsuite.site import Site

_ROLE: Final = "audit"
#: ``struct ucred``: process, user, group.
_CREDENTIALS: Final = struct.Struct("iii")


class Notes:
    """Answers NOTE in the process that has the role, which no other one does then."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._mine = False
        site.bus.answer(NOTE, self._note)
        site.when_open().addCallback(lambda _: site.bus.role(_ROLE, self._begin))

    def _begin(self) -> None:
        self._mine = True

    async def _note(self, value: Value) -> Value:
        """Write it down; return whether that was this process's to do."""
        if not self._mine or not isinstance(value, Mapping):
            return False
        who, what = str(value.get("who", "")), str(value.get("what", ""))
        await note(self._site.store.accounts, what, who=who, way="control")
        return True


def user_of(transport: StreamTransport) -> str:
    """Return which user of this machine is at the other end of a Unix socket; ``somebody`` where
    the system does not tell."""
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    option = getattr(socket, "SO_PEERCRED", None)  # not everywhere
    if not isinstance(handle, socket.socket) or option is None:
        return "somebody"
    _, number, _ = _CREDENTIALS.unpack(
        handle.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    )
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
