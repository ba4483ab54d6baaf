"""Commands under way: tags, what came for each, literals in pieces, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime

from netsuite.connection.client import (
    ClientConnection,
    ClientTimeouts,
    PeerClosed,
    PeerError,
)
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData, Streamed
from netsuite.imap.commands.responses import Code, Response, Status, Tagged
from netsuite.imap.dialog.client import ClientBounds, ClientDialog, LiteralBegins
from netsuite.imap.grammar.compose import Segment, format_command, split_command
from netsuite.wire.errors import RemoteProtocolError

#: Takes a large literal in pieces: what it is, and its octets.
Consumer: TypeAlias = Callable[[LiteralBegins, AsyncIterator[bytes]], Awaitable[None]]

#: Without a consumer a literal is gathered, up to so many octets.
GATHERED_OCTETS: Final = 64 * 1024 * 1024

#: Which responses are the answer to which command; others are news of the mailbox.
ANSWERS: Final[Mapping[type, tuple[type, ...]]] = {
    ask.Capability: (said.CapabilityData,),
    ask.Id: (said.IdData,),
    ask.Enable: (said.EnabledData,),
    ask.Select: (said.FlagsData, said.Exists, said.Recent, said.Condition),
    ask.Examine: (said.FlagsData, said.Exists, said.Recent, said.Condition),
    ask.List: (said.Listed, said.StatusData),
    ask.Lsub: (said.Listed,),
    ask.Namespace: (said.NamespaceData,),
    ask.StatusOf: (said.StatusData,),
    ask.Expunge: (said.Expunged, said.Vanished),
    ask.Search: (said.SearchData,),
    ask.Fetch: (FetchData,),
    ask.Store: (FetchData,),
    ask.Move: (said.Condition, said.Expunged, said.Vanished),
}


class CommandFailed(Exception):
    """The server answered NO or BAD.

    Args:
        answer: its words; ``answer.code`` says why, where the server told.
    """

    def __init__(self, answer: Tagged) -> None:
        code = f"[{answer.code.name}] " if answer.code else ""
        super().__init__(f"{answer.status.name} {code}{answer.text}")
        self.answer = answer

    @property
    def code(self) -> str:
        """The response code's name, or nothing."""
        return self.answer.code.name if self.answer.code else ""


class Goodbye(PeerError):
    """The server said BYE; the message is its text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended well, and the responses that came for it, in order."""

    tagged: Tagged
    data: tuple[Response, ...]

    @property
    def code(self) -> Code | None:
        """The response code of the end."""
        return self.tagged.code


class _Pending:
    """A command that is not answered yet."""

    def __init__(self, request: ask.Request, consumer: Consumer | None) -> None:
        self.request = request
        self.consumer = consumer
        self.data: list[Response] = []
        self.done: Deferred[Tagged] = Deferred()
        self.claims = ANSWERS.get(type(request), ())


