"""The FTP client against the FTP server, both in memory, in the clear and under TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.error import ConnectError, ConnectionLost
from twisted.internet.interfaces import IProtocolFactory
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection import errors
from netsuite.ftp import grammar
from netsuite.ftp.client import FTPClient, connect, refusal
from netsuite.ftp.commands import Auth, Noop, Pass, Retr, User, reply
from netsuite.ftp.dialog import ClientDialog
from netsuite.ftp.server.transfers import LAST_LOOK_SECONDS
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from tests.connection.links import Link, MemoryEndpoint
from tests.ftp.fakes import World

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


async def pieces(*octets: bytes) -> AsyncIterator[bytes]:
    """Return pieces of a file."""
    for each in octets:
        yield each


class Wires:
    """Carries octets on all links of a test."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.links: list[Link] = []
        self.reached: list[tuple[str, int]] = []

    def control(self, server: Any) -> MemoryEndpoint:
        endpoint = MemoryEndpoint(server, self.world.reactor)
        self.links.append(endpoint.link)
        return endpoint

    def reach(self, host: str, port: int) -> Any:
        self.reached.append((host, port))
        return self

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect to the data port last reached for (IStreamClientEndpoint)."""
        number = self.reached[-1][1]
        ports = [port for port in self.world.reactor.ports if port.number == number]
        if not ports:
            return ensureDeferred(_fail())
        link = Link(self.world.reactor)
        self.links.append(link)
        address = IPv4Address("TCP", "127.0.0.1", 50_000)
        link.server.protocol = ports[0].factory.buildProtocol(address)
        link.client.protocol = client = factory.buildProtocol(address)
        link.server.protocol.makeConnection(link.server)
        client.makeConnection(link.client)
        return succeed(client)

    def settle(self) -> None:
        for _ in range(30):
            for link in list(self.links):
                link.settle()
            self.world.reactor.advance(LAST_LOOK_SECONDS / 20)


async def _fail() -> None:
    raise ConnectError


class Case(SynchronousTestCase):
    """What the tests share."""

    def setUp(self) -> None:
        self.world = World(tls=self.context())
        self.wires = Wires(self.world)

    def context(self) -> Any:
        return None

    def result(self, work: Coroutine[Any, Any, T]) -> T:
        done = ensureDeferred(work)
        self.wires.settle()
        return self.successResultOf(done)

    def failure(self, work: Coroutine[Any, Any, object], kind: type[E]) -> E:
        done = ensureDeferred(work)
        self.wires.settle()
        return self.failureResultOf(done, kind).value

    def connected(self, **more: Any) -> FTPClient:
        server: IProtocolFactory = self.world.factory
        if more.get("implicit"):
            context = self.world.factory.shared.tls
            assert context is not None
            server = tls.wrap_server(server, context, self.world.reactor)
        endpoint = self.wires.control(server)
        client: FTPClient = self.result(
            connect(endpoint, clock=self.world.reactor, reach=self.wires.reach, **more)
        )
        return client

    def client(self, **more: Any) -> FTPClient:
        client = self.connected(**more)
        self.result(client.login("alice", "se cret "))
        return client


class Clear(Case):
    """Without TLS."""

    def test_everything(self) -> None:
        """Every method does what it says."""
        client = self.client()
        self.assertIn("MLST", client.features)
        self.result(client.cwd("sub"))
        self.assertEqual("/sub", self.result(client.pwd()))
        self.result(client.cdup())
        self.assertEqual('/a "b"', self.result(client.mkd('a "b"')))
        names = {entry.name: entry for entry in self.result(client.mlsd())}
        self.assertEqual({'a "b"', "notes.txt", "sub"}, set(names))
        self.assertTrue(names["sub"].is_directory)
        self.assertEqual(["x.bin"], self.result(client.nlst("sub")))
        self.assertEqual(3, len(self.result(client.list_lines())))
        self.result(client.rmd('a "b"'))
        self.result(client.stor("new", pieces(b"one ", b"two")))
        self.assertEqual(b"one two", self.world.files.content("new"))
        self.assertEqual(7, self.result(client.size("new")))
        moment = self.result(client.mdtm("notes.txt"))
        self.result(client.mfmt("new", moment))
        self.assertEqual(moment, self.result(client.mlst("new")).modified)
        self.result(client.stor("new", pieces(b"TWO!"), offset=4))
        self.result(client.stor("new", pieces(b"+"), append=True))
        got: list[bytes] = []
        self.result(client.retr("new", got.append, offset=4))
        self.assertEqual(b"TWO!+", b"".join(got))
        self.result(client.rename("new", "newer"))
        self.result(client.dele("newer"))
        self.result(client.noop())
        self.assertIn("UNIX", self.result(client.syst()))
        self.result(client.quit())
        self.assertTrue(client.lost)
        self.assertEqual({"127.0.0.1"}, {host for host, _ in self.wires.reached})

    def test_refused(self) -> None:
        """What the server refuses is raised with its words, and the session goes on."""
        client = self.client()
        for work in (
            client.retr("nothing", print),
            client.stor("sub", pieces(b"x")),
            client.cwd("x"),
        ):
            self.assertEqual(550, self.failure(work, errors.PermanentRefusal).code)
        self.world.files.limit_octets = 3
        self.assertEqual(
            552, self.failure(client.stor("x", pieces(b"12345")), errors.PermanentRefusal).code
        )
        self.result(client.noop())

    def test_login_refused(self) -> None:
        """A wrong password is told apart."""
        client = self.connected()
        self.failure(client.login("alice", "wrong"), errors.AuthenticationFailed)

    def test_refusals(self) -> None:
        """What a reply says is an error of the one tree: for good, for now, of the login."""
        for code, command, kind in (
            (550, Retr("x"), errors.PermanentRefusal), (450, Retr("x"), errors.TransientRefusal),
            (421, None, errors.TransientRefusal), (530, Pass("x"), errors.AuthenticationFailed),
            (332, Pass("x"), errors.AuthenticationFailed),
            (430, Pass("x"), errors.AuthenticationFailed),
            (421, User("x"), errors.TransientRefusal), (530, Retr("x"), errors.PermanentRefusal),
        ):  # fmt: skip
            made = refusal(reply(code, "Because"), command)
            self.assertIs(kind, type(made), (code, command))
            self.assertEqual((code, "Because", command), (made.code, made.text, made.command))

    def test_conversation(self) -> None:
        """An error has the last lines that were said, and no password in them."""
        client = self.connected()
        error = self.failure(client.login("alice", "wrong"), errors.AuthenticationFailed)
        said = "\n".join(error.conversation)
        self.assertIn("S: 530", said)
        self.assertNotIn("wrong", said.replace("530 Wrong", ""))

    def test_cut_short(self) -> None:
        """A data connection that breaks is told in the server's words, which come first."""
        client = self.client()
        more: Deferred[None] = Deferred()

        async def slow() -> AsyncIterator[bytes]:
            yield b"some"
            await more
            yield b"more"

        done = ensureDeferred(client.stor("new", slow()))
        self.wires.settle()
        self.assertNoResult(done)
        link = self.wires.links[-1]
        for end in (link.client, link.server):
            end.gone = True
            end.protocol.connectionLost(Failure(ConnectionLost()))
        more.callback(None)
        self.wires.settle()
        error = self.failureResultOf(done, errors.TransientRefusal).value
        self.assertEqual(426, error.code)
        self.result(client.noop())

    def test_write_that_fails(self) -> None:
        """A full disk here ends the transfer and not the session."""
        client = self.client()

        def full(octets: bytes) -> None:
            raise OSError("full")

        self.failure(client.retr("notes.txt", full), OSError)
        self.result(client.noop())

    def test_injection(self) -> None:
        """A line end in an argument is an error, and nothing is said."""
        client = self.client()
        self.failure(client.dele("x\r\nDELE notes.txt"), LocalProtocolError)
        self.assertIsNotNone(self.world.files.content("notes.txt"))

    def test_old_server(self) -> None:
        """From an old server PASV and LIST are taken, and PASV's address is not."""
        self.patch(
            grammar,
            "PARSERS",
            {
                word: parse
                for word, parse in grammar.PARSERS.items()
                if word not in (b"EPSV", b"MLSD")
            },
        )
        self.world = World(masquerade_address="203.0.113.9")
        self.wires = Wires(self.world)
        client = self.client()
        names = {entry.name for entry in self.result(client.mlsd())}
        self.assertEqual({"notes.txt", "sub"}, names)
        self.assertEqual({"127.0.0.1"}, {host for host, _ in self.wires.reached})

    def test_no_data_connection(self) -> None:
        """A server whose data port cannot be reached is told as such."""
        client = self.client()
        patched = self.patch(self.wires, "connect", lambda factory: ensureDeferred(_fail()))
        self.failure(client.mlsd(), errors.ConnectionRefused)
        patched.restore()
        self.assertEqual(2, len(self.result(client.mlsd())))

    def test_hostile_server(self) -> None:
        """A reply nobody asked for, and no reply, end the session."""
        client = self.client()
        self.wires.links[0].server.write(b"200 surprise\r\n")
        self.wires.settle()
        self.failure(client.noop(), errors.ProtocolViolation)
        client = self.client()
        self.wires.links[-1].server.write(b"421 stopping\r\n")
        self.wires.settle()
        self.failure(client.noop(), errors.TransientRefusal)

    def test_one_reply_too_many(self) -> None:
        """A reply is never taken for a later command's, glued to another or not, whole or not."""
        for glued, rest in ((b"200 stray\r\n", b""), (b"2", b"00 stray\r\n"), (b"100", b" x\r\n")):
            dialog = ClientDialog()
            dialog.receive(b"220 x\r\n" + glued)
            self.assertEqual((None, reply(220, "x")), dialog.next_event())
            dialog.send(Noop())
            dialog.receive(rest + b"200 noop\r\n")
            with self.assertRaises(RemoteProtocolError) as caught:
                dialog.next_event()
            self.assertTrue(caught.exception.close)
        dialog = ClientDialog()
        dialog.receive(b"220 x\r\n421 bye\r\n")
        dialog.next_event()
        dialog.send(Noop())
        self.assertEqual((None, reply(421, "bye")), dialog.next_event())

    def test_given_up(self) -> None:
        """The reply to a command that was given up is not the next one's."""
        client = self.client()
        given_up = ensureDeferred(client.pwd())
        given_up.cancel()
        self.failureResultOf(given_up)
        self.assertEqual(8, self.result(client.size("notes.txt")))

    def test_neither_yes_nor_no(self) -> None:
        """A reply that wants more than there is to say ends the session."""
        client = self.client()
        working = ensureDeferred(client.cwd("sub"))
        client.dataReceived(b"350 and?\r\n")
        self.failureResultOf(working, errors.ProtocolViolation)

    def test_no_tls(self) -> None:
        """A server without TLS is not talked to in the clear instead."""
        endpoint = self.wires.control(self.world.factory)
        options = tls.client_options("localhost")
        self.failure(
            connect(
                endpoint,
                clock=self.world.reactor,
                reach=self.wires.reach,
                tls_context=options,
            ),
            errors.NotOffered,
        )


