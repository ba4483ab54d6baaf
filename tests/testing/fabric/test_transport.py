"""Transports in memory: they send, hold back, close and break off as TCP's do."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import (
    IConsumer,
    IPullProducer,
    IPushProducer,
    ITCPTransport,
    ITransport,
)
from twisted.internet.protocol import connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.octets import Octets
from tests.testing.fabric.talkers import HalfTalker, Line, Talker, Talkers


class Sending(SynchronousTestCase):
    """What is written comes."""

    def test_interfaces(self) -> None:
        """A transport is what Twisted's are."""
        line = Line(Fabric())
        for interface in (ITransport, ITCPTransport, IConsumer, IPushProducer):
            verifyObject(interface, line.client.transport)

    def test_addresses(self) -> None:
        """Each end knows both."""
        line = Line(Fabric())
        ours, theirs = line.client.transport, line.server.transport
        self.assertEqual(IPv4Address("TCP", "127.0.0.1", line.number), ours.getPeer())
        self.assertEqual(ours.getHost(), theirs.getPeer())
        self.assertEqual(ours.getPeer(), theirs.getHost())

    def test_options(self) -> None:
        """Wishes are kept."""
        transport = Line(Fabric()).client.transport
        self.assertFalse(transport.getTcpNoDelay() or transport.getTcpKeepAlive())
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        self.assertTrue(transport.getTcpNoDelay() and transport.getTcpKeepAlive())

    def test_one_piece(self) -> None:
        """What is written in one turn comes in one piece, in both directions."""
        line = Line(Fabric())
        line.client.transport.write(b"one ")
        line.client.transport.writeSequence([b"two ", b"three"])
        line.server.transport.write(b"four")
        line.fabric.settle()
        self.assertEqual([b"one two three"], line.server.pieces)
        self.assertEqual([b"four"], line.client.pieces)
        self.assertRaises(TypeError, line.client.transport.write, "text")

    def test_seed(self) -> None:
        """A seed cuts it anywhere, the same way again; another does otherwise."""
        sent = bytes(range(256)) * 8

        def pieces(seed: int) -> list[bytes]:
            line = Line(Fabric(seed=seed))
            line.client.transport.write(sent)
            line.fabric.settle()
            self.assertEqual(sent, line.server.heard)
            return line.server.pieces

        self.assertGreater(len(pieces(1)), 1)
        self.assertEqual(pieces(1), pieces(1))
        self.assertNotEqual(pieces(1), pieces(2))

    def test_seed_orders(self) -> None:
        """A seed has connections served in any order, too."""

        def order(seed: int | None) -> list[int]:
            fabric = Fabric(seed=seed)
            lines = [Line(fabric) for _ in range(20)]
            came: list[int] = []
            for number, line in enumerate(lines):
                line.server.dataReceived = lambda _, n=number: came.append(n)  # type: ignore[method-assign, misc]
                line.client.transport.write(b"x")
            fabric.settle()
            return came

        self.assertEqual(list(range(20)), order(None))
        self.assertEqual(order(3), order(3))
        self.assertNotEqual(order(3), sorted(order(3)))

    def test_another_protocol(self) -> None:
        """A transport may be given another protocol, as TLS and proxies do."""
        line = Line(Fabric())
        line.server.transport.protocol = other = Talker()
        line.client.transport.write(b"for whom?")
        line.client.transport.loseConnection()
        line.fabric.settle()
        self.assertEqual((b"", b"for whom?"), (line.server.heard, other.heard))
        self.assertEqual(["ConnectionDone"], other.told)

    def test_octets(self) -> None:
        """A queue of octets gives them in pieces of any length."""
        octets = Octets()
        for piece in (b"abc", b"", b"defg", b"h"):
            octets.put(piece)
        self.assertEqual([b"ab", b"cde", b"fgh", b""], [octets.take(n) for n in (2, 3, 9, 1)])
        octets.put(b"dropped")
        octets.take(1)
        octets.clear()
        self.assertEqual((0, b""), (octets.length, octets.take(5)))


