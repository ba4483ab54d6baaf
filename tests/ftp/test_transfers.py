"""Transfers on memory transports: files in and out, and everything that can go wrong with them."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.internet.protocol import Factory, Protocol

from netsuite import tls
from netsuite.connection.peer import Peer, where
from netsuite.ftp.server.receiving import HEARD_SECONDS
from netsuite.store.errors import OverQuota, StorageFull
from netsuite.store.files.memory import MemoryUpload
from netsuite.store.tree import TreePath, UploadRequest
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.connection.joined import Puppet
from tests.ftp.fakes import Session, World, codes, number_of

BIG = bytes(range(256)) * 4000


class One(Factory[Protocol]):
    """Makes the protocol it was given."""

    def __init__(self, made: IProtocol | None) -> None:
        self.made = made

    def buildProtocol(self, addr: IAddress | None) -> Any:
        return self.made


def unanswered(session: Session, number: int) -> None:
    """Let connections to a port be neither made nor refused."""
    session.world.reactor.listenTCP(number, Factory(), backlog=-1)


class Out(SynchronousTestCase):
    """Files to the client."""

    def test_retr(self) -> None:
        """A file comes as it is, and 226 behind its end."""
        octets, said = Session().fetch(b"RETR sub/x.bin")
        self.assertEqual(bytes(range(256)), octets)
        self.assertEqual([150, 226], codes(said))

    def test_restart(self) -> None:
        """REST counts for one transfer, from any place up to the end."""
        session = Session()
        for offset in (0, 1, 255, 256):
            self.assertEqual([350], codes(session.say(b"REST %d\r\n" % offset)))
            octets, said = session.fetch(b"RETR sub/x.bin")
            self.assertEqual(bytes(range(offset, 256)), octets)
        self.assertEqual(bytes(range(256)), session.fetch(b"RETR sub/x.bin")[0])
        session.say(b"REST 257\r\n")
        octets, said = session.fetch(b"RETR sub/x.bin")
        self.assertEqual((b"", [554]), (octets, codes(said)))

    def test_ascii(self) -> None:
        """In TYPE A lines end with CR LF, and SIZE and REST are refused."""
        session = Session()
        session.say(b"TYPE A\r\n")
        octets, _said = session.fetch(b"RETR notes.txt")
        self.assertEqual(b"one\r\ntwo\r\n", octets)
        self.assertEqual([550], codes(session.say(b"SIZE notes.txt\r\n")))
        self.assertEqual([504], codes(session.say(b"REST 3\r\n")))
        self.assertEqual([350], codes(session.say(b"REST 0\r\n")))

    def test_restart_then_ascii(self) -> None:
        """REST in TYPE I does not slip through into TYPE A."""
        session = Session()
        session.say(b"REST 3\r\nTYPE A\r\n")
        self.assertEqual(
            (b"", [504]), (lambda r: (r[0], codes(r[1])))(session.fetch(b"RETR notes.txt"))
        )

    def test_slow_reader(self) -> None:
        """A client that does not read is not sent more than a transport holds."""
        session = Session()
        session.world.put("big", BIG)
        wire = session.data()
        wire.hold()
        session.say(b"RETR big\r\n")
        self.assertLess(len(wire.other.written), 400_000)
        wire.drain()
        session.world.settle()
        self.assertEqual(BIG, wire.heard)
        self.assertEqual([226], codes(session.heard()))

    def test_names_that_no_file_has(self) -> None:
        """553 is for who would give a file such a name; who asks for one is told that it is not
        there."""
        session = Session()
        name = b"n" * 256
        for command in (b"STOR", b"APPE", b"STOU"):
            session.data()
            self.assertEqual([553], codes(session.say(b"%s %s\r\n" % (command, name))), command)
        for command in (b"RETR", b"NLST", b"MLSD"):
            session.data()
            self.assertEqual([550], codes(session.say(b"%s %s\r\n" % (command, name))), command)
        for command in (b"CWD", b"SIZE", b"MDTM", b"MLST", b"DELE", b"RMD", b"MKD", b"RNFR"):
            self.assertEqual([550], codes(session.say(b"%s %s\r\n" % (command, name))), command)
        self.assertEqual([350, 553], codes(session.say(b"RNFR notes.txt\r\nRNTO %s\r\n" % name)))

    def test_no_tls_before_the_command(self) -> None:
        """What went wrong with TLS before the command is told to the command, and the next data
        connection is a new one."""
        session = Session()
        self.patch(session.server, "data_tls", authority.server_context)
        for command in (b"STOR x\r\n", b"RETR notes.txt\r\n", b"LIST\r\n"):
            wire = session.data()
            wire.say(b"GET / HTTP/1.1\r\n\r\n")
            self.assertTrue(wire.closed)
            self.assertEqual([150, 522], codes(session.say(command)))
        self.assertEqual([425], codes(session.say(b"LIST\r\n")))
        self.assertIsNone(session.world.files.content("x"))

    def test_tls_before_the_reply(self) -> None:
        """Who begins TLS with no reply to wait for has 150 behind it: some end an empty file as
        soon as 150 comes, and TCP with it, whether TLS is there or not."""
        for begins in (True, False):
            session = Session()
            self.patch(session.server, "data_tls", authority.server_context)
            client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
            client.set_connect_state()
            wire = session.data()
            with contextlib.suppress(SSL.WantReadError):
                client.do_handshake()
            hello = client.bio_read(65536)
            if begins:
                wire.say(hello)
                session.world.settle()
            self.assertEqual([] if begins else [150], codes(session.say(b"STOR empty\r\n")))
            if not begins:
                wire.say(hello)
                session.world.settle()
            client.bio_write(wire.news())
            client.do_handshake()
            wire.say(client.bio_read(65536))
            session.world.settle()
            self.assertEqual([150] if begins else [], codes(session.heard()))
            client.shutdown()
            wire.say(client.bio_read(65536))
            wire.end()
            session.world.settle()
            self.assertEqual([226], codes(session.heard()))
            self.assertEqual(b"", session.world.files.content("empty"))

    def test_handshake_that_stalls(self) -> None:
        """A client that begins no TLS where it is due is given up, in either direction."""

        def start_tls(connection: Any, transport: Any, *more: object, **options: object) -> Any:
            transport.wrappedProtocol = connection
            return transport

        self.patch(tls, "start_tls", start_tls)
        session = Session()
        self.patch(session.server, "data_tls", lambda: "a context")
        for command in (b"STOR x\r\n", b"RETR notes.txt\r\n", b"LIST\r\n"):
            wire = session.data()
            session.world.reactor.advance(100)  # it may wait for the command
            self.assertEqual([150], codes(session.say(command)))
            session.world.reactor.advance(29)
            self.assertFalse(wire.closed)
            session.world.reactor.advance(2)
            session.world.settle()
            self.assertIs(ConnectionLost, wire.lost)
            self.assertEqual([426], codes(session.heard()))

    def test_reader_that_stalls(self) -> None:
        """A client that reads nothing any more is given up, and told so."""
        session = Session()
        session.world.put("big", BIG)
        wire = session.data()
        wire.hold()
        session.say(b"RETR big\r\n")
        session.world.reactor.advance(119)
        self.assertFalse(wire.other.disconnected)
        session.world.reactor.advance(2)
        session.world.settle()
        wire.drain()
        self.assertIs(ConnectionLost, wire.lost)
        self.assertEqual(
            b"426 The data connection made no progress; transfer ended\r\n", session.heard()
        )
        self.assertEqual([200], codes(session.say(b"NOOP\r\n")))

    def test_reader_that_resets(self) -> None:
        """A data connection that is reset midway ends in 426; the session goes on."""
        session = Session()
        session.world.put("big", BIG)
        wire = session.data()
        wire.hold()
        session.say(b"RETR big\r\n")
        wire.break_()
        session.world.settle()
        self.assertEqual([426], codes(session.heard()))
        self.assertEqual([150, 226], codes(session.fetch(b"RETR notes.txt")[1]))

    def test_not_there(self) -> None:
        """What is not there or no file is refused before any data connection is needed."""
        session = Session()
        self.assertEqual([550, 550], codes(session.say(b"RETR nothing\r\nRETR sub\r\n")))

    def test_unread_words(self) -> None:
        """What a client sends on a connection it is to read from does no harm."""
        session = Session()
        wire = session.data()
        wire.say(b"x" * 1000)
        session.say(b"RETR notes.txt\r\n")
        self.assertEqual(b"one\ntwo\n", wire.heard)


class In(SynchronousTestCase):
    """Files from the client."""

    def test_stor(self) -> None:
        """A file is there after 226, whatever the pieces."""
        session = Session()
        self.assertEqual([150, 226], codes(session.store(b"STOR new.bin", BIG)))
        self.assertEqual(BIG, session.world.files.content("new.bin"))
        wire = session.data()
        session.say(b"STOR two\r\n")
        for octet in b"abc":
            wire.say(bytes([octet]))
        self.assertIsNone(session.world.files.content("two"))
        wire.end()
        session.world.settle()
        self.assertEqual(b"abc", session.world.files.content("two"))

    def test_early(self) -> None:
        """Octets that come before the command are not lost; nor is an end."""
        session = Session()
        wire = session.data()
        wire.say(b"early")
        wire.end()
        self.assertEqual([150, 226], codes(session.say(b"STOR early\r\n")))
        self.assertEqual(b"early", session.world.files.content("early"))

    def test_append_and_resume(self) -> None:
        """APPE goes on behind the end, REST and STOR behind a place."""
        session = Session()
        self.assertEqual([150, 226], codes(session.store(b"APPE notes.txt", b"three\n")))
        self.assertEqual(b"one\ntwo\nthree\n", session.world.files.content("notes.txt"))
        session.say(b"REST 4\r\n")
        self.assertEqual([150, 226], codes(session.store(b"STOR notes.txt", b"TWO\n")))
        self.assertEqual(b"one\nTWO\n", session.world.files.content("notes.txt"))
        session.say(b"REST 99\r\n")
        self.assertEqual([554], codes(session.say(b"STOR notes.txt\r\n")))
        session.say(b"REST 1\r\n")
        self.assertEqual([503], codes(session.say(b"APPE notes.txt\r\n")))

    def test_ascii(self) -> None:
        """In TYPE A line ends become ours, at whatever place the network cuts."""
        for cut in range(13):
            session = Session()
            session.say(b"TYPE A\r\n")
            wire = session.data()
            session.say(b"STOR a\r\n")
            octets = b"a\r\nb\rc\nd\r\n\r\r"
            wire.say(octets[:cut])
            wire.say(octets[cut:])
            wire.end()
            session.world.settle()
            self.assertEqual(b"a\nb\rc\nd\n\r\r", session.world.files.content("a"), cut)

    def test_unique(self) -> None:
        """STOU never stores over anything, and tells the name."""
        session = Session()
        for name in (b"notes.txt.1", b"notes.txt.2"):
            said = session.store(b"STOU notes.txt", b"x")
            self.assertTrue(said.startswith(b"150 FILE: %s\r\n226 " % name), said)
        self.assertEqual(b"one\ntwo\n", session.world.files.content("notes.txt"))

    def test_cut_new(self) -> None:
        """What came of a new file before the reset is kept, so that it can be resumed."""
        session = Session()
        wire = session.data()
        session.say(b"STOR new\r\n")
        wire.say(b"half")
        wire.break_()
        session.world.settle()
        self.assertEqual([426], codes(session.heard()))
        self.assertEqual(b"half", session.world.files.content("new"))
        self.assertEqual(b"213 4\r\n", session.say(b"SIZE new\r\n"))
        session.say(b"REST 4\r\n")
        session.store(b"STOR new", b" and half")
        self.assertEqual(b"half and half", session.world.files.content("new"))

    def test_cut_old(self) -> None:
        """A file that was there stays whole when the one that was to replace it does not come."""
        session = Session()
        wire = session.data()
        session.say(b"STOR notes.txt\r\n")
        wire.say(b"half")
        wire.break_()
        session.world.settle()
        self.assertEqual(b"one\ntwo\n", session.world.files.content("notes.txt"))

    def test_control_lost(self) -> None:
        """A client that disappears in the middle of a file stores no file over another."""
        session = Session()
        wire = session.data()
        session.say(b"STOR notes.txt\r\n")
        wire.say(b"half")
        session.wire.break_()
        session.world.settle()
        self.assertEqual(b"one\ntwo\n", session.world.files.content("notes.txt"))
        self.assertTrue(wire.closed)

    def have_been_reset(self, session: Session) -> None:
        """Have the kernel note a reset of a control connection, once something is sent over it: a
        reactor that has heard the end of one does not look at it any more."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        ours.send(b"unread")
        theirs.close()

        def handle() -> socket.socket:
            if session.server.lost:
                raise AttributeError("socket")  # as Twisted's transports say then
            return ours

        # Its end has no descriptor, since nothing else asks for one.
        transport: Any = session.server.transport
        transport.getHandle = handle

    def test_killed_client(self) -> None:
        """A client whose both connections end at once has not sent a whole file."""
        for first_data in (True, False):
            session = Session()
            wire = session.data()
            session.say(b"STOR notes.txt\r\n")
            wire.say(b"half")
            self.have_been_reset(session)
            for end in (wire, session.wire)[:: 1 if first_data else -1]:
                end.hang_up()
            session.world.settle()
            session.world.reactor.advance(HEARD_SECONDS)
            session.world.settle()
            self.assertEqual(b"one\ntwo\n", session.world.files.content("notes.txt"))
            self.assertEqual(0, len(session.world.factory))

    def test_killed_client_that_had_said_more(self) -> None:
        """Its end is not overlooked because a command still waits behind the transfer."""
        for name, content in ((b"notes.txt", b"one\ntwo\n"), (b"new", b"half")):
            session = Session()
            wire = session.data()
            session.say(b"STOR %s\r\nPWD\r\n" % name)
            wire.say(b"half")
            self.have_been_reset(session)
            session.wire.hang_up()
            wire.hang_up()
            session.world.settle()
            session.world.reactor.advance(HEARD_SECONDS)
            session.world.settle()
            self.assertEqual(content, session.world.files.content(name.decode()))
            self.assertEqual(0, len(session.world.factory))

    def test_killed_client_that_is_reset(self) -> None:
        """Nor where the control connection is reset while the file is on its way to the disk, or
        while the client is asked whether it hears us."""
        for half_closed in (False, True):
            session = Session()
            wire = session.data()
            session.say(b"STOR notes.txt\r\n")
            wire.say(b"half")
            self.have_been_reset(session)
            if half_closed:
                session.wire.end()
            wire.hang_up()
            session.wire.break_()
            session.world.reactor.advance(HEARD_SECONDS)
            session.world.settle()
            self.assertEqual(b"one\ntwo\n", session.world.files.content("notes.txt"))
            self.assertEqual(0, len(session.world.factory))

    def test_half_closed_control(self) -> None:
        """A client that has closed its half of the control connection, and hears us, has its
        transfers done and answered, and what it had said behind them."""
        for name in (b"notes.txt", b"new"):
            session = Session()
            wire = session.data()
            session.say(b"STOR %s\r\nPWD\r\n" % name)
            session.wire.end()
            wire.say(b"all of it")
            session.world.reactor.advance(60)
            wire.hang_up()
            session.world.settle()
            self.assertEqual([150], codes(session.heard()))
            session.world.reactor.advance(HEARD_SECONDS)
            session.world.settle()
            self.assertEqual([226, 257], codes(session.heard()))
            self.assertEqual(b"all of it", session.world.files.content(name.decode()))
            self.assertTrue(session.closed)
        session = Session()
        wire = session.data()
        session.wire.say(b"RETR notes.txt\r\n")
        session.wire.end()
        session.world.settle()
        self.assertEqual((b"one\ntwo\n", [150, 226]), (wire.heard, codes(session.heard())))
        self.assertTrue(session.closed)

    def test_sender_that_stalls(self) -> None:
        """A client that sends nothing any more is given up."""
        session = Session()
        wire = session.data()
        session.say(b"STOR new\r\n")
        wire.say(b"x")
        session.world.reactor.advance(100)
        wire.say(b"y")
        session.world.reactor.advance(119)
        self.assertFalse(wire.closed)
        session.world.reactor.advance(2)
        session.world.settle()
        self.assertEqual([426], codes(session.heard()))
        self.assertEqual(b"xy", session.world.files.content("new"))

    def test_refused(self) -> None:
        """What the store refuses is refused at once, or at the latest at the end."""
        session = Session()
        self.assertEqual(
            [550, 550, 550], codes(session.say(b"STOR sub\r\nSTOR none/x\r\nSTOR /\r\n"))
        )
        session.world.files.limit_octets = 5
        self.assertEqual([150, 552], codes(session.store(b"STOR large", b"123456")))
        self.assertIsNone(session.world.files.content("large"))
        self.assertEqual([200], codes(session.say(b"ALLO 6\r\n")))
        self.assertEqual([552], codes(session.say(b"STOR large\r\n")))

    def test_refused_at_the_commit(self) -> None:
        """A full disk or quota is told, and nothing is there."""
        for error, code in ((OverQuota("full"), 552), (StorageFull("full"), 452)):
            session = Session()

            def take(*arguments: object, error: Exception = error) -> None:
                raise error

            self.patch(session.world.files, "put", take)
            self.assertEqual([150, code], codes(session.store(b"STOR new", b"x")))

    def test_slow_disk(self) -> None:
        """A store that is behind stops the sender; what came before a reset is not lost."""
        session = Session()
        real = session.world.files.upload
        waiting: list[Deferred[None]] = []

        async def upload(path: TreePath, request: UploadRequest) -> MemoryUpload:
            made = await real(path, request)
            write = made.write

            def slow(octets: bytes) -> Deferred[None]:
                write(octets)
                waiting.append(Deferred())
                return waiting[-1]

            self.patch(made, "write", slow)
            return made

        self.patch(session.world.files, "upload", upload)
        wire = session.data()
        session.say(b"STOR new\r\n")
        sent = 0
        while wire.other.reads and sent < 10_000_000:
            wire.say(b"x" * 50_000)
            sent += 50_000
        self.assertLess(sent, 1_000_000)
        wire.end()
        while waiting:
            waiting.pop().callback(None)
            session.world.settle()
        self.assertEqual(sent, len(session.world.files.content("new") or b""))
        self.assertEqual([226], codes(session.heard()))