class Secured(Case):
    """Under TLS."""

    def context(self) -> Any:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.authorities = folder / "default.pem"
        self.clock_of_certificates = World().reactor
        self.certificates = tls.Certificates(folder, self.clock_of_certificates)
        self.certificates.open()
        return self.certificates.context_for(b"ftp")

    def options(self, host: str = "localhost") -> Any:
        return tls.client_options(host, authorities=self.authorities)

    def test_both_ways(self) -> None:
        """AUTH TLS and TLS from the first octet: all connections verified, data resumed."""
        for implicit in (False, True):
            client = self.client(tls_context=self.options(), implicit=implicit)
            self.assertTrue(client.peer.secure)
            big = bytes(range(256)) * 2000
            self.result(client.stor("big", pieces(big[:100_000], big[100_000:])))
            got: list[bytes] = []
            self.result(client.retr("big", got.append))
            self.assertEqual(big, b"".join(got))
            self.assertEqual(3, len(self.result(client.mlsd())))
            for link in self.wires.links[-3:]:
                self.assertNotIn(big[:64], b"".join(link.octets.values()))
            self.result(client.dele("big"))
            self.result(client.quit())

    def test_wrong_name(self) -> None:
        """A server with another name's certificate is not talked to."""
        endpoint = self.wires.control(self.world.factory)
        self.failure(
            connect(
                endpoint,
                clock=self.world.reactor,
                reach=self.wires.reach,
                tls_context=self.options("other.test"),
            ),
            errors.TLSFailure,
        )

    def test_session_not_resumed(self) -> None:
        """A data connection with a session of its own, or of another client, is refused."""
        options = self.options()
        client, other = (self.client(tls_context=options) for _ in range(2))
        for transport in (object(), other.transport):
            real, client.transport = client.transport, _Borrowed(client.transport, transport)
            refused = self.failure(client.mlsd(), errors.PermanentRefusal)
            self.assertEqual(522, refused.code)
            self.assertIn("resume", refused.text)
            client.transport = real
        self.assertEqual(2, len(self.result(client.mlsd())))

    def test_reuse_not_required(self) -> None:
        """Where the operator says so, it is taken."""
        self.world = World(tls=self.context(), require_session_reuse=False)
        self.wires = Wires(self.world)
        client = self.client(tls_context=self.options())
        client.transport = _Borrowed(client.transport, object())
        self.assertEqual(2, len(self.result(client.mlsd())))

    def test_commands_behind_auth(self) -> None:
        """What was put behind AUTH TLS in the clear is not executed, and a login is forgotten."""
        client = self.client()
        client.writer.write(client.dialog.send(Auth("TLS")) + b"DELE notes.txt\r\n")
        answered = self.result(client.receive())
        assert isinstance(answered, tuple)
        self.assertEqual(234, answered[1].code)
        self.result(client.secure(self.options()))
        self.assertEqual(530, self.failure(client.pwd(), errors.PermanentRefusal).code)
        self.assertIsNotNone(self.world.files.content("notes.txt"))

    def test_required(self) -> None:
        """Where TLS is required there is no login and no transfer without."""
        self.world = World(tls=self.context(), require_tls=True)
        self.wires = Wires(self.world)
        client = self.connected()
        self.assertEqual(
            530, self.failure(client.login("alice", "se cret "), errors.AuthenticationFailed).code
        )
        self.result(client.auth_tls(self.options()))
        self.result(client.login("alice", "se cret "))
        self.assertEqual(2, len(self.result(client.mlsd())))


class _Borrowed:
    """A transport whose TLS session is somebody else's."""

    def __init__(self, real: Any, other: Any) -> None:
        self._real = real
        self._other = other

    def getHandle(self) -> Any:
        return self._other.getHandle() if hasattr(self._other, "getHandle") else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