@implementer(IPushProducer)
class Push:
    """Writes as long as it may."""

    def __init__(self, transport: ITransport, octets: int) -> None:
        self.transport = transport
        self.left = octets
        self.paused = self.stopped = False

    def resumeProducing(self) -> None:
        self.paused = False
        while self.left and not self.paused:
            self.left -= 1000
            self.transport.write(b"x" * 1000)

    def pauseProducing(self) -> None:
        self.paused = True

    def stopProducing(self) -> None:
        self.stopped = True


@implementer(IPullProducer)
class Pull:
    """Writes one piece each time it is asked."""

    def __init__(self, line: Line, pieces: int) -> None:
        self.transport = line.client.transport
        self.left = pieces
        self.stopped = False

    def resumeProducing(self) -> None:
        if self.left:
            self.left -= 1
            self.transport.write(b"piece ")
        else:
            self.transport.unregisterProducer()

    def stopProducing(self) -> None:
        self.stopped = True


class HoldingBack(SynchronousTestCase):
    """A peer that does not read stops the writer."""

    def test_bounded(self) -> None:
        """10 MB to a slow reader are never more than two buffers and one write."""
        line = Line(Fabric(buffer_octets=10_000))
        ours, theirs = line.client.transport, line.server.transport
        producer = Push(ours, 10_000_000)
        theirs.pauseProducing()
        ours.registerProducer(producer, True)
        producer.resumeProducing()
        most = 0
        while producer.left:
            theirs.resumeProducing()
            line.fabric.advance(0)
            theirs.pauseProducing()
            line.fabric.settle()
            most = max(most, ours.unsent + theirs.in_flight)
            if producer.left:
                theirs.resumeProducing()
                line.fabric.callLater(0, theirs.pauseProducing)
        self.assertLessEqual(most, 21_000)
        theirs.resumeProducing()
        line.fabric.settle()
        self.assertEqual(10_000_000, len(line.server.heard))

    def test_nothing_is_read_while_paused(self) -> None:
        """What comes for a paused reader waits, also its end."""
        line = Line(Fabric())
        line.server.transport.pauseProducing()
        line.client.transport.write(b"wait")
        line.client.transport.loseConnection()
        line.fabric.settle()
        self.assertEqual(([], []), (line.server.pieces, line.server.told))
        self.assertEqual(["ConnectionDone"], line.client.told)
        line.server.transport.resumeProducing()
        line.fabric.settle()
        self.assertEqual(([b"wait"], ["ConnectionDone"]), (line.server.pieces, line.server.told))

    def test_pull(self) -> None:
        """A pull producer is asked whenever all was sent; a close waits for its end."""
        line = Line(Fabric())
        line.client.transport.registerProducer(Pull(line, 3), False)
        line.client.transport.loseConnection()
        line.fabric.settle()
        self.assertEqual(b"piece " * 3, line.server.heard)
        self.assertEqual(["ConnectionDone"], line.server.told)

    def test_close_waits_for_producers(self) -> None:
        """A close waits for a producer that was told to pause, until it is done; for no other."""
        for octets, left, told in (
            (1000, 3000, ["ConnectionDone"]),  # never paused: what it has is not waited for
            (70_000, 3000, ["ConnectionDone"]),
            (70_000, 0, []),
        ):
            line = Line(Fabric())
            producer = Push(line.client.transport, left)
            line.client.transport.registerProducer(producer, True)
            line.client.transport.write(b"x" * octets)
            line.client.transport.loseConnection()
            line.fabric.settle()
            self.assertEqual(told, line.server.told)
            self.assertEqual(octets + left - producer.left, len(line.server.heard))
        self.assertIn("closing, with a producer, Push", line.fabric.leftovers()[1])
        line.client.transport.unregisterProducer()
        line.fabric.settle()
        self.assertEqual(["ConnectionDone"], line.server.told)

    def test_one_producer(self) -> None:
        """There is one at a time; it is stopped with the connection, or at once after it."""
        line = Line(Fabric())
        first, second = Push(line.client.transport, 0), Push(line.client.transport, 0)
        line.client.transport.registerProducer(first, True)
        self.assertRaises(RuntimeError, line.client.transport.registerProducer, second, True)
        line.server.transport.loseConnection()
        line.fabric.settle()
        line.client.transport.registerProducer(second, True)
        self.assertTrue(first.stopped and second.stopped)


