"""The Twisted connection of an FTP client.

::

    client = await connect(endpoint, clock=reactor, reach=reach, tls_context=context)
    await client.login("alice", "secret")
    for entry in await client.mlsd("public"):
        await client.retr(f"public/{entry.name}", file.write)
    await client.quit()
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory

from netsuite.connection.client import (
    ClientConnection,
    ClientTimeouts,
    PeerClosed,
)
from netsuite.connection.client import connect as connect_any
from netsuite.connection.session_group import ResumingTLS
from netsuite.ftp.reply_grammar import extended_passive_port, features_of, passive_port
from netsuite.ftp.commands import (
    Appe,
    Auth,
    Cdup,
    Command,
    Cwd,
    Dele,
    Epsv,
    Feat,
    List,
    Mdtm,
    Mfmt,
    Mkd,
    Mlsd,
    Mlst,
    Nlst,
    Noop,
    Opts,
    Pass,
    Pasv,
    Pbsz,
    Prot,
    Protection,
    Pwd,
    Quit,
    Reply,
    Representation,
    Rest,
    Retr,
    Rmd,
    Rnfr,
    Rnto,
    Size,
    Stor,
    Syst,
    Transfer,
    Type,
    User,
)
from netsuite.ftp.dialog import ClientDialog
from netsuite.ftp.listing import Listed, entries_of, format_time, is_name, parse_mlsx, parse_time
from netsuite.ftp.paths import text_of, unquoted
from netsuite.ftp.refusals import FTPRefused as FTPRefused
from netsuite.ftp.refusals import LoginRefused as LoginRefused
from netsuite.ftp.refusals import NotOffered as NotOffered
from netsuite.ftp.transfer.connection import DataConnection, DataError, NotConnected
from netsuite.wire.errors import RemoteProtocolError

TIMEOUTS: Final = ClientTimeouts(reply_seconds=300.0)
#: A listing larger than this is none: half a million files.
LISTING_OCTETS: Final = 64 * 1024 * 1024
#: What a server answers to a command it does not have.
_UNKNOWN: Final = frozenset({500, 501, 502, 504, 522})

#: Takes a piece of a file; gives what to await before the next, or None.
Write: TypeAlias = Callable[[bytes], Awaitable[object] | object]
#: Gives an endpoint for an address and a port.
Reach: TypeAlias = Callable[[str, int], IStreamClientEndpoint]


# Longer than 300 lines, and the module than 500: one method a command, all of them short, and
# together the protocol.
class FTPClient(ClientConnection):
    """One FTP session, the client's side. See RFC 959.

    One transfer at a time, as the protocol has it. Data connections are always made by the
    client: to the port that EPSV or PASV names, at the address of the server itself.

    Args:
        clock: for every timeout.
        reach: gives endpoints for data connections.
        timeouts: how long the server may take.
    """

    dialog: ClientDialog

    def __init__(
        self, clock: IReactorTime, *, reach: Reach, timeouts: ClientTimeouts = TIMEOUTS
    ) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="ftp-client")
        #: The server's greeting.
        self.banner = ""
        #: What FEAT said: feature in upper case to its parameters.
        self.features: Mapping[str, str] = {}
        self._reach = reach
        self._tls_context: Any = None
        self._protected = False
        self._representation: Representation | None = None
        self._extended = True  # EPSV has not been refused

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Take the greeting, and ask for features. Raises FTPRefused."""
        greeting = await self._final(None)
        if not greeting.positive:
            raise FTPRefused(greeting)
        self.banner = greeting.text

    async def feat(self) -> Mapping[str, str]:
        """Ask for features; none from a server that does not know FEAT (RFC 2389)."""
        answer = await self._say(Feat())
        self.features = features_of(answer) if answer.positive else {}
        if "UTF8" in self.features:
            await self._say(Opts("UTF8", "ON"))  # whatever it says: some want to be asked
        return self.features

    async def auth_tls(self, context: Any) -> None:
        """Go on under TLS, the server's certificate verified, data connections too.

        Args:
            context: see ``netsuite.tls.client_options``.

        Raises:
            NotOffered: there is no AUTH TLS, which may be an attacker's doing.
            InputBeforeTLS, PeerClosed: see ``ClientConnection.secure``.
        """
        answer = await self._say(Auth("TLS"))
        if answer.code != 234:
            raise NotOffered("AUTH TLS")
        await self.secure(context)
        await self.protect(context)

    async def protect(self, context: Any) -> None:
        """Have data connections protected on a connection that is under TLS. Raises FTPRefused."""
        self._tls_context = context
        await self._ask(Pbsz(0))
        await self._ask(Prot(Protection.PRIVATE))
        self._protected = True

    async def login(self, username: str = "anonymous", password: str = "anonymous@") -> None:
        """Log in. Raises LoginRefused."""
        command: Command = User(username)
        answer = await self._say(command)
        if answer.code == 331:
            command = Pass(password)
            answer = await self._say(command)
        if not answer.positive or answer.code >= 300:
            raise LoginRefused(answer, command)
        self._representation = None
        await self.feat()

    # -- directories --------------------------------------------------------------------------

    async def pwd(self) -> str:
        """Give the working directory. Raises FTPRefused."""
        return await self._path(Pwd())

    async def cwd(self, path: str) -> None:
        """Change the working directory. Raises FTPRefused."""
        await self._ask(Cwd(path))

    async def cdup(self) -> None:
        """Change to the directory above. Raises FTPRefused."""
        await self._ask(Cdup())

    async def mkd(self, path: str) -> str:
        """Make a directory; give its path as the server sees it. Raises FTPRefused."""
        return await self._path(Mkd(path)) or path

    async def rmd(self, path: str) -> None:
        """Remove an empty directory. Raises FTPRefused."""
        await self._ask(Rmd(path))

    async def mlsd(self, path: str | None = None) -> Sequence[Listed]:
        """List a directory, by MLSD or, from a server that has it not, by LIST.

        Entries whose names are no names are left out. Raises FTPRefused.
        """
        if "MLST" in self.features or not self.features:
            try:
                lines = await self._lines(Mlsd(path))
                return entries_of(lines, self._now(), facts=True)
            except FTPRefused as error:
                if error.reply.code not in _UNKNOWN:
                    raise
        return entries_of(await self._lines(List(path)), self._now(), facts=False)

    async def nlst(self, path: str | None = None) -> Sequence[str]:
        """List names, without the directories that some servers put before them. Raises
        FTPRefused."""
        names = [line.rpartition("/")[2] for line in await self._lines(Nlst(path))]
        return [name for name in names if is_name(name)]

    async def list_lines(self, path: str | None = None) -> Sequence[str]:
        """Give LIST's lines as they are. Raises FTPRefused."""
        return await self._lines(List(path))

    # -- files --------------------------------------------------------------------------------

    async def mlst(self, path: str | None = None) -> Listed:
        """Give the facts of one file or directory. Raises FTPRefused, NotOffered."""
        answer = await self._ask(Mlst(path))
        for line in answer.lines[1:-1]:
            entry = parse_mlsx(line[1:] if line.startswith(" ") else line)
            if entry is not None:
                return entry
        raise NotOffered("MLST with facts")

    async def size(self, path: str) -> int:
        """Give a file's size in octets. Raises FTPRefused."""
        await self._choose(Representation.IMAGE)
        text = (await self._ask(Size(path))).text.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise RemoteProtocolError("no size", close=True)
        return int(text)

    async def mdtm(self, path: str) -> datetime:
        """Give when a file was modified. Raises FTPRefused."""
        moment = parse_time((await self._ask(Mdtm(path))).text.strip())
        if moment is None:
            raise RemoteProtocolError("no time", close=True)
        return moment

    async def mfmt(self, path: str, modified: datetime) -> None:
        """Set when a file was modified. Raises FTPRefused."""
        await self._ask(Mfmt(format_time(modified), path))

    async def dele(self, path: str) -> None:
        """Remove a file. Raises FTPRefused."""
        await self._ask(Dele(path))

    async def rename(self, old: str, new: str) -> None:
        """Rename a file or directory. Raises FTPRefused."""
        await self._ask(Rnfr(old))
        await self._ask(Rnto(new))

    async def retr(self, path: str, write: Write, *, offset: int = 0) -> None:
        """Fetch a file.

        Args:
            path: which.
            write: called with each piece, as it comes; what it gives is awaited where it can be,
                so that a slow disk slows the server down.
            offset: how many of its octets are there already.

        Raises:
            FTPRefused: it is not there, or the server could not send it all.
            DataError: it did not come whole.
        """
        await self._choose(Representation.IMAGE)
        await self._receive(Retr(path), write, offset)

    async def stor(
        self, path: str, pieces: AsyncIterable[bytes], *, offset: int = 0, append: bool = False
    ) -> None:
        """Store a file; when this returns the server has it all.

        Args:
            path: under which name.
            pieces: its octets, taken as fast as the server takes them.
            offset: how many of its octets the server has already; *pieces* begin behind them.
            append: put the octets behind the file there is.

        Raises:
            FTPRefused: the server does not want it, or could not take it all.
            DataError: it could not be sent whole.
        """
        await self._choose(Representation.IMAGE)
        command = Appe(path) if append else Stor(path)
        async with self._transfer(command, offset) as data:
            await data.write_body(pieces)
            await data.finish()

    # -- other --------------------------------------------------------------------------------

    async def syst(self) -> str:
        """Ask what system it is. Raises FTPRefused."""
        return (await self._ask(Syst())).text

    async def noop(self) -> None:
        """See whether the server is still there. Raises FTPRefused."""
        await self._ask(Noop())

    async def quit(self) -> None:
        """End the session."""
        with contextlib.suppress(PeerClosed, ConnectionDone, FTPRefused):
            await self._say(Quit())
        with contextlib.suppress(PeerClosed, ConnectionDone):
            await self.closed()

    # -- saying and hearing -------------------------------------------------------------------

    async def _final(self, command: Command | None) -> Reply:
        """Await the reply that ends a command."""
        while True:
            about, answer = await self.receive()
            if answer.code == 421 and about is not command:
                self.abort()
                raise FTPRefused(answer)
            if answer.final:
                result: Reply = answer
                return result

    async def _say(self, command: Command) -> Reply:
        self.say(command)
        return await self._final(command)

    async def _ask(self, command: Command) -> Reply:
        answer = await self._say(command)
        if not answer.positive:
            raise FTPRefused(answer, command)
        return answer

    async def _path(self, command: Command) -> str:
        return unquoted((await self._ask(command)).text) or ""

    async def _choose(self, representation: Representation) -> None:
        if self._representation is not representation:
            await self._ask(Type(representation))
            self._representation = representation

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    # -- data ---------------------------------------------------------------------------------

    async def _lines(self, command: Transfer) -> Sequence[str]:
        """Fetch a listing."""
        await self._choose(Representation.ASCII)
        pieces: list[bytes] = []
        total = 0

        def keep(octets: bytes) -> None:
            nonlocal total
            total += len(octets)
            if total > LISTING_OCTETS:
                raise RemoteProtocolError("a listing without end")
            pieces.append(octets)

        await self._receive(command, keep, 0)
        lines = b"".join(pieces).split(b"\n")
        return [text_of(line.removesuffix(b"\r")) for line in lines if line.strip(b"\r")]

    async def _receive(self, command: Transfer, write: Write, offset: int) -> None:
        async with self._transfer(command, offset) as data:
            async for octets in data.received():
                work = write(octets)
                if isinstance(work, Awaitable):
                    await work
            await data.finish()

    @contextlib.asynccontextmanager
    async def _transfer(self, command: Transfer, offset: int) -> AsyncIterator[DataConnection]:
        """Have a transfer begun; give its data connection; take the server's last word on it.

        Raises:
            FTPRefused: the server does not begin it, or says that it did not end well.
        """
        data = await self._connect_data()
        try:
            if offset:
                await self._ask(Rest(offset))
            self.say(command)
            _, answer = await self.receive()
            if answer.final:
                raise FTPRefused(answer, command)
            try:
                context = None
                if self._protected:
                    context = ResumingTLS(self._tls_context, self.transport)
                await data.begin(context, client=True)
                yield data
            except Exception as error:
                await self._give_up(data, command, error)
                raise
        finally:
            data.abort()
        last = await self._final(command)
        if not last.positive:
            raise FTPRefused(last, command)

    async def _give_up(self, data: DataConnection, command: Command, error: Exception) -> None:
        """A transfer went wrong here: hear what the server says of it, which comes before any
        other reply; when it knows better why, raise that."""
        data.abort()
        last = await self._final(command)
        if isinstance(error, (DataError, ConnectionDone)) and not last.positive:
            raise FTPRefused(last, command) from error

    async def _connect_data(self) -> DataConnection:
        """Make a data connection. Raises NotConnected, FTPRefused."""
        port = await self._passive_port()
        seconds = self.client_timeouts.connect_seconds or 0.0
        data = DataConnection(
            self.clock,
            handshake_seconds=seconds or 60.0,
            stalled_seconds=self.client_timeouts.write_seconds or 300.0,
            name="ftp-client-data",
        )
        connecting: Deferred[Any] = self._reach(self.peer.address, port).connect(_One(data))
        if seconds:
            connecting.addTimeout(seconds, self.clock)
        try:
            await connecting
        except Exception as error:
            if isinstance(error, ConnectError):
                raise NotConnected("the server does not take a data connection") from error
            raise NotConnected(f"no data connection: {error!r}") from error
        return data

    async def _passive_port(self) -> int:
        """Have the server listen. What address it names is of no interest: see ``passive_port``."""
        if self._extended:
            answer = await self._say(Epsv())
            if answer.positive:
                return _port(extended_passive_port(answer))
            if answer.code not in _UNKNOWN:
                raise FTPRefused(answer, Epsv())
            self._extended = False
        return _port(passive_port(await self._ask(Pasv())))


