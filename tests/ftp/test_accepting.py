"""Data connections that need no transport, on real sockets; only the reactor is not there."""

from __future__ import annotations

import errno
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorFDSet
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from netsuite.ftp.transfer import accepting
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.store.files.memory import MemoryUpload
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport
from tests.ftp.fakes import Session, World, codes


class Adopted(MemoryTransport):
    """A transport that was made of a descriptor."""

    def __init__(self, reactor: Fabric) -> None:
        super().__init__()
        self.reactor = reactor

    def loseConnection(self) -> None:
        super().loseConnection()
        self.reactor.callLater(0, self.protocol.connectionLost, Failure(ConnectionDone()))


class DescriptorReactor(Fabric):
    """A fabric that watches descriptors when it is told to look."""

    def __init__(self) -> None:
        super().__init__()
        alsoProvides(self, IReactorFDSet)  # of which only readers are asked for
        self.readers: list[Any] = []
        self.adopted: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.remove(reader)

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        copied = socket.fromfd(descriptor, family, socket.SOCK_STREAM)
        self.adopted.append(copied)
        self.wire = Adopted(self)
        self.wire.protocol = factory.buildProtocol(None)
        self.wire.protocol.makeConnection(self.wire)

    def look(self) -> None:
        """Tell who is watched that there is something to read."""
        for reader in list(self.readers):
            reader.doRead()


