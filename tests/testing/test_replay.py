"""Conversations played again: as the client, on each ground; as the server, to real clients."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint
from twisted.internet.interfaces import IListeningPort

from netsuite.connection.errors import ClientError
from netsuite.smtp import client as smtp
from netsuite.testing.blocking import shared_thread
from netsuite.testing.grounds import Ground, Memory
from netsuite.testing.recordings import Said, Session
from netsuite.testing.replay import ReplayServer, lines_of, replay
from netsuite.testing.suite import Suite
from netsuite.testing.transcripts import Role, TranscriptError
from tests.testing.faults.clients import OURS, Way
from tests.testing.faults.world import LETTER

ORDER = r"""
# A program that orders.
S~ 220 (?P<host>[^ ]+) ESMTP.*
C: EHLO shop.test
S~ 250-{{host}} .*
S* 250-.*
S~ 250 .*
C: MAIL FROM:<shop@example.org>
C: RCPT TO:<ann@example.test>
S~ 250 2\.1\.0 .*
S~ 250 2\.1\.5 .*
C: DATA
S~ 354 .*
C: Subject: Order 7
C:
C\ Seven.\r\n.\r\n
S~ 250 2\.6\.0 .*
C: QUIT
S~ 221 2\.0\.0 .*
S!
"""
SERVER = r"""
S: 220 mx.example.test ESMTP
C~ (?i:EHLO) .*
S: 250 mx.example.test
C~ (?i:MAIL FROM):<(?P<sender>[^>]*)>.*
S: 250 {{sender}} is welcome
C~ (?i:RCPT TO):<ann@example\.test>
S: 451 4.3.0 later
C~ (?i:QUIT)
S: 221 goodbye
S!
"""


@pytest.fixture(params=[Memory, shared_thread], ids=["memory", "thread"])
def ground(request: pytest.FixtureRequest) -> Ground:
    """The grounds, one after the other."""
    made: Callable[[], Ground] = request.param
    return made()


def served(ground: Ground, server: ReplayServer) -> IListeningPort:
    """Have a server listen."""
    endpoint = TCP4ServerEndpoint(ground.reactor, 0, interface="127.0.0.1")

    async def listening() -> IListeningPort:
        port: IListeningPort = await endpoint.listen(server)
        return port

    return ground.run(listening)


def number(port: IListeningPort) -> int:
    """Return the number of a port."""
    where: object = port.getHost()
    assert isinstance(where, IPv4Address)
    return where.port


async def _closed(port: IListeningPort) -> None:
    stopped = port.stopListening()
    if stopped is not None:
        await stopped


def test_as_the_client(ground: Ground, tmp_path: Path) -> None:
    """A transcript is played to a service of a suite; so is what was recorded of that."""
    suite = Suite("smtp", ground=ground)
    ground.run(suite.start)
    path = tmp_path / "order.txt"
    path.write_text(ORDER)
    try:
        captured = ground.run(lambda: replay(path, suite.smtp.endpoint, suite.clock))
        assert set(captured) == {"host"}
        (mail,) = ground.run(suite.mailbox("ann").wait)
        assert mail.get_content() == "Seven.\n"
        recorded = suite.smtp.transcripts[0]
        recorded.check(ORDER.replace(r"C\ Seven.\r\n.\r\n", "C: Seven.\nC: ."))
        recorded.lines[-2:-1] = [Said("C", "NOOP", 0.0), Said("S", "250 no", 0.0)]
        with pytest.raises(TranscriptError, match=r"smtp-1:\d+: expected\n  250 no\nbut the"):
            ground.run(lambda: replay(recorded, suite.smtp.endpoint, suite.clock))
    finally:
        ground.run(suite.stop)


def test_a_client_that_waits_in_vain() -> None:
    """What is not said in time, and what nobody has expected, is an error that shows the line."""
    ground = Memory()
    suite = Suite("pop3", ground=ground)
    ground.run(suite.start)
    for text, message in (
        ("S~ .*\nS: more", "transcript:2: expected\n  more\nbut the server said\n  nothing"),
        ("S~ .*\nC: QUIT\nC: NOOP", "at the end of connection one the server had also said"),
        ("S~ .*\nC: QUIT\nS~ .*\nS: more", "nothing, and closed"),
        ("S~ .*\nS!", "expected\n  closed"),
        ("S: hello", r"expected\n  hello\nbut the server said\n  \+OK"),
    ):
        with pytest.raises(TranscriptError, match=message):
            ground.run(lambda text=text: replay(text, suite.pop3.endpoint, suite.clock))  # type: ignore[misc]
    ground.run(suite.stop)
    assert not ground.open()


def test_secrets() -> None:
    """A recording has masks for secrets: a client is told them, a server takes what comes."""
    ground = Memory()
    suite = Suite("pop3", ground=ground)
    ground.run(suite.start)
    suite.mailbox("ann", "deep")
    text = "S~ \\+OK.*\nC: USER ann\nS~ \\+OK.*\nC: PASS deep\nS~ \\+OK.*\nC: QUIT\nS~ \\+OK.*\nS!"
    ground.run(lambda: replay(text, suite.pop3.endpoint, suite.clock))
    recorded = suite.pop3.transcripts[0]
    assert recorded.said("C") == ["USER ann", "PASS ***", "QUIT"]
    recorded.lines[0] = Said("S", "+OK", 0.0)
    with pytest.raises(ValueError, match=r"pop3-1:4: no secret is given for 'PASS \*\*\*'"):
        lines_of(recorded, Role.CLIENT)
    assert lines_of(recorded, Role.CLIENT, ["deep"])[3].text == "PASS deep"

    server = ReplayServer(recorded)
    port = served(ground, server)
    endpoint = HostnameEndpoint(ground.reactor, "127.0.0.1", number(port))
    text = text.replace("deep", "anything")
    ground.run(lambda: replay(text, endpoint, suite.clock))
    ground.run(lambda: server.wait(suite.clock))
    ground.run(lambda: _closed(port))
    ground.run(suite.stop)


def test_as_the_server(ground: Ground) -> None:
    """Our own client has the conversation; each connection plays the next script."""
    resets = SERVER.replace("C~ (?i:QUIT)", "C: RSET\nS: 250 ok\nC: QUIT")
    server = ReplayServer(resets, "S: 421 busy\nS!")
    with pytest.raises(AssertionError, match="0 of 2 conversations"):
        server.check()
    port = served(ground, server)
    endpoint = HostnameEndpoint(ground.reactor, "127.0.0.1", number(port))

    async def errand() -> list[int]:
        client = await smtp.connect(endpoint, clock=ground.reactor, helo="me.test")
        (sent,) = await client.send_message("", ["ann@example.test"], b"Subject: a\r\n\r\n")
        await client.quit()
        with pytest.raises(ClientError, match="busy"):
            await smtp.connect(endpoint, clock=ground.reactor, helo="me.test")
        await server.wait(ground.reactor)
        return [sent.reply.code]

    assert ground.run(errand) == [451]
    server.check()
    ground.run(lambda: _closed(port))


def test_a_client_that_blocks() -> None:
    """The standard library's client has it, too."""
    ground = shared_thread()
    server = ReplayServer(SERVER)
    port = served(ground, server)
    with smtplib.SMTP("127.0.0.1", number(port), timeout=5) as client:
        client.ehlo()
        assert client.mail("bob@example.org") == (250, b"bob@example.org is welcome")
        assert client.rcpt("ann@example.test") == (451, b"4.3.0 later")
    ground.run(lambda: server.wait(ground.reactor))
    ground.run(lambda: _closed(port))


