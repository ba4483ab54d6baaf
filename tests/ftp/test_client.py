"""The FTP client against the FTP server, both in memory, in the clear and under TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from netsuite import tls
from netsuite.certificates import Certificates
from netsuite.connection import errors
from netsuite.connection.peer import where
from netsuite.ftp import grammar
from netsuite.ftp.client import FileHash, FTPClient, connect, refusal
from netsuite.ftp.client.remote_hashes import hash_in
from netsuite.ftp.commands import Auth, Noop, Pass, Retr, User, reply
from netsuite.ftp.dialog import ClientDialog
from netsuite.ftp.digests import FUNCTIONS
from netsuite.ftp.listing import Listed
from netsuite.testing.fabric import Fabric
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from tests.connection.joined import JoinedCase, Saying, reached
from tests.ftp.fakes import CONTROL, HERE, World
from tests.ftp.odd_server import OddServer

T = TypeVar("T")


async def pieces(*octets: bytes) -> AsyncIterator[bytes]:
    """Return pieces of a file."""
    for each in octets:
        yield each


class Case(JoinedCase):
    """What the tests share."""

    def setUp(self) -> None:
        self.use(World(tls=self.context()))

    def use(self, world: World) -> None:
        """Have clients connect to a world's server."""
        self.world = world
        self.fabric = world.reactor
        self.endpoint = TCP4ClientEndpoint(self.fabric, HERE, CONTROL)
        #: Where clients have connected to for their data.
        self.reached: list[tuple[str, int]] = []
        #: Where they do instead.
        self.elsewhere: int | None = None

    def context(self) -> Any:
        return None

    def reach(self, host: str, port: int) -> TCP4ClientEndpoint:
        self.reached.append((host, port))
        return TCP4ClientEndpoint(self.fabric, host, self.elsewhere or port)

    def begin(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Begin something, and let happen what is due until after a last look."""
        running = super().begin(work)
        self.world.settle()
        return running

    def connecting(self, **more: Any) -> Coroutine[Any, Any, FTPClient]:
        return connect(self.endpoint, clock=self.fabric, reach=self.reach, **more)

    def connected(self, **more: Any) -> FTPClient:
        if more.get("implicit"):
            context = self.world.factory.shared.tls
            assert context is not None
            factory = tls.wrap_server(self.world.factory, context, self.fabric)
            self.endpoint = reached(self.fabric, factory)
        return self.run_(self.connecting(**more))

    def client(self, **more: Any) -> FTPClient:
        client = self.connected(**more)
        self.run_(client.login("alice", "se cret "))
        return client


class Clear(Case):
    """Without TLS."""

    def test_everything(self) -> None:
        """Every method does what it says."""
        client = self.client()
        self.assertIn("MLST", client.features)
        self.run_(client.cwd("sub"))
        self.assertEqual("/sub", self.run_(client.pwd()))
        self.run_(client.cdup())
        self.assertEqual('/a "b"', self.run_(client.mkd('a "b"')))
        names = {entry.name: entry for entry in self.run_(client.mlsd())}
        self.assertEqual({'a "b"', "notes.txt", "sub"}, set(names))
        self.assertTrue(names["sub"].is_directory)
        self.assertEqual(["x.bin"], self.run_(client.nlst("sub")))
        self.assertEqual(3, len(self.run_(client.list_lines())))
        self.run_(client.rmd('a "b"'))
        self.run_(client.stor("new", pieces(b"one ", b"two")))
        self.assertEqual(b"one two", self.world.files.content("new"))
        self.assertEqual(7, self.run_(client.size("new")))
        moment = self.run_(client.mdtm("notes.txt"))
        self.run_(client.mfmt("new", moment))
        self.assertEqual(moment, self.run_(client.mlst("new")).modified)
        self.run_(client.stor("new", pieces(b"TWO!"), offset=4))
        self.run_(client.stor("new", pieces(b"+"), append=True))
        got: list[bytes] = []
        self.run_(client.retr("new", got.append, offset=4))
        self.assertEqual(b"TWO!+", b"".join(got))
        self.run_(client.rename("new", "newer"))
        self.run_(client.dele("newer"))
        self.run_(client.noop())
        self.assertIn("UNIX", self.run_(client.syst()))
        self.run_(client.quit())
        self.assertTrue(client.lost)
        self.assertEqual({"127.0.0.1"}, {host for host, _ in self.reached})

    def test_refused(self) -> None:
        """What the server refuses is raised with its words, and the session goes on."""
        client = self.client()
        for work in (
            client.retr("nothing", print),
            client.stor("sub", pieces(b"x")),
            client.cwd("x"),
        ):
            self.assertEqual(550, self.fail_(work, errors.PermanentRefusal).code)
        self.world.files.limit_octets = 3
        self.assertEqual(
            552, self.fail_(client.stor("x", pieces(b"12345")), errors.PermanentRefusal).code
        )
        self.run_(client.noop())

    def test_login_refused(self) -> None:
        """A wrong password is told apart."""
        client = self.connected()
        self.fail_(client.login("alice", "wrong"), errors.AuthenticationFailed)

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
        error = self.fail_(client.login("alice", "wrong"), errors.AuthenticationFailed)
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

        done = self.begin(client.stor("new", slow()))
        self.assertNoResult(done)
        self.fabric.connections[-1].client.abortConnection()
        self.fabric.settle()
        more.callback(None)
        self.world.settle()
        error = self.failureResultOf(done, errors.TransientRefusal).value
        self.assertEqual(426, error.code)
        self.run_(client.noop())

    def test_write_that_fails(self) -> None:
        """A full disk here ends the transfer and not the session."""
        client = self.client()

        def full(octets: bytes) -> None:
            raise OSError("full")

        self.fail_(client.retr("notes.txt", full), OSError)
        self.run_(client.noop())

    def test_injection(self) -> None:
        """A line end in an argument is an error, and nothing is said."""
        client = self.client()
        self.fail_(client.dele("x\r\nDELE notes.txt"), LocalProtocolError)
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
        self.use(World(masquerade_address="203.0.113.9"))
        client = self.client()
        names = {entry.name for entry in self.run_(client.mlsd())}
        self.assertEqual({"notes.txt", "sub"}, names)
        self.assertEqual({"127.0.0.1"}, {host for host, _ in self.reached})

    def test_no_data_connection(self) -> None:
        """A server whose data port cannot be reached is told as such."""
        client = self.client()
        self.elsewhere = 1
        self.fail_(client.mlsd(), errors.ConnectionRefused)
        self.elsewhere = None
        self.assertEqual(2, len(self.run_(client.mlsd())))

    def test_hostile_server(self) -> None:
        """A reply nobody asked for, and no reply, end the session."""
        client = self.client()
        self.fabric.connections[0].server.write(b"200 surprise\r\n")
        self.fabric.settle()
        self.fail_(client.noop(), errors.ProtocolViolation)
        client = self.client()
        self.fabric.connections[-1].server.write(b"421 stopping\r\n")
        self.fabric.settle()
        self.fail_(client.noop(), errors.TransientRefusal)

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

    def test_noop_beside_a_transfer(self) -> None:
        """Whichever of the two a server answers first, and however the answers are cut, each has
        its own; one too many is none's."""
        for replies, ended in (
            (b"200 n\r\n226 r\r\n", 226), (b"226 r\r\n200 n\r\n", 226),
            (b"500 n\r\n426-cut\r\n200 x\r\n426 r\r\n", 426), (b"502 n\r\n250 r\r\n", 250),
        ):  # fmt: skip
            for cut in range(len(replies) + 1):
                dialog, fetch, noop = ClientDialog(), Retr("x"), Noop()
                dialog.receive(b"220 x\r\n")
                dialog.next_event()
                dialog.send(fetch)
                dialog.receive(b"150 x\r\n")
                dialog.next_event()
                dialog.send(noop)
                found: list[tuple[object, int]] = []
                for part in (replies[:cut], replies[cut:]):
                    dialog.receive(part)
                    while isinstance(event := dialog.next_event(), tuple):
                        found.append((event[0], event[1].code))
                self.assertEqual([ended], [code for about, code in found if about is fetch])
                self.assertEqual(1, sum(about is noop for about, _ in found))
                dialog.receive(b"200 stray\r\n")
                with self.assertRaises(RemoteProtocolError):
                    dialog.next_event()

    def test_given_up(self) -> None:
        """The reply to a command that was given up is not the next one's."""
        client = self.client()
        given_up = ensureDeferred(client.pwd())
        given_up.cancel()
        self.failureResultOf(given_up)
        self.assertEqual(8, self.run_(client.size("notes.txt")))

    def test_neither_yes_nor_no(self) -> None:
        """A reply that wants more than there is to say ends the session."""
        client = self.client()
        working = ensureDeferred(client.cwd("sub"))
        client.dataReceived(b"350 and?\r\n")
        self.failureResultOf(working, errors.ProtocolViolation)

    def test_no_tls(self) -> None:
        """A server without TLS is not talked to in the clear instead."""
        options = tls.client_options("localhost")
        self.fail_(self.connecting(tls_context=options), errors.NotOffered)


class Odd(JoinedCase):
    """With servers that can less, and answer in their own order."""

    def setUp(self) -> None:
        self.fabric = Fabric(record=True)
        self.server = OddServer(listings={"/": []})
        self.server.listen(self.fabric)

    def client(self, **more: Any) -> FTPClient:
        """Return a client that has logged in."""
        connecting = connect(
            TCP4ClientEndpoint(self.fabric, HERE, CONTROL),
            clock=self.fabric,
            reach=lambda host, port: TCP4ClientEndpoint(self.fabric, host, port),
            **more,
        )
        client = self.run_(connecting)
        self.run_(client.login())
        return client

    def test_keep_alive(self) -> None:
        """While a transfer goes on NOOP is said, and whenever the server answers it, no reply is
        taken for another's."""
        more: list[Deferred[None]] = []

        async def slow() -> AsyncIterator[bytes]:
            for each in (b"a", b"b", b"c"):
                yield each
                more.append(Deferred())
                await more[-1]

        for at_once in (True, False):
            client = self.client(keep_alive_seconds=60.0)
            if not at_once:
                self.server.commands["NOOP"] = b""  # see below
            done = self.begin(client.stor("x", slow()))
            for _ in range(3):
                self.fabric.advance(61)
                more[-1].callback(None)
                self.fabric.settle()
            if not at_once:
                self.server.commands["NOOP"] = b"200 ok"
                self.server.there[-1].transport.write(b"200 late\r\n" * 3)
            self.fabric.settle()
            self.successResultOf(done)
            self.assertEqual(3, self.run_(client.size("x")))
            self.run_(client.noop())
            self.assertEqual(4, len(self.server.said("NOOP")))
            self.server.heard.clear()
            self.fabric.advance(600)
            self.assertEqual([], self.server.heard)
            self.run_(client.quit())

    def test_noop_refused(self) -> None:
        """A server that knows no NOOP refuses it, and not the transfer."""
        self.server.commands["NOOP"] = b"500 what?"
        self.server.files["/x"] = b"12345"
        client = self.client(keep_alive_seconds=1.0)
        more: Deferred[None] = Deferred()
        got: list[bytes] = []

        async def write(octets: bytes) -> None:
            got.append(octets)
            await more

        done = self.begin(client.retr("x", write))
        self.fabric.advance(1.5)
        more.callback(None)
        self.fabric.settle()
        self.successResultOf(done)
        self.assertEqual([b"12345"], got)
        self.assertEqual(5, self.run_(client.size("x")))

    def test_asked_by_tcp(self) -> None:
        """TCP asks whether the server is still there."""
        self.client()
        self.assertTrue(self.fabric.connections[0].client.getTcpKeepAlive())

    def test_list(self) -> None:
        """A server without MLSD is asked once, and then LIST, in the directory itself; a lasting
        refusal is one."""
        self.server.commands["MLSD"] = b"502 not here"
        line = b"-rw-r--r-- 1 o g 5 Jan  2  2020 a"
        self.server.listings = {"/": [], "/d": [line], "/a [b]": [line, b"what?"]}
        client = self.client()
        self.assertEqual(["a"], [each.name for each in self.run_(client.mlsd("d"))])
        reading = self.run_(client.directory("a [b]"))
        self.assertEqual(("a", ["what?"]), (reading.entries[0].name, reading.left_out))
        self.assertEqual(["LIST", "LIST"], self.server.said("LIST"))
        self.assertEqual("/", self.run_(client.pwd()))
        self.assertEqual(1, len(self.server.said("MLSD")))
        self.assertEqual(550, self.fail_(client.mlsd("x"), errors.PermanentRefusal).code)
        self.server.commands["LIST"] = b"450 not now"
        self.fail_(client.mlsd("a [b]"), errors.TransientRefusal)
        self.assertEqual("/", self.run_(client.pwd()))

    def test_list_of_no_directory(self) -> None:
        """What is no directory is none, also where LIST finds nothing in it, or the file; a server
        that has MLSD is believed in what it says of a path."""
        line = b"-rw-r--r-- 1 o g 5 Jan  2  2020 f"
        self.server.listings = {"/": [line]}
        self.server.commands["MLSD"] = b"501 Not a directory"
        self.assertEqual(550, self.fail_(self.client().mlsd("f"), errors.PermanentRefusal).code)
        self.server.features = ["MLST type*;"]
        client = self.client()
        self.assertEqual(501, self.fail_(client.mlsd("f"), errors.PermanentRefusal).code)
        self.assertEqual([], self.server.said("LIST"))
        self.assertTrue(client.has_facts)

    def test_exactly(self) -> None:
        """What a listing does not tell is asked for, and nothing else."""
        self.server.files, self.server.times = {"/a": b"12345"}, {"/a": "20200102030405"}
        client = self.client()
        exact = Listed("a", octets=5, modified=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
        for rough in (replace(exact, octets=None), replace(exact, precision_seconds=60), exact):
            self.assertEqual(exact, self.run_(client.exactly("a", rough)))
        self.assertEqual((1, 1), (len(self.server.said("SIZE")), len(self.server.said("MDTM"))))
        self.assertEqual(Listed("b"), self.run_(client.exactly("b", Listed("b"))))
        self.server.commands |= {"SIZE": b"213 many", "MDTM": b"213 19100010203040506"}
        self.assertEqual(Listed("a"), self.run_(client.exactly("a", Listed("a"))))
        self.fail_(client.size("a"), errors.ProtocolViolation)

    def test_times(self) -> None:
        """Times are set by the way that the server has; where it has none, it is asked once."""
        when = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
        self.server.features = ["MFMT"]
        client = self.client()
        self.server.commands["MFMT"] = b"550 not this one"
        self.assertFalse(self.run_(client.set_modified("a", when)))
        del self.server.commands["MFMT"]
        self.assertTrue(self.run_(client.set_modified("b", when)))
        self.server.features = ["MDTM"]
        client = self.client()
        self.assertFalse(self.run_(client.set_modified("a", when)))
        self.assertFalse(self.run_(client.set_modified("a", when)))
        self.assertEqual(["MDTM 20200102030405 a"], self.server.said("MDTM"))
        self.assertEqual(["SITE UTIME 20200102030405 a"], self.server.said("SITE"))
        self.server.commands["MDTM"] = b"213 set"
        self.assertTrue(self.run_(self.client().set_modified("a", when)))

    def test_hashes(self) -> None:
        """The best hash that is offered is asked for; none, or nonsense, is told."""
        self.server.files["/a b"] = b"12345"
        client = self.client()
        self.assertFalse(client.has_hash)
        self.fail_(client.hash("a b"), errors.NotOffered)
        for feature, function, asked in (
            ("XCRC", "CRC32", ["XCRC"]), ("XMD5", "MD5", ["XMD5"]),
            ("HASH SHA-256*;MD5", "SHA-256", ["HASH"]),
            ("HASH SHA-256;MD5*", "SHA-256", ["OPTS", "HASH"]),
        ):  # fmt: skip
            self.server.features = [feature]
            client = self.client()
            self.server.heard.clear()
            found = self.run_(client.hash("a b"))
            hashing = FUNCTIONS[function]()
            hashing.update(b"12345")
            self.assertEqual(FileHash(function, hashing.hexdigest()), found)
            self.assertEqual(asked, [line.split()[0] for line in self.server.heard])
            self.assertEqual(550, self.fail_(client.hash("b"), errors.PermanentRefusal).code)
        self.server.commands["HASH"] = b"213 SHA-256 0-4 123 a b"
        self.fail_(client.hash("a b"), errors.ProtocolViolation)

    def test_hash_replies(self) -> None:
        """A hash is found wherever it stands, and is not taken for a name, nor a name for it."""
        value = "0123456789abcdef" * 2
        for path in ("a", "0", "x y", "fedcba9876543210" * 2, "d/0123", value[::-1]):
            for text in (
                f"MD5 0-5 {value} {path}", value.upper(), f"{path} {value}", f'"{path}" {value}',
                f"{value} is the hash", f'{value} "{path}"', f"Hash\n{value}",
            ):  # fmt: skip
                answer = reply(213, *text.split("\n"))
                self.assertEqual(value, hash_in(answer, "MD5", path), text)
        self.assertEqual("000000ab", hash_in(reply(250, "AB"), "CRC32", "a"))
        self.assertEqual("00abcdef", hash_in(reply(250, "a CRC: abcdef"), "CRC32", "x"))
        for text in ("none", value[1:], f"{value}0", "g" * 32, ""):
            self.assertIsNone(hash_in(reply(213, text), "MD5", "a"), text)

    def test_text(self) -> None:
        """TYPE A: the network's line ends on the way, LF here; TYPE I again for all else."""
        client = self.client()
        self.run_(client.stor("x", pieces(b"one\ntw", b"o\n\r", b"\n"), text=True))
        self.assertEqual(b"one\r\ntwo\r\n\r\n", self.server.files["/x"])
        got: list[bytes] = []
        self.run_(client.retr("x", got.append, text=True))
        self.assertEqual(b"one\ntwo\n\n", b"".join(got))
        self.server.files["/y"] = b"\r"
        self.run_(client.retr("y", got.append, text=True))
        self.assertEqual(b"\r", got[-1])
        self.run_(client.size("x"))
        self.assertEqual(["TYPE A", "TYPE I"], self.server.said("TYPE"))

    def test_octet_255(self) -> None:
        """It is doubled, as Telnet has it, but for who knows nothing of that."""
        for greeting, heard in (
            (b"220 hello", "\udcff" * 2), (b"220 (vsFTPd 3.0.3)", "\udcff"),
            (b"220---------- Welcome to Pure-FTPd ----------\r\n220 You are number 1", "\udcff"),
        ):  # fmt: skip
            self.server.greeting = greeting
            self.fail_(self.client().dele("\udcff"), errors.PermanentRefusal)
            self.assertEqual(f"DELE {heard}", self.server.heard[-1])

    def test_no_epsv(self) -> None:
        """A server without EPSV is asked once, then by PASV, whose address counts for nothing."""
        self.server.commands["EPSV"] = b"500 what?"
        client = self.client()
        listening = _Listing(self.fabric)
        self.server.commands["PASV"] = b"227 Entering (10,0,0,1,%d,%d)" % divmod(
            listening.port, 256
        )
        self.server.commands["MLSD"] = b"150 here\r\n226 done"
        for _ in range(2):
            self.assertEqual(["a"], [each.name for each in self.run_(client.mlsd())])
        self.assertEqual(1, len(self.server.said("EPSV")))
        self.server.commands["PASV"] = b"227 Entering (10,0,0,1,0,0)"
        self.fail_(client.mlsd(), errors.ProtocolViolation)


class _Listing:
    """Gives a listing to whoever comes.

    Attributes:
        port: where.
    """

    def __init__(self, fabric: Fabric) -> None:
        factory = Saying(b"type=file; a\r\n", close=True)
        _, self.port, _ = where(fabric.listenTCP(0, factory, interface=HERE).getHost())


class Secured(Case):
    """Under TLS."""

    def context(self) -> Any:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.authorities = folder / "default.pem"
        self.clock_of_certificates = World().reactor
        self.certificates = Certificates(folder, self.clock_of_certificates)
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
            self.run_(client.stor("big", pieces(big[:100_000], big[100_000:])))
            got: list[bytes] = []
            self.run_(client.retr("big", got.append))
            self.assertEqual(big, b"".join(got))
            self.assertEqual(3, len(self.run_(client.mlsd())))
            for client_end, server_end in self.fabric.connections[-3:]:
                self.assertNotIn(big[:64], client_end.written + server_end.written)
            self.run_(client.dele("big"))
            self.run_(client.quit())

    def test_wrong_name(self) -> None:
        """A server with another name's certificate is not talked to."""
        options = self.options("other.test")
        self.fail_(self.connecting(tls_context=options), errors.TLSFailure)

    def test_session_not_resumed(self) -> None:
        """A data connection with a session of its own, or of another client, is refused."""
        options = self.options()
        client, other = (self.client(tls_context=options) for _ in range(2))
        for transport in (object(), other.transport):
            real, client.transport = client.transport, _Borrowed(client.transport, transport)
            refused = self.fail_(client.mlsd(), errors.PermanentRefusal)
            self.assertEqual(522, refused.code)
            self.assertIn("resume", refused.text)
            client.transport = real
        self.assertEqual(2, len(self.run_(client.mlsd())))

    def test_reuse_not_required(self) -> None:
        """Where the operator says so, it is taken."""
        self.use(World(tls=self.context(), require_session_reuse=False))
        client = self.client(tls_context=self.options())
        client.transport = _Borrowed(client.transport, object())
        self.assertEqual(2, len(self.run_(client.mlsd())))

    def test_commands_behind_auth(self) -> None:
        """What was put behind AUTH TLS in the clear is not executed, and a login is forgotten."""
        client = self.client()
        client.writer.write(client.dialog.send(Auth("TLS")) + b"DELE notes.txt\r\n")
        answered = self.run_(client.receive())
        assert isinstance(answered, tuple)
        self.assertEqual(234, answered[1].code)
        self.run_(client.secure(self.options()))
        self.assertEqual(530, self.fail_(client.pwd(), errors.PermanentRefusal).code)
        self.assertIsNotNone(self.world.files.content("notes.txt"))

    def test_required(self) -> None:
        """Where TLS is required there is no login and no transfer without."""
        self.use(World(tls=self.context(), require_tls=True))
        client = self.connected()
        self.assertEqual(
            530, self.fail_(client.login("alice", "se cret "), errors.AuthenticationFailed).code
        )
        self.run_(client.auth_tls(self.options()))
        self.run_(client.login("alice", "se cret "))
        self.assertEqual(2, len(self.run_(client.mlsd())))


class _Borrowed:
    """A transport whose TLS session is somebody else's."""

    def __init__(self, real: Any, other: Any) -> None:
        self._real = real
        self._other = other

    def getHandle(self) -> Any:
        return self._other.getHandle() if hasattr(self._other, "getHandle") else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
