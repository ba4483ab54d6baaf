"""One data connection: octets one way, with back-pressure, TLS, and an end that means something."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ClassVar, Final

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IReactorTime
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure

from netsuite.connection.close_reason import CloseReason
from netsuite.connection.protocol import DialogConnection
from netsuite.connection.settings import Timeouts
from netsuite.wire.events import NEED_DATA, BodyChunk, EndOfInput, Event

#: What has come and is not taken, beyond which no more is read.
HELD_OCTETS: Final = 262_144


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


class HandshakeFailed(DataError):
    """TLS could not be put in place; its ``__cause__`` says why."""


class OctetsDialog:
    """A dialog that is none: whatever comes is a piece of the one body there is."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._eof = self._eof_told = False

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""
        self._pieces.append(octets)

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""
        self._eof = True

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; give how many there were."""
        dropped = sum(map(len, self._pieces))
        self._pieces.clear()
        return dropped

    def next_event(self) -> Event:
        """Give the next piece."""
        if self._pieces:
            return BodyChunk(self._pieces.popleft())
        if self._eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA

    def send(self, value: bytes) -> bytes:
        """Give octets as they are."""
        return value


class DataConnection(DialogConnection):
    """A data connection, of a server or a client.

    It reads nothing until ``begin``: whether TLS is to come is known only then. Octets are sent
    as on any connection (``write_body``, ``sendfile``), or received with ``received``; ``finish``
    ends it.

    Args:
        clock: for every timeout.
        handshake_seconds: how long TLS may take.
        stalled_seconds: how long nothing may move.
        arrived: called when it is there.
        gone: called when it has ended, however.
        waits: whether it waits until somebody wants it; else ``begin`` comes within this turn.
        name: tells the connection apart in the log.
    """

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
        name: str = "",
    ) -> None:
        timeouts = Timeouts(
            greeting_seconds=handshake_seconds,
            idle_seconds=None,
            command_seconds=None,
            stalled_seconds=stalled_seconds,
            # The last octets are as long in coming as all others may be.
            linger_seconds=stalled_seconds,
        )
        super().__init__(OctetsDialog(), clock, timeouts=timeouts, name=name)
        #: Octets that have come, or gone.
        self.octets_passed = 0
        self._arrived = arrived
        self._on_gone = gone
        self._waits = waits
        self._receiving = False
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._room: Deferred[None] | None = None
        self._more: Deferred[None] | None = None
        self._over = False
        self._tls = False
        self._handshake: Deferred[None] | None = None
        self._handshake_done = False
        self._error: DataError | None = None
        self._gone: list[Deferred[None]] = []

    @property
    def stalled(self) -> bool:
        """Whether it was given up because nothing moved."""
        return isinstance(self._error, DataStalled)

    def write(self, octets: bytes) -> None:
        """Send octets as they are, after what was said before."""
        self.octets_passed += len(octets)
        super().write(octets)

    def sent_directly(self, octets: int) -> None:
        """Note that the peer has taken octets that did not go through ``write``."""
        self.octets_passed += octets
        super().sent_directly(octets)

    # -- what transfers use --------------------------------------------------------------------

    async def begin(self, context: Any = None, *, client: bool = False) -> None:
        """Begin to read; put TLS in place first where there is a context for it.

        Args:
            context: what TLS is begun with, or None.
            client: whether we are the client.

        Raises:
            HandshakeFailed, DataStalled: there is no TLS, and the connection has been dropped.
            DataCut: it is gone already.
        """
        if self.lost:
            raise self._error or DataCut()
        if self._waits:
            self.transport.resumeProducing()
        if context is None:
            return
        self._tls = True
        self.start_tls(context, client=client)
        if self._handshake_done:
            return
        # Nothing has come that would have the time looked at, and perhaps nothing will.
        self.deadlines.settle(waiting=True)
        self._handshake = Deferred()
        try:
            await self._handshake
        finally:
            self._handshake = None

    async def received(self) -> AsyncIterator[bytes]:
        """Give what comes, to its end; it is read no faster than it is taken.

        Raises:
            DataStalled, DataCut: it came to no end. What had come before was given.
        """
        self._receiving = True
        self.deadlines.idle_seconds = self.timeouts.stalled_seconds
        self.deadlines.received()
        self.deadlines.took_event()
        self.pump()
        while True:
            if self._pieces:
                octets = self._pieces.popleft()
                self._held -= len(octets)
                if self._room is not None and self._held <= HELD_OCTETS // 2:
                    room, self._room = self._room, None
                    room.callback(None)
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
        self.deadlines.took_event()
        if self._handshake is not None and not self._handshake.called:
            self._handshake.callback(None)

    def leave(self, cause: CloseReason) -> None:
        """It took too long."""
        if self._error is None:
            self._error = DataStalled(cause.value)
        self.abort()

    def drain(self) -> None:
        """Its control connection knows when to stop."""

    def ended(self, reason: Failure) -> None:
        """Nothing more passes."""
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
        """Say what is wrong with an end; None for nothing."""
        if self._tls and not self._handshake_done:
            failed = HandshakeFailed("no TLS")
            failed.__cause__ = reason.value
            return failed
        if reason.check(ConnectionDone):
            # Under TLS the peer has said that it is the end. Without, its end comes as an event,
            # and without that event it is we who have closed.
            self._over = True
            return None
        if self._tls and self._we_closed and not reason.check(ConnectionAborted, SSL.Error):
            # All was sent, and TLS ended by us; many just close then, which loses nothing.
            return None
        cut = DataCut("it ended too soon")
        cut.__cause__ = reason.value
        return cut

    _we_closed = False

    def _close_transport(self) -> None:
        self._we_closed = True
        super()._close_transport()
        raw = getattr(self.transport, "transport", None)
        if self._tls and isinstance(raw, Connection):
            # Having said that this is the end of TLS we need not hear the peer say so (RFC 8446,
            # 6.1), and one that waits for TCP's end instead would wait in vain.
            raw.loseConnection()

    # -- what comes ----------------------------------------------------------------------------

    def _keep(self, event: BodyChunk) -> None:
        if self._receiving:
            self._pieces.append(event.octets)
            self._held += len(event.octets)
            self.octets_passed += len(event.octets)

    def _chunk(self, event: BodyChunk) -> Awaitable[None] | None:
        self._keep(event)
        if self._more is not None and not self._more.called:
            self._more.callback(None)
        if self._held <= HELD_OCTETS:
            return None
        self._room = Deferred()
        return self._room

    def _end(self, event: EndOfInput) -> None:
        self._over = True
        if self._more is not None and not self._more.called:
            self._more.callback(None)

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
        BodyChunk: _chunk,
        EndOfInput: _end,
    }
