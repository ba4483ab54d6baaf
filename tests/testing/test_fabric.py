"""The fabric with real servers and clients: all eight protocols, whole, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.interfaces import IProtocolFactory

from netsuite import tls
from netsuite.certificates import Certificates
from netsuite.connection.listening import ListeningService, Opening
from netsuite.connection.transcript import Transcript
from netsuite.ftp import client as ftp
from netsuite.gopher.client import GopherClient
from netsuite.gopher.server import GopherServerFactory
from netsuite.http.client import HTTPClient
from netsuite.http.server import HTTPServerFactory
from netsuite.imap import client as imap
from netsuite.imap.commands.fetch import BodySection
from netsuite.imap.server import IMAPServerFactory
from netsuite.imap.server import Shared as IMAPShared
from netsuite.nntp import client as nntp
from netsuite.nntp.server import NNTPServerFactory
from netsuite.pop3 import client as pop3
from netsuite.pop3.server import POP3ServerFactory
from netsuite.pop3.server import Shared as POP3Shared
from netsuite.smtp import client as smtp
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.telnet import client as telnet
from netsuite.telnet.server import TelnetServerFactory
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from tests.accounts.worlds import NOW
from tests.accounts.worlds import World as Accounts
from tests.connection.places import temporary
from tests.coroutines import run
from tests.ftp.fakes import LOGIN
from tests.ftp.fakes import World as Files
from tests.gopher.worlds import World as Gopher
from tests.http.worlds import World as Web
from tests.nntp.fakes import World as News
from tests.pop3.fakes import ONE, FakeDrop, make_authenticator
from tests.telnet.worlds import PASSWORD
from tests.telnet.worlds import World as Shell
from tests.testing.fabric.talkers import Talkers

LETTER = b"Subject: over the fabric\r\n\r\n.dot\r\nend\r\n"


class House:
    """One fabric, and the servers that a test puts on it."""

    def __init__(self, test: SynchronousTestCase, **fabric: Any) -> None:
        self.fabric = Fabric(**fabric)
        folder = temporary(test)
        certificates = Certificates(folder, self.fabric)
        certificates.open()
        self.server_tls = certificates.context_for()
        self.client_tls = tls.client_options("localhost", authorities=folder / "default.pem")
        #: What SMTP's servers have heard and said, as it came and went.
        self.pieces: list[tuple[str, bytes]] = []

    def listen(self, port: int, factory: IProtocolFactory) -> TCP4ClientEndpoint:
        """Have a factory serve a port; return where clients connect to."""
        self.fabric.run(TCP4ServerEndpoint(self.fabric, port).listen(factory))
        return TCP4ClientEndpoint(self.fabric, "127.0.0.1", port)

    def mail(self) -> tuple[TCP4ClientEndpoint, TCP4ClientEndpoint]:
        """Serve SMTP and IMAP for ann, over one store."""
        accounts = Accounts()
        run(accounts.account("ann"))
        numbers = iter(range(1, 1_000_000))
        shared = Shared(
            clock=self.fabric,
            host="mx.example.test",
            authenticator=accounts.authenticator,
            resolver=accounts.resolver,
            delivery=accounts.delivery,
            now=lambda: NOW,
            identify=lambda: f"id{next(numbers)}",
            tls=self.server_tls,
            transcript=lambda name: Pieces(name, self),
        )
        reading = IMAPShared(clock=self.fabric, authenticator=accounts.authenticator)
        return (
            self.listen(25, SMTPServerFactory(shared)),
            self.listen(143, IMAPServerFactory(reading)),
        )

    async def send(self, endpoint: TCP4ClientEndpoint, **more: Any) -> smtp.SMTPClient:
        """Send ann a letter."""
        client = await smtp.connect(endpoint, clock=self.fabric, helo="me.test", **more)
        (sent,) = await client.send_message("bob@example.org", ["ann@example.test"], LETTER)
        assert sent.reply.code == 250, sent
        return client

    async def read(self, endpoint: TCP4ClientEndpoint, number: int = 1) -> object:
        """Return one of ann's letters."""
        client = await imap.connect(endpoint, clock=self.fabric)
        await client.login("ann", "secret")
        await client.select("INBOX")
        (fetched,) = await client.fetch(number, [BodySection()])
        await client.logout()
        return fetched.sections[BodySection()]


class Pieces(Transcript):
    """Notes octets as they come and go."""

    def __init__(self, name: str, house: House) -> None:
        super().__init__(lambda *line: None, house.fabric)
        self.name = name
        self.pieces = house.pieces

    def heard(self, octets: bytes) -> None:
        self.pieces.append((f"{self.name} C", octets))

    def said(self, octets: bytes) -> None:
        self.pieces.append((f"{self.name} S", octets))