def test_a_client_that_says_something_else() -> None:
    """A mismatch shows the line; so does a client that leaves, or comes once too often."""
    ground = Memory()
    for said, message in (
        ("C: USER ann", r"transcript:2: expected\n  CAPA\nbut the client said\n  USER ann"),
        (
            "C: CAPA\nS: +OK\nC: LIST",
            r"transcript:5: expected\n  QUIT\nbut the client said\n  LIST",
        ),
        ("C: CAPA\nS: +OK", r"transcript:5: expected\n  QUIT\nbut the client said\n  nothing, and"),
        ("C: CAPA\nC: QUIT\nC: more", "at the end the client had also said:\n  more"),
    ):
        server = ReplayServer("S: +OK\nC: CAPA\n# remark\nS: +OK\nC: QUIT")
        port = served(ground, server)
        endpoint = HostnameEndpoint(ground.reactor, "127.0.0.1", number(port))
        with pytest.raises(AssertionError):
            ground.run(
                lambda e=endpoint, said=said: replay(f"S: +OK\n{said}\nS: end", e, ground.reactor)  # type: ignore[misc]
            )
        with pytest.raises(AssertionError, match=message):
            ground.run(lambda server=server: server.wait(ground.reactor))  # type: ignore[misc]
        with pytest.raises(AssertionError, match=message):
            server.check()
        ground.run(lambda port=port: _closed(port))  # type: ignore[misc]

    server = ReplayServer("S: hello")
    server.buildProtocol(None)
    assert server.buildProtocol(None) is None
    with pytest.raises(AssertionError, match="connection 2: 1 were expected"):
        server.check()


