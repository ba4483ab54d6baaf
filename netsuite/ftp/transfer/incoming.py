"""A plain data connection being read: in large pieces, no faster than they are taken."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.connection.deadlines import LazyTimer
from netsuite.ftp.transfer.connection import DataCut, DataStalled

#: Read at a time.
READ_OCTETS: Final = 262_144
#: So much is taken of what the kernel still holds when a transfer is given up.
UNREAD_OCTETS: Final = 4 << 20
#: Reads before others get their turn.
_READS: Final = 8


@implementer(IReadDescriptor)
class Incoming:
    """A socket that is read to its end; the counterpart of ``DataConnection`` where no TLS is.

    A transport would take everything in pieces of 64 KiB through a dialog, and two more turns of
    the reactor to close: that is what an upload of 4 KB mostly consists of.

    Args:
        taken: the socket, which does not block; it is this object's.
        reactor: watches it, and is the clock.
        stalled_seconds: how long nothing may come.
    """

    def __init__(self, taken: socket.socket, reactor: Any, stalled_seconds: float) -> None:
        #: Octets that have come.
        self.octets_passed = 0
        #: Whether it was given up because nothing came.
        self.stalled = False
        self._socket = taken
        self._reactor = reactor
        self._stalled_seconds = stalled_seconds
        self._timer = LazyTimer(reactor, self._timed)
        self._since = 0.0
        self._watched = False
        self._closed = False
        self._waiting: Deferred[None] | None = None

    async def received(self) -> AsyncIterator[bytes]:
        """Return what comes, to its end; it is read no faster than it is taken.

        Raises:
            DataStalled, DataCut: it came to no end. What had come before was given.
        """
        reads = _READS  # most often nothing has come before we have said that we listen
        while True:
            if reads == _READS:
                await self._readable()
                reads = 0
            reads += 1
            try:
                octets = self._socket.recv(READ_OCTETS)
            except (BlockingIOError, InterruptedError):
                reads = _READS
                continue
            except OSError as error:
                raise DataCut("it ended too soon") from error
            if not octets:
                return
            self.octets_passed += len(octets)
            yield octets

    def unread(self) -> Iterator[bytes]:
        """Return what has come and was not read, without waiting for more; to be asked when the
        transfer is given up."""
        left = UNREAD_OCTETS
        while left > 0 and not self._closed:
            try:
                octets = self._socket.recv(READ_OCTETS)
            except OSError:
                return
            if not octets:
                return
            left -= len(octets)
            self.octets_passed += len(octets)
            yield octets

    async def _readable(self) -> None:
        """Wait until there is something to read."""
        if self._closed:
            raise DataCut("it was closed")
        waiting = self._waiting = Deferred()
        if not self._watched:
            self._watched = True
            self._reactor.addReader(self)
        self._since = self._reactor.seconds()
        self._timer.aim(self._since + self._stalled_seconds)
        try:
            await waiting
        finally:
            if self._waiting is waiting:  # whoever awaited it has given up
                self._waiting = None
                self._unwatch()

    def _timed(self) -> None:
        if self._waiting is None:
            return
        at = self._since + self._stalled_seconds
        if self._reactor.seconds() < at:
            self._timer.aim(at)
            return
        self.stalled = True
        waiting, self._waiting = self._waiting, None
        self._unwatch()
        waiting.errback(DataStalled("nothing came"))

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            self._reactor.removeReader(self)

    def close(self) -> None:
        """Close the socket; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._timer.stop()
        self._unwatch()
        self._socket.close()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.errback(DataCut("it was closed"))

    abort = close

    # -- what the reactor calls (IReadDescriptor) ----------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._socket.fileno()

    def doRead(self) -> None:  # noqa: N802
        """There is something to read; nobody wants to hear so again before it is taken."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)
        if self._waiting is None:
            self._unwatch()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The reactor stops, or cannot watch it."""
        self._watched = False
        self.close()

    def logPrefix(self) -> str:  # noqa: N802
        """Name it in the log."""
        return "ftp-data"
