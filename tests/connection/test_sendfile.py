"""Files sent by the kernel and by us; and closing that does not cut off our last words.

What the kernel does needs sockets, so these tests connect on loopback, on a port of their own.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock, deferLater
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from netsuite.connection import sendfile
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.certificates import authority
from tests.connection.lines import LineConnection, Reply, connected, shared, taken
from tests.connection.places import temporary

reactor: Any = installed
CONTENT = os.urandom(1000) * 3000


class Asked(LineConnection):
    """Sends a file when it is told to wait."""

    descriptor: int
    ranges: tuple[int, int]
    outcome: Deferred[Any]

    @staticmethod
    async def send(connection: Any, command: Any) -> None:
        connection.say(Reply("+ coming", final=False))
        offset, count = connection.ranges
        try:
            await sendfile.send_file(
                connection, connection.descriptor, offset, count, read=connection.read
            )
        except BaseException as error:
            connection.outcome.callback(error)
            raise
        connection.say(Reply("+ sent"))
        connection.outcome.callback(None)

    read: Any


Asked.handlers = {**LineConnection.handlers, list(LineConnection.handlers)[1]: Asked.send}


class Sockets(TestCase):
    """A server on loopback and a plain socket."""

    def setUp(self) -> None:
        path = temporary(self)
        path.write_bytes(CONTENT)
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, self.descriptor)

    def serve(self, ranges: tuple[int, int], **more: Any) -> socket.socket:
        self.connection = Asked(shared(reactor, **more), "line-1")
        self.connection.descriptor = self.descriptor
        self.connection.ranges = ranges
        self.connection.outcome = Deferred()
        self.connection.read = self.read
        self.read_octets = 0
        factory: Any = Factory()
        factory.noisy = False
        factory.buildProtocol = lambda address: self.connection
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.addCleanup(self.gone)
        client = socket.create_connection(("127.0.0.1", port.getHost().port))
        self.addCleanup(client.close)
        client.settimeout(5)
        return client

    async def read(self, *arguments: int) -> bytes:
        octets = await deferToThread(os.pread, *arguments)
        self.read_octets += len(octets)
        return octets

    async def gone(self) -> None:
        while not self.connection.lost:
            self.connection.abort()
            await deferLater(reactor, 0.01)

    async def until(self, client: socket.socket, end: bytes) -> bytes:
        received = bytearray()
        while not received.endswith(end):
            octets = await deferToThread(client.recv, 65_536)
            if not octets:
                break
            received += octets
        return bytes(received)

    async def test_by_the_kernel(self) -> None:
        """A range of a file arrives between what is said before and after it, octet by octet."""
        client = self.serve((500, 2_900_000))
        client.sendall(b"WAIT a\r\nSAY b\r\n")
        received = await self.until(client, b"+ b\r\n")
        expected = b"+ hello\r\n+ coming\r\n" + CONTENT[500:2_900_500] + b"+ sent\r\n+ b\r\n"
        self.assertEqual(len(expected), len(received))
        self.assertEqual(expected, received)

    async def test_nothing_of_it(self) -> None:
        """An empty range is sent too."""
        client = self.serve((500, 0))
        client.sendall(b"WAIT a\r\n")
        self.assertEqual(
            b"+ hello\r\n+ coming\r\n+ sent\r\n", await self.until(client, b"+ sent\r\n")
        )

    async def test_under_tls(self) -> None:
        """Under TLS it goes through us, in pieces, and no faster than the peer reads."""
        count = 2_900_000
        plain = self.serve((500, count))
        self.connection.context = authority.server_context()
        plain.sendall(b"SECURE\r\n")
        await self.until(plain, b"+ go ahead\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client = await deferToThread(context.wrap_socket, plain)
        self.addCleanup(client.close)
        await deferToThread(client.sendall, b"WAIT a\r\n")
        await deferLater(reactor, 0.1)
        self.assertLess(self.read_octets, count)
        received = await self.until(client, b"+ sent\r\n")
        self.assertEqual(b"+ coming\r\n" + CONTENT[500 : 500 + count] + b"+ sent\r\n", received)
        self.assertEqual(count, self.read_octets)

    async def test_cut_short(self) -> None:
        """A file that shrank is told as an error, and what there was has been sent."""
        client = self.serve((0, len(CONTENT) + 1))
        client.sendall(b"WAIT a\r\n")
        received = await self.until(client, b"- broken\r\n")
        self.assertIn(CONTENT, received)
        self.assertIsInstance(await self.connection.outcome, sendfile.FileCutShort)
        self.assertEqual(1, len(self.flushLoggedErrors(sendfile.FileCutShort)))

    async def test_peer_goes(self) -> None:
        """A peer that goes in the middle ends it, quietly."""
        client = self.serve((0, len(CONTENT)))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"WAIT a\r\n")
        await deferToThread(client.recv, 1000)
        client.close()
        outcome = await self.connection.outcome
        self.assertNotEqual(None, outcome)
        self.assertTrue(self.connection.lost)

    async def test_peer_does_not_read(self) -> None:
        """A peer that stops reading is dropped in time."""
        client = self.serve((0, len(CONTENT) * 1), stalled_seconds=0.2)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        os.truncate(self.path, 200_000_000)
        self.connection.ranges = (0, 200_000_000)
        client.sendall(b"WAIT a\r\n")
        self.assertIsNot(None, await self.connection.outcome)

    async def test_last_words(self) -> None:
        """Who floods us is told why before the connection ends, and hears it: no reset."""
        client = self.serve((0, 0), bad_commands=3)
        await deferToThread(client.sendall, b"NOPE\r\n" * 20_000)
        received = await self.until(client, b"ERRORS\r\n")
        self.assertTrue(received.endswith(b"- what?\r\n- bye TOO_MANY_ERRORS\r\n"), received[-60:])
        self.assertEqual(b"", await deferToThread(client.recv, 10))


class Memory(SynchronousTestCase):
    """The other way, where there is no socket."""

    def setUp(self) -> None:
        path = temporary(self)
        path.write_bytes(CONTENT)
        self.descriptor = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, self.descriptor)
        self.reads = 0

    async def read(self, descriptor: int, count: int, offset: int) -> bytes:
        self.reads += 1
        return os.pread(descriptor, count, offset)

    def test_in_pieces(self) -> None:
        """The same range, read no faster than the peer takes it."""
        connection, wire, _ = connected(clock=Clock(), full_at=200_000)
        taken(wire)
        sending = ensureDeferred(
            sendfile.send_file(connection, self.descriptor, 500, 2_900_000, read=self.read)
        )
        self.assertNoResult(sending)
        self.assertLessEqual(self.reads, 3)
        while not sending.called:
            wire.drain()
        self.assertEqual(CONTENT[500:2_900_500], wire.value())

    def test_cut_short(self) -> None:
        """A file that is too short is told."""
        connection, _, _ = connected()
        sending = ensureDeferred(
            sendfile.send_file(connection, self.descriptor, 2_999_000, 2000, read=self.read)
        )
        self.failureResultOf(sending, sendfile.FileCutShort)

    def test_peer_goes(self) -> None:
        """A peer that goes ends it."""
        connection, _, _ = connected(full_at=1000)
        sending = ensureDeferred(
            sendfile.send_file(connection, self.descriptor, 0, 1_000_000, read=self.read)
        )
        connection.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(sending, ConnectionDone)
