"""One body of a test on every ground: in memory, cut and ordered by several seeds, on sockets, and
on sockets in a thread. Each talks to servers with the clients of netsuite."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import pytest
from twisted.internet.endpoints import TCP4ClientEndpoint

from netsuite.connection.errors import ConnectionLost
from netsuite.connection.writer import pieces
from netsuite.ftp import client as ftp
from netsuite.gopher.client import GopherClient
from netsuite.http.client import HTTPClient
from netsuite.imap import client as imap
from netsuite.imap.commands.fetch import BodySection
from netsuite.nntp import client as nntp
from netsuite.nntp.commands import Range
from netsuite.pop3 import client as pop3
from netsuite.smtp import Result, send
from netsuite.telnet import client as telnet
from netsuite.testing import BlockingSuite, Sockets, Suite, authority

SEEDS = (1, 2, 3, 4)
GROUNDS = [
    pytest.param("netsuite_fabric", id="memory"),
    *(
        pytest.param("netsuite_fabric", id=f"memory-{seed}", marks=pytest.mark.netsuite(seed=seed))
        for seed in SEEDS
    ),
    pytest.param("netsuite_async", id="sockets"),
    pytest.param("netsuite", id="thread"),
]


def message(subject: str, text: str = "One\n.\n.two\n") -> EmailMessage:
    """Return a message for Ann, with dots where they have to be doubled."""
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = "shop@example.net"
    made["To"] = "ann@example.test"
    made.set_content(text)
    return made


async def sent(suite: Suite, subject: str) -> Result:
    """Send Ann a message by SMTP, under TLS; return what became of it."""
    tls = authority.client_options("127.0.0.1")
    (result,) = await send(
        message(subject), to=suite.smtp.endpoint, reactor=suite.clock, tls_context=tls
    )
    return result


async def mail(suite: Suite) -> None:
    """Mail comes by SMTP, is read by IMAP, and taken away by POP3."""
    ann = suite.mailbox("ann")
    assert (await sent(suite, "Order 7")).taken
    (arrived,) = await ann.wait(1, subject="Order 7")
    assert arrived.get_content() == "One\n.\n.two\n"
    assert arrived.envelope is not None
    assert arrived.envelope.recipients == ("ann@example.test",)

    reading = await imap.connect(suite.imap.endpoint, clock=suite.clock)
    await reading.login(ann.name, ann.password)
    await reading.select("INBOX")
    (fetched,) = await reading.fetch(arrived.uid, [BodySection()])
    assert fetched.sections[BodySection()] == arrived.octets
    await reading.logout()

    taking = await pop3.connect(suite.pop3.endpoint, clock=suite.clock)
    await taking.login(ann.name, ann.password)
    retrieved: list[bytes] = []
    await taking.retr(1, retrieved.append)
    assert b"".join(retrieved) == arrived.octets
    await taking.dele(1)
    await taking.quit()
    assert await ann.messages() == []


async def news(suite: Suite) -> None:
    """What one posts, another reads."""
    group = suite.group("local.test")
    await group.post(subject="Hello")
    client = await nntp.connect(suite.nntp.endpoint, clock=suite.clock)
    article = message("Hello yourself")
    article["Newsgroups"] = group.name
    await client.post(article.as_bytes())
    assert (await client.group(group.name)).count == 2
    assert [each.subject async for each in client.over(Range(1, 2))] == ["Hello", "Hello yourself"]
    read: list[bytes] = []
    await client.article(2, read.append)
    await client.quit()
    _, second = await group.wait(2)
    assert b"".join(read).endswith(b"\r\n\r\nOne\r\n.\r\n.two\r\n")
    assert second.get_content() == "One\n.\n.two\n"


async def files(suite: Suite) -> None:
    """What comes by FTP is there by HTTP and Gopher."""
    text = b"a line\r\n" * 5000

    def reach(host: str, port: int) -> TCP4ClientEndpoint:
        return TCP4ClientEndpoint(suite.reactor, host, port)

    ann = suite.mailbox("ann")
    await suite.files("ann").put("public/b.txt", b"was there\r\n")
    putting = await ftp.connect(suite.ftp.endpoint, clock=suite.clock, reach=reach)
    await putting.login(ann.name, ann.password)
    await putting.stor("public/a.txt", pieces(text))
    assert set(await putting.nlst("public")) == {"a.txt", "b.txt"}
    await putting.quit()
    assert await suite.files("ann").wait("public/a.txt") == text

    getting = HTTPClient(suite.reactor)
    response = await getting.get(f"{suite.http.url}~ann/a.txt")
    assert await response.read() == text
    await getting.close()
    assert [each.path for each in suite.http.requests] == ["/~ann/a.txt"]

    gopher = GopherClient(suite.gopher.endpoint, clock=suite.clock)
    assert "/~ann/a.txt" in {each.selector for each in await gopher.menu("/~ann")}
    assert await gopher.text("/~ann/a.txt") == text


async def shell(suite: Suite) -> None:
    """A session of Telnet: a login, a command."""
    ann = suite.mailbox("ann")
    await suite.files("ann").put("notes.txt", b"of mine\n")
    client = await telnet.connect(suite.telnet.endpoint, clock=suite.clock)
    await client.login(ann.name, ann.password)
    await client.write_line("cat notes.txt")
    await client.read_until("of mine")
    await client.write_line("quit")
    await client.read_all()
    await client.closed()
    assert "secret" not in str(suite.telnet.transcripts[0])


async def refusal(suite: Suite) -> None:
    """A recipient is refused, twice; then it is taken."""
    with suite.smtp.refusing("RCPT", 451, times=2) as rule:
        assert [(await sent(suite, "Order 8")).reply.code for _ in range(3)] == [451, 451, 250]
    assert rule.used == 2
    assert len(await suite.mailbox("ann").wait(1)) == 1


async def drop(suite: Suite) -> None:
    """A connection breaks before the message; the next brings it."""
    with suite.smtp.drop(at="DATA", times=1), pytest.raises(ConnectionLost):
        await sent(suite, "Order 9")
    assert await suite.mailbox("ann").messages() == []
    assert (await sent(suite, "Order 9")).taken
    assert len(await suite.mailbox("ann").wait(1, subject="Order 9")) == 1


@pytest.fixture(params=GROUNDS)
def suite(request: pytest.FixtureRequest) -> Suite:
    """The suite, on each ground."""
    made = request.getfixturevalue(request.param)
    found = made.inner if isinstance(made, BlockingSuite) else made
    assert isinstance(found, Suite)
    return found


@pytest.mark.parametrize("body", [mail, news, files, shell, refusal, drop])
async def test_on_every_ground(suite: Suite, body: Callable[[Suite], Awaitable[None]]) -> None:
    """The same body; the ground runs it, but for the one whose reactor runs the tests."""
    if isinstance(suite.ground, Sockets):
        await body(suite)
    else:
        suite.ground.run(lambda: body(suite))