class Listings(SynchronousTestCase):
    """Directories."""

    def test_list(self) -> None:
        """LIST shows what ls -l does; options say nothing."""
        session = Session()
        wanted = (
            b"-rw-r--r--   1 ftp      ftp                 8 Mar  1 12:00 notes.txt\r\n"
            b"drwxr-xr-x   2 ftp      ftp                 0 Mar  1 12:00 sub\r\n"
        )
        for command in (b"LIST", b"LIST -la", b"LIST -l -a /", b"LIST .", b"LIST -a sub/.."):
            octets, said = session.fetch(command)
            self.assertEqual((wanted, [150, 226]), (octets, codes(said)), command)
        self.assertEqual([550], codes(session.say(b"LIST nothing\r\n")))
        self.assertEqual(wanted.split(b"\r\n")[0] + b"\r\n", session.fetch(b"LIST notes.txt")[0])

    def test_nlst(self) -> None:
        """NLST gives names that can be used as they are."""
        session = Session()
        session.world.put("a[1].txt", b"")
        for command, wanted in (
            (b"NLST", b"a[1].txt\r\nnotes.txt\r\nsub\r\n"),
            (b"NLST sub", b"sub/x.bin\r\n"),
            (b"NLST /sub/", b"/sub/x.bin\r\n"),
            (b"NLST *.txt", b"a[1].txt\r\nnotes.txt\r\n"),
            (b"NLST sub/*", b"sub/x.bin\r\n"),
            (b"NLST /*", b"/a[1].txt\r\n/notes.txt\r\n/sub\r\n"),
            (b"NLST *.gif", b""),
            (b"NLST notes.txt", b"notes.txt\r\n"),
        ):
            self.assertEqual(wanted, session.fetch(command)[0], command)

    def test_mlsd(self) -> None:
        """MLSD gives the facts chosen, to programs."""
        session = Session()
        session.say(b"OPTS MLST Type;Size;perm;nonsense;\r\n")
        octets, _said = session.fetch(b"MLSD")
        self.assertEqual(
            b"type=file;size=8;perm=adfrw; notes.txt\r\ntype=dir;perm=cdeflmp; sub\r\n", octets
        )
        self.assertEqual([501], codes(session.say(b"MLSD notes.txt\r\n")))
        self.assertEqual([550], codes(session.say(b"MLSD *\r\n")))

    def test_many(self) -> None:
        """A directory too large to be sorted is listed all the same."""
        session = Session()
        for number in range(10_050):
            session.world.put(f"sub/{number:05}", b"")
        octets, _ = session.fetch(b"NLST sub")
        self.assertEqual(10_051, octets.count(b"\r\n"))
        self.assertEqual([450], codes(session.say(b"STAT sub\r\n")))