class FullSocket:
    """A socket that listens in a process that may open nothing more."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening

    def fileno(self) -> int:
        return self._listening.fileno()

    def accept(self) -> None:
        raise OSError(errno.EMFILE, "Too many open files")


class Sockets(SynchronousTestCase):
    """A session whose data ports are real."""

    def setUp(self) -> None:
        self.reactor = DescriptorReactor()
        self.world = World(reactor=self.reactor)
        self.session = Session(self.world)
        self.addCleanup(self.close)

    def close(self) -> None:
        for each in self.reactor.adopted:
            each.close()
        self.session.server.data().reset(for_good=True)

    def epsv(self) -> int:
        said = self.session.say(b"EPSV\r\n")
        return int(said.split(b"|||")[1].split(b"|")[0])

    def connect(self, number: int, address: str = "127.0.0.1") -> socket.socket:
        client = socket.socket()
        self.addCleanup(client.close)
        client.bind((address, 0))
        client.settimeout(5)
        client.connect(("127.0.0.1", number))
        return client

    def whole(self, client: socket.socket) -> bytes:
        octets = b""
        while piece := client.recv(65536):
            octets += piece
        return octets

    def test_small_file(self) -> None:
        """A small file comes without a transport, its replies in one write, nothing watched."""
        client = self.connect(self.epsv())
        self.session.server.dataReceived(b"RETR sub/x.bin\r\n")
        said = self.session.wire.other.unsent  # no turn of the reactor later
        self.reactor.settle()
        heard = self.session.heard()
        self.assertEqual(([150, 226], said), (codes(heard), len(heard)))
        self.assertEqual(bytes(range(256)), self.whole(client))
        self.assertEqual(([], []), (self.reactor.readers, self.reactor.adopted))

    def test_port_again(self) -> None:
        """A port may be had again while the kernel still keeps it for what may come late: of a
        client that fetches many small files none would be left."""
        port = accepting.DataPort(
            self.reactor, "127.0.0.1", 0, backlog=1, came=lambda taken, address: True
        )
        self.addCleanup(port.stopListening)
        with socket.socket(fileno=socket.dup(port.fileno())) as listening:
            self.assertTrue(listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))

    def test_empty_file(self) -> None:
        """A file of nothing is the end of the connection and nothing else."""
        self.world.put("empty", b"")
        client = self.connect(self.epsv())
        self.assertEqual([150, 226], codes(self.session.say(b"RETR empty\r\n")))
        self.assertEqual(b"", self.whole(client))

    def test_client_that_comes_late(self) -> None:
        """A transfer waits for its client, watching the port meanwhile."""
        number = self.epsv()
        self.assertEqual(b"", self.session.say(b"RETR notes.txt\r\n"))
        self.assertEqual(1, len(self.reactor.readers))
        client = self.connect(number)
        self.reactor.look()
        self.world.settle()
        self.assertEqual([150, 226], codes(self.session.heard()))
        self.assertEqual(b"one\ntwo\n", self.whole(client))
        self.assertEqual([], self.reactor.readers)

    def test_client_that_never_comes(self) -> None:
        """Nobody is waited for longer than the setting says."""
        self.epsv()
        self.session.say(b"RETR notes.txt\r\n")
        self.reactor.advance(self.world.factory.shared.settings.connect_seconds)
        self.world.settle()
        self.assertEqual([425], codes(self.session.heard()))
        self.assertEqual([], self.reactor.readers)

    def test_stranger_first(self) -> None:
        """A stranger who is there first is closed and does not take the client's place."""
        number = self.epsv()
        stranger = self.connect(number, "127.0.0.2")
        client = self.connect(number)
        self.assertEqual([150, 226], codes(self.session.say(b"RETR notes.txt\r\n")))
        self.assertEqual(b"one\ntwo\n", self.whole(client))
        self.assertEqual(b"", self.whole(stranger))

    def test_stranger_while_nothing_is_asked(self) -> None:
        """A stranger is turned away though no transfer is wanted for long."""
        stranger = self.connect(self.epsv(), "127.0.0.2")
        self.reactor.advance(1)
        self.reactor.look()
        self.assertEqual(b"", self.whole(stranger))

    def test_no_descriptors(self) -> None:
        """Where no more connections can be taken, one that has come is waited for, not spun on."""
        number = self.epsv()
        self.session.say(b"RETR notes.txt\r\n")
        (port,) = self.reactor.readers
        taken, port._socket = port._socket, FullSocket(port._socket)
        client = self.connect(number)
        self.reactor.look()
        self.assertEqual([], self.reactor.readers)
        port._socket = taken
        self.reactor.advance(accepting._AGAIN_SECONDS)
        self.assertEqual([port], self.reactor.readers)
        self.reactor.look()
        self.world.settle()
        self.assertEqual([150, 226], codes(self.session.heard()))
        self.assertEqual(b"one\ntwo\n", self.whole(client))

    def test_no_descriptors_and_gone(self) -> None:
        """A client that leaves while no connection can be taken leaves nothing behind."""
        self.epsv()
        self.session.say(b"RETR notes.txt\r\n")
        (port,) = self.reactor.readers
        taken, port._socket = port._socket, FullSocket(port._socket)
        self.reactor.look()
        port._socket = taken
        self.session.server.data().reset(for_good=True)
        waiting = [each.function for each in self.reactor.getDelayedCalls()]
        self.assertNotIn(port._watch_again, waiting)
        self.assertEqual([], self.reactor.readers)

    def test_part_is_taken(self) -> None:
        """What the kernel does not take at once follows on a transport."""
        content = bytes(range(256)) * 200
        self.world.put("part", content)
        client = self.connect(self.epsv())
        self.patch(accepting.Accepted, "send", lambda accepted, octets: 1000)
        self.assertEqual([150, 226], codes(self.session.say(b"RETR part\r\n")))
        self.assertEqual(content[1000:], self.reactor.wire.value())
        del client

    def test_gone_again(self) -> None:
        """A client that has reset its connection is told that it is cut; the session goes on."""
        client = self.connect(self.epsv())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        self.assertEqual([426], codes(self.session.say(b"RETR notes.txt\r\n")))
        self.assertEqual([200], codes(self.session.say(b"NOOP\r\n")))

    def store(self, name: bytes) -> socket.socket:
        """Begin an upload."""
        client = self.connect(self.epsv())
        self.assertEqual([150], codes(self.session.say(b"STOR " + name + b"\r\n")))
        self.assertEqual(1, len(self.reactor.readers))
        return client

    def come(self) -> None:
        """Let what was sent come in."""
        self.reactor.look()
        self.world.settle()

    def test_store(self) -> None:
        """An upload needs no transport either; its end is the connection's."""
        client = self.store(b"new")
        for octets in (b"one ", b"two"):
            client.sendall(octets)
            self.come()
        self.assertEqual(b"", self.session.heard())
        client.close()
        self.come()
        self.assertEqual([226], codes(self.session.heard()))
        self.assertEqual(b"one two", self.world.files.content("new"))
        self.assertEqual(([], []), (self.reactor.readers, self.reactor.adopted))

    def test_store_that_is_cut(self) -> None:
        """A connection that is reset is no end: what came is kept as a part, and 426 said."""
        client = self.store(b"new")
        client.sendall(b"part")
        self.come()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        self.come()
        self.assertEqual([426], codes(self.session.heard()))
        self.assertEqual(b"part", self.world.files.content("new"))
        self.assertEqual([], self.reactor.readers)

    def test_store_that_stalls(self) -> None:
        """An upload that sends nothing for too long ends, counted from the last that came."""
        client = self.store(b"new")
        seconds = self.world.factory.shared.settings.stalled_seconds
        self.reactor.advance(seconds - 1)
        client.sendall(b"late")
        self.come()
        self.reactor.advance(seconds - 1)
        self.world.settle()
        self.assertEqual(b"", self.session.heard())
        self.reactor.advance(2)
        self.world.settle()
        self.assertEqual(
            b"426 The data connection made no progress; transfer ended\r\n", self.session.heard()
        )
        self.assertEqual([], self.reactor.readers)

    def test_store_aborted(self) -> None:
        """ABOR ends an upload that waits for more."""
        client = self.store(b"new")
        client.sendall(b"part")
        self.come()
        self.assertEqual([426, 226], codes(self.session.say(b"ABOR\r\n")))
        self.assertEqual(b"", self.whole(client))
        self.assertEqual([], self.reactor.readers)

    def test_store_faster_than_the_disk(self) -> None:
        """What the disk does not take yet is not read: the client has to wait."""
        client = self.store(b"new")
        room: Deferred[None] = Deferred()
        self.patch(MemoryUpload, "write", lambda upload, octets: room)
        client.sendall(b"x" * 1000)
        self.come()
        self.assertEqual([], self.reactor.readers)
        client.close()
        room.callback(None)
        self.world.settle()
        self.come()
        self.assertEqual([226], codes(self.session.heard()))

    def test_under_tls(self) -> None:
        """Where TLS is to come nothing is sent or read beside it, in either direction."""
        contexts: list[object] = []

        async def begin(data: DataConnection, context: object, **more: bool) -> None:
            contexts.append(context)

        self.patch(DataConnection, "begin", begin)
        self.patch(self.session.server, "data_tls", lambda: "the context")
        for command in (b"RETR notes.txt\r\n", b"STOR new\r\n", b"LIST\r\n"):
            client = self.connect(self.epsv())
            self.session.say(command)
            self.session.say(b"ABOR\r\n")
            client.close()
        self.assertEqual(["the context"] * 3, contexts)
        self.assertEqual(3, len(self.reactor.adopted))

    def test_nothing_is_left(self) -> None:
        """When the session ends its port is closed, and nothing will call back."""
        number = self.epsv()
        self.session.wire.break_()
        self.world.settle()
        self.assertRaises(ConnectionRefusedError, self.connect, number)
        self.assertEqual([], [call for call in self.reactor.getDelayedCalls() if call.active()])
