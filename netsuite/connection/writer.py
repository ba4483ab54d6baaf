"""The writing half of a connection: gathering, back-pressure, and last words that arrive."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Connection
from zope.interface import implementer

from netsuite.connection.close_reason import CloseReason
from netsuite.connection.deadlines import Deadlines
from netsuite.connection.direct_write import write_now
from netsuite.connection.settings import Timeouts

#: What one pump has gathered goes out when it is more than this, so that the transport can
#: say that it is enough.
OUTPUT_OCTETS = 65_536


@implementer(IPushProducer)
class TransportWriter(Protocol):
    """Writes on a transport no faster than the peer reads.

    It is registered with the transport as its producer all the time: that is how it hears that
    the peer does not read. Subclasses read, and say with ``pump`` what goes on when it does again.

    Args:
        clock: for every timeout.
        timeouts: how long the peer may take.
        name: tells the connection apart in the log.
    """

    transport: Any  # what Twisted's interfaces for it promise is more than ITransport tells

    def __init__(self, clock: IReactorTime, timeouts: Timeouts, name: str) -> None:
        self.clock = clock
        self.timeouts = timeouts
        self.name = name
        #: Told of every octet, and when the connection ends; see ``transcript``.
        self.transcript: Any = None
        self.closing = False  # nothing more is taken or said
        self.lost = False
        self.deadlines = Deadlines(clock, timeouts, self._expired)
        self._out: list[bytes] = []
        self._out_octets = 0
        self._gathering = False  # what is written waits for the end of a pump
        self._answering = False  # ... or, within an answer that takes its time, of a turn
        self._turn: IDelayedCall | None = None
        self._choked = False
        self._unchoked: list[Deferred[None]] = []
        self._borrower: Any = None
        self._linger: Any = None
        self._close_when_read = False
        self._close_when_ended = False

    def pump(self) -> None:
        """Go on: the peer reads again."""
        raise NotImplementedError

    def drop_unread(self) -> bool:
        """Drop what came unread; tell whether there was any, or more is to be expected."""
        raise NotImplementedError

    def _expired(self, cause: CloseReason) -> None:
        raise NotImplementedError

    # -- writing -------------------------------------------------------------------------------

    def write(self, octets: bytes) -> None:
        """Send octets as they are, after what was said before."""
        if self.closing or not octets:
            return
        self._out.append(octets)
        self._out_octets += len(octets)
        if self._out_octets > OUTPUT_OCTETS or not (self._gathering or self._answering):
            self.flush()
        elif not self._gathering and self._turn is None:
            # An answer that has waited says more than one thing: SELECT has eight lines. They
            # leave together, when it waits again or is done, as the lines of a pump do.
            self._turn = self.clock.callLater(0, self._turn_ended)

    def _turn_ended(self) -> None:
        self._turn = None
        self.flush()

    def flush(self) -> None:
        """Hand to the transport what was gathered."""
        if not self._out:
            return
        octets = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._out_octets = 0
        if self.lost or self.transport is None:
            return
        if self.transcript is not None:
            self.transcript.said(octets)
        write_now(self.transport, octets)

    async def writable(self) -> None:
        """Wait until the transport wants more. Raises ConnectionDone when it is gone."""
        self.flush()
        if self.lost:
            raise ConnectionDone()
        if self._choked:
            unchoked: Deferred[None] = Deferred()
            self._unchoked.append(unchoked)
            await unchoked

    async def write_body(self, chunks: AsyncIterable[bytes]) -> None:
        """Send a stream of octets as fast as the peer takes them. Raises ConnectionDone."""
        pace = self.deadlines.pace_out
        try:
            async for octets in chunks:
                self.write(octets)
                pace.passed(len(octets), self.clock.seconds())
                if self._choked or self.lost:
                    await self.writable()
        finally:
            pace.ended()

    # -- lending the transport, for what writes to the socket itself ---------------------------

    def lend_transport(self, producer: Any) -> None:
        """Let a pull producer take our place until ``take_transport_back``; when the connection
        goes before that, its ``connection_lost`` is called."""
        self.flush()
        self._borrower = producer
        self.transport.unregisterProducer()
        self.sent_directly(0)
        self.deadlines.settle(waiting=False)
        self.transport.registerProducer(producer, False)

    def sent_directly(self, octets: int) -> None:
        """Note that the peer has taken octets that did not go through ``write``."""
        self.deadlines.choked(True)  # from now: without progress it is stalled
        self.deadlines.pace_out.passed(octets, self.clock.seconds())

    def take_transport_back(self) -> None:
        """Be the transport's producer again."""
        self._borrower = None
        self.deadlines.choked(False)
        self.deadlines.pace_out.ended()
        if self.lost or self.closing:
            return
        self.transport.unregisterProducer()
        self._choked = False
        self.transport.registerProducer(self, True)

    # -- closing -------------------------------------------------------------------------------

    def close(self) -> None:
        """Send what was said, then close; what the peer still sends is not read."""
        if self.closing:
            return
        self.flush()
        self.closing = True
        self.deadlines.stop()
        if self.lost or self.transport is None:
            return
        if self._choked:
            # The transport is still full: let the peer have it at its own pace, while it does.
            self._close_when_read = True
            self._abort_after(self.timeouts.stalled_seconds)
        else:
            self._close_transport()

    def abort(self) -> None:
        """Drop the connection at once, with what was not sent yet."""
        self.closing = True
        self.deadlines.stop()
        self._abort_after(None)
        if self.lost or self.transport is None:
            return
        if hasattr(self.transport, "abortConnection"):
            self.transport.abortConnection()
        else:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def _close_transport(self) -> None:
        self.transport.unregisterProducer()
        self._abort_after(self.timeouts.linger_seconds)
        if self.drop_unread() and isinstance(self.transport, Connection):
            # A socket that is closed with octets unread resets the connection, and the reset
            # overtakes our last words. So only our half is closed, and theirs read to its end.
            self._close_when_ended = True
            self.transport.resumeProducing()
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def _abort_after(self, seconds: float | None) -> None:
        """Set the time after which a closing connection is dropped; None: no (more) time."""
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        self._linger = None
        if seconds is not None:
            self._linger = self.clock.callLater(seconds, self.abort)

    def _writing_ended(self) -> None:
        """The connection is gone: nobody need wait to write."""
        self.deadlines.stop()
        self._abort_after(None)
        self._out.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._borrower is not None:
            self._borrower.connection_lost()
        waiting, self._unchoked = self._unchoked, []
        for unchoked in waiting:
            if not unchoked.called:
                unchoked.errback(ConnectionDone())

    # -- what the transport calls (IPushProducer) ----------------------------------------------

    def pauseProducing(self) -> None:
        """The peer does not take what we say: stop answering."""
        if not self._choked:
            self._choked = True
            self.deadlines.choked(True)
            if not self._gathering and not self.closing:
                self.deadlines.settle(waiting=False)

    def resumeProducing(self) -> None:
        """The peer takes it again."""
        if not self._choked:
            return
        self._choked = False
        if self._close_when_read:
            self._close_when_read = False
            self._close_transport()
            return
        self.deadlines.choked(False)
        waiting, self._unchoked = self._unchoked, []
        for unchoked in waiting:
            if not unchoked.called:
                unchoked.callback(None)
        self.pump()

    def stopProducing(self) -> None:
        """The transport is going; ``connectionLost`` follows."""
