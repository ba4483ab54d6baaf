"""The client's half of a connection: connect, say, await what the server says, TLS, verified.

Connecting and talking are in one module: a failure of either is told with the last lines said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.error import ConnectError, ConnectionDone, TCPTimedOutError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IAddress, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.deadlines import LazyTimer
from netsuite.connection.pump import E, Pump, S
from netsuite.connection.stream import Progress
from netsuite.connection.transcript import Transcript
from netsuite.wire.errors import InputEnded, RemoteProtocolError
from netsuite.wire.events import BodyChunk, Dialog, EndOfBody, EndOfInput, Need

C = TypeVar("C", bound="ClientConnection[Any, Any]")
K = TypeVar("K")
A = TypeVar("A")
X = TypeVar("X", bound=errors.ClientError)

#: Takes a piece of a body; returns what to await before the next, or None, or as files do how much
#: it took.
Write: TypeAlias = Callable[[bytes], Awaitable[None] | int | None]

#: Lines of the conversation that an error tells.
CONVERSATION_LINES: Final = 8
#: Of what comes at once, octets that may be told of: enough for the lines of an answer.
_TOLD_OCTETS: Final = 512


@dataclass(frozen=True, slots=True)
class ClientTimeouts:
    """Times in seconds; None turns one off.

    Args:
        connect_seconds: to connect, TLS from the first octet included.
        reply_seconds: without an octet from the server while something is awaited.
        write_seconds: without the server taking an octet of what we send.
        total_seconds: for the whole connection.
    """

    connect_seconds: float | None = 30.0
    reply_seconds: float | None = 300.0
    write_seconds: float | None = 180.0
    total_seconds: float | None = None


# Longer than 300 lines with its docstrings, and the module than 500: one thing, a conversation
# that somebody awaits.
class ClientConnection(Pump[E, S]):
    """A client's dialog on a transport.

    What the server says is awaited with ``receive`` (or ``ask``), one event at a time; what is
    not awaited waits, and reading stops when that becomes much. Events that come unasked are
    taken by ``unasked``, as soon as they are first in line.

    Args:
        dialog: the sans-I/O machine.
        clock: for every timeout.
        timeouts: how long the server may take.
        name: tells the connection apart in the log.
    """

    def __init__(
        self,
        dialog: Dialog[E, S],
        clock: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        name: str = "client",
    ) -> None:
        self.timeouts = timeouts or ClientTimeouts()
        super().__init__(dialog, clock, name=name, stalled_seconds=self.timeouts.write_seconds)
        self._timer = LazyTimer(clock, self._judge)
        self._began = self._progress = clock.seconds()
        self._reply_seconds: float | None = None
        self._full_since: float | None = None  # the server does not read what we say
        self._held: deque[E] = deque()
        self._receiver: Deferred[E] | None = None
        self._in_body = False  # what comes is one, which somebody takes
        self._handshake: Deferred[None] | None = None
        self._handshake_is_done = False
        self._error: errors.ClientError | None = None
        self._dropped = False  # by us: what had come is of no more use
        self._closed: list[Deferred[None]] = []
        self._lines: deque[str] = deque(maxlen=CONVERSATION_LINES)
        self._conversation = Transcript(self._note_line, clock, limit_octets=0)
        self._conversation.masking = self.masks_all
        #: Whether errors tell the last lines. Who sends messages by the thousand, and has no
        #: use for them, turns it off: of a message of 4 KB they are 5 % of what it takes.
        self.tells_conversation = True
        #: Told of every stream that is not given a ``progress`` of its own.
        self.progress: Progress | None = None

    # -- talking -------------------------------------------------------------------------------

    async def receive(self, *, seconds: float | None = None) -> E:
        """Await the next event.

        Args:
            seconds: instead of ``reply_seconds``.

        Raises:
            ConnectionLost, Timeout: nothing more can come.
            ProtocolViolation: the server broke the protocol; the connection has been dropped.
        """
        if self._receiver is not None:
            raise RuntimeError("two await the server's next words")
        if self._held:
            event = self._held.popleft()
            self.pump()
            return event
        if self._error is not None:
            return self._left_over(self._error)
        self._reply_seconds = seconds or self.timeouts.reply_seconds
        self._progress = self.clock.seconds()
        receiver = self._receiver = Deferred()
        self._aim()
        try:
            return await receiver
        finally:
            self._receiver = None

    def _left_over(self, error: errors.ClientError) -> E:
        """Return what had come before the connection went and was not awaited yet, else *error*."""
        if self.lost and not self._dropped:
            with self.protocol_violations():
                event = self.dialog.next_event()
            if not isinstance(event, Need | EndOfInput):
                return event
        raise error

    async def take(self) -> E:
        """Await the next event; ``body`` reads through this."""
        return await self.receive()

    def say(self, value: S) -> None:
        """Send a command, or a part of one, through the dialog."""
        octets = self.dialog.send(value)
        if self.tells_conversation and len(octets) <= _TOLD_OCTETS:
            self._conversation.heard(octets)
        self.writer.write(octets)

    async def writable(self) -> None:
        """Wait while the server does not read what we say. Raises as ``receive``."""
        try:
            await self.writer.writable()
        except ConnectionDone:
            raise self._fail(errors.ConnectionLost("the connection is gone")) from None

    async def ask(self, value: S, *, seconds: float | None = None) -> E:
        """Say something and await the next event. Raises as ``receive``.

        Whoever gives up waiting ends the connection: the answer would be taken for another's.
        """
        if self._error is not None:
            raise self._error  # what is left over is no answer to this
        if self._in_body:
            raise RuntimeError("the body that comes is to be taken to its end before")
        self.say(value)
        try:
            return await self.receive(seconds=seconds)
        except CancelledError:
            self.give_up()
            raise

    def hurry(self) -> None:
        """Have what is awaited come within ``reply_seconds`` from now, whatever time it had."""
        self._reply_seconds = self.timeouts.reply_seconds
        self._progress = self.clock.seconds()
        self._aim()

    def give_up(self) -> None:
        """Drop a connection whose next answer nobody awaits any more."""
        self._fail(errors.ConnectionLost("given up before the server had answered"))

    async def body_to(self, write: Write) -> None:
        """Pass the body that comes now to a function, piece by piece. Raises as ``receive``.

        Args:
            write: called with each piece, as it comes; what it gives is awaited, so that a slow
                disk slows the server down.
        """
        async with aclosing(self.whole_body()) as pieces:
            async for octets in pieces:
                work = write(octets)
                if work is not None and not isinstance(work, int):
                    await work

    async def whole_body(self) -> AsyncGenerator[bytes, None]:
        """Return the pieces of the body that comes now. Whoever leaves before its end ends the
        connection: the rest of the body stands before any other answer. Raises as ``receive``."""
        self._in_body = True
        try:
            while isinstance(event := await self.receive(), BodyChunk):
                yield event.octets
            self._in_body = False
        finally:
            if self._in_body:
                self._in_body = False
                self.abort()

    async def fetch_each(
        self,
        wanted: Sequence[K],
        ask: Callable[[K], S],
        begin: Callable[[K], Write],
        *,
        answer: Callable[[E], A],
        brings: Callable[[A], bool],
        ahead: int,
    ) -> Mapping[K, A]:
        """Ask for many bodies, some of them before the first has come.

        Args:
            wanted: what names them, in the order they are wanted.
            ask: returns the command that asks for one.
            begin: called when one begins; returns its ``write``, which is called with no octets
                when it is whole.
            answer: returns the answer that an event brings.
            brings: returns whether an answer has a body behind it.
            ahead: so many are asked for before the first has come.

        Returns:
            Those without a body, and what was answered.
        """
        refused: dict[K, A] = {}
        asked = 0
        for index, each in enumerate(wanted):
            while asked < min(len(wanted), index + ahead):
                self.say(ask(wanted[asked]))
                asked += 1
            answered = answer(await self.receive())
            if not brings(answered):
                refused[each] = answered
                continue
            write = begin(each)
            await self.body_to(write)
            work = write(b"")
            if work is not None and not isinstance(work, int):
                await work
        return refused

    async def begin(self) -> None:
        """Take the server's greeting, and ask what else a session begins with."""

    async def secure(self, context: tls.ClientContext) -> None:
        """Put TLS in place, after the server has given the go-ahead.

        Args:
            context: see ``netsuite.tls.client_options``.

        Raises:
            TLSFailure: the handshake failed, as its ``__cause__`` says; or more than the go-ahead
                had come, and nothing of it was taken.
            Timeout: it took too long.
        """
        if self._error is not None:
            raise self._error
        if self.dialog.discard_input() or self._held:
            self._held.clear()
            raise self._fail(errors.TLSFailure("octets in the clear behind the go-ahead for TLS"))
        self.start_tls(context, client=True)
        await self.handshake()

    async def handshake(self) -> None:
        """Await the end of a TLS handshake that has been begun. Raises as ``secure``."""
        if self._error is not None:
            raise self._error
        if self._handshake_is_done:
            return
        self._reply_seconds = self.timeouts.connect_seconds
        self._progress = self.clock.seconds()
        self._handshake = Deferred()
        self._aim()
        try:
            await self._handshake
        finally:
            self._handshake = None

    async def closed(self) -> None:
        """Close, and wait until the connection is gone."""
        self.close()
        if not self.lost and self.transport is not None:
            gone: Deferred[None] = Deferred()
            self._closed.append(gone)
            await gone

    async def end_session(self) -> None:
        """End the session with its protocol's word for that, which every client has; then as
        ``closed``."""
        await self.closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the session; drop the connection where something went wrong."""
        if error is not None:
            self.abort()
        else:
            await self.end_session()

    # -- what the connection tells -------------------------------------------------------------

    def unasked(self, event: E) -> bool:
        """Accept an event that nobody has to await; False where it is none of that kind."""
        return False

    def _handle(self, event: E) -> bool:
        """Hand an event to whoever awaits it, or keep it."""
        if isinstance(event, EndOfInput):
            self._eof_told = True
            self._fail(errors.ConnectionLost("the server has closed the connection"))
            return True
        if self.unasked(event):
            return True
        if self._receiver is None or self._receiver.called:
            self._held.append(event)
            return False
        self._receiver.callback(event)
        return True

    def refused(self, error: RemoteProtocolError) -> None:
        """A server that breaks the protocol is not talked to any longer."""
        kind = errors.ConnectionLost if isinstance(error, InputEnded) else errors.ProtocolViolation
        failed = kind(str(error))
        failed.__cause__ = error
        self._fail(failed)

    def handshake_done(self) -> None:
        """The handshake is done and the certificate is the server's."""
        self._handshake_is_done = True
        if self._handshake is not None and not self._handshake.called:
            self._handshake.callback(None)

    def ended(self, reason: Failure) -> None:
        """Nothing more will come."""
        self._timer.stop()
        if self._error is None:
            shaking = self._handshake is not None and not self._handshake.called
            error: errors.ClientError
            if shaking or isinstance(reason.value, SSL.Error):
                error = errors.TLSFailure(f"no TLS: {reason.getErrorMessage()}")
            else:
                error = errors.ConnectionLost("the connection is gone")
            error.__cause__ = reason.value
            error.conversation = self.conversation()
            self._error = error
        self._tell()
        closed, self._closed = self._closed, []
        for each in closed:
            each.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over. Where the server ended it in order, the dialog hears of that first: under
        TLS no half-close has told, and there are bodies that only the end ends. One that merely
        stops must not look whole."""
        if not self._eof and not self.closing and reason.check(ConnectionDone):
            self.readConnectionLost()
        super().connectionLost(reason)

    def _received(self, octets: int) -> bool:
        self._progress = self.clock.seconds()
        return True

    def dataReceived(self, data: bytes) -> None:
        """Accept what came."""
        if self.tells_conversation:
            self._conversation.said_in_part(data, _TOLD_OCTETS)
        super().dataReceived(data)

    def writer_filled(self) -> None:
        """The server does not read what we say; or has taken some of it."""
        self._full_since = self.clock.seconds()
        self._aim()

    def writer_drained(self) -> None:
        """The server reads again."""
        self._full_since = None
        super().writer_drained()

    # -- errors --------------------------------------------------------------------------------

    def conversation(self) -> Sequence[str]:
        """Return the last lines that were said, secrets masked: ``C:`` ours, ``S:`` theirs."""
        return tuple(self._lines)

    def with_conversation(self, error: X) -> X:
        """Return an error, which now has the last lines of this conversation."""
        error.conversation = self.conversation()
        return error

    def violated(self, message: str) -> errors.ClientError:
        """Drop the connection to a server that broke the protocol; return the error to raise."""
        return self._fail(errors.ProtocolViolation(message))

    @contextmanager
    def protocol_violations(self) -> Iterator[None]:
        """Raise what is wrong with the server's words as a ProtocolViolation; the connection
        stays, since its dialog is not at fault."""
        try:
            yield
        except RemoteProtocolError as error:
            raise self.with_conversation(errors.ProtocolViolation(str(error))) from error

    def transcripts(self) -> Iterator[Transcript]:
        """Return all that is told of what is said, the conversation among it."""
        yield from super().transcripts()
        yield self._conversation

    def _note_line(self, side: str, text: str, seconds: float) -> None:
        self._lines.append(f"{side}: {text}")

    def _fail(self, error: errors.ClientError) -> errors.ClientError:
        """Drop the connection; return the error that whoever waits for it is told."""
        if self._error is None:
            error.conversation = self.conversation()
            self._error = error
            self._dropped = True
        self.abort()
        self._tell()
        return self._error

    def _tell(self) -> None:
        """Report the error to whoever waits."""
        for waiting in (self._receiver, self._handshake):
            if waiting is not None and not waiting.called:
                waiting.errback(self._error)

    def _deadline(self) -> tuple[float, str] | None:
        """Return when the server will have taken too long, and for what; None for never."""
        deadlines = []
        times = self.timeouts
        if times.total_seconds is not None:
            total = times.total_seconds
            deadlines.append((self._began + total, f"not done after {total:g} seconds"))
        if self._full_since is not None:
            if times.write_seconds is not None:
                at = self._full_since + times.write_seconds
                deadlines.append((at, f"nothing was taken for {times.write_seconds:g} seconds"))
        elif self._receiver is not None or self._handshake is not None:
            seconds = self._reply_seconds
            if seconds is not None:
                at = self._progress + seconds
                deadlines.append((at, f"the server said nothing for {seconds:g} seconds"))
        return min(deadlines, default=None)

    def _aim(self) -> None:
        deadline = self._deadline()
        if deadline is not None and not self.closing:
            self._timer.aim(deadline[0])

    def _judge(self) -> None:
        deadline = self._deadline()
        if deadline is not None and self.clock.seconds() >= deadline[0]:
            self._fail(errors.Timeout(deadline[1]))
        else:
            self._aim()


def answer_of(event: tuple[object, A] | BodyChunk | EndOfBody | EndOfInput) -> A:
    """Return the answer that an event brings, of a dialog that gives each with its command.

    Raises:
        ProtocolViolation: it brings none, but a body that nobody has asked for.
    """
    if isinstance(event, tuple):
        return event[1]
    raise errors.ProtocolViolation(f"{type(event).__name__} for an answer")


class OneConnection(Factory):
    """Gives the one connection to the endpoint."""

    noisy = False

    def __init__(self, connection: Protocol) -> None:
        self.connection = connection

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Return it."""
        return self.connection


