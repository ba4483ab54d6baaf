"""A port for one data connection, and that connection before anybody has made a transport of it.

Most files are small: they fit into what the kernel takes at once. For those, a transport with its
places in the reactor's lists, and two turns of the reactor, cost several times what sending does.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.connection.peer import where
from netsuite.ftp.transfer.connection import DataConnection, DataCut
from netsuite.ftp.transfer.incoming import Incoming

#: Connections taken from the queue at a time.
_AT_ONCE: Final = 16
#: What keeps a connection in the queue though it has come.
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: How long until it is tried again then.
_AGAIN_SECONDS: Final = 0.5


class Accepted:
    """A connection as the kernel gave it.

    Args:
        taken: its socket, which is this object's.
        adopt: makes a data connection of a socket, which it copies.
        read: makes what reads from a socket, which is its own then.
    """

    def __init__(
        self,
        taken: socket.socket,
        adopt: Callable[[socket.socket], DataConnection],
        read: Callable[[socket.socket], Incoming],
    ) -> None:
        self._socket = taken
        self._adopt = adopt
        self._read = read

    def send(self, octets: bytes) -> int:
        """Send what the kernel takes at once; return how much that was. Raises DataCut."""
        try:
            return self._socket.send(octets)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise DataCut("it ended too soon") from error

    def adopted(self) -> DataConnection:
        """Make a transport of it after all. Raises DataCut: it is gone."""
        try:
            return self._adopt(self._socket)
        except OSError as error:
            raise DataCut("it ended too soon") from error
        finally:
            self._socket.close()

    def incoming(self) -> Incoming:
        """Return what comes over it."""
        return self._read(self._socket)

    def close(self) -> None:
        """Close it; what was sent arrives all the same. May be called twice."""
        self._socket.close()

    abort = close


@implementer(IReadDescriptor)
class DataPort:
    """Listens on a port, and takes connections from there when somebody looks, or from ``watch``
    on when they come.

    Args:
        reactor: watches.
        interface: our own address.
        number: of the port; 0 for any that is free.
        backlog: how many may wait.
        came: told of each connection and its peer's address; says whether it keeps it.

    Raises:
        OSError: it cannot listen there.
    """

    def __init__(
        self,
        reactor: Any,
        interface: str,
        number: int,
        *,
        backlog: int,
        came: Callable[[socket.socket, str], bool],
    ) -> None:
        self._reactor = reactor
        self._came = came
        self._watched = False
        self._again: IDelayedCall | None = None
        family = socket.AF_INET6 if ":" in interface else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            # The kernel keeps each port for a minute, for what may still come of its connection:
            # 28,000 files, less than 500 a second, and without this none would be free.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind((interface, number))
            self._socket.listen(backlog)
        except OSError:
            self._socket.close()
            raise

    def getHost(self) -> IPv4Address | IPv6Address:  # noqa: N802
        """Say where it listens."""
        kind = IPv6Address if self._socket.family == socket.AF_INET6 else IPv4Address
        return kind("TCP", *self._socket.getsockname())

    def look(self) -> bool:
        """Take what has come; say whether the one waited for was there."""
        for _ in range(_AT_ONCE):
            try:
                taken, address = self._socket.accept()
            except OSError as error:  # most often nobody, or gone again
                if error.errno in _NO_ROOM:
                    self._later()
                return False
            taken.setblocking(False)
            if self._came(taken, _written(address)):
                return True
            taken.close()
        return False

    def watch(self) -> None:
        """Take each connection when it comes."""
        if not self._watched and self._again is None and self._socket.fileno() >= 0:
            self._watched = True
            self._reactor.addReader(self)

    def _later(self) -> None:
        """Look away for a while: who waits makes the port readable all the time."""
        if self._watched and self._again is None:
            self._unwatch()
            self._again = self._reactor.callLater(_AGAIN_SECONDS, self._watch_again)

    def _watch_again(self) -> None:
        self._again = None
        self.watch()

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            self._reactor.removeReader(self)

    def stopListening(self) -> None:  # noqa: N802
        """Listen no more; may be called twice."""
        again, self._again = self._again, None
        if again is not None:
            again.cancel()
        self._unwatch()
        self._socket.close()

    # -- what the reactor calls (IReadDescriptor) ----------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._socket.fileno()

    def doRead(self) -> None:  # noqa: N802
        """Somebody has come."""
        self.look()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The reactor stops, or watches it no more."""
        self._watched = False
        self.stopListening()

    def logPrefix(self) -> str:  # noqa: N802
        """Name it in the log."""
        return "ftp-data"


def _written(address: tuple[Any, ...]) -> str:
    """Return a peer's address as control connections do."""
    kind = IPv6Address if len(address) > 2 else IPv4Address
    return where(kind("TCP", *address))[0]
