"""Sessions with rules: order, state, what a rule is told, what it does not touch."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from netsuite.nntp.client import connect as connect_nntp
from netsuite.smtp.commands import Mail, Rcpt
from netsuite.smtp.server import SMTPServerFactory
from netsuite.testing.faults import Faults
from netsuite.testing.transport import MemoryTransport
from tests.smtp.fakes import make_shared
from tests.testing.faults.cases import told
from tests.testing.faults.clients import OURS, THEIRS, Port, Way
from tests.testing.faults.world import PATIENT, World


class Session:
    """An SMTP session with faults on a transport in memory."""

    def __init__(self) -> None:
        shared = make_shared()
        assert isinstance(shared.clock, Clock)
        self.clock = shared.clock
        self.factory = SMTPServerFactory(shared)
        self.faults = Faults(self.clock)
        self.faults.attach(self.factory)
        self.transport = MemoryTransport()

    def begin(self) -> bytes:
        made: object = self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.9", 4000))
        self.server = made
        made.makeConnection(self.transport)  # type: ignore[attr-defined]
        return self.transport.said()

    def say(self, *lines: bytes) -> list[bytes]:
        self.server.dataReceived(b"".join(line + b"\r\n" for line in lines))  # type: ignore[attr-defined]
        return self.transport.said().splitlines()


ENVELOPE = (b"HELO x", b"MAIL FROM:<a@b.test>", b"RCPT TO:<bob@example.test>")


def test_pipelined_answers_stay_in_order() -> None:
    """What is refused, late or not, is answered in its turn, and the session's state stays true."""
    session = Session()
    session.begin()
    session.faults.delay(2, at="RCPT", times=1)
    session.faults.refusing("RCPT", 550, "5.1.1 nobody", times=1)
    said = session.say(*ENVELOPE, b"DATA", b"NOOP")
    assert [line[:3] for line in said] == [b"250", b"250"]
    session.clock.advance(2)
    rest = session.transport.said().splitlines()
    assert rest[0] == b"550 5.1.1 nobody"
    assert rest[1:] == [b"503 5.5.1 No valid recipients", b"250 2.0.0 OK"]


def test_rules_in_a_row() -> None:
    """The first that is not used up happens: 451 twice, then 550, then all is well."""
    session = Session()
    session.begin()
    session.faults.refusing("RCPT", 451, times=2)
    session.faults.refusing("RCPT", 550, times=1)
    said = session.say(*ENVELOPE, *[ENVELOPE[2]] * 3)
    assert [line[:3] for line in said[2:]] == [b"451", b"451", b"550", b"250"]
    session.faults.check()


def test_when_is_told_the_command() -> None:
    """The very value that the service would have been given."""
    session, seen = Session(), []

    def when(command: object) -> bool:
        seen.append(type(command))
        return isinstance(command, Rcpt) and command.recipient.local == "bob"

    session.begin()
    session.faults.refusing(when=when)
    said = session.say(*ENVELOPE, b"RCPT TO:<alice@example.test>")
    assert [line[:3] for line in said] == [b"250", b"250", b"451", b"250"]
    assert seen[1:] == [Mail, Rcpt, Rcpt]


def test_a_refused_message_is_read_to_its_end() -> None:
    """By DATA and by BDAT; what follows is taken for commands again."""
    session = Session()
    session.begin()
    session.faults.refusing("BODY", 552, "5.3.4 too big", times=1)
    said = session.say(*ENVELOPE, b"DATA", b"text", b".", b"NOOP")
    assert said[-2:] == [b"552 5.3.4 too big", b"250 2.0.0 OK"]
    session.faults.refusing("BDAT", 452, "4.3.1 full", times=1)
    said = session.say(*ENVELOPE[1:], b"BDAT 6 LAST", b"text", b"NOOP")
    assert said[-2:] == [b"452 4.3.1 full", b"250 2.0.0 OK"]
    said = session.say(*ENVELOPE[1:], b"DATA", b"text", b".")
    assert said[-1] == b"250 2.6.0 Message taken"


def test_an_answer_is_changed_as_a_whole_and_counts_once() -> None:
    """Each line of EHLO's reply that matches; the next EHLO is left alone."""
    session = Session()
    session.begin()
    with session.faults.edit(rb"BITMIME|UTF8", b"X", to="EHLO", times=1):
        said = session.say(b"EHLO x", b"EHLO x")
    assert sum(b"8X" in line for line in said) == 1
    assert sum(b"8BITMIME" in line for line in said) == 1


