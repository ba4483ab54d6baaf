"""The clients of eight protocols with real servers, in three forms, from one table of errands."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import HostnameEndpoint

from netsuite import aio, blocking, clients
from netsuite.clients import stubs
from netsuite.clients.derived import members
from netsuite.clients.opening import TLSUse, opening
from netsuite.clients.place import SCHEMES, parse_place
from netsuite.connection.errors import (
    AuthenticationFailed,
    ConnectionRefused,
    NotOffered,
    PermanentRefusal,
    TLSFailure,
)
from netsuite.connection.peer import Peer, peer_at
from netsuite.imap.client import IMAPClient
from netsuite.testing import BlockingSuite, serve
from netsuite.tls import client_options

#: What a client is asked: each thing yielded is waited for in the form's own way.
Errand = Generator[Any, Any, object]
BIG = bytes(range(256)) * 2048
MAIL = b"Subject: Big\r\n\r\n" + b"0123456789abcdef\r\n" * 20_000
ARTICLE = b"From: ann@example.test\r\nNewsgroups: local.test\r\nSubject: News\r\n\r\nHello.\r\n"


@pytest.fixture(scope="module")
def suite() -> Iterator[BlockingSuite]:
    """All services, in a thread."""
    with serve() as suite:
        suite.mailbox("ann").deliver(MAIL)
        suite.group("local.test").post(subject="First", body="One.")
        suite.files()["page.txt"] = "A page.\n"
        suite.files()["big.bin"] = BIG
        yield suite


def ftp_errand(ftp: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Store from everything that can be stored, and read it."""
    file = io.BytesIO(b"of a file")
    yield ftp.store("octets", BIG)
    yield ftp.store("file", file)
    yield ftp.store("pieces", iter([b"in ", b"pieces"]))
    whole = yield ftp.read("octets").whole()
    sink = io.BytesIO()
    yield ftp.read("octets", offset=256, progress=lambda *step: told.append(step)).into(sink)
    file_again = yield ftp.read("file").whole()
    pieces = yield ftp.read("pieces").whole()
    assert whole == BIG
    assert sink.getvalue() == BIG[256:]
    return [file_again, pieces, (yield ftp.size("octets")) == len(BIG)]


