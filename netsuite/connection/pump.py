"""The pump of a dialog: events one at a time, in order, over a Twisted transport.

One rule for servers and clients: the next event is taken only when the dialog is not ``PAUSED``,
no answer is being worked on, and the transport takes what was said. So answers leave in order, and
a peer that does not read is not served on. The rule is kept by one class: its parts share the one
state that says what may happen next.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Final, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IReactorTime,
    ISSLTransport,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite import tls
from netsuite.connection import compression
from netsuite.connection.acknowledging import acknowledge
from netsuite.connection.coroutine_task import CoroutineTask
from netsuite.connection.deadlines import Deadlines
from netsuite.connection.peer import NOBODY, Peer, peer_of
from netsuite.connection.transcript import Transcript
from netsuite.connection.writer import StreamTransport, TransportWriter
from netsuite.wire.errors import InputEnded, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, Dialog, EndOfBody, EndOfInput, Need

E = TypeVar("E")
S = TypeVar("S")

#: Unread input beyond this pauses the transport while an answer is unfinished.
INPUT_OCTETS: Final = 65_536
#: After so long others have a turn, however much one peer has said at once: 15,000 cheap commands
#: would keep the reactor for 0.07 to 0.4 seconds.
TURN_SECONDS: Final = 0.02
#: For the peer to take our last words after we closed.
LINGER_SECONDS: Final = 5.0
#: What a waiting answer meets when the connection goes: nobody's fault, nothing to log.
GONE: Final = (CancelledError, ConnectionDone, ConnectionLost, ConnectionAborted)


class Life(enum.IntEnum):
    """The life of a connection, in its order."""

    CONNECTING = 0  #: TLS from the first octet is not there yet: nothing can be said
    TALKING = 1
    DRAINING = 2  #: as before, until what is under way is done: then it is ended
    FLUSHING = 3  #: closed by us; the peer has still to take what was said
    LINGERING = 4  #: all was handed over, and the transport is told to close
    LOST = 5


# Looked up for every event; an attribute of an enum's class takes as long as a call.
_DRAINING: Final = Life.DRAINING
_FLUSHING: Final = Life.FLUSHING


# Longer than 300 lines, and the module than 500: the order of events, answers and octets is one
# matter, and the places where they meet (taking, pausing, TLS, the end) only make sense side by
# side.
@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Pump(Protocol, Generic[E, S]):
    """A dialog on a transport; the shared half of ``ServerConnection`` and ``ClientConnection``.

    Subclasses answer events with ``_handle``. Hooks for them, all plain functions: ``began``,
    ``ended``, ``refused``, ``handshake_done``, ``reset_for_tls``, ``transport_closed``.

    Args:
        dialog: the sans-I/O machine.
        clock: for what waits.
        name: tells the connection apart in the log.
        stalled_seconds: for the peer to take anything of what was said before a close.
        linger_seconds: for it to take the rest.
    """

    # A connection is made for many a message; with more than thirty attributes in its dictionary
    # that would take 4 microseconds more, and 1.6 KB.
    __slots__ = (
        "_broken",
        "_eof",
        "_eof_told",
        "_exchange",
        "_fresh",
        "_goes_on",
        "_last_event",
        "_linger",
        "_linger_seconds",
        "_read_paused",
        "_stalled_seconds",
        "_taken",
        "_task",
        "_transcript",
        "_wanted",
        "_wants_more",
        "clock",
        "dialog",
        "life",
        "name",
        "octets_in",
        "peer",
        "writer",
    )

    log: ClassVar[Logger] = Logger()
    #: Whether transcripts tell nothing of what the client says: where nothing in it tells what is
    #: secret.
    masks_all: ClassVar[bool] = False
    #: Whether transcripts are told by the dialog what the client has typed, which alone knows.
    tells_typed: ClassVar[bool] = False
    #: Whether what comes is acknowledged at once where it is not answered: where the peer may keep
    #: back the rest of what we wait for. A stream of octets goes on without.
    acknowledges: ClassVar[bool] = True
    transport: StreamTransport  # type: ignore[assignment]  # ITransport promises too little

    def __init__(
        self,
        dialog: Dialog[E, S],
        clock: IReactorTime,
        *,
        name: str,
        stalled_seconds: float | None,
        linger_seconds: float = LINGER_SECONDS,
    ) -> None:
        self.dialog = dialog
        self.clock = clock
        self.name = name
        self.life: Life = Life.CONNECTING
        #: The other end: its address when the connection is made, and what TLS tells of it.
        self.peer: Peer = NOBODY
        self.writer = TransportWriter(clock, self)
        self._stalled_seconds = stalled_seconds
        self._linger_seconds = linger_seconds
        self._linger: IDelayedCall | None = None
        self._transcript: Transcript | None = None
        self._exchange = ""  # the SASL mechanism by which somebody logs in just now
        #: Octets that came, without TLS's own; those that went are ``writer.octets``.
        self.octets_in = 0
        self._taken = (
            0  # of those, before the dialog last wanted more; no more are unread than since
        )
        self._read_paused = False
        self._eof = self._eof_told = False
        self._fresh = False  # something came while pumping
        self._goes_on = False  # there is more, for which a turn has been asked
        self._wants_more = False  # the dialog has read all there is, and rests
        self._broken = False  # nobody knows any more where the next command begins
        self._task: CoroutineTask[S | None] | None = None  # an answer that waits ...
        self._wanted: Deferred[None] | None = None  # ... for the next event
        self._last_event: type = type(None)

    # -- what subclasses say -------------------------------------------------------------------

    def began(self) -> None:
        """The peer can be talked to: a server greets."""

    def ended(self, reason: Failure) -> None:
        """The connection is gone; called once. What waited has been cancelled."""

    def refused(self, error: RemoteProtocolError) -> None:
        """The peer broke the protocol."""
        raise NotImplementedError

    def reset_for_tls(self) -> None:
        """TLS has just been put in place, its handshake is to come: forget what the peer said."""

    def handshake_done(self) -> None:
        """The TLS handshake is done; ``peer`` tells of it."""

    def transport_closed(self) -> None:
        """All that was said was handed to the transport, and it has been told to close."""

    def _handle(self, event: E) -> bool:
        """Answer an event; return whether the next may be taken."""
        raise NotImplementedError

    def _may_take(self) -> bool:
        """Return whether events are taken though something is being answered, or the connection
        drains; asked only then."""
        return True

    def _took(self, event: E) -> bool:
        """Accept that an event was taken; return whether it may be answered."""
        if isinstance(event, EndOfInput):
            self._eof_told = True
        return True

    def _settled(self) -> None:
        """The pump has come to rest."""

    def _received(self, octets: int) -> bool:
        """Accept that octets came; return whether they may be read."""
        return True

    def _handshaking(self, *, done: bool) -> None:
        """A TLS handshake begins, or is done."""

    def _stop(self) -> None:
        """The connection is closing or gone: no deadline counts any more."""

    # -- what subclasses use -------------------------------------------------------------------

    @property
    def closing(self) -> bool:
        """Whether nothing more is taken or said."""
        return self.life >= _FLUSHING

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return self.life is Life.LOST

    @property
    def transcript(self) -> Transcript | None:
        """What is told of every octet, and when the connection ends."""
        return self._transcript

    @transcript.setter
    def transcript(self, transcript: Transcript | None) -> None:
        self._transcript = self.writer.transcript = transcript
        if transcript is None:
            return
        transcript.masking = transcript.masking or self.masks_all
        transcript.told_by_dialog = self.tells_typed
        if self._exchange:
            transcript.exchange_began(self._exchange)

    def transcripts(self) -> Iterator[Transcript]:
        """Return all that is told of what is said."""
        if self._transcript is not None:
            yield self._transcript

    @contextmanager
    def exchanging(self, mechanism: str) -> Iterator[None]:
        """Have what is said within a SASL exchange left out of every transcript: all of the
        client's, and of the server's what helps to guess the password."""
        self._exchange = mechanism  # for a transcript that begins meanwhile
        for each in self.transcripts():
            each.exchange_began(mechanism)
        try:
            yield
        finally:
            self._exchange = ""
            for each in self.transcripts():
                each.exchange_ended()

    def say(self, value: S) -> None:
        """Send a value through the dialog; several of one pump leave in one write."""
        self.writer.write(self.dialog.send(value))

    async def take(self) -> E:
        """Take the next event, within an answer that waits for it.

        Raises:
            RemoteProtocolError: the peer broke the protocol; left alone, the pump says so.
            ConnectionDone: the connection is gone.
        """
        while True:
            if self.life is Life.LOST:
                raise ConnectionDone()
            event = self.dialog.next_event()
            if event is NEED_DATA:
                event = self._wants_data()
                if self.octets_in > self._taken:
                    continue  # a transport has brought it from within the wish for more
            if event is not NEED_DATA and event is not PAUSED:
                if not self._took(event):
                    raise ConnectionDone()
                return event
            if self._eof:
                raise ConnectionDone()
            self.writer.flush()
            wanted = self._wanted = Deferred()
            self._settled()
            try:
                await wanted
            finally:
                if self._wanted is wanted:  # whoever awaited it has given up
                    self._wanted = None

    async def body(self) -> AsyncIterator[bytes]:
        """Return the octets of the body that follows, to its end, within an answer.

        Raises:
            RemoteProtocolError: the body broke the protocol, or the input ended within it.
        """
        while True:
            event = await self.take()
            if isinstance(event, BodyChunk):
                yield event.octets
            elif isinstance(event, EndOfBody):
                return
            else:
                raise InputEnded("the input ended within a body", close=True)

    # -- TLS -----------------------------------------------------------------------------------

    def start_tls(self, context: tls.Context, *, client: bool = False) -> int:
        """Put TLS in place, after what was said has been written.

        Every octet received and not yet read came in the clear, so it is dropped here and can
        never be taken for something said under TLS. Returns how many were dropped.
        """
        self.writer.flush()
        dropped = self.dialog.discard_input()
        for each in self.transcripts():
            each.interrupted()
        if dropped:
            self.log.warn("{name}: dropped {n} octets sent before TLS", name=self.name, n=dropped)
        self._taken = self.octets_in
        self.writer.release()
        self._handshaking(done=False)
        self.transport = tls.start_tls(self, self.transport, context, self.clock, client=client)
        self.writer.open(self.transport)
        self._resume_reading()
        self.reset_for_tls()
        return dropped

    def start_compression(self, unread: bytes = b"") -> None:
        """Compress what is said from now on, and inflate what comes; see ``compression``.

        Args:
            unread: what has come already and was not read: it is compressed.
        """
        self.writer.flush()
        self.writer.release()
        layer = compression.begin(self, self.transport, self.clock)
        self.transport = layer
        self.writer.open(layer)
        self.octets_in -= len(unread)
        self._taken = self.octets_in
        self._resume_reading()
        if unread:
            layer.dataReceived(unread)

    def handshakeCompleted(self) -> None:
        """TLS is there (IHandshakeListener)."""
        self.peer = peer_of(self.transport)
        if self.closing:
            return
        self._handshaking(done=True)
        self.handshake_done()
        if self.life is Life.CONNECTING:
            self._start_talking()

    # -- the pump ------------------------------------------------------------------------------

    def pump(self) -> None:
        """Take events and answer them, as far as that goes now."""
        writer = self.writer
        if writer.gathering:
            self._fresh = True
            return
        if self.life is Life.LOST:
            return
        writer.gathering = True
        until = self.clock.seconds() + TURN_SECONDS
        try:
            self._fresh = True
            while self._fresh:
                self._fresh = False
                self._run(until)
        finally:
            writer.gathering = False
        writer.flush()
        if self.life >= _FLUSHING:
            return
        if self.octets_in - self._taken > INPUT_OCTETS and not self._read_paused and not self._eof:
            self._read_paused = True
            self.transport.pauseProducing()
        self._settled()

    def _run(self, until: float) -> None:
        writer, seconds = self.writer, self.clock.seconds
        while self.life < _FLUSHING:
            if (self._task is not None or self.life is _DRAINING) and not self._may_take():
                return
            if writer.is_full and not self.dialog.hears_while_writing:
                return
            try:
                event = self.dialog.next_event()
            except RemoteProtocolError as error:
                self._refuse(error)
                continue
            except Exception:
                # The dialog itself is broken: nobody knows any more where a command begins.
                self.log.failure("the dialog of {name}", name=self.name)
                self.abort()
                return
            if event is NEED_DATA:
                event = self._wants_data()
            if event is NEED_DATA or event is PAUSED:
                self._wants_more = event is NEED_DATA
                self._rested(event)
                return
            if not self._handle(event):
                return
            if seconds() > until:
                self._let_others()
                return

    def _let_others(self) -> None:
        """Go on in the next turn."""
        self._fresh = False
        if not self._goes_on:
            self._goes_on = True
            self.clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        self._goes_on = False
        self.pump()

    def _rested(self, need: Need) -> None:
        """The dialog has no event to take."""

    def _wants_data(self) -> E | Need:
        """The dialog has read all there is; read on. Return the end of input where that is it."""
        self._taken = self.octets_in
        if self._read_paused:
            self._resume_reading()
        if self._eof and not self._eof_told and self.octets_in == self._taken:
            self._eof_told = True
            # Every dialog has this event; one that does not say it itself is helped here.
            end: E = EndOfInput()  # type: ignore[assignment]
            return end
        return NEED_DATA

    def _refuse(self, error: RemoteProtocolError) -> None:
        """Have the peer told what it did wrong, and close where nothing else can follow."""
        self._last_event = type(None)
        try:
            self.refused(error)
        except Exception:
            self.log.failure("refusing what the peer said on {name}", name=self.name)
            self.abort()
            return
        if error.close:
            self._broken = True
            self.close()

    # -- closing -------------------------------------------------------------------------------

    def close(self) -> None:
        """Send what was said, then close; what the peer still sends is not read."""
        if self.life >= _FLUSHING:
            return
        self.writer.flush()
        if self.life >= _FLUSHING:
            return
        self.life = Life.FLUSHING
        self.writer.closed = True
        self._stop()
        if self.writer.is_full:
            # The transport is still full: let the peer have it at its own pace, while it does.
            self._end_after(self._stalled_seconds, self.abort)
        else:
            self._close_transport()

    def abort(self) -> None:
        """Drop the connection at once, with what was not sent yet."""
        if self.life is Life.LOST:
            return
        self.life = Life.LINGERING
        self.writer.closed = True
        self._stop()
        self._end_after(None, self.abort)
        if not self.connected:
            return
        if hasattr(self.transport, "abortConnection"):
            self.transport.abortConnection()
        else:
            self.writer.release()
            self.transport.loseConnection()

    def _close_transport(self) -> None:
        self.life = Life.LINGERING
        if not self.connected:
            return
        self.writer.release()
        self._end_after(self._linger_seconds, self.abort)
        plain = ITCPTransport(self.transport, None)
        if self._drop_unread() and plain is not None and not ISSLTransport.providedBy(plain):
            # A socket that is closed with octets unread resets the connection, and the reset
            # overtakes our last words. So only our half is closed, and theirs read to its end.
            self.transport.resumeProducing()
            plain.loseWriteConnection()
        else:
            self.transport.loseConnection()
        self.transport_closed()

    def _drop_unread(self) -> bool:
        """Drop what came unread; return whether there was any, or more is to be expected."""
        return self._broken or (self.octets_in > self._taken and self.dialog.discard_input() > 0)

    def _end_after(self, seconds: float | None, end: Callable[..., None], *why: object) -> None:
        """Set the time after which a connection is ended that ends by itself till then; None: it
        may take any time."""
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        self._linger = None
        if seconds is not None:
            self._linger = self.clock.callLater(seconds, end, *why)

    # -- what the writer tells -----------------------------------------------------------------

    def writer_filled(self) -> None:
        """The peer does not read what we say; or has taken some of what it reads slowly."""

    def writer_drained(self) -> None:
        """The peer reads again."""
        if self.life is Life.FLUSHING:
            self._close_transport()
        else:
            self.writer.wake()
            self.pump()

    # -- what the transport calls --------------------------------------------------------------

    def connectionMade(self) -> None:
        """Begin: at once, or under TLS from the first octet when its handshake is done, since
        only then it is known who the peer is and what may be offered."""
        # Now, since of a connection that is gone nothing can be found out.
        if self.peer is NOBODY:
            self.peer = peer_of(self.transport)
        self.writer.open(self.transport)
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)  # we gather what belongs together ourselves
        if ISSLTransport.providedBy(self.transport):
            self._handshaking(done=False)
            self._settled()  # a peer that says nothing has its time counted from here
        else:
            self._start_talking()

    def _start_talking(self) -> None:
        self.life = Life.TALKING
        self.writer.gathering = True
        try:
            self._greet()
        except Exception:
            self.log.failure("greeting {name}", name=self.name)
            self.abort()
        finally:
            self.writer.gathering = False
        self.pump()

    def _greet(self) -> None:
        self.began()

    def dataReceived(self, data: bytes) -> None:
        """Accept what came."""
        if self.life >= _FLUSHING:
            return
        if self._transcript is not None:
            self._transcript.heard(data)
        self.octets_in += len(data)
        if not self._received(len(data)):
            return
        self.dialog.receive(data)
        said = self.writer.octets
        self._wants_more = False
        self.pump()
        waits = self._wants_more or self._wanted is not None
        if waits and self.acknowledges and self.writer.octets == said:
            acknowledge(self.transport)

    def readConnectionLost(self) -> None:
        """The peer has closed its half; it may still read our answers."""
        if self._eof:
            return
        self._eof = True
        if self.life >= _FLUSHING:
            if self.life is Life.LINGERING:
                self.transport.loseConnection()
            return
        self.dialog.receive_eof()
        self.pump()

    def writeConnectionLost(self) -> None:
        """Our half is closed."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over: nothing that waits for it may wait on."""
        if self.life is Life.LOST:
            return
        self.life = Life.LOST
        self._stop()
        self._end_after(None, self.abort)
        self.writer.lost()
        self._cancel_waiting()
        try:
            self.ended(reason)
        finally:
            if self._transcript is not None:
                self._transcript.ended()

    def _cancel_waiting(self) -> None:
        """Cancel what waits for something of this connection."""
        if self._wanted is not None and not self._wanted.called:
            self._wanted.cancel()

    def _resume_reading(self) -> None:
        if self._read_paused and not self._eof and self.life < _FLUSHING:
            self._read_paused = False
            self.transport.resumeProducing()


class TimedPump(Pump[E, S]):
    """A pump whose peer has deadlines to keep; subclasses make them, and say when it rests."""

    __slots__ = ("deadlines",)

    deadlines: Deadlines

    def _handshaking(self, *, done: bool) -> None:
        self.deadlines.writer_full(False)
        self.deadlines.handshake(done=done)

    def _stop(self) -> None:
        self.deadlines.stop()

    def writer_filled(self) -> None:
        """The peer does not read what we say; or has taken some of what it reads slowly."""
        self.deadlines.writer_full(True)
        if not self.writer.gathering and not self.closing:
            self.deadlines.settle(waiting=False)

    def writer_drained(self) -> None:
        """The peer reads again."""
        self.deadlines.writer_full(False)
        super().writer_drained()
