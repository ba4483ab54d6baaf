"""``control.sock``: a Unix socket by which a running daemon is looked into, and steered.

Who may open it may do all of that: its mode is the permission. It is of the whole daemon, so in one
with workers the parent has it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from netsuite.bus import DaemonPlace
from netsuite.connection.listening import cannot_start, remove_dead_socket, tell_operator
from netsuite.control.commands import Commands, Steered
from netsuite.control.session import ControlFactory, Shared

#: Read and write for the daemon's own user; root may always.
MODE: Final = 0o600
#: What a Unix socket's path may have.
_PATH_OCTETS: Final = 107


def make_control(place: DaemonPlace) -> IService:
    """Return what listens on ``control.sock``; without a home, where its path is relative, that is
    nowhere."""
    socket = Path(place.settings.control.socket)
    if place.home is None and not socket.is_absolute():
        return Service()
    return ControlService(place, socket if place.home is None else place.home / socket)


class ControlService(Service):
    """Listens on a Unix socket. Its parent is what it steers.

    Args:
        path: of the socket.
    """

    log = Logger()

    def __init__(self, place: DaemonPlace, path: Path) -> None:
        self.setName("control")
        self.path = path
        self._place = place
        self._port: IListeningPort | None = None
        commands = Commands(place, lambda: _steered(self.parent))
        self.factory = ControlFactory(Shared(clock=place.reactor, commands=commands.table))

    def startService(self) -> None:
        """Listen. Raises CannotStart, or CannotStartUnseen: somebody else listens there, or nobody
        can."""
        super().startService()
        octets = len(os.fsencode(self.path))
        if octets > _PATH_OCTETS:  # which is no reason to serve nobody
            self.log.warn(
                "there is no control.sock: {path} has {octets} octets, and the path of a Unix "
                "socket {most} at most; set control.socket to a shorter one",
                path=str(self.path), octets=octets, most=_PATH_OCTETS,
            )  # fmt: skip
            return
        remove_dead_socket(self.path)
        try:
            self._port = self._place.reactor.listenUNIX(
                os.fspath(self.path), self.factory, mode=MODE, wantPID=False
            )
        except CannotListenError as error:
            message = f"control.sock cannot be: {_why_not(self.path, error)}"
            self.log.critical("netsuite: {message}", message=message)
            tell_operator(f"netsuite: {message}")
            raise cannot_start(message) from None

    def stopService(self) -> Deferred[None]:
        """Listen no longer; connections end what they do."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        await self.factory.drain()


def _steered(parent: object) -> Steered | None:
    """Return the daemon that a service belongs to, if that can be told to read again."""
    return parent if isinstance(parent, Steered) else None


def _why_not(path: Path, error: CannotListenError) -> str:
    reason = error.socketError
    if path.is_socket():
        return (
            f"a daemon listens on {path} already; stop that one (netsuite stop), or name another "
            "home, or another control.socket"
        )
    text = reason.strerror if isinstance(reason, OSError) else str(reason)
    return f"{path}: {text}; change control.socket"