def _port(port: int | None) -> int:
    if port is None:
        raise RemoteProtocolError("no port in the reply", close=True)
    return port


class _One(Factory):
    """Gives the one connection to the endpoint."""

    noisy = False

    def __init__(self, connection: DataConnection) -> None:
        self.connection = connection

    def buildProtocol(self, addr: Any) -> DataConnection:  # noqa: N802 - Twisted's name
        """Give it."""
        return self.connection


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    reach: Reach,
    tls_context: Any = None,
    implicit: bool = False,
    timeouts: ClientTimeouts = TIMEOUTS,
) -> FTPClient:
    """Connect to a server.

    Args:
        endpoint: where.
        clock: for every timeout.
        reach: gives endpoints for data connections, such as
            ``lambda host, port: TCP4ClientEndpoint(reactor, host, port)``.
        tls_context: see ``netsuite.tls.client_options``; None for no TLS.
        implicit: whether TLS begins with the first octet (port 990); else AUTH TLS is said, and
            is insisted on.

    Raises:
        FTPRefused, NotOffered: and the connection is closed.
        PeerError: and what ``netsuite.connection.client.connect`` raises.
    """
    client = await connect_any(
        endpoint,
        lambda: FTPClient(clock, reach=reach, timeouts=timeouts),
        tls_context=tls_context if implicit else None,
    )
    try:
        await client.begin()
        if tls_context is not None and implicit:
            await client.protect(tls_context)
        elif tls_context is not None:
            await client.auth_tls(tls_context)
    except BaseException:
        client.abort()
        raise
    return client
