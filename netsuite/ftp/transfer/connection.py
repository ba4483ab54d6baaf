"""One data connection: octets one way, with back-pressure, TLS, and an end that means something."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import ClassVar, Final, TypeAlias

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection.deadlines import CloseReason, Deadlines, Timeouts
from netsuite.connection.pump import TimedPump
from netsuite.ftp.transfer.below_tls import BelowTLS
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfInput, Need

#: What has come and is not taken, beyond which no more is read.
HELD_OCTETS: Final = 262_144
#: So long a server has, as it is sent all, to close its half of a connection under TLS.
END_SECONDS: Final = 10.0
#: Versions of TLS whose tickets are part of the handshake.
_TICKETS_WITHIN: Final = frozenset({"TLSv1.2"})


class DataError(Exception):
    """A data connection did not do what it is for; never raised itself, only its children."""


class NotArranged(DataError):
    """Nobody has said where the data connection is to come from, or go to."""


class NotConnected(DataError):
    """The data connection was not made in time, or could not be."""


class DataStalled(DataError):
    """Nothing moved for too long."""


class DataCut(DataError):
    """It ended before all had passed: reset, or under TLS without TLS's own end."""


class NoTLSEnd(DataCut):
    """TCP has ended as it should, and TLS has not: RFC 8446, 6.1 has each side say so first."""


class HandshakeFailed(DataError):
    """TLS could not be put in place; its ``__cause__`` says why."""


#: Whatever comes is a piece of the one body there is.
DataEvent: TypeAlias = BodyChunk | EndOfInput


class OctetsDialog:
    """A dialog that is none: octets as they are."""

    hears_while_writing: ClassVar[bool] = False

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._eof = self._eof_told = False
        #: As much as may be held is there, and nobody has taken it yet.
        self.is_full = False

    def receive(self, octets: bytes) -> None:
        """Accept what the transport brought."""
        self._pieces.append(octets)

    def receive_eof(self) -> None:
        """Accept that the transport will bring nothing more."""
        self._eof = True

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        dropped = sum(map(len, self._pieces))
        self._pieces.clear()
        return dropped

    def next_event(self) -> DataEvent | Need:
        """Return the next piece."""
        if self.is_full:
            return PAUSED
        if self._pieces:
            return BodyChunk(self._pieces.popleft())
        if self._eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA

    def send(self, value: bytes) -> bytes:
        """Return octets as they are."""
        return value


