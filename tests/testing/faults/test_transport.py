"""Faults of transports, as SMTP clients meet them; producers, back-pressure, the end."""

from __future__ import annotations

import time

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IPullProducer, IPushProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import alsoProvides, implementer

from netsuite.testing.certificates import authority
from netsuite.testing.faults import Faults, UnmetExpectation
from netsuite.testing.faults.flow import HELD_OCTETS
from netsuite.testing.faults.transport import FaultyConnection
from netsuite.testing.transport import MemoryTransport
from netsuite.tls import start_tls
from tests.testing.faults.cases import Case, check_ours, check_theirs, told
from tests.testing.faults.clients import OURS, THEIRS, Port, Way
from tests.testing.faults.world import PATIENT, World

TIMED_OUT = "Timeout: the server said nothing for 20 seconds"
THEY_TIMED_OUT = "SMTPServerDisconnected: .*timed out|TimeoutError: timed out"
LOST = "ConnectionLost: "
THEY_LOST = "SMTPServerDisconnected: Connection unexpectedly closed"

CASES = [
    Case("none", lambda f: f.drop(after=100_000), "done 250", "done sent"),
    Case("dropped at once", lambda f: f.drop(times=1), LOST, THEY_LOST),
    Case("dropped in a reply", lambda f: f.drop(after=60, times=1), LOST, THEY_LOST),
    Case(
        "dropped in a command",
        lambda f: f.drop(after=10, direction="heard", times=1),
        LOST,
        THEY_LOST,
    ),
    Case("reset at once", lambda f: f.reset(times=1), LOST, "ConnectionReset|SMTPServerDiscon"),
    Case("reset in a reply", lambda f: f.reset(after=60, times=1), LOST, "SMTPServerDiscon"),
    Case("late", lambda f: f.delay(60, times=1), TIMED_OUT, THEY_TIMED_OUT, silent=True),
    Case("a little late", lambda f: f.delay(0.01, jitter=0.01), "done 250", "done sent"),
    Case(
        "commands a little late",
        lambda f: f.delay(0.01, direction="heard"),
        "done 250",
        "done sent",
    ),
    Case("dribbled", lambda f: f.dribble(5, every=0.001), "done 250", "done sent"),
    Case("read slowly", lambda f: f.slow_reader(10_000), "done 250", "done sent"),
    Case("truncated", lambda f: f.truncate(60, times=1), TIMED_OUT, THEY_TIMED_OUT, silent=True),
    Case(
        "commands truncated",
        lambda f: f.truncate(15, direction="heard", times=1),
        TIMED_OUT,
        THEY_TIMED_OUT,
        silent=True,
    ),
    Case(
        "garbage for a greeting",
        lambda f: f.garbage(20, times=1),
        "ProtocolViolation: ",
        "SMTPConnectError: |SMTPServerDiscon",
    ),
    Case("blackhole", lambda f: f.blackhole(times=1), TIMED_OUT, THEY_TIMED_OUT, silent=True),
    Case(
        "blackhole in mid-session",
        lambda f: f.blackhole(after=60, times=1),
        TIMED_OUT,
        THEY_TIMED_OUT,
        silent=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "smtp", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What smtplib sees."""
    check_theirs(thread, "smtp", case)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_protocol_is_dribbled(fabric: World, thread: World, name: str) -> None:
    """Each errand succeeds though all comes a few octets at a time, both ways."""
    for world in (fabric, thread):
        faults = world.faults[name]
        faults.dribble(7, every=0.0005)
        faults.dribble(7, every=0.0005, direction="heard")
    assert fabric.reactor.run(OURS[name](Way(fabric.reactor, fabric.port(name))), timeout=600)
    assert THEIRS[name](Port(thread.port(name), PATIENT))


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_protocol_is_dropped(fabric: World, thread: World, name: str) -> None:
    """No errand succeeds on a connection that is gone at once, and the next does."""
    way = Way(fabric.reactor, fabric.port(name))
    if name != "gopher":  # whose empty answer is one
        with fabric.faults[name].drop(times=1), pytest.raises(Exception, match=r"."):
            fabric.reactor.run(OURS[name](way), timeout=600)
    if name not in ("gopher", "telnet"):  # those look for nothing in what comes
        with thread.faults[name].drop(times=1), pytest.raises((OSError, EOFError, Exception)):
            THEIRS[name](Port(thread.port(name), PATIENT))
    assert fabric.reactor.run(OURS[name](way), timeout=600)
    assert THEIRS[name](Port(thread.port(name), PATIENT))


def test_a_closing_answer_is_dribbled_to_its_end(fabric: World) -> None:
    """An answer that the server ends by closing comes whole, longer than the server would wait."""
    fabric.faults["gopher"].dribble(1, every=0.1)
    before = fabric.reactor.seconds()
    told = fabric.reactor.run(OURS["gopher"](Way(fabric.reactor, fabric.port("gopher"))), 600)
    assert "0a.txt" in told
    assert fabric.reactor.seconds() - before > 10


def test_time_that_a_slow_reader_takes(fabric: World) -> None:
    """A letter of 420 octets takes its time, and the server is not kept from anything else."""
    fabric.faults["smtp"].slow_reader(50, connection=1)
    before = fabric.reactor.seconds()
    way = Way(fabric.reactor, fabric.port("smtp"))
    assert fabric.reactor.run(OURS["smtp"](way), timeout=600).startswith("250")
    assert fabric.reactor.seconds() - before > 420 / 50
    before = fabric.reactor.seconds()
    assert fabric.reactor.run(OURS["smtp"](way), timeout=600).startswith("250")
    assert fabric.reactor.seconds() - before < 1


# -- whom, how often ---------------------------------------------------------------------------


def test_which_connection(fabric: World) -> None:
    """A rule meets the connection of its number alone, and each only once if it says so."""

    async def attempts() -> list[str]:
        seen = []
        for _ in range(3):
            try:
                seen.append(await OURS["pop3"](Way(fabric.reactor, fabric.port("pop3"))))
            except Exception as error:
                seen.append(told(error))
        return seen

    with fabric.faults["pop3"].drop(connection=2):
        seen = fabric.reactor.run(attempts())
    assert [each.startswith("ConnectionLost") for each in seen] == [False, True, False]


def test_what_did_not_happen_is_unmet(fabric: World) -> None:
    """A connection that ends before it has come so far leaves the rule to another."""
    faults = fabric.faults["pop3"]
    rule = faults.drop(after=100_000, times=1)
    fabric.reactor.run(OURS["pop3"](Way(fabric.reactor, fabric.port("pop3"))))
    fabric.reactor.settle()
    with pytest.raises(UnmetExpectation, match="drop after 100000 octets: happened 0 of 1 times"):
        faults.check()
    assert rule.used == 0


# -- on a transport in memory ------------------------------------------------------------------


@implementer(IHalfCloseableProtocol)
class Inner(Protocol):
    """What a service makes."""

    def __init__(self) -> None:
        self.heard = b""
        self.ends: list[str] = []

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def readConnectionLost(self) -> None:
        self.ends.append("read")

    def writeConnectionLost(self) -> None:
        self.ends.append("write")

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.ends.append("lost")


class HalfCloseable(MemoryTransport):
    """A transport that closes its half, and notes whether it is read from."""

    def __init__(self) -> None:
        super().__init__()
        self.halved: object = False
        self.reading: object = True

    def loseWriteConnection(self) -> None:
        self.halved = True

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True


@implementer(IPushProducer)
class Pusher:
    """A producer that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")

    def stopProducing(self) -> None:
        self.told.append("stop")


@implementer(IPullProducer)
class Puller:
    """A producer that writes a piece each time it is asked."""

    def __init__(self, transport: FaultyConnection, pieces: int) -> None:
        self.transport = transport
        self.left = pieces

    def resumeProducing(self) -> None:
        self.left -= 1
        self.transport.write(b"piece")
        if not self.left:
            self.transport.unregisterProducer()

    def stopProducing(self) -> None:
        self.left = 0


class Memory:
    """A connection with faults on a transport in memory."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.inner = Inner()
        factory = Factory.forProtocol(lambda: self.inner)
        self.factory = self.faults.wrap(factory)
        self.real = HalfCloseable()

    def connect(self) -> FaultyConnection:
        made: object = self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.9", 4000))
        assert isinstance(made, FaultyConnection)
        made.makeConnection(self.real)
        return made


def test_nothing_stands_between_without_rules() -> None:
    """What is written leaves at once, what comes is delivered at once; all else is the transport's
    own."""
    memory = Memory()
    connection = memory.connect()
    connection.write(b"said")
    connection.dataReceived(b"heard")
    assert (memory.real.said(), memory.inner.heard) == (b"said", b"heard")
    assert hasattr(connection, "getPeer")
    with pytest.raises(AttributeError):
        _ = connection.wrappedProtocol
    connection.readConnectionLost()
    connection.writeConnectionLost()
    connection.loseConnection()
    assert memory.real.disconnecting
    connection.connectionLost(Failure(ConnectionDone()))
    assert memory.inner.ends == ["read", "write", "lost"]


def test_who_pushes_is_paused() -> None:
    """What is held back counts as unread, and the transport's own wishes are passed on."""
    memory = Memory()
    memory.faults.delay(5)
    connection, pusher = memory.connect(), Pusher()
    connection.registerProducer(pusher, True)
    connection.write(b"x" * (HELD_OCTETS + 1))
    assert pusher.told == ["pause"]
    memory.clock.advance(5)
    assert pusher.told == ["pause", "resume"]
    assert len(memory.real.said()) == HELD_OCTETS + 1
    memory.faults.clear()
    connection.said.pauseProducing()
    connection.write(b"held")
    assert (pusher.told[2:], memory.real.said()) == (["pause"], b"")
    connection.said.resumeProducing()
    assert (pusher.told[3:], memory.real.said()) == (["resume"], b"held")


def test_who_is_pulled_is_asked_when_all_has_left() -> None:
    """One piece after the other, in its time."""
    memory = Memory()
    memory.faults.delay(1)
    connection = memory.connect()
    connection.registerProducer(Puller(connection, 3), False)
    for _ in range(3):
        memory.clock.advance(0)
        assert memory.real.said() == b""
        memory.clock.advance(1)
        assert memory.real.said() == b"piece"
    memory.clock.advance(5)
    assert memory.real.said() == b""


def test_who_sends_too_much_is_not_read() -> None:
    """What a slow reader has not taken stops the transport; so does a service that pauses."""
    memory = Memory()
    memory.faults.slow_reader(10 * HELD_OCTETS)
    connection = memory.connect()
    connection.dataReceived(b"x" * (3 * HELD_OCTETS))
    assert not memory.real.reading
    for _ in range(3):
        memory.clock.advance(0.1)
    assert memory.real.reading
    assert len(memory.inner.heard) == 3 * HELD_OCTETS
    connection.pauseProducing()
    assert not memory.real.reading
    connection.dataReceived(b"more")
    assert len(memory.inner.heard) == 3 * HELD_OCTETS
    connection.resumeProducing()
    memory.clock.advance(0.1)
    assert memory.real.reading
    assert memory.inner.heard.endswith(b"more")


def test_tls_is_closed_where_the_client_has_ended() -> None:
    """TLS of Twisted's knows no half that is closed, whatever it says that it provides."""
    memory = Memory()
    connection = memory.connect()
    start_tls(memory.inner, connection, authority.server_context(), memory.clock, client=False)
    alsoProvides(connection.protocol, IHalfCloseableProtocol)  # as it does on a TCP connection
    connection.readConnectionLost()
    assert memory.real.disconnecting
    assert memory.inner.ends == []


def test_closing_with_octets_unread() -> None:
    """Only our half is closed, lest a reset overtakes our last words."""
    memory = Memory()
    connection = memory.connect()
    connection.pauseProducing()
    connection.dataReceived(b"unread")
    connection.write(b"last words")
    connection.loseConnection()
    assert (memory.real.said(), memory.real.halved) == (b"last words", True)
    assert not memory.real.disconnecting
    connection.readConnectionLost()
    connection.loseConnection()
    assert memory.real.disconnecting


def test_the_end_waits_for_what_is_held() -> None:
    """The client's end of input comes behind what it has said, and our close behind our words."""
    memory = Memory()
    memory.faults.delay(1, direction="heard")
    memory.faults.delay(2)
    connection = memory.connect()
    connection.dataReceived(b"heard")
    connection.readConnectionLost()
    connection.write(b"said")
    connection.loseWriteConnection()
    assert memory.inner.ends == []
    memory.clock.advance(1)
    assert (memory.inner.heard, memory.inner.ends) == (b"heard", ["read"])
    assert not memory.real.halved
    memory.clock.advance(1)
    assert (memory.real.said(), memory.real.halved) == (b"said", True)


def test_abort() -> None:
    """What is held back of an open connection is dropped by an abort; of one that was closed before
    it is on its way."""
    memory = Memory()
    memory.faults.delay(1)
    connection = memory.connect()
    connection.write(b"said")
    connection.loseConnection()
    connection.abortConnection()
    assert not memory.real.disconnecting
    memory.clock.advance(1)
    assert memory.real.said() == b"said"
    connection.abortConnection()
    assert memory.real.disconnecting


def test_nothing_is_kept_behind_a_port_that_is_closed() -> None:
    """What is on its way is dropped with the port, or when the service drops it after that."""
    for late in (False, True):
        memory = Memory()
        memory.faults.delay(60)
        memory.factory.doStart()
        connection = memory.connect()
        connection.write(b"said")
        connection.loseConnection()
        if late:
            memory.factory.doStop()
        connection.abortConnection()
        assert memory.real.disconnecting is late
        if not late:
            memory.factory.doStop()
        assert memory.real.disconnecting
        connection.connectionLost(Failure(ConnectionDone()))
        assert memory.clock.getDelayedCalls() == []


def test_in_a_blackhole_the_service_closes() -> None:
    """The service believes that it is over; the client hears nothing of it, until the port is
    closed."""
    memory = Memory()
    memory.faults.blackhole()
    connection = memory.connect()
    connection.dataReceived(b"anybody?")
    connection.write(b"here")
    connection.loseConnection()
    memory.clock.advance(0)
    assert (memory.inner.heard, memory.inner.ends) == (b"", ["lost"])
    assert (memory.real.said(), memory.real.disconnecting) == (b"", False)
    memory.factory.doStart()
    memory.factory.doStop()
    assert memory.real.disconnecting


def test_garbage_is_the_same_for_the_same_seed() -> None:
    """Chance is seeded."""
    seen = []
    for _ in range(2):
        memory = Memory()
        memory.faults.garbage(8, after=2)
        memory.connect().write(b"abcd")
        seen.append(memory.real.said())
    assert seen[0] == seen[1]
    assert (seen[0][:2], seen[0][-2:], len(seen[0])) == (b"ab", b"cd", 12)


def test_what_standing_between_costs() -> None:
    """Without rules a write through it takes microseconds, not milliseconds."""
    memory = Memory()
    connection = memory.connect()
    began = time.perf_counter()
    for _ in range(1000):
        connection.write(b"250 OK\r\n")
    assert time.perf_counter() - began < 1
