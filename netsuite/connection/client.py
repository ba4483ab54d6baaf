"""The client half: connect, say, await what the server says, put TLS in place, verified."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.protocol import DialogConnection
from netsuite.connection.settings import Limits, Timeouts
from netsuite.connection.timing import LazyTimer
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, Dialog, EndOfInput, Event

C = TypeVar("C", bound="ClientConnection")
K = TypeVar("K")

#: Takes a piece of a body; gives what to await before the next, or None.
Write: TypeAlias = Callable[[bytes], Awaitable[None] | None]


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


class PeerError(Exception):
    """The server cannot be talked to any longer; never raised itself, only its children."""


class PeerClosed(PeerError):
    """The server has closed the connection while something was awaited of it."""


class PeerTimedOut(PeerError):
    """The server took too long."""


class InputBeforeTLS(PeerError):
    """Octets came in the clear behind the go-ahead for TLS: somebody may have put them there to
    be taken for the server's words under TLS."""


class Refused(Exception):
    """The server said no; each protocol has a child of this.

    Args:
        answer: what it said.
        command: to what; None for the greeting.
    """

    def __init__(self, answer: object, command: object = None) -> None:
        what = type(command).__name__.upper() if command is not None else "the connection"
        super().__init__(f"{what} was refused: {answer}")
        self.command = command


class NotOffered(Exception):
    """The server does not offer what was asked for; the message names it."""


class ClientConnection(DialogConnection):
    """A client's dialog on a transport.

    What the server says is awaited with ``receive`` (or ``ask``), one event at a time; what is
    not awaited waits, and reading stops when that becomes much. Events that come unasked are
    named in ``answers``, as on the server's side, and are taken as soon as they are first in line.

    Args:
        dialog: the sans-I/O machine.
        clock: for every timeout.
        timeouts: how long the server may take.
        name: tells the connection apart in the log.
    """

    def __init__(
        self,
        dialog: Dialog,
        clock: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        name: str = "client",
    ) -> None:
        self.client_timeouts = timeouts or ClientTimeouts()
        super().__init__(
            dialog,
            clock,
            timeouts=Timeouts(
                greeting_seconds=None,
                idle_seconds=None,
                command_seconds=None,
                stalled_seconds=self.client_timeouts.write_seconds,
            ),
            limits=Limits(bad_commands=None),
            name=name,
        )
        self._timer = LazyTimer(clock, self._judge)
        self._began = self._progress = clock.seconds()
        self._reply_seconds: float | None = None
        self._held: list[Event] = []
        self._receiver: Deferred[Event] | None = None
        self._handshake: Deferred[None] | None = None
        self._handshake_done = False
        self._error: Exception | None = None
        self._dropped = False  # by us: what had come is of no more use
        self._closed: list[Deferred[None]] = []

    # -- talking -------------------------------------------------------------------------------

    async def receive(self, *, seconds: float | None = None) -> Event:
        """Await the next event.

        Args:
            seconds: instead of ``reply_seconds``.

        Raises:
            PeerClosed, PeerTimedOut: nothing more can come.
            RemoteProtocolError: the server broke the protocol; the connection has been dropped.
        """
        if self._receiver is not None:
            raise RuntimeError("two await the server's next words")
        if self._held:
            event = self._held.pop()
            self.pump()
            return event
        if self._error is not None:
            return self._left_over(self._error)
        self._reply_seconds = seconds or self.client_timeouts.reply_seconds
        self._progress = self.clock.seconds()
        receiver = self._receiver = Deferred()
        self._aim()
        try:
            return await receiver
        finally:
            self._receiver = None

    def _left_over(self, error: Exception) -> Event:
        """Give what had come before the connection went and was not awaited yet, else *error*."""
        if self.lost and not self._dropped:
            self.dialog.receive_eof()
            event = self.dialog.next_event()
            if event is not NEED_DATA and event is not PAUSED and type(event) is not EndOfInput:
                return event
        raise error

    async def take(self) -> Event:
        """Await the next event; ``body`` reads through this."""
        return await self.receive()

    async def ask(self, value: Any, *, seconds: float | None = None) -> Event:
        """Say something and await the next event. Raises as ``receive``."""
        if self._error is not None:
            raise self._error  # what is left over is no answer to this
        self.say(value)
        return await self.receive(seconds=seconds)

    async def body_to(self, write: Write) -> None:
        """Give the body that comes now to a function, piece by piece. Raises as ``receive``.

        Args:
            write: called with each piece, as it comes; what it gives is awaited, so that a slow
                disk slows the server down.
        """
        while isinstance(event := await self.receive(), BodyChunk):
            try:
                work = write(event.octets)
                if work is not None:
                    await work
            except BaseException:
                self.abort()  # the rest of the body stands before any other answer
                raise

    async def fetch_each(
        self,
        wanted: Sequence[K],
        ask: Callable[[K], Any],
        begin: Callable[[K], Write],
        *,
        brings: Callable[[Any], bool],
        ahead: int,
    ) -> Mapping[K, Any]:
        """Ask for many bodies, some of them before the first has come.

        Args:
            wanted: what names them, in the order they are wanted.
            ask: gives the command that asks for one.
            begin: called when one begins; gives its ``write``, which is called with no octets
                when it is whole.
            brings: tells whether an answer has a body behind it.
            ahead: so many are asked for before the first has come.

        Returns:
            Those without a body, and what was answered.
        """
        refused: dict[K, Any] = {}
        asked = 0
        for index, each in enumerate(wanted):
            while asked < min(len(wanted), index + ahead):
                self.say(ask(wanted[asked]))
                asked += 1
            _, answer = await self.receive()
            if not brings(answer):
                refused[each] = answer
                continue
            write = begin(each)
            await self.body_to(write)
            work = write(b"")
            if work is not None:
                await work
        return refused

    async def begin(self) -> None:
        """Take the server's greeting, and ask what else a session begins with."""

    async def secure(self, context: Any) -> None:
        """Put TLS in place, after the server has given the go-ahead.

        Args:
            context: see ``netsuite.tls.client_options``.

        Raises:
            InputBeforeTLS: more than the go-ahead had come; nothing of it was taken.
            PeerClosed: the handshake failed; its ``__cause__`` says how.
            PeerTimedOut: it took too long.
        """
        if self._error is not None:
            raise self._error
        if self.dialog.discard_input() or self._held:
            self._held.clear()
            self._fail(InputBeforeTLS("octets in the clear behind the go-ahead for TLS"))
            raise self._error or InputBeforeTLS()
        self.start_tls(context, client=True)
        await self.handshake()

    async def handshake(self) -> None:
        """Await the end of a TLS handshake that has been begun. Raises as ``secure``."""
        if self._error is not None:
            raise self._error
        if self._handshake_done:
            return
        self._reply_seconds = self.client_timeouts.connect_seconds
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

    # -- what the connection tells -------------------------------------------------------------

    def unanswered(self, event: Event) -> bool:
        """Give an event to whoever awaits it, or keep it."""
        if isinstance(event, EndOfInput):
            self._fail(PeerClosed("the server has closed the connection"))
            return True
        if self._receiver is None or self._receiver.called:
            self._held.append(event)
            return False
        self._receiver.callback(event)
        return True

    def refused(self, error: RemoteProtocolError) -> None:
        """A server that breaks the protocol is not talked to any longer."""
        self._fail(error)

    def leave(self, cause: CloseReason) -> None:
        """A server that does not read what we say."""
        self._fail(PeerTimedOut(cause.value))

    def handshake_done(self) -> None:
        """The handshake is done and the certificate is the server's."""
        self._handshake_done = True
        if self._handshake is not None and not self._handshake.called:
            self._handshake.callback(None)

    def ended(self, reason: Failure) -> None:
        """Nothing more will come."""
        self._timer.stop()
        if self._error is None:
            error = PeerClosed("the connection is gone")
            error.__cause__ = reason.value
            self._error = error
        self._tell()
        closed, self._closed = self._closed, []
        for each in closed:
            each.callback(None)

    def dataReceived(self, octets: bytes) -> None:
        """Take what came."""
        self._progress = self.clock.seconds()
        super().dataReceived(octets)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
            self._dropped = True
        self.abort()
        self._tell()

    def _tell(self) -> None:
        """Give the error to whoever waits."""
        for waiting in (self._receiver, self._handshake):
            if waiting is not None and not waiting.called:
                waiting.errback(self._error)

    def _aim(self) -> None:
        deadlines = []
        if self._reply_seconds is not None:
            deadlines.append(self._progress + self._reply_seconds)
        if self.client_timeouts.total_seconds is not None:
            deadlines.append(self._began + self.client_timeouts.total_seconds)
        if deadlines:
            self._timer.aim(min(deadlines))

    def _judge(self) -> None:
        now = self.clock.seconds()
        total = self.client_timeouts.total_seconds
        if total is not None and now >= self._began + total:
            self._fail(PeerTimedOut(f"not done after {total:g} seconds"))
            return
        if self._receiver is None and self._handshake is None:
            return
        seconds = self._reply_seconds
        if seconds is not None and now >= self._progress + seconds:
            self._fail(PeerTimedOut(f"the server said nothing for {seconds:g} seconds"))
            return
        self._aim()


