"""Listening sockets that a process inherits: from systemd, or from netsuite itself.

systemd hands them over by number alone (``LISTEN_FDS``), so they are found by their address. What
the parent hands to its workers, and to the version of itself that comes next, goes by the name of
the place as well: two may listen on ``tcp:0``.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from twisted.internet import tcp, unix
from twisted.internet.defer import Deferred, execute
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.config.endpoints import listening_address
from netsuite.home import Reactor

#: The first descriptor of systemd's (sd_listen_fds(3)).
FIRST: Final = 3
#: How long a connection is left to others; one that does nothing has it at once.
WAY_SECONDS: Final = 0.002
#: As a bound socket has it: host and port, or a path.
Address: TypeAlias = tuple[str, int] | str


class Inherited:
    """The sockets that were inherited, each for whoever takes it.

    Args:
        descriptors: of sockets that are found by their address.
        named: of others, by the name of the place where they listen (``Place.name``).
        gives_way: as of ``InheritedEndpoint``.
    """

    log = Logger()

    def __init__(
        self,
        descriptors: Iterable[int] = (),
        named: Mapping[str, Sequence[int]] | None = None,
        gives_way: Callable[[], bool] | None = None,
    ) -> None:
        self.gives_way = gives_way
        self._named = {name: list(each) for name, each in (named or {}).items()}
        found = [*descriptors, *(each for many in self._named.values() for each in many)]
        self._addresses = {each: address for each in found if (address := _address_of(each))}
        self._are_all_ours = True
        for each in self._addresses:
            os.set_inheritable(each, False)

    @classmethod
    def from_systemd(cls, environment: Mapping[str, str], pid: int) -> Inherited:
        """Return those that systemd has handed over to a process of this number: see
        sd_listen_fds(3). What is not as it says is none."""
        count = environment.get("LISTEN_FDS", "")
        if environment.get("LISTEN_PID") != str(pid) or not (count.isascii() and count.isdigit()):
            return cls()
        return cls(range(FIRST, FIRST + min(int(count), 1000)))

    def take(self, name: str, description: str, home: Path) -> int | None:
        """Return the descriptor of the socket for a place, which from now on is taken; None where
        there is none.

        Args:
            name: of the place.
            description: its endpoint string.
        """
        for each in self._named.get(name, ()):
            if each in self._addresses:
                del self._addresses[each]
                return each
        if description.startswith("systemd:"):  # Twisted's, which has them by number or name
            self._are_all_ours = False
        wanted = listening_address(description, home)
        for each, address in self._addresses.items():
            if address == wanted:
                del self._addresses[each]
                return each
        return None

    @property
    def left(self) -> Sequence[str]:
        """The addresses of those that nobody has taken, as they are shown."""
        return [
            each if isinstance(each, str) else f"{each[0]} port {each[1]}"
            for each in self._addresses.values()
        ]

    def close_left(self) -> None:
        """Close those that nobody has taken: they are ours, and no longer configured."""
        for each in self._addresses:
            os.close(each)
        self._addresses.clear()

    async def warn_of_left(self) -> None:
        """Log which of them nobody has taken: who connects there waits in vain."""
        for address in self.left if self._are_all_ours else ():
            self.log.warn("nothing is configured to listen on {address}", address=address)


def first_environment() -> Mapping[str, str]:
    """Return the environment that this process was started with: Twisted takes what systemd says
    out of it when endpoints are imported."""
    try:
        entries = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return os.environ
    pairs = (os.fsdecode(each).partition("=") for each in entries)
    return {name: value for name, _, value in pairs}


def _address_of(descriptor: int) -> Address | None:
    """Return where a descriptor listens; None where it is no listening socket of a known kind."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as found:
            if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return None
            address = found.getsockname()
            family = found.family
    except OSError:
        return None
    if family == socket.AF_UNIX:
        return os.fsdecode(address) if isinstance(address, str | bytes) else None
    return (str(address[0]), int(address[1]))


class _Sharing(tcp.Port):
    """A port on which other processes listen as well, one of which wakes at each connection, too.

    The kernel lets whoever is quickest have it, and that is mostly the same one. So whoever has
    more connections than another leaves it to that for a moment.
    """

    reactor: Reactor
    gives_way: Callable[[], bool] | None = None
    _gave_way: IDelayedCall | None = None

    def doRead(self) -> None:
        """Accept a connection, or leave it to others."""
        if self.gives_way is not None:
            if self._gave_way is None and self.gives_way():
                self.stopReading()
                self._gave_way = self.reactor.callLater(WAY_SECONDS, self._accept)
                return
            self.numberAccepts = 1  # of several that wait, others have theirs
        super().doRead()

    def _accept(self) -> None:
        """Take what nobody else has taken."""
        if self.connected and not self.disconnecting:
            self.startReading()
            self.doRead()
        self._gave_way = None

    def connectionLost(self, reason: Failure) -> None:
        """Close our descriptor."""
        if self._gave_way is not None and self._gave_way.active():
            self._gave_way.cancel()
        tcp.Port.connectionLost(self, reason)


class _SharingUnix(_Sharing, unix.Port):
    """The same of a Unix socket, whose mode and whose name are not ours to change."""

    def startListening(self) -> None:
        """Begin to read from the socket, which is bound."""
        tcp.Port.startListening(self)


@implementer(IStreamServerEndpoint)
class InheritedEndpoint:
    """Listens on an inherited socket.

    Args:
        descriptor: stays open, for whoever else listens on it.
        gives_way: whether another process that listens there should have a connection rather.
    """

    def __init__(
        self,
        reactor: Reactor,
        descriptor: int,
        gives_way: Callable[[], bool] | None = None,
    ) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        self._gives_way = gives_way

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803
        """As ``IStreamServerEndpoint.listen``."""
        return execute(self._listen, protocolFactory)

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        with socket.socket(fileno=os.dup(self._descriptor)) as found:
            found.setblocking(False)
            family = found.family
        arguments = (self._reactor, self._descriptor)
        if family == socket.AF_UNIX:
            port = _SharingUnix._fromListeningDescriptor(*arguments, factory)
        else:
            port = _Sharing._fromListeningDescriptor(*arguments, family, factory)
        port.gives_way = self._gives_way
        port.startListening()
        made: IListeningPort = port
        return made
