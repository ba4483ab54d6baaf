"""The Twisted connection of a POP3 client.

::

    client = await connect(endpoint, clock=reactor, tls_context=context)
    await client.authenticate(mechanism)
    for number, name in await client.uidl():
        await client.retr(number, file.write)
    await client.quit()
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
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
from netsuite.connection.stream import Count, Progress, Stream
from netsuite.pop3 import commands
from netsuite.pop3.dialog import ClientDialog, ClientEvent
from netsuite.pop3.grammar import capabilities_of, format_command, numbered, numbered_line
from netsuite.sasl.exchange import exchange
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.sasl.lines import Auth, AuthResponse, Challenge

#: RFC 5034, 4: AUTH with its initial response is a command line of RFC 2449, 4.
AUTH_LINE_OCTETS: Final = 255
#: A listing larger than this is none: a million messages with UIDs of 70 octets.
LISTING_OCTETS: Final = 80 * 1024 * 1024
#: Messages asked for before the first of them has come, where the server takes that.
AHEAD: Final = 16


#: Response codes of what may be otherwise later (RFC 2449, 8.1.1; RFC 3206).
_TRANSIENT: Final = frozenset({"IN-USE", "LOGIN-DELAY", "SYS/TEMP"})


def refusal(status: commands.Status, command: commands.Command | None = None) -> errors.Refusal:
    """Return the error that ``-ERR`` is: transient, or permanent, or a login's."""
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if status.code in _TRANSIENT:
        kind = errors.TransientRefusal
    elif isinstance(command, commands.User | commands.Pass | Auth | AuthResponse):
        kind = errors.AuthenticationFailed
    return kind(status.code, status.text, command)


