"""Commands in progress: tags, what came for each, literals in pieces, both ways.

Several may be in progress at once (RFC 3501, 5.5): their tags tell the completions apart, and
what may not be interleaved (literals, AUTHENTICATE, IDLE) keeps its turn.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredLock, ensureDeferred
from twisted.internet.error import ConnectionDone

from netsuite.connection import errors
from netsuite.connection.client import ClientConnection
from netsuite.connection.errors import ConnectionLost
from netsuite.imap.client.expected import KINDS, CommandInProgress, Consumer
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.append import Piece
from netsuite.imap.commands.fetch import BinarySection, BodySection, FetchData
from netsuite.imap.commands.responses import Code, Continue, Response, Status, Tagged
from netsuite.imap.dialog.client import (
    ClientDialog,
    ClientEvent,
    LiteralBegins,
    NotUnderstood,
)
from netsuite.imap.grammar.append import Place, format_pieces
from netsuite.imap.grammar.compose import Segment, format_command, split_command
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput

R = TypeVar("R")

#: What commands are said on.
Connection: TypeAlias = ClientConnection[ClientEvent, Segment]
#: A further message of an APPEND: what it says of it, and its octets.
More: TypeAlias = tuple[tuple[Piece, ...], AsyncIterable[bytes]]

#: Without a consumer a literal is gathered, up to so many octets.
GATHERED_OCTETS: Final = 64 * 1024 * 1024

#: After BYE a server has so long to say what else it has to say, and to close.
FAREWELL_SECONDS: Final = 10.0

#: Response codes of what may be otherwise later (RFC 5530, 3).
_TRANSIENT: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})


class Goodbye(ConnectionLost):
    """The server has said BYE; the message is its text, and ``code`` says why where it told."""

    def __init__(self, text: str, code: Code | None = None) -> None:
        super().__init__(text)
        self.code = "" if code is None else code.name


def refusal(tagged: Tagged, request: ask.Request) -> errors.Refusal:
    """Return the error that NO or BAD is: transient, or permanent, or a login's."""
    code = "" if tagged.code is None else tagged.code.name
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if tagged.status is Status.NO:
        if code in _TRANSIENT:
            kind = errors.TransientRefusal
        elif isinstance(request, ask.Login | ask.Authenticate):
            kind = errors.AuthenticationFailed
    return kind(code, tagged.text, request)


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended well, and the responses that came for it, in order."""

    tagged: Tagged
    data: tuple[Response, ...]

    @property
    def code(self) -> Code | None:
        """The response code of the end."""
        return self.tagged.code

    @property
    def copy_uid(self) -> said.CopyUid | None:
        """Which UIDs messages got, where the server tells (UIDPLUS)."""
        codes = [self.code, *(each.code for each in self.data_of(said.Condition))]
        for code in codes:
            if code is not None and isinstance(code.argument, said.CopyUid):
                return code.argument
        return None

    def data_of(self, kind: type[R]) -> Sequence[R]:
        """Return the responses of one kind."""
        return [response for response in self.data if isinstance(response, kind)]


class CommandsInProgress:
    """The commands of one connection."""

    def __init__(self, connection: Connection, dialog: ClientDialog) -> None:
        self.connection = connection
        self.dialog = dialog
        #: Called with every response that is no command's data.
        self.on_news: Callable[[Response], None] = lambda response: None
        #: Each called with every untagged response and every end of a command, in their order,
        #: before anything is made of it.
        self.observers: list[Callable[[Response], None]] = []
        #: What the server can do, as it said last, in upper case.
        self.capabilities: frozenset[str] = frozenset()
        #: How long to wait for an answer, instead of as usual; while IDLE is in progress.
        self.reply_seconds: float | None = None
        self._last_tag = 0
        self._commands: dict[bytes, CommandInProgress] = {}
        self._lock = DeferredLock()
        self._waiting: tuple[bytes, Deferred[Continue | Tagged]] | None = None
        self._is_hearing = False
        self._hearing: Deferred[None] | None = None
        self._gathered: dict[BodySection | BinarySection, bytes] = {}
        self._bye: said.Condition | None = None
        self._error: BaseException | None = None  # nothing can be said any more

    # -- saying -------------------------------------------------------------------------------

    async def run(
        self,
        request: ask.Request,
        *,
        consumer: Consumer | None = None,
        body: AsyncIterable[bytes] | None = None,
        more: Sequence[More] = (),
    ) -> Completed:
        """Send a command, and await its end.

        Args:
            request: what it asks.
            consumer: takes large literals; without one they are gathered in memory.
            body: an APPEND's message.
            more: its further messages (MULTIAPPEND).

        Raises:
            Refusal: NO or BAD.
            Goodbye: the server said BYE instead.
            LocalProtocolError: the command cannot be said.
            ClientError: the connection can be used no longer.
        """
        async with self.turn() as turn:
            command = await turn.say(request, consumer=consumer, body=body, more=more)
        return self.completed(command, await command.ended)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Return the turn to say a command: nobody else says one before it is over."""
        await self._lock.acquire()
        turn = Turn(self)
        try:
            yield turn
        except BaseException:
            if turn.command is not None:
                self._commands.pop(turn.command.tag, None)
                turn.command.ended.addErrback(lambda failure: None)
            raise
        finally:
            self._lock.release()

    def completed(self, command: CommandInProgress, tagged: Tagged) -> Completed:
        """Return how a command ended well. Raises Refusal where it did not, ProtocolViolation
        where some of its data was not understood; the connection stays."""
        if tagged.status is not Status.OK:
            raise self.connection.with_conversation(refusal(tagged, command.request))
        if command.fault is not None:
            violation = f"{command.fault.name} was not understood: {command.fault.reason}"
            raise self.connection.with_conversation(errors.ProtocolViolation(violation))
        return Completed(tagged, tuple(command.data))

    def next_tag(self) -> bytes:
        """Return a tag that was not used yet."""
        self._last_tag += 1
        return b"n%d" % self._last_tag

    def start(self, command: CommandInProgress) -> None:
        """Hear the responses of a command, which is about to be said. Raises why nothing can be
        said any more."""
        self._check()
        self._commands[command.tag] = command
        if not self._is_hearing:
            self._is_hearing = True
            self._hearing = ensureDeferred(self._hear_all())
            self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    async def next_of(self, command: CommandInProgress) -> Continue | Tagged:
        """Return what comes next of a command: the server's leave to go on, or its end."""
        if command.tagged is not None:
            return command.tagged
        if command.ended.called:
            return await command.ended  # which raises: the connection is gone
        waiting: Deferred[Continue | Tagged] = Deferred()
        self._waiting = command.tag, waiting
        try:
            return await waiting
        finally:
            if self._waiting is not None and self._waiting[1] is waiting:
                self._waiting = None

    # -- hearing ------------------------------------------------------------------------------

    async def _hear_all(self) -> None:
        """Hear what comes while something is awaited."""
        try:
            while self._commands:
                self._hear(await self._next())
        except BaseException as error:
            self._end(error)
        finally:
            self._is_hearing = False

    async def _next(self) -> Response | NotUnderstood:
        """Return the next response; its large literals have been taken care of."""
        while True:
            seconds = self.reply_seconds if self._bye is None else FAREWELL_SECONDS
            event = await self.connection.receive(seconds=seconds)
            if isinstance(event, LiteralBegins):
                await self._take_literal(event)
            elif isinstance(event, BodyChunk | EndOfBody | EndOfInput):
                raise RemoteProtocolError("a literal that did not begin")
            else:
                return event

    async def _take_literal(self, begins: LiteralBegins) -> None:
        for command in self._commands.values():
            if FetchData in command.kinds:
                if command.consumer is not None:
                    chunks = self.connection.body()
                    await command.consumer(begins, chunks)
                    async for _ in chunks:  # what the consumer did not want
                        pass
                    return
                break
        if begins.octets > GATHERED_OCTETS:
            raise RemoteProtocolError("a literal is too large to hold")
        octets = b"".join([octets async for octets in self.connection.body()])
        self._gathered[begins.section] = octets

    def _hear(self, response: Response | NotUnderstood) -> None:
        if isinstance(response, NotUnderstood):
            self._skip(response)
            return
        if isinstance(response, Tagged):
            for observe in self.observers:
                observe(response)
            self._complete(response)
            return
        if isinstance(response, Continue):
            if self._waiting is None or self._waiting[1].called:
                raise RemoteProtocolError("a continuation that nobody asked for")
            self._waiting[1].callback(response)
            return
        if isinstance(response, said.CapabilityData):
            self._learn(response.names)
        elif isinstance(response, said.Condition):
            if response.status is Status.BYE:
                self._bye = response
            self.learn_from(response.code)
        elif isinstance(response, FetchData):
            response = self._filled(response)
        for observe in self.observers:
            observe(response)
        for command in self._commands.values():
            if command.takes(response, self.dialog.begun):
                command.data.append(response)
                return
        self.on_news(response)

    def _skip(self, skipped: NotUnderstood) -> None:
        """Note of a command that it misses something, and of no other."""
        self._gathered.clear()  # its literals went with it
        kind = KINDS.get(skipped.name)
        for command in self._commands.values():
            if kind in command.kinds and self.dialog.begun >= command.said_at:
                command.fault = command.fault or skipped
                return

    def _filled(self, response: FetchData) -> FetchData:
        """Put gathered literals where they stood; those a consumer took stay marked."""
        gathered, self._gathered = self._gathered, {}
        if not gathered:
            return response
        sections = {each: gathered.get(each, octets) for each, octets in response.sections.items()}
        binary = {each: gathered.get(each, octets) for each, octets in response.binary.items()}
        return replace(response, sections=sections, binary=binary)

    def _complete(self, tagged: Tagged) -> None:
        command = self._commands.pop(tagged.tag, None)
        if command is None:
            raise RemoteProtocolError("a completion of no command")
        if tagged.status is Status.OK:
            self.learn_from(tagged.code)
        command.tagged = tagged
        waiting = self._waiting
        command.ended.callback(tagged)
        if waiting is not None and waiting[0] == tagged.tag and not waiting[1].called:
            waiting[1].callback(tagged)

    def learn_from(self, code: Code | None) -> bool:
        """Accept the capabilities that a response code may tell; return whether it does."""
        if code is None or code.name != "CAPABILITY" or not isinstance(code.argument, tuple):
            return False
        self._learn(code.argument)
        return True

    def _learn(self, names: Sequence[str]) -> None:
        self.capabilities = frozenset(name.upper() for name in names)

    # -- the end ------------------------------------------------------------------------------

    def connection_lost(self) -> None:
        """Stop waiting for a consumer that is still at work."""
        if self._is_hearing and self._hearing is not None:
            self._hearing.cancel()

    def _end(self, error: BaseException) -> None:
        """Report to everybody who waits that nothing comes any more."""
        if isinstance(error, CancelledError):
            error = self.connection.with_conversation(ConnectionLost("the connection is gone"))
        elif isinstance(error, RemoteProtocolError):
            error = self.connection.violated(str(error))
        if self._bye is not None and isinstance(error, ConnectionLost | errors.Timeout):
            cause = error
            error = self.connection.with_conversation(Goodbye(self._bye.text, self._bye.code))
            error.__cause__ = cause
        # Before anybody is told: who is may go on at once with a command, LOGOUT for one.
        self._error = error
        self._is_hearing = False
        commands, self._commands = self._commands, {}
        if self._waiting is not None and not self._waiting[1].called:
            self._waiting[1].errback(error)
        for command in commands.values():
            if not command.ended.called:
                command.ended.errback(error)
        self.connection.abort()