class Connections(SynchronousTestCase):
    """How data connections are made, and by whom."""

    def test_passive_replies(self) -> None:
        """PASV and EPSV name the port; the last one counts."""
        session = Session()
        self.assertEqual(
            b"227 Entering Passive Mode (127,0,0,1,128,1)\r\n", session.say(b"PASV\r\n")
        )
        self.assertEqual(
            b"229 Entering Extended Passive Mode (|||32770|)\r\n", session.say(b"EPSV 1\r\n")
        )
        self.assertEqual([32_770], [number_of(each) for each in session.world.data_ports()])
        self.assertEqual(
            b"522 Network protocol not supported, use (1)\r\n", session.say(b"EPSV 2\r\n")
        )

    def test_epsv_all(self) -> None:
        """After EPSV ALL nothing else will do."""
        session = Session()
        port = b"PORT 127,0,0,1,20,20\r\nPASV\r\nEPRT |1|127.0.0.1|5000|\r\n"
        self.assertEqual([200, 501, 501, 501], codes(session.say(b"EPSV ALL\r\n" + port)))
        self.assertEqual([150, 226], codes(session.fetch(b"LIST")[1]))

    def test_masquerade(self) -> None:
        """The address told is the one configured, but not to this machine itself."""
        session = Session(masquerade_address="192.0.2.7")
        self.assertIn(b"(127,0,0,1,", session.say(b"PASV\r\n"))
        session.server.peer = Peer(address="198.51.100.1", port=4000)
        self.assertIn(b"(192,0,2,7,", session.say(b"PASV\r\n"))

    def test_strangers(self) -> None:
        """Somebody else who finds the port is sent away, and the right one served all the same."""
        session = Session()
        session.say(b"EPSV\r\n")
        for address in ("127.0.0.2", "192.0.2.1", "127.0.0.10"):
            self.assertIsNone(session.come(address))
        wire = session.come()
        assert wire is not None
        session.say(b"RETR notes.txt\r\n")
        self.assertEqual(b"one\ntwo\n", wire.heard)

    def test_twice(self) -> None:
        """Only the first connection counts; the port is closed behind it."""
        session = Session()
        session.say(b"EPSV\r\n")
        (port,) = session.world.data_ports()
        factory = port.factory
        self.assertIsNotNone(session.come())
        self.assertEqual([], session.world.data_ports())
        self.assertIsNone(factory.buildProtocol(session.wire.other.getPeer()))

    def test_two_let_in_at_once(self) -> None:
        """Two that were accepted in one turn: the second is dropped."""
        session = Session()
        session.say(b"EPSV\r\n")
        (port,) = session.world.data_ports()
        factory = port.factory
        protocols = [factory.buildProtocol(session.wire.other.getPeer()) for _ in range(2)]
        wires = []
        for number, protocol in enumerate(protocols, 1):
            session.world.reactor.listenTCP(number, One(protocol))
            wires.append(session.world.connect(number))
        self.assertEqual([None, ConnectionLost], [wire.lost for wire in wires])
        session.say(b"RETR notes.txt\r\n")
        self.assertEqual(b"one\ntwo\n", wires[0].heard)

    def test_never_made(self) -> None:
        """A data connection that is not made in time is told, and the port closed."""
        session = Session()
        session.say(b"EPSV\r\n")
        self.assertEqual(b"", session.say(b"RETR notes.txt\r\n"))
        session.world.reactor.advance(31)
        session.world.settle()
        self.assertEqual(b"425 The data connection was not made\r\n", session.heard())
        self.assertEqual([], session.world.data_ports())
        session.say(b"EPSV\r\n")
        session.world.reactor.advance(31)
        self.assertEqual([], session.world.data_ports())
        self.assertEqual([425], codes(session.say(b"RETR notes.txt\r\n")))

    def test_none_arranged(self) -> None:
        """Without PASV or PORT there is none; nor twice with one of them."""
        session = Session()
        self.assertEqual([425], codes(session.say(b"LIST\r\n")))
        session.fetch(b"LIST")
        self.assertEqual([425], codes(session.say(b"LIST\r\n")))

    def test_ports_run_out(self) -> None:
        """When every port of the range is taken that is said, and it works again later."""
        session = Session(passive_ports="6000-6002")
        reactor = session.world.reactor
        taken = [reactor.listenTCP(number, Factory()) for number in (6000, 6001, 6002)]
        self.assertEqual([425, 425], codes(session.say(b"PASV\r\nEPSV\r\n")))
        self.assertEqual([425], codes(session.say(b"LIST\r\n")))
        for each in taken[1:]:
            each.stopListening()
        self.assertIn(b"(|||6001|)", session.say(b"EPSV\r\n"))

    def test_active(self) -> None:
        """PORT and EPRT: the server connects to the client, from its own address."""
        for command in (b"PORT 127,0,0,1,20,21\r\n", b"EPRT |1|127.0.0.1|5141|\r\n"):
            session = Session()
            self.assertEqual([200], codes(session.say(command)))
            reactor = session.world.reactor
            wire = Puppet(reactor)
            reactor.listenTCP(5141, One(wire))
            self.assertEqual(1, len(reactor.connections))
            self.assertEqual([150, 226], codes(session.say(b"RETR notes.txt\r\n")))
            self.assertEqual("127.0.0.1", where(wire.transport.getPeer())[0])
            self.assertEqual(b"one\ntwo\n", wire.heard)

    def test_active_and_not_answered(self) -> None:
        """Nothing is said before the client has taken the connection; 425 where nobody does."""
        session = Session()
        unanswered(session, 5141)
        session.say(b"PORT 127,0,0,1,20,21\r\n")
        self.assertEqual(b"", session.say(b"RETR notes.txt\r\n"))
        session.world.reactor.advance(31)
        self.assertEqual([425], codes(session.heard()))

    def test_bounce(self) -> None:
        """Nobody can have the server connect to somebody else, or to a privileged port."""
        session = Session()
        for command, code in (
            (b"PORT 127,0,0,2,20,20", 504),
            (b"PORT 192,0,2,1,0,25", 504),
            (b"PORT 127,0,0,1,0,25", 504),
            (b"PORT 127,0,0,1,3,255", 504),
            (b"PORT 0,0,0,0,20,20", 504),
            (b"PORT 127,0,0,1,0,0", 504),
            (b"PORT 127,0,0,1,256,1", 501),
            (b"PORT 127,0,0,1,20", 501),
            (b"PORT 127,0,0,1,20,20,20", 501),
            (b"PORT 0177,0,0,1,20,20", 501),
            (b"PORT", 501),
            (b"EPRT |1|127.0.0.2|5000|", 504),
            (b"EPRT |1|127.0.0.1|25|", 504),
            (b"EPRT |2|::1|5000|", 522),
            (b"EPRT |2|::ffff:127.0.0.1|5000|", 522),
            (b"EPRT |3|127.0.0.1|5000|", 522),
            (b"EPRT |1|127.0.0.1|99999|", 501),
            (b"EPRT |1|::1|5000|", 501),
            (b"EPRT |1|127.1|5000|", 501),
            (b"EPRT |1|127.0.0.1|5000", 501),
            (b"EPRT", 501),
        ):
            self.assertEqual([code], codes(session.say(command + b"\r\n")), command)
        self.assertEqual([425], codes(session.say(b"LIST\r\n")))
        self.assertEqual(1, len(session.world.reactor.connections))

    def test_switched_off(self) -> None:
        """A server that is told so does not connect, or does not listen."""
        session = Session(active=False)
        said = session.say(b"PORT 127,0,0,1,20,20\r\nEPRT |1|127.0.0.1|5000|\r\nFEAT\r\n")
        self.assertEqual([502, 502], [int(line[:3]) for line in said.split(b"\r\n")[:2]])
        self.assertNotIn(b"EPRT", said.split(b"211-")[1])
        session = Session(passive=False)
        self.assertEqual([502, 502], codes(session.say(b"PASV\r\nEPSV\r\n")))