def imap_errand(imap: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Read a message, whole and a section, and append one."""
    assert imap.mailbox.name == "INBOX"
    message = yield imap.read(1, progress=lambda *step: told.append(step)).whole()
    assert message == MAIL
    header = yield imap.read(1, "HEADER").whole()
    try:
        yield imap.read(1000).whole()
    except PermanentRefusal as refused:
        missing = refused.text
    yield imap.create("Kept")
    yield imap.append("Kept", io.BytesIO(b"Subject: Kept\r\n\r\n."))
    kept = yield imap.status("Kept")
    yield imap.delete("Kept")
    return [header, missing, kept]


def pop3_errand(pop3: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Read a message, and the first lines of it."""
    ((number, _),) = yield pop3.uidl()
    message = yield pop3.read(number, progress=lambda *step: told.append(step)).whole()
    assert message == MAIL
    parts: list[bytes] = []
    yield pop3.retr(number, parts.append)
    assert b"".join(parts) == MAIL
    return [(yield pop3.read(number, lines=1).whole())]


def nntp_errand(nntp: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Post an article and read the first."""
    yield nntp.post(ARTICLE, progress=lambda *step: told.append(step))
    group = yield nntp.group("local.test")
    article = yield nntp.read(group.low).whole()
    return [group.name, b"One." in article]


def smtp_errand(smtp: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Send a message that is a file."""
    file = io.BytesIO(b"Subject: Sent\r\n\r\nHello.\r\n")
    (result,) = yield smtp.send_message(
        "bob@example.net", ["bob@example.test"], file, progress=lambda *step: told.append(step)
    )
    return [result.reply.code]


def http_errand(http: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Fetch a page and a file, by links of the site."""
    page = yield http.get("/page.txt")
    text = yield page.body.whole()
    http.progress = lambda *step: told.append(step)
    big = yield http.get("big.bin")
    sink = io.BytesIO()
    yield big.body.into(sink)
    assert sink.getvalue() == BIG
    return [page.status, text]


def gopher_errand(gopher: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Read a menu and a file."""
    menu = yield gopher.menu()
    text = yield gopher.text("/page.txt")
    big = yield gopher.read("/big.bin", progress=lambda *step: told.append(step)).whole()
    assert big == BIG
    return ["page.txt" in [each.text.split(" ")[0] for each in menu], text]


def telnet_errand(telnet: Any, told: list[tuple[int, int | None]]) -> Errand:
    """Ask the shell something."""
    yield telnet.write_line("mail")
    shown = yield telnet.read_until("Big")
    yield telnet.write_line("quit")
    yield telnet.read_all()
    told.append((1, 1))
    return [shown.endswith("Big")]


ERRANDS: dict[str, tuple[Callable[..., Errand], list[object]]] = {
    "ftp": (ftp_errand, [b"of a file", b"in pieces", True]),
    "imap": (
        imap_errand,
        [b"Subject: Big\r\n\r\n", "there is no such message or section", {"MESSAGES": 1}],
    ),
    "pop3": (pop3_errand, [b"Subject: Big\r\n\r\n0123456789abcdef\r\n"]),
    "nntp": (nntp_errand, ["local.test", True]),
    "smtp": (smtp_errand, [250]),
    "http": (http_errand, [200, b"A page.\n"]),
    "gopher": (gopher_errand, [True, b"A page.\r\n"]),
    "telnet": (telnet_errand, [True]),
}
#: Whose login is asked for; and the paths that URLs may have.
LOGINS = frozenset({"ftp", "imap", "pop3", "telnet"})
PATHS = {"imap": "INBOX", "nntp": "local.test"}
each_protocol = pytest.mark.parametrize("service", ERRANDS)


def where(suite: BlockingSuite, service: str) -> tuple[str, dict[str, Any]]:
    """Return a URL, and how to connect."""
    how: dict[str, Any] = {"timeout": 20}
    if service in LOGINS:
        how["credentials"] = ("ann", suite.mailbox("ann").password)
    return suite[service].url + PATHS.get(service, ""), how


async def awaited(errand: Errand) -> object:
    """Run an errand whose steps are awaited."""
    answer: object = None
    try:
        step = next(errand)
        while True:
            try:
                answer = await step
            except Exception as error:
                step = errand.throw(error)
            else:
                step = errand.send(answer)
    except StopIteration as end:
        return end.value


def waited(errand: Errand) -> object:
    """Run an errand whose steps wait themselves; what they raise, they raise within it."""
    answer: object = None
    try:
        while True:
            answer = errand.send(answer)
    except StopIteration as end:
        return end.value


def check(service: str, found: object, told: list[tuple[int, int | None]]) -> None:
    """Compare what an errand has brought, and what progress was told."""
    assert found == ERRANDS[service][1]
    assert told
    assert told == sorted(told)
    octets, total = told[-1]
    assert total == (None if service == "gopher" else octets)


@each_protocol
async def test_twisted(suite: BlockingSuite, service: str) -> None:
    """Awaited on the reactor that is installed."""
    url, how = where(suite, service)
    told: list[tuple[int, int | None]] = []
    async with clients.connect(url, **how) as client:
        check(service, await awaited(ERRANDS[service][0](client, told)), told)
    if hasattr(client, "lost"):
        assert client.lost


@each_protocol
def test_aio(suite: BlockingSuite, service: str) -> None:
    """Awaited on an asyncio loop of their own."""
    url, how = where(suite, service)

    async def main() -> None:
        told: list[tuple[int, int | None]] = []
        async with aio.connect(url, **how) as client:
            assert repr(client).startswith("<netsuite.aio.")
            check(service, await awaited(ERRANDS[service][0](client, told)), told)
        client = await getattr(aio, service)(url, **how)
        await client.end_session()

    asyncio.run(asyncio.wait_for(main(), 30))


@each_protocol
def test_blocking(suite: BlockingSuite, service: str) -> None:
    """Waited for."""
    url, how = where(suite, service)
    told: list[tuple[int, int | None]] = []
    with blocking.connect(url, **how) as client:
        assert repr(client).startswith("<netsuite.blocking.")
        check(service, waited(ERRANDS[service][0](client, told)), told)
    client = getattr(blocking, service)(url, **how)
    client.end_session()


# -- where, and how ---------------------------------------------------------------------------


def test_urls() -> None:
    """What a URL says, and what is none; no part of a login is in what is complained of."""
    place = parse_place("IMAPS://ann%40example.org:s%3Acret@Mail.Example.org./Box%20One")
    assert (place.scheme, place.host, place.port, place.path) == (
        "imaps", "mail.example.org", 993, "Box One",
    )  # fmt: skip
    assert place.credentials == ("ann@example.org", "s:cret")
    assert "cret" not in repr(place)
    assert parse_place("lmtp:///run/lmtp.sock").socket == "/run/lmtp.sock"
    assert parse_place("ftp://[::1]:2121/").host == "::1"
    assert {each.service for each in SCHEMES.values()} == set(ERRANDS)
    for wrong in (
        "mail.example.org",
        "mailto:ann@example.org",
        "imap://",
        "imap://ann:s3cret@:143",
        "imap://ann:s3cret@host:port",
        "imap://ann:s3cret@host:0",
        "imap://ho st",
        "imap://host/a%00b",
        "imap://host\r\nx",
    ):
        with pytest.raises(ValueError, match=r"^(there is|a URL)") as raised:
            parse_place(wrong)
        assert "s3cret" not in str(raised.value)
    with pytest.raises(ValueError, match="not spoken"):
        clients.pop3("imap://example.org")
    with pytest.raises(ValueError, match="begins with TLS"):
        clients.imap("imaps://example.org", tls=False)
    with pytest.raises(ValueError, match="always"):
        clients.imap("imap://example.org", tls="always")  # type: ignore[arg-type]


HERE = peer_at(IPv4Address("TCP", "127.0.0.1", 143))
THERE = peer_at(IPv4Address("TCP", "192.0.2.1", 143))


@pytest.mark.parametrize(
    ("peer", "login", "tls", "wanted"),
    [
        (HERE, True, None, TLSUse.NONE),
        (HERE, True, True, TLSUse.REQUIRED),
        (THERE, True, None, TLSUse.REQUIRED),
        (THERE, False, None, TLSUse.OPPORTUNISTIC),
        (THERE, True, "opportunistic", TLSUse.OPPORTUNISTIC),
        (THERE, True, False, TLSUse.NONE),
        (THERE, False, client_options("example.org"), TLSUse.REQUIRED),
    ],
)
def test_safe_unless_said_otherwise(peer: Peer, login: bool, tls: Any, wanted: TLSUse) -> None:
    """TLS is required where a password leaves the machine; it goes in the clear by request only."""
    credentials = ("ann", "s3cret") if login else None
    way = opening("imap", "imap://example.org", {"credentials": credentials, "tls": tls})
    assert way.wanted(peer) is wanted
    assert way.may_show_password(peer) == (peer.local or tls is False)
    assert "s3cret" not in repr(way)


async def test_tls(suite: BlockingSuite) -> None:
    """STARTTLS and TLS from the first octet; a certificate of nobody's is refused."""
    ann = ("ann", suite.mailbox("ann").password)
    context = client_options("localhost", insecure=True)
    for service in ("imap", "pop3", "nntp", "smtp", "ftp"):
        how: Any = {"credentials": ann if service in LOGINS else None, "timeout": 20}
        async with clients.connect(suite[service].url, tls=context, **how) as client:
            assert client.peer.secure
            if service == "ftp":
                await client.store("under-tls", b"kept from others")
                assert await client.read("under-tls").whole() == b"kept from others"
        with pytest.raises(TLSFailure):
            await clients.connect(suite[service].url, tls=True, **how)
    url = f"imaps://127.0.0.1:{suite.imap.tls_port}/"
    async with clients.imap(url, tls=context, credentials=ann) as imap:
        assert imap.peer.secure
    for scheme in ("telnet", "gopher", "http"):
        with pytest.raises(NotOffered, match="TLS"):
            await clients.connect(suite[scheme].url, tls=True)
    with pytest.raises(NotOffered, match="TLS"):
        await clients.http("http://example.org/", credentials=ann)


async def test_endpoints(suite: BlockingSuite) -> None:
    """An endpoint stands for a URL; whom to verify there has to be said."""
    from twisted.internet import reactor

    endpoint = HostnameEndpoint(reactor, "127.0.0.1", suite.imap.port)
    async with clients.imap(endpoint) as imap:
        assert not imap.peer.secure
    with pytest.raises(TLSFailure, match="tls="):
        await clients.imap(endpoint, tls=True)
    async with clients.http(HostnameEndpoint(reactor, "127.0.0.1", suite.http.port)) as http:
        assert await (await http.get("/page.txt")).body.whole() == b"A page.\n"


async def test_what_goes_wrong(suite: BlockingSuite) -> None:
    """A wrong password, nobody there: the error of all clients, and no connection left."""
    for service in sorted(LOGINS):
        with pytest.raises(AuthenticationFailed):
            await clients.connect(suite[service].url, credentials=("ann", "wrong"), timeout=20)
    with pytest.raises(ConnectionRefused):
        await clients.pop3("pop3://127.0.0.1:1/")
    with pytest.raises(PermanentRefusal):
        await clients.nntp(suite.nntp.url + "no.such.group")
    ann = ("ann", suite.mailbox("ann").password)
    with pytest.raises(ZeroDivisionError):
        async with clients.ftp(suite.ftp.url, credentials=ann) as ftp:
            raise ZeroDivisionError
    assert ftp.closing


async def test_left_before_the_end(suite: BlockingSuite) -> None:
    """A body that is left: IMAP and FTP go on, POP3 and NNTP have to be connected anew."""
    ann: Any = {"credentials": ("ann", suite.mailbox("ann").password), "timeout": 20}
    async with clients.imap(suite.imap.url + "INBOX", **ann) as imap:
        async for _ in imap.read(1):
            break
        assert await imap.status("INBOX") == {"MESSAGES": 1}
        assert await imap.read(1).whole() == MAIL
    async with clients.ftp(suite.ftp.url, **ann) as ftp:
        await ftp.store("big", BIG * 8)
        async with ftp.read("big") as stream:
            async for _ in stream:
                break
        assert await ftp.size("big") == len(BIG * 8)
        assert await ftp.read("big").whole() == BIG * 8
    pop3 = await clients.pop3(suite.pop3.url, **ann)
    async for _ in pop3.read(1):
        break
    assert pop3.closing
    async with clients.http(suite.http.url) as http:
        big = await http.get("/big.bin")
        async for _ in big.body:
            break
        assert (await http.get("/page.txt")).status == 200


async def test_nothing_else_within_a_body(suite: BlockingSuite) -> None:
    """Who asks something while a body comes is refused, before it is said; the body comes on."""
    ann: Any = {"credentials": ("ann", suite.mailbox("ann").password), "timeout": 20}
    async with clients.pop3(suite.pop3.url, **ann) as pop3:
        stream = pop3.read(1)
        message = await anext(stream)
        with pytest.raises(RuntimeError, match="body"):
            await pop3.stat()
        assert message + await stream.whole() == MAIL
        assert (await pop3.stat())[0] == 1
    async with clients.ftp(suite.ftp.url, **ann) as ftp:
        await ftp.store("big", BIG * 8)
        async with ftp.read("big") as stream:
            await anext(stream)
            with pytest.raises(RuntimeError, match="transfer"):
                await ftp.size("big")
        assert await ftp.size("big") == len(BIG * 8)


def test_nothing_of_a_connections_own_is_derived() -> None:
    """What a transport calls, and what subclasses are built from, is nobody else's."""
    found = members(IMAPClient)
    assert {"select", "fetch", "read", "end_session", "abort", "capabilities"} <= found.keys()
    assert not {"dataReceived", "connectionLost", "receive", "say", "begin"} & found.keys()


def test_stubs() -> None:
    """What checkers of types are told is what there is: ``python -m netsuite.clients.stubs``."""
    for path, text in stubs.written().items():
        assert path.read_text() == text, f"{path.name} is to be written anew"