def test_several_connections() -> None:
    """A transcript with several is several scripts; they may be begun anew."""
    ground = Memory()
    server = ReplayServer("S: one\n2S: two\nC\\ a\\r\\nb\nC: c\nS!\n2C! \n", again=True)
    port = served(ground, server)
    endpoint = HostnameEndpoint(ground.reactor, "127.0.0.1", number(port))
    for _ in range(2):
        ground.run(lambda: replay("S: one\n2S: two\nC: a\nC: bc\nS!", endpoint, ground.reactor))
    ground.run(lambda: server.wait(ground.reactor))
    ground.run(lambda: _closed(port))
    assert not ground.open()


def test_what_cannot_be_played() -> None:
    """A pattern cannot be said, nor a line that was not kept whole, which can be expected."""
    with pytest.raises(ValueError, match="transcript:1: not a line"):
        ReplayServer("S~ 220 .*")
    session = Session("smtp-1", [Said("C", "x" * 1000 + "...", 0.0)])
    with pytest.raises(ValueError, match="smtp-1:1: not kept whole"):
        lines_of(session, Role.CLIENT)
    (line,) = lines_of(session, Role.SERVER)
    assert line.match("x" * 1900, {})
    session = Session("gopher-1", [Said("C", "a\\tb", 0.0), Said("S", "c\\td", 0.0)])
    assert lines_of(session, Role.CLIENT)[0].octets({}) == b"a\tb\r\n"
    assert lines_of(session, Role.CLIENT)[1].match("c\td", {})


@pytest.mark.parametrize("protocol", ["smtp", "lmtp", "pop3", "imap", "nntp", "gopher"])
def test_what_clients_of_ours_have_said(protocol: str) -> None:
    """A client has with the recording the conversation that it had with the service."""
    ground = Memory()
    suite = Suite(protocol, ground=ground)
    ground.run(suite.start)

    async def fill() -> None:
        await suite.mailbox("ann").deliver(LETTER)
        await suite.group("misc.test").post(subject="tabs\tin it")
        await suite.files().put("a.txt", "text")

    ground.run(fill)
    errand = OURS[protocol]
    first = ground.run(lambda: errand(Way(ground.reactor, suite[protocol].port)))
    server = ReplayServer(*suite[protocol].transcripts)
    ground.run(suite.stop)
    port = served(ground, server)
    assert ground.run(lambda: errand(Way(ground.reactor, number(port)))) == first
    ground.run(lambda: server.wait(ground.reactor))
    ground.run(lambda: _closed(port))