class Turn:
    """The turn to say a command, and what belongs to it, beside those in progress already."""

    def __init__(self, commands: CommandsInProgress) -> None:
        self._commands = commands
        self._connection = commands.connection
        self.command: CommandInProgress | None = None

    async def say(
        self,
        request: ask.Request,
        *,
        consumer: Consumer | None = None,
        body: AsyncIterable[bytes] | None = None,
        more: Sequence[More] = (),
    ) -> CommandInProgress:
        """Send a command whole, or as far as the server gives leave. See ``run``."""
        tag = self._commands.next_tag()
        # It raises before anything is begun.
        octets = format_command(ask.Command(tag, request), utf8=self._commands.dialog.utf8)
        came = self._commands.dialog.came
        command = self.command = CommandInProgress(tag, request, consumer, came)
        self._commands.start(command)
        plus = "LITERAL+" in self._commands.capabilities
        if body is not None:
            messages = [(octets, body)]
            messages += [(format_pieces(each, Place(1))[0], octets) for each, octets in more]
            await self._say_with(messages, command, plus=plus)
            return command
        for segment in split_command(octets, literal_plus=plus):
            self._connection.say(segment)
            if not segment.last and isinstance(await self._commands.next_of(command), Tagged):
                break
        return command

    async def _say_with(
        self,
        messages: Sequence[tuple[bytes, AsyncIterable[bytes]]],
        command: CommandInProgress,
        *,
        plus: bool,
    ) -> None:
        tag = command.tag
        for octets, body in messages:
            if plus:
                octets = octets.removesuffix(b"}\r\n") + b"+}\r\n"
            self._connection.say(Segment(octets, last=False, tag=tag))
            tag = b""
            if not plus and isinstance(await self._commands.next_of(command), Tagged):
                return
            try:
                await self._connection.writer.write_body(body)
            except ConnectionDone:
                return  # whoever awaits the command's end is told why
            except BaseException:
                self._connection.abort()  # the server waits for octets that do not come
                raise
        self._connection.say(Segment(b"\r\n", last=True))

    async def begin(self, request: ask.Request) -> Continue | Tagged:
        """Send a command that the server asks for more of; return what it says first."""
        await self.say(request)
        return await self.next()

    async def respond(self, line: bytes) -> Continue | Tagged:
        """Send a line of the command; return what the server says next."""
        self.say_line(line)
        return await self.next()

    def say_line(self, line: bytes) -> None:
        """Send a line of the command."""
        self._connection.say(Segment(line + b"\r\n", last=True))

    async def next(self) -> Continue | Tagged:
        """Return what the server says next of the command: it asks for more, or it ends it."""
        if self.command is None:
            raise LocalProtocolError("no command has been said")
        return await self._commands.next_of(self.command)

    def completed(self, tagged: Tagged) -> Completed:
        """Return how the command ended well. Raises Refusal where it did not."""
        if self.command is None:
            raise LocalProtocolError("no command has been said")
        return self._commands.completed(self.command, tagged)
