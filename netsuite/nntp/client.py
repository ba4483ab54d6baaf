"""The Twisted connection of an NNTP client.

::

    client = await connect(endpoint, clock=reactor, tls_context=context)
    await client.authenticate(mechanism)
    group = await client.group("comp.lang.python")
    async for line in client.over(Range(group.low, group.high)):
        ...
    await client.article(group.high, file.write)
    await client.quit()
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.client import (
    ClientConnection,
    ClientTimeouts,
    Write,
    answer_of,
    connect_and_begin,
)
from netsuite.connection.stream import Count, Progress, Source, Stream, pieces_of
from netsuite.nntp import commands as c
from netsuite.nntp import grammar
from netsuite.nntp.dialog import ClientDialog, ClientEvent, ClientSaid
from netsuite.sasl.exchange import exchange
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.wire.events import BodyChunk, EndOfBody
from netsuite.wire.reader import OctetReader

#: A line of a listing longer than this is none.
LINE_OCTETS: Final = 64 * 1024
#: A listing that is given as a whole, longer than this, is none: a million groups.
LISTING_OCTETS: Final = 80 * 1024 * 1024
#: Articles asked for before the first of them has come.
AHEAD: Final = 16


#: Of what may be otherwise later (RFC 3977, 3.2.1); no other number tells which it is.
_TRANSIENT: Final = frozenset({400, 403})


def refusal(status: c.Status, command: c.Command | None = None) -> errors.Refusal:
    """Return the error that a response is: transient, or permanent, or a login's."""
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if status.code in _TRANSIENT:
        kind = errors.TransientRefusal
    elif isinstance(command, c.AuthInfoUser | c.AuthInfoPass | c.AuthInfoSASL):
        kind = errors.AuthenticationFailed
    return kind(status.code, status.text, command)