async def connect(
    endpoint: IStreamClientEndpoint,
    make: Callable[[], C],
    *,
    tls_context: tls.ClientContext | None = None,
) -> C:
    """Connect to a server.

    Args:
        endpoint: where.
        make: makes the connection (its dialog, clock and timeouts in it).
        tls_context: see ``netsuite.tls.client_options``, for TLS from the first octet.

    Returns:
        The connection; with TLS, when the handshake is done and the certificate verified.

    Raises:
        ConnectionRefused: the endpoint cannot connect.
        Timeout: it took too long.
        TLSFailure: the handshake failed; its ``__cause__`` says how.
    """
    connection = make()
    factory: Any = OneConnection(connection)
    if tls_context is not None:
        factory = tls.wrap_client(factory, tls_context, connection.clock)
    connecting = endpoint.connect(factory)
    seconds = connection.timeouts.connect_seconds
    if seconds is not None:
        connecting.addTimeout(seconds, connection.clock)
    try:
        await connecting
    except (DeferredTimeout, CancelledError) as error:
        raise errors.Timeout(f"not connected after {seconds} seconds") from error
    except (ConnectTimeout, TCPTimedOutError) as error:
        raise errors.Timeout("not connected: nobody answers") from error
    except (ConnectError, OSError) as error:
        raise errors.ConnectionRefused(str(error) or type(error).__name__) from error
    if tls_context is not None:
        await connection.handshake()
    return connection


async def connect_and_begin(
    endpoint: IStreamClientEndpoint,
    make: Callable[[], C],
    *,
    upgrade: Callable[[C, tls.ClientContext], Awaitable[None]],
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
) -> C:
    """Connect to a server and begin a session, under TLS if there is to be any.

    Args:
        endpoint: where.
        make: makes the connection.
        upgrade: has TLS begin within the session: STARTTLS, whose failure is the session's end.
        tls_context: see ``netsuite.tls.client_options``; None for no TLS.
        implicit: whether TLS begins with the first octet instead.

    Raises:
        ClientError: and the connection is closed.
    """
    client = await connect(endpoint, make, tls_context=tls_context if implicit else None)
    try:
        await client.begin()
        if tls_context is not None and not implicit:
            await upgrade(client, tls_context)
    except BaseException:
        client.abort()
        raise
    return client