class Interrupted(SynchronousTestCase):
    """What is said while a transfer runs."""

    def upload(self) -> tuple[Session, Puppet]:
        session = Session()
        wire = session.data()
        self.assertEqual([150], codes(session.say(b"STOR new\r\n")))
        wire.say(b"half")
        return session, wire

    def test_abort(self) -> None:
        """ABOR ends it, in every way of writing ABOR; 426 comes first, then 226."""
        for octets in (
            b"ABOR\r\n",
            b"abor\r\n",
            b"\xff\xf4\xff\xf2ABOR\r\n",
            b"\xff\xf4\xffABOR\r\n",
            b"\xf2ABOR\r\n",
            b"\xff\xf4\xf2ABOR\r\n",
        ):
            session, _wire = self.upload()
            self.assertEqual([426, 226], codes(session.say(octets)), octets)
            self.assertEqual(b"half", session.world.files.content("new"))
            self.assertEqual([150, 226], codes(session.fetch(b"RETR notes.txt")[1]))

    def test_abort_in_every_phase(self) -> None:
        """Before, while the connection is awaited, during, and behind a transfer."""
        session = Session()
        self.assertEqual([226], codes(session.say(b"ABOR\r\n")))
        session.say(b"EPSV\r\n")
        self.assertEqual([226], codes(session.say(b"ABOR\r\n")))
        self.assertEqual([], session.world.data_ports())
        session.say(b"EPSV\r\n")
        self.assertEqual(b"", session.say(b"RETR notes.txt\r\n"))
        self.assertEqual([426, 226], codes(session.say(b"ABOR\r\n")))
        self.assertEqual([], session.world.data_ports())
        unanswered(session, 5140)
        session.say(b"PORT 127,0,0,1,20,20\r\n")
        session.say(b"RETR notes.txt\r\n")
        self.assertIn("Connector", "".join(session.world.reactor.leftovers()))
        self.assertEqual([426, 226], codes(session.say(b"ABOR\r\n")))
        self.assertNotIn("Connector", "".join(session.world.reactor.leftovers()))
        session.fetch(b"RETR notes.txt")
        self.assertEqual([226], codes(session.say(b"ABOR\r\n")))
        self.assertEqual([226], codes(Session(logged_in=False).say(b"ABOR\r\n")))

    def test_abort_too_late(self) -> None:
        """What is being made durable is not called back: 226 for the file, then for ABOR."""
        session = Session()
        slow: Deferred[None] = Deferred()
        real = session.world.files.upload

        async def upload(path: TreePath, request: UploadRequest) -> MemoryUpload:
            made = await real(path, request)
            commit = made.commit

            async def slowly(**how: object) -> object:
                await slow
                return await commit()

            self.patch(made, "commit", slowly)
            return made

        self.patch(session.world.files, "upload", upload)
        session.store(b"STOR new", b"whole")
        self.assertEqual(b"", session.say(b"ABOR\r\n"))
        slow.callback(None)
        session.world.settle()
        self.assertEqual([226, 226], codes(session.heard()))
        self.assertEqual(b"whole", session.world.files.content("new"))

    def test_asked_meanwhile(self) -> None:
        """STAT and NOOP are answered at once, with how much has passed; all else waits."""
        session, wire = self.upload()
        self.assertEqual(
            b"213 4 octets have passed\r\n200 Here\r\n", session.say(b"STAT\r\nNOOP\r\n")
        )
        self.assertEqual(b"", session.say(b"PWD\r\nBOGUS\r\nNOOP\r\n"))
        wire.end()
        session.world.settle()
        self.assertEqual([226, 257, 500, 200], codes(session.heard()))

    def test_quit(self) -> None:
        """QUIT waits for the transfer's end."""
        session, wire = self.upload()
        self.assertEqual(b"", session.say(b"QUIT\r\n"))
        self.assertFalse(session.closed)
        wire.end()
        session.world.settle()
        self.assertEqual([226, 221], codes(session.heard()))
        self.assertTrue(session.closed)
        self.assertEqual(b"half", session.world.files.content("new"))

    def test_service_stops(self) -> None:
        """A service that stops lets a transfer end, and then says goodbye."""
        session, wire = self.upload()
        session.world.factory.drain()
        self.assertFalse(session.closed)
        wire.end()
        session.world.settle()
        self.assertEqual([226, 421], codes(session.heard()))
        self.assertTrue(session.closed)

    def test_long_transfer_is_not_idle(self) -> None:
        """The control connection does not time out while octets pass."""
        session, wire = self.upload()
        for _ in range(20):
            session.world.reactor.advance(100)
            wire.say(b"x")
        self.assertFalse(session.closed)

    def test_bug(self) -> None:
        """What nobody foresaw is said to be our fault; the session goes on."""
        session = Session()

        async def broken(*arguments: object, **more: object) -> None:
            raise RuntimeError("a secret of the inside")

        self.patch(session.world.files, "open", broken)
        self.assertEqual(
            b"451 Something went wrong here; try again later\r\n",
            session.say(b"RETR notes.txt\r\n"),
        )
        self.flushLoggedErrors(RuntimeError)
        self.assertEqual([200], codes(session.say(b"NOOP\r\n")))


class Worlds(SynchronousTestCase):
    """Two sessions do not see each other's data connections."""

    def test_ports_apart(self) -> None:
        """Each has its own port."""
        world = World()
        one, two = Session(world), Session(world)
        one.say(b"EPSV\r\n")
        two.say(b"EPSV\r\n")
        self.assertEqual(2, len({number_of(port) for port in world.data_ports()}))