class Ending(SynchronousTestCase):
    """Connections end as TCP's do."""

    def ends(self, line: Line) -> tuple[list[str], list[str]]:
        line.fabric.settle()
        return line.client.told, line.server.told

    def test_closing(self) -> None:
        """A close comes after what was written; nothing is read any more, or written."""
        line = Line(Fabric(buffer_octets=10))
        line.client.transport.write(b"last words, which take some turns")
        line.client.transport.loseConnection()
        self.assertEqual((["ConnectionDone"], ["ConnectionDone"]), self.ends(line))
        self.assertEqual(b"last words, which take some turns", line.server.heard)
        line.client.transport.write(b"more")
        line.client.transport.loseConnection()
        line.client.transport.abortConnection()
        line.client.transport.resumeProducing()
        line.fabric.settle()
        self.assertEqual(["port 0.0.0.0:32768: Talkers"], line.fabric.leftovers())

    def test_aborting(self) -> None:
        """An abort drops what is unsent; the peer's connection is lost."""
        line = Line(Fabric())
        line.client.transport.write(b"never sent")
        line.client.transport.abortConnection()
        line.client.transport.write(b"neither")
        self.assertEqual((["ConnectionAborted"], ["ConnectionLost"]), self.ends(line))
        self.assertEqual(b"", line.server.heard)

    def test_aborted_behind_octets(self) -> None:
        """What was in flight before an abort can still be read, but not after a write."""
        for writes, heard in ((b"", b"in flight"), (b"I say", b"")):
            line = Line(Fabric())
            line.server.transport.pauseProducing()
            line.client.transport.write(b"in flight")
            line.fabric.settle()
            line.client.transport.abortConnection()
            line.fabric.settle()
            line.server.transport.write(writes)
            line.fabric.settle()
            line.server.transport.resumeProducing()
            self.assertEqual((["ConnectionAborted"], ["ConnectionLost"]), self.ends(line))
            self.assertEqual(heard, line.server.heard)

    def test_closed_with_octets_unread(self) -> None:
        """Who closes without reading resets: a peer that writes on loses the last words."""
        line = Line(Fabric())
        line.server.transport.pauseProducing()
        line.client.transport.pauseProducing()
        line.client.transport.write(b"unread")
        line.fabric.settle()
        line.server.transport.write(b"last words")
        line.server.transport.loseConnection()
        line.fabric.settle()
        line.client.transport.write(b"more")
        line.fabric.settle()
        line.client.transport.resumeProducing()
        self.assertEqual((["ConnectionLost"], ["ConnectionDone"]), self.ends(line))
        self.assertEqual(b"", line.client.heard)

    def test_writing_to_nobody(self) -> None:
        """Writing to a peer that has closed is answered with a reset."""
        line = Line(Fabric(), HalfTalker)
        line.server.transport.loseConnection()
        line.fabric.settle()
        self.assertEqual(["read"], line.client.told)
        line.client.transport.write(b"are you there?")
        line.fabric.settle()
        line.client.transport.write(b"hello?")
        self.assertEqual((["read", "ConnectionLost"], ["ConnectionDone"]), self.ends(line))

    def test_half(self) -> None:
        """A half that is closed leaves the other, where the protocol knows of halves."""
        line = Line(Fabric(), HalfTalker, HalfTalker)
        line.client.transport.write(b"a question")
        line.client.transport.loseWriteConnection()
        self.assertEqual((["write"], ["read"]), self.ends(line))
        line.client.transport.write(b"too late")
        line.server.transport.write(b"an answer")
        line.server.transport.loseConnection()
        self.assertEqual((["write", "read"], ["read", "ConnectionDone"]), self.ends(line))
        line.client.transport.loseConnection()
        self.assertEqual(["write", "read", "ConnectionDone"], line.client.told)
        self.assertEqual((b"a question", b"an answer"), (line.server.heard, line.client.heard))

    def test_half_is_whole(self) -> None:
        """A protocol that knows of no halves is told that all is over."""
        line = Line(Fabric(), HalfTalker)
        line.client.transport.loseWriteConnection()
        self.assertEqual((["write", "read"], ["ConnectionDone"]), self.ends(line))

    def test_errors(self) -> None:
        """A protocol that raises loses its connection, and the error is logged."""

        class Broken(Talker):
            def dataReceived(self, data: bytes) -> None:
                raise ZeroDivisionError

        class BrokenAtOnce(Talker):
            def connectionMade(self) -> None:
                raise ZeroDivisionError

        for broken in (Broken, BrokenAtOnce):
            line = Line(Fabric(), server=broken)
            line.client.transport.write(b"x")
            self.assertEqual((["ConnectionDone"], ["ZeroDivisionError"]), self.ends(line))
            self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    def test_errors_at_the_end(self) -> None:
        """One that raises when it is told of its end has ended even so."""

        class Broken(Talker):
            def connectionLost(self, reason: Failure = connectionDone) -> None:
                raise ZeroDivisionError

        line = Line(Fabric(), server=Broken)
        line.client.transport.loseConnection()
        line.fabric.settle()
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))
        self.assertEqual(1, len(line.fabric.leftovers()))


