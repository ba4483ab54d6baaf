"""The Twisted connection of a POP3 client.

::

    client = await connect(endpoint, clock=reactor, tls_context=context)
    await client.log_in(mechanism)
    for number, name in await client.uidl():
        await client.retr(number, file.write)
    await client.quit()
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
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
from netsuite.pop3.commands import (
    Auth,
    AuthResponse,
    Capa,
    Challenge,
    Command,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Status,
    Stls,
    Top,
    Uidl,
    User,
)
from netsuite.pop3.dialog import ClientDialog
from netsuite.pop3.grammar import capabilities_of, format_command, numbered, numbered_line
from netsuite.sasl.exchange import ClientExchange
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.wire.errors import RemoteProtocolError

TIMEOUTS: Final = ClientTimeouts(reply_seconds=300.0)
#: RFC 5034, 4: AUTH with its initial response is a command line of RFC 2449, 4.
AUTH_LINE_OCTETS: Final = 255
#: A listing larger than this is none: a million messages with UIDs of 70 octets.
LISTING_OCTETS: Final = 80 * 1024 * 1024
#: Messages asked for before the first of them has come, where the server takes that.
AHEAD: Final = 16


class POP3Refused(Refused):
    """The server said ``-ERR``: *status*, to *command*; None for the greeting."""

    def __init__(self, status: Status, command: object = None) -> None:
        super().__init__(status, command)
        self.status = status


class LoginRefused(POP3Refused):
    """The login was refused; ``status.code`` is ``AUTH``, ``IN-USE`` or ``SYS/TEMP`` if the
    server says why."""


class POP3Client(ClientConnection):
    """One POP3 session, the client's side. See RFC 1939.

    Args:
        clock: for every timeout.
        timeouts: how long the server may take.
    """

    dialog: ClientDialog

    def __init__(self, clock: IReactorTime, *, timeouts: ClientTimeouts = TIMEOUTS) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="pop3-client")
        #: The server's greeting.
        self.banner = ""
        #: What CAPA said when it was last asked: keyword to parameters.
        self.capabilities: Mapping[str, str] = {}

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Take the greeting and ask for capabilities. Raises POP3Refused."""
        _, greeting = await self.receive()
        if not greeting.ok:
            raise POP3Refused(greeting)
        self.banner = greeting.text
        await self.capa()

    async def capa(self) -> Mapping[str, str]:
        """Ask for capabilities; none from a server that does not know CAPA (RFC 2449)."""
        status = await self._say(Capa())
        self.capabilities = capabilities_of(await self._listing()) if status.ok else {}
        return self.capabilities

    async def stls(self, context: Any) -> None:
        """Go on under TLS, the server's certificate verified.

        Args:
            context: see ``netsuite.tls.client_options``.

        Raises:
            NotOffered: there is no STLS, which may be an attacker's doing.
            POP3Refused: the server cannot now.
            InputBeforeTLS, PeerClosed: see ``ClientConnection.secure``.
        """
        if "STLS" not in self.capabilities:
            raise NotOffered("STLS")
        await self._ask(Stls())
        self.capabilities = {}
        await self.secure(context)
        await self.capa()

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(self.capabilities.get("SASL", "").upper().split())

    async def login(self, username: str, password: str) -> None:
        """Log in with USER and PASS. Raises LoginRefused."""
        for command in (User(username), Pass(password)):
            status = await self._say(command)
            if not status.ok:
                raise LoginRefused(status, command)

    async def log_in(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL.

        Raises:
            LoginRefused: the server says no.
            RemoteProtocolError: the server cannot prove that it is the right one, or does not
                keep to the mechanism; the exchange has been cancelled.
        """
        exchange = ClientExchange(
            mechanism,
            lambda initial: len(format_command(Auth(mechanism.name, initial))) <= AUTH_LINE_OCTETS,
        )
        command = Auth(mechanism.name, exchange.initial)
        answer = await self._say_auth(command)
        while isinstance(answer, Challenge):
            answer = await self._say_auth(await self._response(exchange, answer.octets))
        if not answer.ok:
            raise LoginRefused(answer, command)
        mechanism.finished(None)

    async def _response(self, exchange: ClientExchange, challenge: bytes) -> AuthResponse:
        try:
            return AuthResponse(exchange.respond(challenge))
        except RemoteProtocolError:
            await self._say_auth(AuthResponse(None))
            raise

    # -- the maildrop -------------------------------------------------------------------------

    async def stat(self) -> tuple[int, int]:
        """Give the number of messages and their size in octets. Raises POP3Refused."""
        count, octets = numbered_line((await self._ask(Stat())).text)
        return count, _number(octets)

    async def list(self) -> Sequence[tuple[int, int]]:
        """Give numbers and sizes of all messages. Raises POP3Refused."""
        await self._ask(List())
        return [(number, _number(size)) for number, size in numbered(await self._listing())]

    async def size(self, number: int) -> int:
        """Give the size of one message. Raises POP3Refused."""
        return _number(numbered_line((await self._ask(List(number))).text)[1])

    async def uidl(self) -> Sequence[tuple[int, str]]:
        """Give numbers and unique names of all messages. Raises POP3Refused."""
        await self._ask(Uidl())
        return numbered(await self._listing())

    async def uid(self, number: int) -> str:
        """Give the unique name of one message. Raises POP3Refused."""
        return numbered_line((await self._ask(Uidl(number))).text)[1]

    async def retr(self, number: int, write: Write) -> None:
        """Fetch a message.

        Args:
            number: from 1.
            write: called with each piece, as it comes; what it gives is awaited, so that a
                slow disk slows the server down.

        Raises:
            POP3Refused: there is no such message.
        """
        await self._ask(Retr(number))
        await self.body_to(write)

    async def top(self, number: int, lines: int, write: Write) -> None:
        """Fetch a message's header and first lines. As ``retr``."""
        await self._ask(Top(number, lines))
        await self.body_to(write)

    async def retrieve(
        self, numbers: Sequence[int], begin: Callable[[int], Write]
    ) -> Mapping[int, Status]:
        """Fetch many messages, asking ahead where the server offers PIPELINING.

        Args:
            numbers: in the order they are wanted.
            begin: called with the number when a message begins; gives its ``write``, which is
                called with no octets when the message is whole.

        Returns:
            Those that were refused, and what was said.
        """
        ahead = AHEAD if "PIPELINING" in self.capabilities else 1
        return await self.fetch_each(
            numbers, Retr, begin, brings=lambda status: status.ok, ahead=ahead
        )

    async def dele(self, number: int) -> None:
        """Mark a message as deleted; QUIT removes it. Raises POP3Refused."""
        await self._ask(Dele(number))

    async def rset(self) -> None:
        """Take all marks back. Raises POP3Refused."""
        await self._ask(Rset())

    async def noop(self) -> None:
        """See whether the server is still there. Raises POP3Refused."""
        await self._ask(Noop())

    async def quit(self) -> None:
        """End the session; what was marked is removed when this returns.

        Raises:
            POP3Refused: the server could not remove it all.
            PeerClosed: whether it has is not known.
        """
        status = await self._say(Quit())
        with contextlib.suppress(PeerClosed, ConnectionDone):
            await self.closed()
        if not status.ok:
            raise POP3Refused(status, Quit())

    # -- saying and hearing -------------------------------------------------------------------

    async def _say(self, command: Command) -> Status:
        _, answer = await self.ask(command)
        status: Status = answer
        return status

    async def _say_auth(self, command: Auth | AuthResponse) -> Status | Challenge:
        _, answer = await self.ask(command)
        result: Status | Challenge = answer
        return result

    async def _ask(self, command: Command) -> Status:
        status = await self._say(command)
        if not status.ok:
            raise POP3Refused(status, command)
        return status

    async def _listing(self) -> bytes:
        pieces: list[bytes] = []
        total = 0
        async for octets in self.body():
            total += len(octets)
            if total > LISTING_OCTETS:
                self.abort()
                raise RemoteProtocolError("a listing without end", close=True)
            pieces.append(octets)
        return b"".join(pieces)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise RemoteProtocolError(f"no number: {text[:20]!r}", close=True)
    return int(text)


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: Any = None,
    implicit: bool = False,
    timeouts: ClientTimeouts = TIMEOUTS,
) -> POP3Client:
    """Connect to a server.

    Args:
        endpoint: where.
        tls_context: see ``netsuite.tls.client_options``; None for no TLS.
        implicit: whether TLS begins with the first octet (port 995); else STLS is said, and
            is insisted on.

    Raises:
        POP3Refused, NotOffered: and the connection is closed.
        PeerError: and what ``netsuite.connection.client.connect`` raises.
    """
    return await connect_and_begin(
        endpoint,
        lambda: POP3Client(clock, timeouts=timeouts),
        upgrade=POP3Client.stls,
        tls_context=tls_context,
        implicit=implicit,
    )