def test_a_late_answer_ends_with_its_connection() -> None:
    """Nothing waits for somebody who is gone."""
    session = Session()
    session.begin()
    session.faults.delay(60, at="HELO")
    session.say(b"HELO x")
    session.server.connectionLost()  # type: ignore[attr-defined]
    late = [call for call in session.clock.getDelayedCalls() if call.getTime() > 30]
    assert late == []


def test_goodbye() -> None:
    """Sessions say that the service stops, all or one of them."""
    session = Session()
    session.begin()
    session.faults.goodbye(2)
    assert session.transport.said() == b""
    session.faults.goodbye(1)
    assert session.transport.said() == b"421 4.3.2 Stopping; try again later\r\n"
    assert session.transport.closed


@pytest.mark.parametrize("code", [421, 450, 554])
def test_turned_away(code: int) -> None:
    """In place of the greeting, and then the connection ends."""
    session = Session()
    session.faults.refusing("GREETING", code, "not you")
    assert session.begin() == f"{code} not you\r\n".encode()
    assert session.transport.closed


def test_late_greeting() -> None:
    """It comes, later; a command that did not wait is answered behind it."""
    session = Session()
    session.faults.delay(3, at="greeting")
    assert session.begin() == b""
    assert session.say(b"NOOP") == []
    session.clock.advance(3)
    assert [line[:3] for line in session.transport.said().splitlines()] == [b"220", b"250"]


def test_attached_once() -> None:
    """Two sets of faults would not know of each other; and what is no service of ours has no
    words."""
    session = Session()
    with pytest.raises(TypeError, match="has faults already"):
        Faults(session.clock).attach(session.factory)
    factory = SMTPServerFactory(make_shared())
    factory.connection = object  # type: ignore[assignment]
    with pytest.raises(TypeError, match="no session of a protocol known here"):
        Faults(session.clock).attach(factory)


def test_a_command_that_is_none() -> None:
    """A slip in a name is found when the rule is made, and the names there are told."""
    session = Session()
    with pytest.raises(ValueError, match="smtp has no command RCTP; there are AUTH, BDAT, BODY"):
        session.faults.refusing("RCTP")
    with pytest.raises(ValueError, match="gopher has no command GREETING"):
        Faults(session.clock, protocol="gopher").refusing("GREETING")


@pytest.mark.parametrize(
    ("protocol", "code"), [("smtp", "often"), ("imap", "MAYBE"), ("telnet", "never")]
)
def test_a_code_that_is_none(protocol: str, code: str) -> None:
    """So is a slip in a code."""
    with pytest.raises(ValueError, match=f"{protocol} has no code {code}"):
        Faults(Clock(), protocol=protocol).refusing(code=code)


def test_lmtp(fabric: World, thread: World) -> None:
    """LMTP's message is refused to each recipient."""
    for world in (fabric, thread):
        world.faults["lmtp"].refusing("BODY", 452, "4.2.2 full", times=1)
    told = fabric.reactor.run(OURS["lmtp"](Way(fabric.reactor, fabric.port("lmtp"))))
    assert told == "452 4.2.2 full"
    with pytest.raises(Exception, match=r"452, b'4\.2\.2 full'"):
        THEIRS["lmtp"](Port(thread.port("lmtp"), PATIENT))


NEWS = (
    b"From: Ann <ann@example.test>\r\nNewsgroups: misc.test\r\nSubject: news\r\n"
    b"\r\na line of it\r\n"
)


def test_an_article_that_has_come(fabric: World) -> None:
    """The end of an article that is posted is a command of its own."""

    async def post() -> list[str]:
        way = Way(fabric.reactor, fabric.port("nntp"))
        client = await connect_nntp(way.endpoint, clock=fabric.reactor)
        await client.login("ann", "secret")
        seen = []
        for _ in range(2):
            try:
                await client.post(NEWS)
                seen.append("posted")
            except Exception as error:
                seen.append(told(error))
        await client.quit()
        return seen

    fabric.faults["nntp"].refusing("POSTED", text="not now", times=1)
    first, second = fabric.reactor.run(post())
    assert "441 not now" in first
    assert second == "posted"