class Conversation(ClientConnection):
    """The commands of one connection. Several may be under way at once: their tags tell the
    answers apart, and what may not be interleaved (literals, IDLE) keeps its turn.

    Args:
        clock: for every timeout.
        timeouts: how long the server may take.
        bounds: how much of a response is held.
    """

    def __init__(
        self,
        clock: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        bounds: ClientBounds | None = None,
    ) -> None:
        super().__init__(ClientDialog(bounds), clock, timeouts=timeouts, name="imap-client")
        self.capabilities: frozenset[str] = frozenset()
        self._last_tag = 0
        self._pending: dict[bytes, _Pending] = {}
        self._saying = DeferredLock()
        self._continue: tuple[bytes, Deferred[said.Continue | None]] | None = None
        self._reading = False
        self._gathered: list[bytes] = []
        self._bye: str | None = None
        #: Called with every response that no command asked for.
        self.on_news: Callable[[Response], None] = lambda response: None
        #: Instead of the usual time to wait for an answer, while IDLE is under way.
        self.patience_seconds: float | None = None

    # -- saying -------------------------------------------------------------------------------

    async def run(
        self,
        request: ask.Request,
        *,
        consumer: Consumer | None = None,
        body: AsyncIterable[bytes] | None = None,
        respond: Callable[[said.Continue], bytes | None] | None = None,
    ) -> Answer:
        """Say a command, and await its end.

        Args:
            consumer: takes large literals; without one they are gathered in memory.
            body: an APPEND's message.
            respond: gives the line to send for each continuation request (AUTHENTICATE);
                None: send nothing, and go on waiting.

        Raises:
            CommandFailed: NO or BAD.
            Goodbye: the server said BYE instead.
            LocalProtocolError: the command cannot be said.
            PeerError, RemoteProtocolError: the connection can be used no longer.
        """
        tag, pending = self._begin(request, consumer)
        octets = format_command(ask.Command(tag, request))
        await self._saying.acquire()
        try:
            self._pending[tag] = pending
            self._read_on()
            await self._send(tag, octets, body, respond)
        except BaseException:
            self._pending.pop(tag, None)
            pending.done.addErrback(lambda failure: None)
            raise
        finally:
            self._continue = None
            self._saying.release()
        return await self.finished(pending)

    def _begin(self, request: ask.Request, consumer: Consumer | None) -> tuple[bytes, _Pending]:
        self._last_tag += 1
        return b"n%d" % self._last_tag, _Pending(request, consumer)

    async def finished(self, pending: _Pending) -> Answer:
        """Await the end of a command. Raises as ``run``."""
        tagged = await pending.done
        if tagged.status is not Status.OK:
            raise CommandFailed(tagged)
        if tagged.code is not None and tagged.code.name == "CAPABILITY":
            self._learn(tagged.code.argument)
        return Answer(tagged, tuple(pending.data))

    async def _send(
        self,
        tag: bytes,
        octets: bytes,
        body: AsyncIterable[bytes] | None,
        respond: Callable[[said.Continue], bytes | None] | None,
    ) -> None:
        plus = "LITERAL+" in self.capabilities
        if body is not None:
            octets = octets if not plus else octets.removesuffix(b"}\r\n") + b"+}\r\n"
            self._expect(tag)
            self.say(Segment(octets, last=False))
            if not plus and await self._leave() is None:
                return
            try:
                await self.write_body(body)
            except BaseException:
                self.abort()  # the server waits for octets that do not come
                raise
            self.say(Segment(b"\r\n", last=True))
            return
        for segment in split_command(octets, literal_plus=plus):
            self._expect(tag)
            self.say(segment)
            if not segment.last and await self._leave() is None:
                return
        while respond is not None:
            request = await self._leave()
            if request is None:
                return
            self._expect(tag)
            line = respond(request)
            if line is not None:
                self.say(Segment(line + b"\r\n", last=True))

    def _expect(self, tag: bytes) -> None:
        self._continue = tag, Deferred()

    async def _leave(self) -> said.Continue | None:
        """Await the server's leave to go on; None when the command has ended instead."""
        assert self._continue is not None
        return await self._continue[1]

    # -- hearing ------------------------------------------------------------------------------

    def _read_on(self) -> None:
        if not self._reading:
            self._reading = True
            self.spawn(self._read())

    async def _read(self) -> None:
        """Read while something is awaited."""
        try:
            while self._pending:
                self._hear(await self._next())
        except BaseException as error:
            self._end(error)
        finally:
            self._reading = False

    async def _next(self) -> Response:
        """Give the next response; its large literals have been taken care of."""
        while True:
            event = await self.receive(seconds=self.patience_seconds)
            if not isinstance(event, LiteralBegins):
                response: Response = event
                return response
            await self._take_literal(event)

    async def _take_literal(self, begins: LiteralBegins) -> None:
        for pending in self._pending.values():
            if FetchData in pending.claims:
                if pending.consumer is not None:
                    chunks = self.body()
                    await pending.consumer(begins, chunks)
                    async for _ in chunks:  # what the consumer did not want
                        pass
                    return
                break
        if begins.octets > GATHERED_OCTETS:
            raise RemoteProtocolError("a literal is too large to hold", close=True)
        self._gathered.append(b"".join([octets async for octets in self.body()]))

    def _hear(self, response: Response) -> None:
        if isinstance(response, Tagged):
            self._end_command(response)
            return
        if isinstance(response, said.Continue):
            if self._continue is None or self._continue[1].called:
                raise RemoteProtocolError("a continuation that nobody asked for", close=True)
            self._continue[1].callback(response)
            return
        if isinstance(response, said.CapabilityData):
            self._learn(response.names)
        elif isinstance(response, said.Condition):
            if response.status is Status.BYE:
                self._bye = response.text
            if response.code is not None and response.code.name == "CAPABILITY":
                self._learn(response.code.argument)
        elif isinstance(response, FetchData):
            response = self._filled(response)
        for pending in self._pending.values():
            if isinstance(response, pending.claims):
                pending.data.append(response)
                return
        self.on_news(response)

    def _filled(self, response: FetchData) -> FetchData:
        """Put gathered literals where they stood; those a consumer took stay marked."""
        if not self._gathered:
            return response
        sections = {
            section: self._gathered.pop(0)
            if isinstance(content, Streamed) and self._gathered
            else content
            for section, content in response.sections.items()
        }
        return replace(response, sections=sections)

    def _end_command(self, tagged: Tagged) -> None:
        pending = self._pending.pop(tagged.tag, None)
        if pending is None:
            raise RemoteProtocolError("an answer to no command", close=True)
        if self._continue is not None and self._continue[0] == tagged.tag:
            waiting = self._continue[1]
            if not waiting.called:
                waiting.callback(None)
        pending.done.callback(tagged)

    def _learn(self, names: object) -> None:
        if isinstance(names, tuple):
            self.capabilities = frozenset(str(name).upper() for name in names)

    def _end(self, error: BaseException) -> None:
        """Tell everybody who waits that nothing comes any more."""
        if isinstance(error, CancelledError):
            error = self._error or PeerClosed("the connection is gone")
        if self._bye is not None and isinstance(error, PeerError):
            goodbye = Goodbye(self._bye)
            goodbye.__cause__ = error
            error = goodbye
        pending, self._pending = self._pending, {}
        if self._continue is not None and not self._continue[1].called:
            self._continue[1].errback(error)
        for each in pending.values():
            if not each.done.called:
                each.done.errback(error)
        self.abort()


def one_of(answer: Answer, kind: type) -> Sequence[Any]:
    """Give the responses of one kind."""
    return [response for response in answer.data if isinstance(response, kind)]