class Protocols(SynchronousTestCase):
    """Each server with our client of it."""

    def setUp(self) -> None:
        self.house = House(self)
        self.fabric = self.house.fabric

    def empty(self, servers: int) -> None:
        """Accept that nothing is left but servers."""
        self.fabric.settle()
        left = self.fabric.leftovers()
        self.assertEqual(servers, len(left), left)

    def test_mail(self) -> None:
        """SMTP with STARTTLS, then IMAP's login, in one store."""
        sending, reading = self.house.mail()

        async def work() -> object:
            client = await self.house.send(sending, tls_context=self.house.client_tls)
            self.assertEqual("TLSv1.3", client.peer.tls_version)
            await client.quit()
            return await self.house.read(reading)

        whole = self.fabric.run(work())
        assert isinstance(whole, bytes)
        self.assertTrue(whole.endswith(LETTER), whole)
        self.empty(2)

    def test_implicit_tls(self) -> None:
        """TLS from the first octet, which the clock of the fabric flushes."""
        drop = FakeDrop([ONE])
        factory = POP3ServerFactory(
            POP3Shared(
                clock=self.fabric, host="pop.example.test", authenticator=make_authenticator(drop)
            )
        )
        wrapped = tls.wrap_server(factory, self.house.server_tls, self.fabric)
        endpoint = self.house.listen(995, wrapped)

        async def work() -> bytes:
            client = await pop3.connect(
                endpoint, clock=self.fabric, tls_context=self.house.client_tls, implicit=True
            )
            await client.login("alice", "se cret ")
            pieces: list[bytes] = []
            await client.retr(1, pieces.append)
            await client.quit()
            return b"".join(pieces)

        self.assertEqual(ONE, self.fabric.run(work()))
        self.empty(1)

    def test_ftp(self) -> None:
        """Files go over data connections of their own (EPSV), there and back."""
        world = Files()
        world.reshare(clock=self.fabric, reactor=self.fabric)
        endpoint = self.house.listen(21, world.factory)
        octets = bytes(range(256)) * 4096

        async def pieces() -> AsyncIterator[bytes]:
            yield octets

        async def work() -> bytes:
            client = await ftp.connect(
                endpoint,
                clock=self.fabric,
                reach=lambda host, port: TCP4ClientEndpoint(self.fabric, host, port),
            )
            await client.login("alice", "se cret ")
            await client.stor("big.bin", pieces())
            got: list[bytes] = []
            await client.retr("big.bin", got.append)
            self.assertIn("big.bin", await client.nlst())
            await client.quit()
            return b"".join(got)

        self.assertEqual(octets, self.fabric.run(work()))
        self.assertEqual(octets, world.files.content("big.bin"))
        self.empty(1)

    def test_http(self) -> None:
        """Requests and answers, on one connection that is kept."""
        factory = HTTPServerFactory(replace(Web().factory.shared, clock=self.fabric))
        endpoint = self.house.listen(80, factory)

        async def work() -> list[bytes]:
            client = HTTPClient(self.fabric, endpoint=lambda origin: endpoint)
            try:
                responses = [
                    await client.get("http://www.example.test/hello"),
                    await client.request("POST", "http://www.example.test/echo", body=b"x" * 9999),
                ]
                return [await response.read() for response in responses]
            finally:
                await client.close()

        self.assertEqual([b"hello", b"x" * 9999], self.fabric.run(work()))
        self.empty(1)

    def test_nntp(self) -> None:
        """A group's articles."""
        factory = NNTPServerFactory(replace(News().factory().shared, clock=self.fabric))
        endpoint = self.house.listen(119, factory)

        async def work() -> tuple[int, bytes]:
            client = await nntp.connect(endpoint, clock=self.fabric)
            group = await client.group("misc.test")
            pieces: list[bytes] = []
            await client.article(2, pieces.append)
            await client.quit()
            return group.count, b"".join(pieces)

        count, article = self.fabric.run(work())
        self.assertEqual(3, count)
        self.assertIn(b"Message-ID: ", article)
        self.empty(1)

    def test_gopher(self) -> None:
        """A menu and a text, each on a connection of its own."""
        world = Gopher()
        run(world.fill())
        factory = GopherServerFactory(replace(world.factory.shared, clock=self.fabric))
        client = GopherClient(self.house.listen(70, factory), clock=self.fabric)
        menu = self.fabric.run(client.menu())
        self.assertIn("/dir", [item.selector for item in menu])
        self.assertIn(b"..two", self.fabric.run(client.text("/about.txt")))
        self.empty(1)

    def test_telnet(self) -> None:
        """A shell, after a login; options are agreed on meanwhile."""
        world = run(Shell().fill())
        factory = TelnetServerFactory(replace(world.factory.shared, clock=self.fabric))
        endpoint = self.house.listen(23, factory)

        async def work() -> str:
            client = await telnet.connect(endpoint, clock=self.fabric)
            await client.login("ann", PASSWORD)
            await client.write_line("ls")
            shown = await client.read_until("notes.txt")
            await client.closed()
            return shown

        self.assertIn("notes.txt", self.fabric.run(work()))
        self.empty(1)