class _OneConnection(Factory):
    """Gives the one connection to the endpoint."""

    noisy = False

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def buildProtocol(self, addr: Any) -> ClientConnection:
        return self.connection


async def connect(
    endpoint: IStreamClientEndpoint, make: Callable[[], C], *, tls_context: Any = None
) -> C:
    """Connect to a server.

    Args:
        endpoint: where.
        make: makes the connection (its dialog, clock and timeouts in it).
        tls_context: see ``netsuite.tls.client_options``, for TLS from the first octet.

    Returns:
        The connection; with TLS, when the handshake is done and the certificate verified.

    Raises:
        ConnectError: the endpoint's own words, where it cannot connect.
        PeerTimedOut: connecting took too long.
        PeerClosed: the TLS handshake failed; its ``__cause__`` says how.
    """
    connection = make()
    factory: Any = _OneConnection(connection)
    if tls_context is not None:
        factory = tls.wrap_client(factory, tls_context, connection.clock)
    connecting: Deferred[Any] = endpoint.connect(factory)
    seconds = connection.client_timeouts.connect_seconds
    if seconds is not None:
        connecting.addTimeout(seconds, connection.clock)
    try:
        await connecting
    except (DeferredTimeout, CancelledError) as error:
        raise PeerTimedOut(f"not connected after {seconds} seconds") from error
    if tls_context is not None:
        await connection.handshake()
    return connection


async def connect_and_begin(
    endpoint: IStreamClientEndpoint,
    make: Callable[[], C],
    *,
    upgrade: Callable[[C, Any], Awaitable[None]],
    tls_context: Any = None,
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
        Refused, NotOffered: and the connection is closed.
        PeerError: and what ``connect`` raises.
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
