"""The one connection class: pumps a dialog, one event at a time, over a Twisted transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import CoroutineType
from typing import Any, ClassVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IReactorTime,
    ISSLTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite import tls
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.counters import UsageCounters
from netsuite.connection.deferring import deferred
from netsuite.connection.hooks import Hooks
from netsuite.connection.peer import Peer, peer_of
from netsuite.connection.running import Running
from netsuite.connection.settings import Limits, Timeouts
from netsuite.connection.writer import TransportWriter
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, Dialog, EndOfBody, EndOfInput, Event

#: Unread input beyond this pauses the transport while an answer is unfinished.
INPUT_OCTETS = 65_536
#: What a waiting answer meets when the connection goes: nobody's fault, nothing to log.
GONE = (CancelledError, ConnectionDone, ConnectionLost, ConnectionAborted)

_BODY = (BodyChunk, EndOfBody, EndOfInput)


# Longer than 300 lines, and the module than 500: the order of events, answers and octets is one
# matter, and the places where they meet (pump, pause, TLS, the end) only make sense side by side.
@implementer(IHalfCloseableProtocol, IHandshakeListener)
class DialogConnection(Hooks, TransportWriter):
    """A dialog on a transport.

    Subclasses give ``answers``, from an event's type to a function ``(connection, event)``.
    It may be plain, or return an awaitable where it has to wait, whose value, if any, is said.
    The next event is taken only when that is done and the dialog is no longer ``PAUSED``, and
    while the transport takes what we say: so answers leave in order, and a peer that does not
    read is not served on.

    An answer that waits may take events itself: a body with ``async for octets in
    connection.body()``, anything with ``await connection.take()``. What must run while
    further events are taken (a transfer that ABOR may stop) is given to ``spawn``; the dialog's
    ``PAUSED`` then says which events may come meanwhile.

    Hooks for subclasses, all plain functions: ``began``, ``ended``, ``refused``, ``failed``,
    ``goodbye``, ``reset_for_tls``, ``secured``, ``unanswered``, ``is_busy``.

    Args:
        dialog: the sans-I/O machine.
        clock: for every timeout.
        timeouts: how long the peer may take.
        limits: how much it may send, and how often it may be wrong.
        name: tells the connection apart in the log.
    """

    log = Logger()
    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[Any] | None]]] = {}

    def __init__(
        self,
        dialog: Dialog,
        clock: IReactorTime,
        *,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        name: str = "",
    ) -> None:
        super().__init__(clock, timeouts or Timeouts(), name)
        self.dialog = dialog
        self.limits = limits or Limits()
        #: Whom to tell that the connection has ended (a ServerFactory).
        self.registry: Any = None
        #: Why it is not served; it is told so instead of being greeted.
        self.turned_away: CloseReason | None = None
        self.counters = UsageCounters(self.limits)
        self._peer: Peer | None = None
        self._talking = False  # the peer may be talked to
        self._unread = 0  # octets received since the dialog last wanted data; an upper bound
        self._read_paused = False
        self._eof = self._eof_told = self._draining = False
        self._paused = False  # the dialog said so when the pump came to rest
        self._fresh = False  # something came while pumping
        self._broken = False  # nobody knows any more where the next command begins
        self._task: Running | Deferred[Any] | None = None
        self._wanted: Deferred[None] | None = None
        self._spawned: set[Deferred[None]] = set()
        self._last_event: type = type(None)

    # -- hooks with an answer of our own (the others stand in ``hooks``) ------------------------

    def refused(self, error: RemoteProtocolError) -> None:
        """The peer broke the protocol; say so. Closing and counting are done by the caller."""
        if error.reply is not None:
            self.say(error.reply)

    def failed(self, event: Event, failure: Failure) -> None:
        """Answering an event went wrong in a way nobody foresaw; it has been logged.

        Say the protocol's generic temporary failure; nothing of *failure* may be said. The
        connection stays open unless this closes it: override where the dialog goes on.
        """
        self.abort()

    def unanswered(self, event: Event) -> bool:
        """Take an event that ``answers`` does not have; False leaves the pump at rest."""
        if isinstance(event, EndOfInput):
            self.close()
            return True
        raise LookupError(f"no answer for {type(event).__name__}")

    def is_busy(self) -> bool:
        """Tell whether something is under way that a stopping service lets finish."""
        return self._is_answering() or self._last_event is BodyChunk

    # -- what subclasses use -------------------------------------------------------------------

    @property
    def peer(self) -> Peer:
        """The other end."""
        if self._peer is None:
            self._peer = peer_of(self.transport)
        return self._peer

    def say(self, value: Any) -> None:
        """Send an answer through the dialog; several of one pump leave in one write."""
        self.write(self.dialog.send(value))

    async def take(self) -> Event:
        """Take the next event, within an answer that waits for it.

        Raises:
            RemoteProtocolError: the peer broke the protocol; left alone, the pump says so.
            ConnectionDone: the connection is gone.
        """
        while True:
            if self.lost:
                raise ConnectionDone()
            event = self._next_event()
            if event is not NEED_DATA and event is not PAUSED:
                if not self._note(event):
                    raise ConnectionDone()
                return event
            if self._eof:
                raise ConnectionDone()
            self.flush()
            wanted = self._wanted = Deferred()
            self.deadlines.settle(waiting=True)
            try:
                await wanted
            finally:
                if self._wanted is wanted:  # whoever awaited it has given up
                    self._wanted = None

    async def body(self) -> AsyncIterator[bytes]:
        """Give the octets of the body that follows, to its end, within an answer.

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
                raise RemoteProtocolError("the input ended within a body", close=True)

    def spawn(self, work: Awaitable[None], event: Event = None) -> Deferred[None]:
        """Run something beside the pump; it is cancelled when the connection goes.

        Args:
            work: what to run.
            event: what it answers, given to ``failed`` when it goes wrong.
        """
        running: Deferred[None] = deferred(work)
        self._spawned.add(running)

        def over(result: Any) -> None:
            self._spawned.discard(running)
            if isinstance(result, Failure) and not isinstance(result.value, CancelledError):
                self._broke(event, result)
            self.pump()

        running.addBoth(over)
        return running

    def logged_in(self) -> None:
        """Note that somebody has logged in: what was limited until then no longer is."""
        self.deadlines.logged_in = True
        self.counters.logged_in()

    def count_bad(self) -> None:
        """Count a command that was refused as such; close after too many."""
        if self.counters.was_bad():
            self.leave(CloseReason.TOO_MANY_ERRORS)

    def leave(self, cause: CloseReason) -> None:
        """Say goodbye and close."""
        if self.closing:
            return
        if self.turned_away is None:
            self.log.debug("{name} is closed: {cause}", name=self.name, cause=cause.value)
        if cause is CloseReason.STALLED:
            self.abort()
            return
        try:
            self.goodbye(cause)
        except Exception:
            self.log.failure("saying goodbye on {name}", name=self.name)
        self.close()

    def drain(self) -> None:
        """The service stops: leave now, or when what is under way is done."""
        self._draining = True
        self.pump()

    # -- TLS -----------------------------------------------------------------------------------

    def start_tls(self, context: Any, *, client: bool = False) -> int:
        """Put TLS in place, after what was said has been written.

        Every octet received and not yet read came in the clear, so it is dropped here and can
        never be taken for something said under TLS.

        Args:
            context: an IOpenSSLServerConnectionCreator (or ...Client...).
            client: whether we are the client.

        Returns:
            How many octets were dropped.
        """
        self.flush()
        dropped = self.dialog.discard_input()
        if dropped:
            self.log.warn("{name}: dropped {n} octets sent before TLS", name=self.name, n=dropped)
        self._unread = 0
        self._peer = None
        self.transport.unregisterProducer()
        self._choked = False
        self.deadlines.choked(False)
        self.deadlines.handshake(done=False)
        self.transport = tls.start_tls(self, self.transport, context, self.clock, client=client)
        self.transport.registerProducer(self, True)
        self._resume_reading()
        self.reset_for_tls()
        return dropped

    def handshakeCompleted(self) -> None:
        """TLS is there (IHandshakeListener)."""
        self._peer = None
        if self.closing:
            return
        if self._talking:
            self.deadlines.handshake(done=True)
            self.handshake_done()
        else:
            self.handshake_done()
            self._start_talking()

    # -- the pump ------------------------------------------------------------------------------

    def pump(self) -> None:
        """Take events and answer them, as far as that goes now."""
        if self._gathering:
            self._fresh = True
            return
        if self.lost:
            return
        self._gathering = True
        try:
            self._fresh = True
            while self._fresh:
                self._fresh = False
                self._run()
        finally:
            self._gathering = False
        self.flush()
        if self.closing:
            return
        if self._unread > INPUT_OCTETS and not self._read_paused and not self._eof:
            self._read_paused = True
            self.transport.pauseProducing()
        self.deadlines.settle(waiting=self._wanted is not None or not self._is_answering())

    def _is_answering(self) -> bool:
        return self._task is not None or self._paused or bool(self._spawned)

    def _run(self) -> None:
        answers = self.answers
        while not self.closing:
            if self._task is not None:
                if self._wanted is not None:
                    wanted, self._wanted = self._wanted, None
                    wanted.callback(None)
                if self._task is not None:
                    return
            if self._draining and not self.is_busy():
                self.leave(CloseReason.SHUTDOWN)
                return
            if self._choked:
                return
            try:
                event = self._next_event()
            except RemoteProtocolError as error:
                self._refuse(error)
                continue
            except Exception:
                # The dialog itself is broken: nobody knows any more where a command begins.
                self.log.failure("the dialog of {name}", name=self.name)
                self.abort()
                return
            if event is NEED_DATA or event is PAUSED:
                self._paused = event is PAUSED
                return
            self._paused = False
            if not self._note(event):
                return
            answer = answers.get(type(event))
            try:
                if answer is None:
                    if not self.unanswered(event):
                        self._paused = True
                        return
                    continue
                work = answer(self, event)
            except Exception:
                self._broke(event, Failure())
                continue
            if work is not None:
                self._wait_for(work, event)

    def drop_unread(self) -> bool:
        """Drop what came unread; tell whether there was any, or more is to be expected."""
        return self._broken or (self._unread > 0 and self.dialog.discard_input() > 0)

    def _next_event(self) -> Event:
        event = self.dialog.next_event()
        if event is NEED_DATA:
            self._unread = 0
            if self._read_paused:
                self._resume_reading()
            if self._eof and not self._eof_told:
                event = EndOfInput()
        if type(event) is EndOfInput:
            self._eof_told = True
        return event

    def _note(self, event: Event) -> bool:
        """Keep count of an event; tell whether it may be answered."""
        watch = self.deadlines
        watch.took_event()
        kind = type(event)
        if kind is BodyChunk:
            watch.took_body(len(event.octets))
        elif self._last_event is BodyChunk:
            watch.pace_in.ended()
        self._last_event = kind
        if kind not in _BODY and self.counters.asked():
            self.leave(CloseReason.TOO_MUCH_BEFORE_LOGIN)
            return False
        return True

    def _wait_for(self, work: Awaitable[Any], event: Event) -> None:
        task: Running | Deferred[Any]
        task = Running(work) if isinstance(work, CoroutineType) else deferred(work)
        self._task = task
        self._answering = True

        def over(result: Any) -> None:
            self._task = self._wanted = None
            self._answering = False
            pumping, self._gathering = self._gathering, True  # all leaves in one write
            try:
                if not (result is None or isinstance(result, Failure) or self.closing):
                    self.say(result)
            except Exception:
                result = Failure()
            if isinstance(result, Failure):
                self._broke(event, result)
            self._gathering = pumping
            if not pumping:
                self.pump()

        if isinstance(task, Deferred):
            task.addBoth(over)
        elif task.called:
            over(task.result)
        else:
            task.ended = over

    def _refuse(self, error: RemoteProtocolError) -> None:
        self.deadlines.took_event()
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
        else:
            self.count_bad()

    def _broke(self, event: Event, failure: Failure) -> None:
        """An answer raised; say something of it that the peer may hear."""
        error = failure.value
        if isinstance(error, RemoteProtocolError) and not self.lost:
            self._refuse(error)
            return
        if isinstance(error, GONE) and (self.lost or self.closing):
            return
        kind = type(event).__name__  # and not the event, which may hold a password
        self.log.failure("answering {event} on {name}", failure, event=kind, name=self.name)
        if self.lost or self.closing:
            return
        try:
            self.failed(event, failure)
        except Exception:
            self.log.failure("saying so on {name}", name=self.name)
            self.abort()

    def _expired(self, cause: CloseReason) -> None:
        self._fresh = False
        if self._gathering or self.lost or self.closing:
            return
        self._gathering = True  # what goodbye says leaves in one write
        try:
            self.leave(cause)
        finally:
            self._gathering = False
        self.flush()

    # -- reading: what the transport calls -----------------------------------------------------

    def connectionMade(self) -> None:
        """Begin."""
        self.transport.registerProducer(self, True)
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)  # we gather what belongs together ourselves
        if not ISSLTransport.providedBy(self.transport):
            self._start_talking()

    def _start_talking(self) -> None:
        """Greet: at once, or under TLS from the first octet when its handshake is done, since only
        then it is known who the peer is and what may be offered."""
        self._talking = self._gathering = True
        try:
            if self.turned_away is None:
                self.began()
            else:
                self.leave(self.turned_away)
        except Exception:
            self.log.failure("greeting {name}", name=self.name)
            self.abort()
        finally:
            self._gathering = False
        self.pump()

    def dataReceived(self, octets: bytes) -> None:
        """Take what came."""
        if self.closing:
            return
        if self.transcript is not None:
            self.transcript.heard(octets)
        self._unread += len(octets)
        if self.counters.came(len(octets)):
            self.leave(CloseReason.TOO_MUCH_BEFORE_LOGIN)
            return
        self.deadlines.received()
        self.dialog.receive(octets)
        self.pump()

    def readConnectionLost(self) -> None:
        """The peer has closed its half; it may still read our answers."""
        if self._eof:
            return
        self._eof = True
        if self.closing:
            if self._close_when_ended:
                self.transport.loseConnection()
            return
        self.dialog.receive_eof()
        self.pump()

    def writeConnectionLost(self) -> None:
        """Our half is closed."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over: nothing that waits for it may wait on."""
        if self.lost:
            return
        self.lost = self.closing = True
        self._writing_ended()
        for running in (self._wanted, self._task, *self._spawned):
            if running is not None and not running.called:
                running.cancel()
        try:
            self.ended(reason)
        finally:
            if self.transcript is not None:
                self.transcript.ended()
            if self.registry is not None:
                self.registry.connection_ended(self)

    def _resume_reading(self) -> None:
        if self._read_paused and not self._eof and not self.closing:
            self._read_paused = False
            self.transport.resumeProducing()