# Longer than 300 lines with its docstrings: one short method for each command.
class NNTPClient(ClientConnection[ClientEvent, ClientSaid]):
    """One NNTP session, the client's side. See RFC 3977."""

    dialog: ClientDialog

    def __init__(self, clock: IReactorTime, *, timeouts: ClientTimeouts | None = None) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="nntp-client")
        #: The server's greeting.
        self.banner = ""
        #: Whether the greeting says that one may post.
        self.posting_allowed = False
        #: What CAPABILITIES said when it was last asked: label to arguments.
        self.capabilities: Mapping[str, str] = {}

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Accept the greeting and ask for capabilities. Raises Refusal."""
        greeting = self._check(_status(await self.receive()), None, 200, 201)
        self.banner = greeting.text
        self.posting_allowed = greeting.code == 200
        await self.ask_capabilities()
        if "READER" not in self.capabilities and "MODE-READER" in self.capabilities:
            await self.mode_reader()
            await self.ask_capabilities()

    async def ask_capabilities(self) -> Mapping[str, str]:
        """Ask for capabilities; none from a server that does not know the command."""
        command = c.Capabilities()
        status = await self._say(command)
        found: dict[str, str] = {}
        if status.code == 101:
            for line in await self._listing():
                label, _, arguments = line.partition(" ")
                found[label.upper()] = arguments.strip()
        self.capabilities = found
        return found

    async def mode_reader(self) -> bool:
        """Say that one wants to read; return whether one may post. Raises Refusal."""
        status = await self._ask(c.ModeReader(), 200, 201)
        self.posting_allowed = status.code == 200
        return self.posting_allowed

    async def starttls(self, context: tls.ClientContext) -> None:
        """Go on under TLS, the server's certificate verified. Raises NotOffered, Refusal,
        and as ``secure``."""
        if "STARTTLS" not in self.capabilities:
            raise self.with_conversation(errors.NotOffered("STARTTLS"))
        await self._ask(c.StartTLS(), 382)
        self.capabilities = {}
        await self.secure(context)
        await self.ask_capabilities()

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(self.capabilities.get("SASL", "").upper().split())

    async def login(self, username: str, password: str) -> None:
        """Log in with AUTHINFO USER and PASS. Raises AuthenticationFailed."""
        status = await self._ask(c.AuthInfoUser(username), 381, 281)
        if status.code == 381:
            await self._ask(c.AuthInfoPass(password), 281)
        await self.ask_capabilities()

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL. Raises AuthenticationFailed, TransientRefusal; ProtocolViolation where
        the server cannot prove itself or does not keep to the mechanism."""
        name = mechanism.name

        def asked(answer: c.Status | c.Challenge) -> bytes | None:
            return answer.octets if isinstance(answer, c.Challenge) and not answer.final else None

        with self.protocol_violations(), self.exchanging(name):
            answer = await exchange(
                mechanism,
                fits=lambda initial: (
                    len(grammar.format_command(c.AuthInfoSASL(name, initial)))
                    <= grammar.COMMAND_OCTETS
                ),
                begin=lambda initial: self._answer(c.AuthInfoSASL(name, initial)),
                respond=lambda octets: self._answer(c.SASLResponse(octets)),
                challenge=asked,
            )
            if isinstance(answer, c.Status):
                self._check(answer, c.AuthInfoSASL(name), 281)
            mechanism.finished(answer.octets if isinstance(answer, c.Challenge) else None)
        await self.ask_capabilities()

    # -- groups -------------------------------------------------------------------------------

    async def group(self, name: str) -> c.GroupStatus:
        """Select a newsgroup. Raises Refusal: 411."""
        status = await self._ask(c.Group(name), 211)
        with self.protocol_violations():
            return grammar.group_of(status, name)

    async def listgroup(
        self, name: str, wanted: c.Range | None = None
    ) -> tuple[c.GroupStatus, Sequence[int]]:
        """Select a newsgroup; return its article numbers. Raises Refusal: 411."""
        status = await self._ask(c.ListGroup(name, wanted), 211)
        lines = await self._listing()
        with self.protocol_violations():
            return grammar.group_of(status, name), [grammar.number_of(line) for line in lines]

    async def list_active(self, wildmat: str | None = None) -> Sequence[c.ActiveGroup]:
        """Return the newsgroups. Raises Refusal."""
        await self._ask(c.ListCommand("ACTIVE", wildmat), 215)
        return await self._active()

    async def list_newsgroups(self, wildmat: str | None = None) -> Mapping[str, str]:
        """Return descriptions by name. Raises Refusal."""
        found = {}
        for line in await self.list("NEWSGROUPS", wildmat):
            words = line.split(None, 1)
            if words:
                found[words[0]] = words[1] if len(words) > 1 else ""
        return found

    async def list(self, keyword: str, argument: str | None = None) -> Sequence[str]:
        """Return the lines of any LIST: ``OVERVIEW.FMT``, ``HEADERS``, ``COUNTS`` ... Raises
        Refusal."""
        await self._ask(c.ListCommand(keyword, argument), 215)
        return await self._listing()

    async def newgroups(self, since: datetime) -> Sequence[c.ActiveGroup]:
        """Return groups made since then. Raises Refusal."""
        utc = since.astimezone(UTC)
        await self._ask(c.NewGroups(f"{utc:%Y%m%d}", f"{utc:%H%M%S}"), 231)
        return await self._active()

    async def newnews(self, wildmat: str, since: datetime) -> AsyncIterator[str]:
        """Return Message-IDs of articles come since then, as they come; some perhaps twice.

        Nothing else may be asked before the last has come. Raises Refusal.
        """
        utc = since.astimezone(UTC)
        await self._ask(c.NewNews(wildmat, f"{utc:%Y%m%d}", f"{utc:%H%M%S}"), 230)
        async for line in self._lines_as_they_come():
            yield line

    # -- articles -----------------------------------------------------------------------------

    async def stat(self, article: c.ArticleRef = None) -> c.ArticleName:
        """See whether there is an article. Raises Refusal: 412, 420, 423, 430."""
        return await self._name(c.Stat(article), 223)

    async def next(self) -> c.ArticleName:
        """Go to the next article. Raises Refusal: 412, 420, 421."""
        return await self._name(c.Next(), 223)

    async def last(self) -> c.ArticleName:
        """Go to the article before. Raises Refusal: 412, 420, 422."""
        return await self._name(c.Last(), 223)

    async def article(self, article: c.ArticleRef, write: Write) -> c.ArticleName:
        """Fetch an article; *write* as for ``body_to``. Raises Refusal: 412, 420, 423, 430."""
        return await self._fetch(c.Article(article), 220, write)

    async def head(self, article: c.ArticleRef, write: Write) -> c.ArticleName:
        """Fetch an article's header. As ``article``."""
        return await self._fetch(c.Head(article), 221, write)

    async def body_of(self, article: c.ArticleRef, write: Write) -> c.ArticleName:
        """Fetch an article's body. As ``article``."""
        return await self._fetch(c.Body(article), 222, write)

    def read(self, article: c.ArticleRef = None, *, progress: Progress | None = None) -> Stream:
        """Return an article as it comes. Whoever leaves it before its end ends the connection.
        Raises Refusal, when it is read: 412, 420, 423, 430."""

        async def pieces(count: Count) -> AsyncGenerator[bytes, None]:
            await self._name(c.Article(article), 220)
            async for octets in self.whole_body():
                yield octets

        return Stream(pieces, progress or self.progress)

    async def _fetch(self, command: c.Command, code: int, write: Write) -> c.ArticleName:
        name = await self._name(command, code)
        await self.body_to(write)
        return name

    async def _name(self, command: c.Command, code: int) -> c.ArticleName:
        status = await self._ask(command, code)
        with self.protocol_violations():
            return grammar.name_of(status)

    async def fetch(
        self, articles: Sequence[int | str], begin: Callable[[int | str], Write]
    ) -> Mapping[int | str, c.Status]:
        """Fetch many articles by number or Message-ID, asking ahead; *begin* as for ``fetch_each``.
        Return those that were refused, and what was said."""
        return await self.fetch_each(
            articles,
            c.Article,
            begin,
            answer=_status,
            brings=lambda status: status.code == 220,
            ahead=AHEAD,
        )

    async def over(self, articles: c.RangeRef = None) -> AsyncIterator[c.Overview]:
        """Return overview lines as they come. Raises Refusal: 412, 420, 423, 430.

        Nothing else may be asked before the last has come.
        """
        legacy = bool(self.capabilities) and "OVER" not in self.capabilities
        await self._ask(c.Over(articles, legacy), 224)
        async for line in self._lines_as_they_come():
            with self.protocol_violations():
                read = grammar.overview_of(line)
            yield read

    async def hdr(self, field: str, articles: c.RangeRef = None) -> Sequence[tuple[int, str]]:
        """Return one field of articles. Raises Refusal: 412, 420, 423, 430, 503."""
        legacy = bool(self.capabilities) and "HDR" not in self.capabilities
        await self._ask(c.Hdr(field, articles, legacy), 225, 221)
        found = []
        lines = await self._listing()
        with self.protocol_violations():
            for line in lines:
                number, _, value = line.partition(" ")
                # XHDR tells the Message-ID it was asked by, where HDR tells a number.
                found.append((0 if number.startswith("<") else grammar.number_of(number), value))
        return found

    # -- posting ------------------------------------------------------------------------------

    async def post(self, article: Source, *, progress: Progress | None = None) -> str:
        """Post an article.

        Args:
            article: its octets, in pieces cut anywhere; bare line ends become CRLF.
            progress: told of what was sent.

        Returns:
            What the server says of it.

        Raises:
            Refusal: 440, 480: it was not sent. 441: it is not taken.
        """
        posted = pieces_of(article, progress or self.progress)
        await self._ask(c.Post(), 340)
        try:
            async for octets in posted:
                self.say(BodyChunk(octets))
                await self.writable()
        except BaseException:
            self.abort()  # what was sent must not be taken for an article
            raise
        self.say(EndOfBody())
        return self._check(_status(await self.receive()), c.Post(), 240).text

    # -- the rest -----------------------------------------------------------------------------

    async def date(self) -> datetime:
        """Return the server's time. Raises Refusal."""
        text = (await self._ask(c.Date(), 111)).text
        try:
            return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise self.violated(f"no date: {text[:20]!r}") from None

    async def help(self) -> Sequence[str]:
        """Return the server's text for people. Raises Refusal."""
        await self._ask(c.Help(), 100)
        return await self._listing()

    async def quit(self) -> None:
        """End the session."""
        with contextlib.suppress(errors.ConnectionLost):
            await self._say(c.Quit())
            await self.closed()

    async def end_session(self) -> None:
        """As ``quit``."""
        await self.quit()

    # -- saying and hearing -------------------------------------------------------------------

    async def _answer(self, command: c.Command) -> c.Status | c.Challenge:
        return answer_of(await self.ask(command))

    async def _say(self, command: c.Command) -> c.Status:
        return _status(await self.ask(command))

    async def _ask(self, command: c.Command, *codes: int) -> c.Status:
        return self._check(await self._say(command), command, *codes)

    def _check(self, status: c.Status, command: c.Command | None, *codes: int) -> c.Status:
        """Return a response with one of the codes there are to go on with. Raises Refusal, and
        ProtocolViolation for another."""
        if status.code in codes:
            return status
        if status.ok:
            raise self.violated(f"{type(command).__name__}: {status}")
        raise self.with_conversation(refusal(status, command))

    async def _active(self) -> Sequence[c.ActiveGroup]:
        lines = await self._listing()
        with self.protocol_violations():
            return [grammar.active_of(line) for line in lines]

    async def _listing(self) -> Sequence[str]:
        lines: list[str] = []
        total = 0
        async for line in self._lines_as_they_come():
            total += len(line) + 2
            if total > LISTING_OCTETS:
                raise self.violated("a listing without end")
            lines.append(line)
        return lines

    async def _lines_as_they_come(self) -> AsyncIterator[str]:
        reader = OctetReader()
        async with contextlib.aclosing(self.whole_body()) as body:
            async for octets in body:
                reader.feed(octets)
                while True:
                    with self.protocol_violations():
                        line = reader.read_line(LINE_OCTETS, lenient=True)
                    if line is None:
                        break
                    yield line.decode("utf-8", "replace")


def _status(event: ClientEvent) -> c.Status:
    answer = answer_of(event)
    if isinstance(answer, c.Challenge):
        raise errors.ProtocolViolation("a challenge for an answer")
    return answer


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
    timeouts: ClientTimeouts | None = None,
) -> NNTPClient:
    """Connect and begin: see ``connect_and_begin``. TLS from the first octet is for port 563."""
    return await connect_and_begin(
        endpoint,
        lambda: NNTPClient(clock, timeouts=timeouts),
        upgrade=NNTPClient.starttls,
        tls_context=tls_context,
        implicit=implicit,
    )