class Together(SynchronousTestCase):
    """What a fabric makes of real servers."""

    def test_idle(self) -> None:
        """An idle session's deadline takes no time."""
        house = House(self)
        sending, _ = house.mail()

        talkers = Talkers()
        house.fabric.run(sending.connect(talkers))
        client = talkers.made[0]
        house.fabric.advance(299)
        self.assertEqual([], client.told)
        house.fabric.advance(1)
        self.assertEqual(["ConnectionDone"], client.told)
        self.assertIn(b"\r\n421 ", client.heard)

    def test_seeds(self) -> None:
        """However a network cuts and orders it, all come through; a seed does the same again."""

        def conversations(seed: int | None) -> list[tuple[str, bytes]]:
            house = House(self, seed=seed)
            sending, reading = house.mail()
            all_sent = DeferredList(
                [Deferred.fromCoroutine(house.send(sending)) for _ in range(4)],
                fireOnOneErrback=True,
            )
            house.fabric.run(all_sent)
            house.fabric.run(house.read(reading, 4))
            return house.pieces

        once, again, otherwise = conversations(1), conversations(1), conversations(2)
        self.assertEqual(once, again)
        self.assertNotEqual(once, otherwise)
        self.assertLess(len(conversations(None)), len(once))

    def test_seeds_and_tls(self) -> None:
        """TLS comes through every cut, too, with little room in flight."""
        for seed in range(5):
            house = House(self, seed=seed, buffer_octets=100)
            sending, _ = house.mail()
            client = house.fabric.run(house.send(sending, tls_context=house.client_tls))
            house.fabric.run(client.quit())
            house.fabric.settle()
            self.assertEqual(2, len(house.fabric.leftovers()))

    def test_stuck(self) -> None:
        """Work that waits for what nobody will say fails in words that tell what is open."""
        house = House(self)
        sending, _ = house.mail()
        client = house.fabric.run(house.send(sending))
        error = self.assertRaises(
            AssertionError, house.fabric.run, client.receive(seconds=None), timeout=10
        )
        told = str(error)
        self.assertIn("10 seconds are over", told)
        self.assertIn("connection (server) 127.0.0.1:25 to 127.0.0.1:32768: SMTPServer", told)
        self.assertIn("timer in 300 seconds: netsuite.connection.deadlines.LazyTimer", told)

    def test_slow_reader(self) -> None:
        """A client that does not read 10 MB costs no memory, here as on a network."""
        house = House(self)
        world = Files()
        world.reshare(clock=house.fabric, reactor=house.fabric)
        world.put("big.bin", bytes(10_000_000))
        talkers = Talkers()
        control = house.listen(21, world.factory)
        house.fabric.run(control.connect(talkers))
        client = talkers.made[0]
        client.transport.write(LOGIN + b"TYPE I\r\nPASV\r\n")
        house.fabric.settle()
        high, low = map(int, client.heard.rpartition(b")")[0].split(b",")[-2:])
        data = TCP4ClientEndpoint(house.fabric, "127.0.0.1", high * 256 + low)
        house.fabric.run(data.connect(talkers))
        reader = talkers.made[1].transport
        reader.pauseProducing()
        client.transport.write(b"RETR big.bin\r\n")
        house.fabric.advance(3)
        self.assertEqual(65_536, reader.in_flight)
        self.assertLess(reader.other.unsent, 400_000)
        reader.resumeProducing()
        house.fabric.settle()
        self.assertEqual(10_000_000, len(talkers.made[1].heard))

    def test_listens_before_it_reads(self) -> None:
        """A service binds, and reads only when it is started; who connects meanwhile waits."""
        house = House(self)
        shared = replace(Gopher().factory.shared, clock=house.fabric)
        factory = GopherServerFactory(shared)
        opening = Opening("tcp:70", TCP4ServerEndpoint(house.fabric, 70), factory)
        service = ListeningService("gopher", [opening], factory)
        service.privilegedStartService()
        client = GopherClient(TCP4ClientEndpoint(house.fabric, "127.0.0.1", 70), clock=house.fabric)
        house.fabric.callLater(5, service.startService)
        house.fabric.run(client.menu())
        self.assertEqual(5, house.fabric.seconds())
        house.fabric.run(service.stopService())
        self.assertEqual([], house.fabric.leftovers())
