"""The Twisted connection of an FTP client.

Longer than 500 lines: one method a command, and the data connections, which are nobody else's.

::

    client = await connect(endpoint, clock=reactor, reach=reach, tls_context=context)
    await client.login("alice", "secret")
    for entry in await client.mlsd("public"):
        await client.retr(f"public/{entry.name}", file.write)
    await client.quit()
"""

from __future__ import annotations

import contextlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import datetime
from typing import Any, Final, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.acknowledging import keep_alive
from netsuite.connection.client import (
    ClientConnection,
    ClientTimeouts,
    OneConnection,
    Write,
    connect_and_begin,
)
from netsuite.connection.session_group import ResumingTLS
from netsuite.connection.stream import Count, Progress, Source, Stream, pieces_of
from netsuite.ftp import commands
from netsuite.ftp.ascii import FromNetwork, ToNetwork
from netsuite.ftp.client.remote_hashes import Asking, FileHash, hash_in, way_to_ask
from netsuite.ftp.dialog import Answered, ClientDialog, ClientEvent
from netsuite.ftp.list_forms import Reading, read_listing, with_facts
from netsuite.ftp.listing import Listed, format_time, is_name, parse_mlsx, parse_time
from netsuite.ftp.paths import text_of, unquoted
from netsuite.ftp.reply_grammar import extended_passive_port, features_of, passive_port
from netsuite.ftp.transfer.connection import (
    DataConnection,
    DataCut,
    DataStalled,
    HandshakeFailed,
    NoTLSEnd,
)
from netsuite.wire.dates import now
from netsuite.wire.events import EndOfInput

#: A listing larger than this is none: half a million files.
LISTING_OCTETS: Final = 64 * 1024 * 1024
#: What a server answers to a command it does not have.
_UNKNOWN: Final = frozenset({500, 501, 502, 504, 522})
#: Servers that take two octets 255 for two, by what they call themselves in their greetings.
_WITHOUT_TELNET: Final = ("vsFTPd", "Pure-FTPd")

#: Returns an endpoint for an address and a port.
Reach: TypeAlias = Callable[[str, int], IStreamClientEndpoint]


#: What ends a transfer here, in the words of all clients.
_DATA_ERRORS: Final[Mapping[type[Exception], type[errors.ClientError]]] = {
    DataStalled: errors.Timeout,
    DataCut: errors.ConnectionLost,
    NoTLSEnd: errors.ConnectionLost,
    HandshakeFailed: errors.TLSFailure,
    ConnectionDone: errors.ConnectionLost,
}


def refusal(answer: commands.Reply, command: object = None) -> errors.Refusal:
    """Return the error that a reply is: transient, or permanent, or a login's."""
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if answer.code == 430 or (
        isinstance(command, commands.User | commands.Pass) and not 400 <= answer.code < 500
    ):
        kind = errors.AuthenticationFailed
    elif answer.code < 500:
        kind = errors.TransientRefusal
    return kind(answer.code, answer.text, command)