class LikeTCP(TestCase):
    """The same is done on sockets, where it comes to the same; on Linux, whose ways these are."""

    async def conversations(self, reactor: Any) -> list[object]:
        """Return what both sides are told and hear when connections end in different ways."""
        told: list[object] = []

        async def pair(kind: type[Talker] = Talker) -> tuple[Talker, Talker]:
            servers, clients = Talkers(kind), Talkers(kind)
            port = reactor.listenTCP(0, servers, interface="127.0.0.1")
            endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
            await endpoint.connect(clients)
            await turns()
            await port.stopListening()
            return clients.made[0], servers.made[0]

        async def turns() -> None:
            for _ in range(10):
                await deferLater(reactor, 0)

        async def note(*talkers: Talker) -> None:
            await turns()
            told.extend((list(each.told), each.heard) for each in talkers)

        for writes in (b"", b"I say"):  # aborted, with octets in flight
            client, server = await pair()
            server.transport.pauseProducing()
            client.transport.write(b"in flight")
            await turns()
            client.transport.abortConnection()
            await turns()
            server.transport.write(writes)
            await turns()
            server.transport.resumeProducing()
            await note(client, server)
        for writes in (b"", b"more"):  # closed, with octets unread
            client, server = await pair()
            server.transport.pauseProducing()
            client.transport.pauseProducing()
            client.transport.write(b"unread")
            await turns()
            server.transport.write(b"last words")
            server.transport.loseConnection()
            await turns()
            client.transport.write(writes)
            await turns()
            client.transport.resumeProducing()
            await note(client, server)
        client, server = await pair()  # aborted in the turn of a write
        client.transport.write(b"never sent")
        client.transport.abortConnection()
        await note(client, server)
        client, server = await pair(HalfTalker)  # written to, when it has closed
        server.transport.loseConnection()
        for octets in (b"are you there?", b"hello?"):
            await note(client)
            client.transport.write(octets)
        await note(client)
        client, server = await pair(HalfTalker)  # half closed, and then the other half
        client.transport.write(b"a question")
        client.transport.loseWriteConnection()
        await note(client, server)
        server.transport.write(b"an answer")
        server.transport.loseConnection()
        await note(client, server)
        client.transport.loseConnection()
        await note(client, server)
        return told

    async def test_ends(self) -> None:
        """Connections end alike, and as much is heard before."""
        from twisted.internet import reactor

        fabric = Fabric()
        self.assertEqual(await self.conversations(reactor), fabric.run(self.conversations(fabric)))
