"""The Twisted connection of an NNTP client.

::

    client = await connect(endpoint, clock=reactor, tls_context=context)
    await client.log_in(mechanism)
    group = await client.group("comp.lang.python")
    async for line in client.over(Range(group.low, group.high)):
        ...
    await client.article(group.high, file.write)
    await client.quit()
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite.connection.client import (
    ClientConnection,
    ClientTimeouts,
    PeerClosed,
    Refused,
    Write,
    connect_and_begin,
)
from netsuite.connection.client import NotOffered as NotOffered
from netsuite.nntp import commands as c
from netsuite.nntp.answers import (
    ActiveGroup,
    ArticleName,
    GroupStatus,
    Overview,
    active_of,
    group_of,
    name_of,
    number_of,
    overview_of,
)
from netsuite.nntp.commands import ArticleRef, Challenge, Command, Range, RangeRef, Status
from netsuite.nntp.dialog import ClientDialog
from netsuite.nntp.grammar import COMMAND_OCTETS, format_command
from netsuite.sasl.exchange import ClientExchange
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody
from netsuite.wire.reader import OctetReader

TIMEOUTS: Final = ClientTimeouts(reply_seconds=300.0)
#: A line of a listing longer than this is none.
LINE_OCTETS: Final = 64 * 1024
#: A listing that is given as a whole, longer than this, is none: a million groups.
LISTING_OCTETS: Final = 80 * 1024 * 1024
#: Articles asked for before the first of them has come.
AHEAD: Final = 16


class NNTPRefused(Refused):
    """The server said no: *status*, to *command*; None for the greeting."""

    def __init__(self, status: Status, command: object = None) -> None:
        super().__init__(status, command)
        self.status = status


class LoginRefused(NNTPRefused):
    """The login was refused."""


class NNTPClient(ClientConnection):
    """One NNTP session, the client's side. See RFC 3977.

    Args:
        clock: for every timeout.
        timeouts: how long the server may take.
    """

    dialog: ClientDialog

    def __init__(self, clock: IReactorTime, *, timeouts: ClientTimeouts = TIMEOUTS) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="nntp-client")
        #: The server's greeting.
        self.banner = ""
        #: Whether the greeting says that one may post.
        self.posting_allowed = False
        #: What CAPABILITIES said when it was last asked: label to arguments.
        self.capabilities: Mapping[str, str] = {}

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Take the greeting and ask for capabilities. Raises NNTPRefused."""
        _, greeting = await self.receive()
        if greeting.code not in (200, 201):
            raise NNTPRefused(greeting)
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
            for line in await self._lines():
                label, _, arguments = line.partition(" ")
                found[label.upper()] = arguments.strip()
        self.capabilities = found
        return found

    async def mode_reader(self) -> bool:
        """Say that one wants to read; tell whether one may post. Raises NNTPRefused."""
        status = await self._ask(c.ModeReader(), 200, 201)
        self.posting_allowed = status.code == 200
        return self.posting_allowed

    async def starttls(self, context: Any) -> None:
        """Go on under TLS, the server's certificate verified.

        Args:
            context: see ``netsuite.tls.client_options``.

        Raises:
            NotOffered: there is no STARTTLS, which may be an attacker's doing.
            NNTPRefused: the server cannot now.
            InputBeforeTLS, PeerClosed: see ``ClientConnection.secure``.
        """
        if "STARTTLS" not in self.capabilities:
            raise NotOffered("STARTTLS")
        await self._ask(c.StartTLS(), 382)
        self.capabilities = {}
        await self.secure(context)
        await self.ask_capabilities()

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(self.capabilities.get("SASL", "").upper().split())

    async def login(self, username: str, password: str) -> None:
        """Log in with AUTHINFO USER and PASS. Raises LoginRefused."""
        user = c.AuthInfoUser(username)
        status = await self._say(user)
        if status.code == 381:
            status = await self._say(c.AuthInfoPass(password))
        if status.code != 281:
            raise LoginRefused(status, user)
        await self.ask_capabilities()

    async def log_in(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL.

        Raises:
            LoginRefused: the server says no.
            RemoteProtocolError: the server cannot prove that it is the right one, or does not
                keep to the mechanism.
        """
        exchange = ClientExchange(
            mechanism,
            lambda initial: (
                len(format_command(c.AuthInfoSASL(mechanism.name, initial))) <= COMMAND_OCTETS
            ),
        )
        command = c.AuthInfoSASL(mechanism.name, exchange.initial)
        _, answer = await self.ask(command)
        while isinstance(answer, Challenge) and not answer.final:
            _, answer = await self.ask(await self._response(exchange, answer.octets))
        if isinstance(answer, Challenge):
            mechanism.finished(answer.octets)
        elif answer.code == 281:
            mechanism.finished(None)
        else:
            raise LoginRefused(answer, command)
        await self.ask_capabilities()

    async def _response(self, exchange: ClientExchange, challenge: bytes) -> c.SASLResponse:
        try:
            return c.SASLResponse(exchange.respond(challenge))
        except RemoteProtocolError:
            await self.ask(c.SASLResponse(None))
            raise

    # -- groups -------------------------------------------------------------------------------

    async def group(self, name: str) -> GroupStatus:
        """Select a newsgroup. Raises NNTPRefused: 411."""
        return group_of(await self._ask(c.Group(name), 211), name)

    async def listgroup(
        self, name: str, wanted: Range | None = None
    ) -> tuple[GroupStatus, Sequence[int]]:
        """Select a newsgroup; give its article numbers. Raises NNTPRefused: 411."""
        status = await self._ask(c.ListGroup(name, wanted), 211)
        return group_of(status, name), [number_of(line) for line in await self._lines()]

    async def list_active(self, wildmat: str | None = None) -> Sequence[ActiveGroup]:
        """Give the newsgroups. Raises NNTPRefused."""
        await self._ask(c.ListCommand("ACTIVE", wildmat), 215)
        return [active_of(line) for line in await self._lines()]

    async def list_newsgroups(self, wildmat: str | None = None) -> Mapping[str, str]:
        """Give descriptions by name. Raises NNTPRefused."""
        found = {}
        for line in await self.list("NEWSGROUPS", wildmat):
            words = line.split(None, 1)
            if words:
                found[words[0]] = words[1] if len(words) > 1 else ""
        return found

    async def list(self, keyword: str, argument: str | None = None) -> Sequence[str]:
        """Give the lines of any LIST: ``OVERVIEW.FMT``, ``HEADERS``, ``COUNTS`` ... Raises
        NNTPRefused."""
        await self._ask(c.ListCommand(keyword, argument), 215)
        return await self._lines()

    async def newgroups(self, since: datetime) -> Sequence[ActiveGroup]:
        """Give groups made since then. Raises NNTPRefused."""
        utc = since.astimezone(UTC)
        await self._ask(c.NewGroups(f"{utc:%Y%m%d}", f"{utc:%H%M%S}"), 231)
        return [active_of(line) for line in await self._lines()]

    async def newnews(self, wildmat: str, since: datetime) -> AsyncIterator[str]:
        """Give Message-IDs of articles come since then, as they come; some perhaps twice.

        Nothing else may be asked before the last has come. Raises NNTPRefused.
        """
        utc = since.astimezone(UTC)
        await self._ask(c.NewNews(wildmat, f"{utc:%Y%m%d}", f"{utc:%H%M%S}"), 230)
        async for line in self._lines_as_they_come():
            yield line

    # -- articles -----------------------------------------------------------------------------

    async def stat(self, article: ArticleRef = None) -> ArticleName:
        """See whether there is an article. Raises NNTPRefused: 412, 420, 423, 430."""
        return name_of(await self._ask(c.Stat(article), 223))

    async def next(self) -> ArticleName:
        """Go to the next article. Raises NNTPRefused: 412, 420, 421."""
        return name_of(await self._ask(c.Next(), 223))

    async def last(self) -> ArticleName:
        """Go to the article before. Raises NNTPRefused: 412, 420, 422."""
        return name_of(await self._ask(c.Last(), 223))

    async def article(self, article: ArticleRef, write: Write) -> ArticleName:
        """Fetch an article.

        Args:
            article: a number, a Message-ID with its angle brackets, or None for the current one.
            write: called with each piece, as it comes; what it gives is awaited, so that a slow
                disk slows the server down.

        Raises:
            NNTPRefused: 412, 420, 423, 430.
        """
        return await self._fetch(c.Article(article), 220, write)

    async def head(self, article: ArticleRef, write: Write) -> ArticleName:
        """Fetch an article's header. As ``article``."""
        return await self._fetch(c.Head(article), 221, write)

    async def body_of(self, article: ArticleRef, write: Write) -> ArticleName:
        """Fetch an article's body. As ``article``."""
        return await self._fetch(c.Body(article), 222, write)

    async def _fetch(self, command: Command, code: int, write: Write) -> ArticleName:
        name = name_of(await self._ask(command, code))
        await self.body_to(write)
        return name

    async def fetch(
        self, articles: Sequence[int | str], begin: Callable[[int | str], Write]
    ) -> Mapping[int | str, Status]:
        """Fetch many articles, asking ahead.

        Args:
            articles: numbers or Message-IDs, in the order they are wanted.
            begin: called with the number or Message-ID when an article begins; gives its
                ``write``, which is called with no octets when the article is whole.

        Returns:
            Those that were refused, and what was said.
        """
        return await self.fetch_each(
            articles, c.Article, begin, brings=lambda status: status.code == 220, ahead=AHEAD
        )

    async def over(self, articles: RangeRef = None) -> AsyncIterator[Overview]:
        """Give overview lines as they come. Raises NNTPRefused: 412, 420, 423, 430.

        Nothing else may be asked before the last has come.
        """
        legacy = bool(self.capabilities) and "OVER" not in self.capabilities
        await self._ask(c.Over(articles, legacy), 224)
        async for line in self._lines_as_they_come():
            yield overview_of(line)

    async def hdr(self, field: str, articles: RangeRef = None) -> Sequence[tuple[int, str]]:
        """Give one field of articles. Raises NNTPRefused: 412, 420, 423, 430, 503."""
        legacy = bool(self.capabilities) and "HDR" not in self.capabilities
        await self._ask(c.Hdr(field, articles, legacy), 225, 221)
        found = []
        for line in await self._lines():
            number, _, value = line.partition(" ")
            # XHDR tells the Message-ID it was asked by, where HDR tells a number.
            found.append((0 if number.startswith("<") else number_of(number), value))
        return found

    # -- posting ------------------------------------------------------------------------------

    async def post(self, article: AsyncIterator[bytes] | bytes) -> str:
        """Post an article.

        Args:
            article: its octets, in pieces cut anywhere; bare line ends become CRLF.

        Returns:
            What the server says of it.

        Raises:
            NNTPRefused: 440, 480: it was not sent. 441: it is not taken.
        """
        await self._ask(c.Post(), 340)
        try:
            if isinstance(article, bytes):
                self.say(BodyChunk(article))
                await self.writable()
            else:
                async for octets in article:
                    self.say(BodyChunk(octets))
                    await self.writable()
        except BaseException:
            self.abort()  # what was sent must not be taken for an article
            raise
        self.say(EndOfBody())
        _, status = await self.receive()
        if status.code != 240:
            raise NNTPRefused(status, c.Post())
        text: str = status.text
        return text

    # -- the rest -----------------------------------------------------------------------------

    async def date(self) -> datetime:
        """Give the server's time. Raises NNTPRefused."""
        text = (await self._ask(c.Date(), 111)).text
        try:
            return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise RemoteProtocolError(f"no date: {text[:20]!r}", close=True) from None

    async def help(self) -> Sequence[str]:
        """Give the server's text for people. Raises NNTPRefused."""
        await self._ask(c.Help(), 100)
        return await self._lines()

    async def quit(self) -> None:
        """End the session."""
        with contextlib.suppress(PeerClosed, ConnectionDone):
            await self._say(c.Quit())
            await self.closed()

    # -- saying and hearing -------------------------------------------------------------------

    async def _say(self, command: Command) -> Status:
        _, answer = await self.ask(command)
        if isinstance(answer, Challenge):
            raise RemoteProtocolError("a challenge outside of AUTHINFO SASL", close=True)
        status: Status = answer
        return status

    async def _ask(self, command: Command, *codes: int) -> Status:
        status = await self._say(command)
        if status.code not in codes:
            if status.ok:
                self.abort()
                raise RemoteProtocolError(f"{type(command).__name__}: {status}", close=True)
            raise NNTPRefused(status, command)
        return status

    async def _lines(self) -> Sequence[str]:
        lines: list[str] = []
        total = 0
        async for line in self._lines_as_they_come():
            total += len(line) + 2
            if total > LISTING_OCTETS:
                self.abort()
                raise RemoteProtocolError("a listing without end", close=True)
            lines.append(line)
        return lines

    async def _lines_as_they_come(self) -> AsyncIterator[str]:
        reader = OctetReader()
        whole = False
        try:
            async for octets in self.body():
                reader.feed(octets)
                while (line := reader.read_line(LINE_OCTETS, lenient=True)) is not None:
                    yield line.decode("utf-8", "replace")
            whole = True
        finally:
            if not whole:
                self.abort()  # the rest of the listing stands before any other answer


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: Any = None,
    implicit: bool = False,
    timeouts: ClientTimeouts = TIMEOUTS,
) -> NNTPClient:
    """Connect to a server.

    Args:
        endpoint: where.
        tls_context: see ``netsuite.tls.client_options``; None for no TLS.
        implicit: whether TLS begins with the first octet (port 563); else STARTTLS is said, and
            is insisted on.

    Raises:
        NNTPRefused, NotOffered: and the connection is closed.
        PeerError: and what ``netsuite.connection.client.connect`` raises.
    """
    return await connect_and_begin(
        endpoint,
        lambda: NNTPClient(clock, timeouts=timeouts),
        upgrade=NNTPClient.starttls,
        tls_context=tls_context,
        implicit=implicit,
    )