# Longer than 300 lines: one method a command, all of them short, and together the protocol.
class FTPClient(ClientConnection[ClientEvent, commands.Command]):
    """One FTP session, the client's side. See RFC 959.

    One transfer at a time, as the protocol has it. Data connections are always made by the
    client: to the port that EPSV or PASV names, at the address of the server itself.

    Args:
        reach: gives endpoints for data connections.
        keep_alive_seconds: how often NOOP is said while a transfer goes on, for who translates
            addresses on the way and forgets a connection on which nothing passes; None for never.
            TCP itself asks in any case whether the server is there.
    """

    dialog: ClientDialog

    def __init__(
        self,
        clock: IReactorTime,
        *,
        reach: Reach,
        timeouts: ClientTimeouts | None = None,
        keep_alive_seconds: float | None = None,
    ) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="ftp-client")
        #: The server's greeting.
        self.banner = ""
        #: What FEAT said: feature in upper case to its parameters.
        self.features: Mapping[str, str] = {}
        self._reach = reach
        self._tls_context: tls.ClientContext | None = None
        self._protected = False
        self._representation: commands.Representation | None = None
        self._extended = True  # EPSV has not been refused
        self._has_facts = True  # nor MLSD
        self._ended = commands.reply(226, "")  # what the last transfer ended with
        self._transferring = False
        self._sets_times = True  # nor all the ways to set a time
        self._keep_alive_seconds = keep_alive_seconds
        self._hashing: Asking | None = None  # what OPTS HASH has chosen

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Accept the greeting. Raises Refusal."""
        keep_alive(self.transport)
        greeting = await self._final(None)
        if not greeting.positive:
            raise self.with_conversation(refusal(greeting))
        self.banner = greeting.text
        self.dialog.doubles_iac = not any(name in self.banner for name in _WITHOUT_TELNET)

    async def feat(self) -> Mapping[str, str]:
        """Ask for features; none from a server that does not know FEAT (RFC 2389)."""
        answer = await self._say(commands.Feat())
        self.features = features_of(answer) if answer.positive else {}
        if "UTF8" in self.features:
            await self._say(commands.Opts("UTF8", "ON"))  # whatever it says: some want to be asked
        return self.features

    async def auth_tls(self, context: tls.ClientContext) -> None:
        """Go on under TLS, the server's certificate verified, data connections too. Raises
        NotOffered, and as ``secure``."""
        answer = await self._say(commands.Auth("TLS"))
        if answer.code != 234:
            raise self.with_conversation(errors.NotOffered("AUTH TLS"))
        await self.secure(context)
        await self.protect(context)

    async def protect(self, context: tls.ClientContext) -> None:
        """Have data connections protected on a connection that is under TLS. Raises Refusal."""
        self._tls_context = context
        await self._ask(commands.Pbsz(0))
        await self._ask(commands.Prot(commands.Protection.PRIVATE))
        self._protected = True

    async def login(self, username: str = "anonymous", password: str = "anonymous@") -> None:
        """Log in. Raises AuthenticationFailed, TransientRefusal."""
        command: commands.Command = commands.User(username)
        answer = await self._say(command)
        if answer.code == 331:
            command = commands.Pass(password)
            answer = await self._say(command)
        if not answer.positive or answer.code >= 300:
            raise self.with_conversation(refusal(answer, command))
        self._representation = None
        await self.feat()

    # -- directories --------------------------------------------------------------------------

    async def pwd(self) -> str:
        """Return the working directory. Raises Refusal."""
        return await self._path(commands.Pwd())

    async def cwd(self, path: str) -> None:
        """Change the working directory. Raises Refusal."""
        await self._ask(commands.Cwd(path))

    async def cdup(self) -> None:
        """Change to the directory above. Raises Refusal."""
        await self._ask(commands.Cdup())

    async def mkd(self, path: str) -> str:
        """Make a directory; return its path as the server sees it. Raises Refusal."""
        return await self._path(commands.Mkd(path)) or path

    async def rmd(self, path: str) -> None:
        """Remove an empty directory. Raises Refusal."""
        await self._ask(commands.Rmd(path))

    async def mlsd(self, path: str | None = None) -> Sequence[Listed]:
        """List a directory, by MLSD or, from a server that has it not, by LIST.

        Entries whose names are no names are left out. Raises Refusal.
        """
        return (await self.directory(path)).entries

    async def directory(self, path: str | None = None) -> Reading:
        """List a directory as ``mlsd`` does; what was left out is told. Raises Refusal."""
        if self.has_facts:
            try:
                return read_listing(await self._listing(commands.Mlsd(path)), now(), facts=True)
            except errors.Refusal as error:
                # 501 of a server that has MLSD is about the path, which is no directory.
                if error.code not in _UNKNOWN or (error.code == 501 and "MLST" in self.features):
                    raise
                self._has_facts = False
        if path is None:
            lines = await self._listing(commands.List())
        else:
            # LIST of a path may be that of a file, of a pattern's files, or of what is not there:
            # vsftpd says then that there is nothing in it, and who mirrors that has nothing left.
            here = await self.pwd()
            await self.cwd(path)
            try:
                lines = await self._listing(commands.List())
            except errors.Refusal:
                await self.cwd(here)
                raise
            await self.cwd(here)
        return read_listing(lines, now(), facts=False)

    @property
    def has_facts(self) -> bool:
        """Whether listings are told by MLSD, which leaves nothing away, as far as is known."""
        return self._has_facts and ("MLST" in self.features or not self.features)

    async def nlst(self, path: str | None = None) -> Sequence[str]:
        """List names, without the directories that some servers put before them. Raises
        Refusal."""
        names = [line.rpartition("/")[2] for line in await self._listing(commands.Nlst(path))]
        return [name for name in names if is_name(name)]

    async def list_lines(self, path: str | None = None) -> Sequence[str]:
        """Return LIST's lines as they are. Raises Refusal."""
        return await self._listing(commands.List(path))

    # -- files --------------------------------------------------------------------------------

    async def mlst(self, path: str | None = None) -> Listed:
        """Return the facts of one file or directory. Raises Refusal, NotOffered."""
        answer = await self._ask(commands.Mlst(path))
        for line in answer.lines[1:-1]:
            entry = parse_mlsx(line[1:] if line.startswith(" ") else line)
            if entry is not None:
                return entry
        raise self.with_conversation(errors.NotOffered("MLST with facts"))

    async def size(self, path: str) -> int:
        """Return a file's size in octets. Raises Refusal."""
        await self._choose(commands.Representation.IMAGE)
        octets = _number((await self._ask(commands.Size(path))).text)
        if octets is None:
            raise self.violated("no size")
        return octets

    async def mdtm(self, path: str) -> datetime:
        """Return when a file was modified. Raises Refusal."""
        moment = parse_time((await self._ask(commands.Mdtm(path))).text.strip())
        if moment is None:
            raise self.violated("no time")
        return moment

    async def mfmt(self, path: str, modified: datetime) -> None:
        """Set when a file was modified. Raises Refusal."""
        await self._ask(commands.Mfmt(format_time(modified), path))

    async def exactly(self, path: str, entry: Listed) -> Listed:
        """Return an entry of a listing with what it does not tell, or not exactly: asked by SIZE
        and MDTM, where the server has them, and answers with what is a size or a time.

        Args:
            path: of the entry.
        """
        octets = modified = None
        if entry.octets is None:
            await self._choose(commands.Representation.IMAGE)
            octets = _number((await self._say(commands.Size(path))).text)
        if entry.modified is None or entry.precision_seconds > 1:
            modified = parse_time((await self._say(commands.Mdtm(path))).text.strip())
        return with_facts(entry, octets, modified)

    async def set_modified(self, path: str, modified: datetime) -> bool:
        """Set when a file was modified, by MFMT or as servers had it before; return whether the
        server does."""
        when = format_time(modified)
        ways: list[commands.Command] = [commands.Mfmt(when, path)]
        if self.features and "MFMT" not in self.features:
            # vsftpd, ProFTPD and others take a time before the path; others know no such file
            ways = [commands.Mdtm(f"{when} {path}"), commands.SiteUtime(when, path)]
        for way in ways if self._sets_times else ():
            answer = await self._say(way)
            if answer.positive and answer.code < 300:
                return True
        self._sets_times = "MFMT" in self.features  # then it is this file that it is refused for
        return False

    async def hash(self, path: str) -> FileHash:
        """Return a file's hash, by the best function that the server offers. Raises Refusal,
        NotOffered, ProtocolViolation."""
        way = way_to_ask(self.features)
        if way is None:
            raise self.with_conversation(errors.NotOffered("HASH"))
        if not way.chosen and self._hashing != way:
            await self._ask(commands.Opts("HASH", way.function))
            self._hashing = way
        answer = await self._ask(way.command(path))
        value = hash_in(answer, way.function, path)
        if value is None:
            raise self.violated("no hash")
        return FileHash(way.function, value)

    @property
    def has_hash(self) -> bool:
        """Whether ``hash`` can be asked for, by what FEAT said."""
        return way_to_ask(self.features) is not None

    async def dele(self, path: str) -> None:
        """Remove a file. Raises Refusal."""
        await self._ask(commands.Dele(path))

    async def rename(self, old: str, new: str) -> None:
        """Rename a file or directory. Raises Refusal."""
        await self._ask(commands.Rnfr(old))
        await self._ask(commands.Rnto(new))

    async def retr(self, path: str, write: Write, *, offset: int = 0, text: bool = False) -> None:
        """Fetch a file.

        Args:
            path: which.
            write: see ``body_to``.
            offset: how many of its octets are there already.
            text: whether its line ends are those of the network on the way, and LF here: TYPE A.

        Raises:
            Refusal: it is not there, or the server could not send it all.
            ConnectionLost, Timeout, TLSFailure: it did not come whole.
        """
        await self._choose_for(text=text)
        if not text:
            await self._receive(commands.Retr(path), write, offset)
            return
        lines = FromNetwork()
        await self._receive(commands.Retr(path), lambda octets: write(lines.feed(octets)), offset)
        work = write(lines.finish())
        if work is not None and not isinstance(work, int):
            await work

    async def stor(
        self,
        path: str,
        pieces: AsyncIterable[bytes],
        *,
        offset: int = 0,
        append: bool = False,
        text: bool = False,
    ) -> None:
        """Store a file; when this returns the server has it all.

        Args:
            path: under which name.
            pieces: its octets, taken as fast as the server takes them.
            offset: how many of its octets the server has already; *pieces* begin behind them.
            append: put the octets behind the file there is.
            text: as of ``retr``.

        Raises:
            Refusal: the server does not want it, or could not take it all.
            ConnectionLost, Timeout, TLSFailure: it could not be sent whole.
        """
        await self._choose_for(text=text)
        command = commands.Appe(path) if append else commands.Stor(path)
        async with self._transfer(command, offset) as data:
            await data.writer.write_body(_to_network(pieces) if text else pieces)
            await data.finish()

    def read(
        self, path: str, *, offset: int = 0, text: bool = False, progress: Progress | None = None
    ) -> Stream:
        """Return a file as it comes. Whoever leaves it before its end can go on with the session.

        Args:
            offset, text: as of ``retr``; what it raises comes when the file is read.
            progress: told of what has come, *offset* not counted.
        """
        progress = progress or self.progress

        async def pieces(count: Count) -> AsyncGenerator[bytes, None]:
            if progress is not None and not text:
                with contextlib.suppress(errors.Refusal):
                    count.total = await self.size(path) - offset
            await self._choose_for(text=text)
            lines = FromNetwork() if text else None
            async with self._transfer(commands.Retr(path), offset) as data:
                async for octets in data.received():
                    yield octets if lines is None else lines.feed(octets)
                await data.finish()
            if lines is not None and (rest := lines.finish()):
                yield rest

        return Stream(pieces, progress)

    async def store(
        self,
        path: str,
        source: Source,
        *,
        offset: int = 0,
        append: bool = False,
        text: bool = False,
        progress: Progress | None = None,
    ) -> None:
        """Store a file from octets, an open file, or what gives them; as ``stor``."""
        sent = pieces_of(source, progress or self.progress)
        await self.stor(path, sent, offset=offset, append=append, text=text)

    # -- other --------------------------------------------------------------------------------

    async def syst(self) -> str:
        """Ask what system it is. Raises Refusal."""
        return (await self._ask(commands.Syst())).text

    async def noop(self) -> None:
        """See whether the server is still there. Raises Refusal."""
        await self._ask(commands.Noop())

    async def quit(self) -> None:
        """End the session."""
        with contextlib.suppress(errors.ConnectionLost, errors.Refusal):
            await self._say(commands.Quit())
        await self.closed()

    async def end_session(self) -> None:
        """As ``quit``."""
        await self.quit()

    # -- saying and hearing -------------------------------------------------------------------

    async def _hear(self) -> Answered:
        event = await self.receive()
        if isinstance(event, EndOfInput):
            raise errors.ConnectionLost("the server has closed the connection")
        return event

    async def _next(self, command: commands.Command | None) -> commands.Reply:
        """Await the next reply to a command; those to others, which were given up, are not it."""
        while True:
            about, answer = await self._hear()
            if about is command:
                return answer
            if answer.code == 421:
                self.abort()
                raise self.with_conversation(refusal(answer))

    async def _final(self, command: commands.Command | None) -> commands.Reply:
        """Await the reply that ends a command."""
        while not (answer := await self._next(command)).final:
            pass
        return answer

    async def _say(self, command: commands.Command) -> commands.Reply:
        if self._transferring:
            raise RuntimeError("the transfer under way is to be ended, or left, before")
        self.say(command)
        return await self._final(command)

    async def _ask(self, command: commands.Command) -> commands.Reply:
        answer = await self._say(command)
        if not isinstance(command, commands.Rest | commands.Rnfr):  # of which 350 is the yes
            self._check_done(answer, command)
        elif not answer.positive:
            raise self.with_conversation(refusal(answer, command))
        return answer

    def _check_done(self, answer: commands.Reply, command: commands.Command) -> None:
        """Raise Refusal for a no; ProtocolViolation for what says neither no nor that it is done:
        a 3yz, for more than was asked."""
        if not answer.positive:
            raise self.with_conversation(refusal(answer, command))
        if answer.code >= 300:
            raise self.violated(f"{answer.code} to {type(command).__name__.upper()}")

    async def _path(self, command: commands.Command) -> str:
        return unquoted((await self._ask(command)).text) or ""

    async def _choose(self, representation: commands.Representation) -> None:
        if self._representation is not representation:
            await self._ask(commands.Type(representation))
            self._representation = representation

    async def _choose_for(self, *, text: bool) -> None:
        await self._choose(commands.Representation.ASCII if text else commands.Representation.IMAGE)

    # -- data ---------------------------------------------------------------------------------

    async def _listing(self, command: commands.Transfer) -> Sequence[str]:
        """Fetch a listing. Raises Refusal; also where the server says that all went well, and in
        words that it did not: vsftpd has 226 and nothing for a directory that cannot be read."""
        await self._choose(commands.Representation.ASCII)
        pieces: list[bytes] = []
        total = 0

        def keep(octets: bytes) -> None:
            nonlocal total
            total += len(octets)
            if total > LISTING_OCTETS:
                raise self.violated("a listing without end")
            pieces.append(octets)

        ended = await self._receive(command, keep, 0)
        if not total and "fail" in ended.text.lower():
            raise self.with_conversation(errors.PermanentRefusal(ended.code, ended.text, command))
        lines = b"".join(pieces).split(b"\n")
        return [text_of(line.removesuffix(b"\r")) for line in lines if line.strip(b"\r")]

    async def _receive(
        self, command: commands.Transfer, write: Write, offset: int
    ) -> commands.Reply:
        """Fetch what a command brings; return the reply that ends it."""
        async with self._transfer(command, offset) as data:
            async for octets in data.received():
                work = write(octets)
                if work is not None and not isinstance(work, int):
                    await work
            await data.finish()
        return self._ended

    @contextlib.asynccontextmanager
    async def _transfer(
        self, command: commands.Transfer, offset: int
    ) -> AsyncIterator[DataConnection]:
        """Have a transfer begun; return its data connection; take the server's last word on it.

        Raises:
            Refusal: the server does not begin it, or says that it did not end well.
        """
        data = await self._connect_data()
        try:
            if offset:
                await self._ask(commands.Rest(offset))
            self.say(command)
            answer = await self._next(command)
            if answer.final:
                raise self.with_conversation(refusal(answer, command))
            try:
                context = None
                if self._protected and self._tls_context is not None:
                    context = ResumingTLS(self._tls_context, self.transport)
                await data.begin(context, client=True)
                self._transferring = True
                with self._kept_alive():
                    yield data
            except Exception as error:
                self._transferring = False
                reason = await self._given_up(data, command, error)
                if reason is error:
                    raise
                raise reason from error
        finally:
            self._transferring = False
            data.abort()
        self._ended = await self._final(command)
        self._check_done(self._ended, command)

    @contextlib.contextmanager
    def _kept_alive(self) -> Iterator[None]:
        """Say NOOP from time to time. Its replies are heard when the transfer has ended, and are
        nobody's; see ``ClientDialog``."""
        seconds = self._keep_alive_seconds
        if seconds is None:
            yield
            return

        beats: list[IDelayedCall] = []

        def beat() -> None:
            if not self.lost:
                self.say(commands.Noop())
            beats[:] = [self.clock.callLater(seconds, beat)]

        beats.append(self.clock.callLater(seconds, beat))
        try:
            yield
        finally:
            beats[0].cancel()

    async def _given_up(
        self, data: DataConnection, command: commands.Command, error: Exception
    ) -> Exception:
        """A transfer went wrong here: hear what the server says of it, which comes before any
        other reply; return that when it knows better why."""
        data.abort()
        last = await self._final(command)
        kind = _DATA_ERRORS.get(type(error))
        if kind is None:
            return error
        if not last.positive:
            return self.with_conversation(refusal(last, command))
        return self.with_conversation(kind(f"the data connection: {error}"))

    async def _connect_data(self) -> DataConnection:
        """Make a data connection. Raises ConnectionRefused, Refusal."""
        port = await self._passive_port()
        seconds = self.timeouts.connect_seconds or 0.0
        data = DataConnection(
            self.clock,
            handshake_seconds=seconds or 60.0,
            stalled_seconds=self.timeouts.write_seconds or 300.0,
            name="ftp-client-data",
        )
        connecting: Deferred[Any] = self._reach(self.peer.address, port).connect(
            OneConnection(data)
        )
        if seconds:
            connecting.addTimeout(seconds, self.clock)
        try:
            await connecting
        except Exception as error:
            reason = errors.ConnectionRefused(
                f"no data connection: {error or type(error).__name__}"
            )
            raise self.with_conversation(reason) from error
        return data

    async def _passive_port(self) -> int:
        """Have the server listen. What address it names is of no interest: see ``passive_port``."""
        if self._extended:
            answer = await self._say(commands.Epsv())
            if answer.positive:
                return self._port(extended_passive_port(answer))
            if answer.code not in _UNKNOWN:
                raise self.with_conversation(refusal(answer, commands.Epsv()))
            self._extended = False
        return self._port(passive_port(await self._ask(commands.Pasv())))

    def _port(self, port: int | None) -> int:
        if port is None:
            raise self.violated("no port in the reply")
        return port


def _number(text: str) -> int | None:
    """Read a size; None for what is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


async def _to_network(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Return pieces of a text with the network's line ends."""
    lines = ToNetwork()
    async for each in pieces:
        yield lines.feed(each)


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    reach: Reach,
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
    timeouts: ClientTimeouts | None = None,
    keep_alive_seconds: float | None = None,
) -> FTPClient:
    """Connect and begin: see ``connect_and_begin``. TLS from the first octet is for port 990.

    Args:
        reach: gives endpoints for data connections, such as
            ``lambda host, port: TCP4ClientEndpoint(reactor, host, port)``.
        keep_alive_seconds: see ``FTPClient``.
    """
    client = await connect_and_begin(
        endpoint,
        lambda: FTPClient(
            clock, reach=reach, timeouts=timeouts, keep_alive_seconds=keep_alive_seconds
        ),
        upgrade=FTPClient.auth_tls,
        tls_context=tls_context,
        implicit=implicit,
    )
    if tls_context is not None and implicit:
        try:
            await client.protect(tls_context)
        except BaseException:
            client.abort()
            raise
    return client