class POP3Client(ClientConnection[ClientEvent, commands.Command]):
    """One POP3 session, the client's side. See RFC 1939."""

    dialog: ClientDialog

    def __init__(self, clock: IReactorTime, *, timeouts: ClientTimeouts | None = None) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="pop3-client")
        #: The server's greeting.
        self.banner = ""
        #: What CAPA said when it was last asked: keyword to parameters.
        self.capabilities: Mapping[str, str] = {}

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Accept the greeting and ask for capabilities. Raises Refusal."""
        greeting = _status(await self.receive())
        if not greeting.ok:
            raise self.with_conversation(refusal(greeting))
        self.banner = greeting.text
        await self.capa()

    async def capa(self) -> Mapping[str, str]:
        """Ask for capabilities; none from a server that does not know CAPA (RFC 2449)."""
        status = _status(await self.ask(commands.Capa()))
        self.capabilities = capabilities_of(await self._listing()) if status.ok else {}
        return self.capabilities

    async def stls(self, context: tls.ClientContext) -> None:
        """Go on under TLS, the server's certificate verified. Raises NotOffered, Refusal,
        and as ``secure``."""
        if "STLS" not in self.capabilities:
            raise self.with_conversation(errors.NotOffered("STLS"))
        await self._ask(commands.Stls())
        self.capabilities = {}
        await self.secure(context)
        await self.capa()

    async def utf8(self) -> None:
        """Have names, passwords and messages in UTF-8 (RFC 6856, 2). Raises NotOffered, Refusal."""
        if "UTF8" not in self.capabilities:
            raise self.with_conversation(errors.NotOffered("UTF8"))
        await self._ask(commands.Utf8())

    async def lang(self, language: str = "*") -> str:
        """Have the server speak a language, by its tag (RFC 6856, 3); ``*`` is its own. Return
        what it says then, its tag first. Raises Refusal."""
        return (await self._ask(commands.Lang(language))).text

    async def languages(self) -> Mapping[str, str]:
        """Return the languages that the server speaks: tag to name. Raises Refusal."""
        await self._ask(commands.Lang())
        lines = (await self._listing()).decode("utf-8", "replace").split("\r\n")
        pairs = (line.partition(" ") for line in lines if line)
        return {tag: name for tag, _, name in pairs}

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(self.capabilities.get("SASL", "").upper().split())

    async def login(self, username: str, password: str) -> None:
        """Log in with USER and PASS. Raises AuthenticationFailed, TransientRefusal."""
        await self._ask(commands.User(username))
        await self._ask(commands.Pass(password))

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL. Raises AuthenticationFailed, TransientRefusal; ProtocolViolation where
        the server cannot prove itself or does not keep to the mechanism."""
        name = mechanism.name
        with self.protocol_violations(), self.exchanging(name):
            answer = await exchange(
                mechanism,
                fits=lambda initial: len(format_command(Auth(name, initial))) <= AUTH_LINE_OCTETS,
                begin=lambda initial: self._answer(Auth(name, initial)),
                respond=lambda octets: self._answer(AuthResponse(octets)),
                challenge=lambda each: each.octets if isinstance(each, Challenge) else None,
            )
            if isinstance(answer, Challenge) or not answer.ok:
                raise self.with_conversation(refusal(_status((None, answer)), Auth(name, None)))
            mechanism.finished(None)

    # -- the maildrop -------------------------------------------------------------------------

    async def stat(self) -> tuple[int, int]:
        """Return the number of messages and their size in octets. Raises Refusal."""
        status = await self._ask(commands.Stat())
        with self.protocol_violations():
            count, octets = numbered_line(status.text)
            return count, _number(octets)

    async def list(self) -> Sequence[tuple[int, int]]:
        """Return numbers and sizes of all messages. Raises Refusal."""
        await self._ask(commands.List())
        listing = await self._listing()
        with self.protocol_violations():
            return [(number, _number(size)) for number, size in numbered(listing)]

    async def size(self, number: int) -> int:
        """Return the size of one message. Raises Refusal."""
        status = await self._ask(commands.List(number))
        with self.protocol_violations():
            return _number(numbered_line(status.text)[1])

    async def uidl(self) -> Sequence[tuple[int, str]]:
        """Return numbers and unique names of all messages. Raises Refusal."""
        await self._ask(commands.Uidl())
        listing = await self._listing()
        with self.protocol_violations():
            return numbered(listing)

    async def uid(self, number: int) -> str:
        """Return the unique name of one message. Raises Refusal."""
        status = await self._ask(commands.Uidl(number))
        with self.protocol_violations():
            return numbered_line(status.text)[1]

    async def retr(self, number: int, write: Write) -> None:
        """Fetch a message, by its number from 1; *write* as for ``body_to``. Raises Refusal."""
        await self._ask(commands.Retr(number))
        await self.body_to(write)

    async def top(self, number: int, lines: int, write: Write) -> None:
        """Fetch a message's header and first lines. As ``retr``."""
        await self._ask(commands.Top(number, lines))
        await self.body_to(write)

    def read(
        self, number: int, *, lines: int | None = None, progress: Progress | None = None
    ) -> Stream:
        """Return a message as it comes, or its header and first lines. Whoever leaves it before its
        end ends the connection. Raises Refusal, when it is read."""
        progress = progress or self.progress

        async def pieces(count: Count) -> AsyncGenerator[bytes, None]:
            if progress is not None and lines is None:
                count.total = await self.size(number)
            await self._ask(commands.Retr(number) if lines is None else commands.Top(number, lines))
            async for octets in self.whole_body():
                yield octets

        return Stream(pieces, progress)

    async def retrieve(
        self, numbers: Sequence[int], begin: Callable[[int], Write]
    ) -> Mapping[int, commands.Status]:
        """Fetch many messages, asking ahead where the server offers PIPELINING; *begin* as for
        ``fetch_each``. Return those that were refused, and what was said."""
        return await self.fetch_each(
            numbers,
            commands.Retr,
            begin,
            answer=_status,
            brings=lambda status: status.ok,
            ahead=self._ahead,
        )

    @property
    def _ahead(self) -> int:
        return AHEAD if "PIPELINING" in self.capabilities else 1

    async def sync(
        self, known: Collection[str], begin: Callable[[int, str], Write]
    ) -> frozenset[str]:
        """Fetch the messages whose unique names are not known.

        Args:
            known: what an earlier ``sync`` has returned.
            begin: as for ``fetch_each``, with the name of the message besides its number. Its
                ``write`` is called with no octets when the message is whole: who keeps the name
                then has not to fetch it again, should the connection break.

        Returns:
            The names of all messages that are there and have been fetched, now or earlier; what
            was refused is tried again by the next ``sync``.
        """
        names = dict(await self.uidl())
        new = [number for number, name in names.items() if name not in known]
        refused = await self.retrieve(new, lambda number: begin(number, names[number]))
        return frozenset(name for number, name in names.items() if number not in refused)

    async def delete(self, numbers: Sequence[int]) -> Mapping[int, commands.Status]:
        """Mark many messages as deleted, asking ahead as ``retrieve``; return those that were
        refused, and what was said."""
        answers = await self.fetch_each(
            numbers,
            commands.Dele,
            lambda number: lambda octets: None,
            answer=_status,
            brings=lambda status: False,
            ahead=self._ahead,
        )
        return {number: status for number, status in answers.items() if not status.ok}

    async def dele(self, number: int) -> None:
        """Mark a message as deleted; QUIT removes it. Raises Refusal."""
        await self._ask(commands.Dele(number))

    async def rset(self) -> None:
        """Take all marks back. Raises Refusal."""
        await self._ask(commands.Rset())

    async def noop(self) -> None:
        """See whether the server is still there. Raises Refusal."""
        await self._ask(commands.Noop())

    async def quit(self) -> None:
        """End the session; what was marked is removed when this returns.

        Raises:
            Refusal: the server could not remove it all.
            ConnectionLost: whether it has is not known.
        """
        status = _status(await self.ask(commands.Quit()))
        await self.closed()
        if not status.ok:
            raise self.with_conversation(refusal(status, commands.Quit()))

    async def end_session(self) -> None:
        """As ``quit``."""
        await self.quit()

    # -- saying and hearing -------------------------------------------------------------------

    async def _answer(self, command: commands.Command) -> commands.Status | Challenge:
        return answer_of(await self.ask(command))

    async def _ask(self, command: commands.Command) -> commands.Status:
        status = _status(await self.ask(command))
        if not status.ok:
            raise self.with_conversation(refusal(status, command))
        return status

    async def _listing(self) -> bytes:
        pieces: list[bytes] = []
        total = 0
        async for octets in self.body():
            total += len(octets)
            if total > LISTING_OCTETS:
                raise self.violated("a listing without end")
            pieces.append(octets)
        return b"".join(pieces)


def _status(event: ClientEvent) -> commands.Status:
    answer = answer_of(event)
    if isinstance(answer, Challenge):
        raise errors.ProtocolViolation("a challenge for an answer")
    return answer


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise errors.ProtocolViolation(f"no number: {text[:20]!r}")
    return int(text)


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
    timeouts: ClientTimeouts | None = None,
) -> POP3Client:
    """Connect and begin: see ``connect_and_begin``. TLS from the first octet is for port 995."""
    return await connect_and_begin(
        endpoint,
        lambda: POP3Client(clock, timeouts=timeouts),
        upgrade=POP3Client.stls,
        tls_context=tls_context,
        implicit=implicit,
    )