# A third kind of pump, neither a server's nor a client's: nothing is said on it, octets pass one
# way, and either side may be the one that connects.
class DataConnection(TimedPump[DataEvent, bytes]):
    """A data connection, of a server or a client.

    It reads nothing until ``begin``, or ``begin_tls``. Octets are sent as on any connection
    (``writer``, ``send_file``), or received with ``received``; ``finish`` ends it.

    Args:
        handshake_seconds: how long TLS may take.
        stalled_seconds: how long nothing may move.
        arrived: called when it is there.
        gone: called when it has ended, however.
        waits: whether it waits until somebody wants it; else ``begin`` comes within this turn.
        strict_tls_end: whether what is received under TLS is whole only if TLS was ended, too.
        name: tells the connection apart in the log.
    """

    acknowledges = False
    dialog: OctetsDialog

    def __init__(
        self,
        clock: IReactorTime,
        *,
        handshake_seconds: float,
        stalled_seconds: float,
        arrived: Callable[[DataConnection], None] = lambda connection: None,
        gone: Callable[[DataConnection], None] = lambda connection: None,
        waits: bool = True,
        strict_tls_end: bool = True,
        name: str = "",
    ) -> None:
        super().__init__(
            OctetsDialog(),
            clock,
            name=name,
            stalled_seconds=stalled_seconds,
            # The last octets are as long in coming as all others may be.
            linger_seconds=stalled_seconds,
        )
        self.deadlines = Deadlines(
            clock,
            Timeouts(handshake_seconds=handshake_seconds, stalled_seconds=stalled_seconds),
            self._expired,
            pace_out=self.writer.pace,
        )
        self._arrived = arrived
        self._on_gone = gone
        self._waits = waits
        self._strict_tls_end = strict_tls_end
        self._receiving: bool | None = None  # nobody has said so yet
        self._octets_received = 0
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._more: Deferred[None] | None = None
        self._over = False
        self._below: BelowTLS | None = None  # TLS is there, or begins
        self._tls_client = False
        self._handshake: Deferred[None] | None = None
        self._handshake_done = False
        self._we_closed = False
        self._ending: IDelayedCall | None = None
        self._error: DataError | None = None
        self._gone: list[Deferred[None]] = []
        #: Whether the peer has ended TLS: then it has sent all that it had to send.
        self.ended_by_peer = False

    @property
    def stalled(self) -> bool:
        """Whether it was given up because nothing moved."""
        return isinstance(self._error, DataStalled)

    @property
    def octets_passed(self) -> int:
        """Octets that have come, or gone."""
        return self._octets_received + self.writer.octets

    @property
    def begun_early(self) -> bool:
        """Return whether TLS was begun, and no transfer."""
        return self._below is not None and self._receiving is None

    # -- what transfers use --------------------------------------------------------------------

    def begin_tls(self, context: tls.Context, *, client: bool = False) -> None:
        """Put TLS in place. What comes under it waits for ``begin``.

        Args:
            context: what TLS is begun with.
            client: whether we are the client.
        """
        self.dialog.is_full = True
        self._tls_client = client
        if self._waits:
            self.transport.resumeProducing()
        below = self._below = BelowTLS(self.transport)
        self.transport = below
        self.start_tls(context, client=client)
        if self._receiving is None:
            self.deadlines.handshake(done=True)  # its time runs from ``begin`` on

    def peer_began_tls(self) -> bool:
        """Return whether the peer has begun TLS, and so does not wait for a reply to do that."""
        if self.lost:
            return False
        if self._below is not None and self._below.has_heard:
            return True
        transport = self.transport if self._below is None else self._below.transport
        handle = transport.getHandle() if hasattr(transport, "getHandle") else None
        if not isinstance(handle, socket.socket):
            return False
        try:
            return bool(handle.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:  # nothing there yet, or it is gone, as will be heard
            return False

    async def begin(
        self, context: tls.Context | None = None, *, client: bool = False, receives: bool = False
    ) -> None:
        """Begin; put TLS in place first where there is a context for it and that was not done.

        Args:
            context: what TLS is begun with, or None.
            client: whether we are the client.
            receives: whether the peer sends, and we send nothing.

        Raises:
            HandshakeFailed, DataStalled: there is no TLS, and the connection has been dropped.
            DataCut: it is gone already.
        """
        if self.lost and not (receives and self._over):
            raise self._error or DataCut()
        self._receiving = receives
        if self._below is None and context is not None:
            self.begin_tls(context, client=client)
        elif self._below is None and self._waits:
            self.transport.resumeProducing()
        if self._below is not None and not self._handshake_done:
            self.deadlines.handshake(done=False)  # only now has the client no reason to wait
            # Nothing has come that would have the time looked at, and perhaps nothing will.
            self.deadlines.settle(waiting=True)
            self._handshake = Deferred()
            try:
                await self._handshake
            finally:
                self._handshake = None
        if self._below is not None and not receives:
            self._below.release()
        self.dialog.is_full = False

    async def received(self) -> AsyncIterator[bytes]:
        """Return what comes, to its end; it is read no faster than it is taken.

        Raises:
            DataStalled, DataCut: it came to no end. What had come before was given.
        """
        self._receiving = True
        self.deadlines.idle_seconds = self._stalled_seconds
        self.deadlines.received()
        self.deadlines.took_event()
        self.pump()
        while True:
            if self._pieces:
                octets = self._pieces.popleft()
                self._held -= len(octets)
                if self.dialog.is_full and self._held <= HELD_OCTETS // 2:
                    self.dialog.is_full = False
                    self.pump()
                yield octets
            elif self._error is not None:
                raise self._error
            elif self._over:
                return
            else:
                self._more = Deferred()
                try:
                    await self._more
                finally:
                    self._more = None

    async def finish(self) -> None:
        """Close, when all that was said is sent, and wait for that.

        Raises:
            DataStalled, DataCut: the peer has not taken it all.
        """
        self.close()
        if not self.lost:
            gone: Deferred[None] = Deferred()
            self._gone.append(gone)
            await gone
        if self._error is not None:
            raise self._error

    # -- what the connection tells -------------------------------------------------------------

    def began(self) -> None:
        """It is there, and waits to be used."""
        self.deadlines.took_event()  # nobody is to greet
        if self._waits:
            self.transport.pauseProducing()
        self._arrived(self)

    def handshake_done(self) -> None:
        """TLS is in place."""
        self._handshake_done = True
        if self._below is not None and self._receiving is not False and self._gives_tickets():
            self._below.hold()
        self.deadlines.took_event()
        if self._handshake is not None and not self._handshake.called:
            self._handshake.callback(None)

    def _gives_tickets(self) -> bool:
        """Return whether we send a ticket behind the handshake; in TLS 1.2 it is within."""
        return not self._tls_client and self.peer.tls_version not in _TICKETS_WITHIN

    def _expired(self, reason: CloseReason) -> None:
        """It took too long."""
        if self._error is None:
            self._error = DataStalled(reason.value)
        self.abort()

    def ended(self, reason: Failure) -> None:
        """Nothing more passes."""
        if self._ending is not None and self._ending.active():
            self._ending.cancel()
        self.dialog.is_full = False  # no more will come than has
        while isinstance(event := self.dialog.next_event(), BodyChunk):
            self._keep(event)
        if self._error is None:
            self._error = self._judge(reason)
        for waiting in (self._more, self._handshake):
            if waiting is not None and not waiting.called:
                if waiting is self._handshake:
                    waiting.errback(self._error or DataCut())
                else:
                    waiting.callback(None)
        gone, self._gone = self._gone, []
        for each in gone:
            each.callback(None)
        self._on_gone(self)

    def _judge(self, reason: Failure) -> DataError | None:
        """Return what is wrong with an end; None for nothing."""
        below = self._below
        if below is not None and not self._handshake_done:
            failed = HandshakeFailed("no TLS")
            failed.__cause__ = reason.value
            return failed
        if reason.check(ConnectionDone):
            # Under TLS the peer has said that it is the end. Without, its end comes as an event,
            # and without that event it is we who have closed.
            self._over = True
            self.ended_by_peer = below is not None
            return None
        cut = DataCut("it ended too soon")
        if below is not None and not reason.check(ConnectionAborted, SSL.Error):
            if self._we_closed:
                # All was sent, and TLS ended by us; many just close then, which loses nothing.
                return None
            if below.ended_whole and not self._strict_tls_end:
                self._over = True
                return None
            if below.ended_whole:
                cut = NoTLSEnd("TLS was not ended")
        cut.__cause__ = reason.value
        return cut

    def transport_closed(self) -> None:
        """All was sent, and the transport told to close."""
        self._we_closed = True
        if self._below is not None and isinstance(self._below.transport, Connection):
            # Having said that this is the end of TLS we need not hear the peer say so (RFC 8446,
            # 6.1), and one that waits for TCP's end instead would wait in vain.
            if not self._tls_client:
                self._below.loseConnection()
                return
            # A server's tickets may be on their way to us yet.
            self._below.half_close()
            self._ending = self.clock.callLater(END_SECONDS, self._below.transport.loseConnection)

    # -- what comes ----------------------------------------------------------------------------

    def _handle(self, event: DataEvent) -> bool:
        self.deadlines.took_event()
        if isinstance(event, BodyChunk):
            self._keep(event)
            self.dialog.is_full = self._held > HELD_OCTETS
        else:
            self._over = True
        if self._more is not None and not self._more.called:
            self._more.callback(None)
        return True

    def _keep(self, event: BodyChunk) -> None:
        if self._receiving is not False:
            self._pieces.append(event.octets)
            self._held += len(event.octets)
            self._octets_received += len(event.octets)

    # -- deadlines -----------------------------------------------------------------------------

    def _settled(self) -> None:
        self.deadlines.settle(waiting=not self.dialog.is_full)

    def _received(self, octets: int) -> bool:
        self.deadlines.received()
        return True
