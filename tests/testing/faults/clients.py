"""One errand for each protocol, done by netsuite's own client, and by the standard library's."""

from __future__ import annotations

import contextlib
import ftplib
import http.client
import imaplib
import io
import poplib
import smtplib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from netsuite.connection.client import ClientTimeouts
from netsuite.ftp import client as ftp
from netsuite.gopher.client import GopherClient
from netsuite.http.client import HTTPClient
from netsuite.imap import client as imap
from netsuite.imap.commands.fetch import BodySection, Item
from netsuite.nntp import client as nntp
from netsuite.pop3 import client as pop3
from netsuite.smtp import client as smtp
from netsuite.telnet import client as telnet
from netsuite.tls import ClientContext
from tests.testing.faults.world import LETTER, PASSWORD

#: How long our own clients wait, in virtual seconds.
WAITS: Final = ClientTimeouts(connect_seconds=20, reply_seconds=20, write_seconds=20)


@dataclass(frozen=True)
class Way:
    """How our own client gets to a service.

    Args:
        reactor: by which.
        port: of 127.0.0.1.
        tls: what TLS is begun with, by STARTTLS or, *implicit*, with the first octet.
    """

    reactor: Any
    port: int
    tls: ClientContext | None = None
    implicit: bool = False

    @property
    def endpoint(self) -> IStreamClientEndpoint:
        """Where to connect to."""
        return HostnameEndpoint(self.reactor, "127.0.0.1", self.port)

    @property
    def common(self) -> dict[str, Any]:
        """What most clients are told."""
        return {
            "clock": self.reactor,
            "timeouts": WAITS,
            "tls_context": self.tls,
            "implicit": self.implicit,
        }


@dataclass(frozen=True)
class Port:
    """How the standard library's client gets there.

    Args:
        number: of the port.
        seconds: how long it waits.
        tls: likewise.
    """

    number: int
    seconds: float
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    host: str = field(default="localhost")


# -- ours ----------------------------------------------------------------------------------------


async def smtp_ours(way: Way) -> str:
    """Send a letter; say how that was answered."""
    client = await smtp.connect(way.endpoint, helo="client.test", **way.common)
    (result,) = await client.send_message("bob@example.test", ["ann@example.test"], LETTER)
    await client.quit()
    return str(result.reply)


async def lmtp_ours(way: Way) -> str:
    """Deliver a letter; say how that was answered."""
    client = await smtp.connect(way.endpoint, helo="client.test", lmtp=True, **way.common)
    (result,) = await client.send_message("bob@example.test", ["ann@example.test"], LETTER)
    await client.quit()
    return str(result.reply)


async def pop3_ours(way: Way) -> str:
    """Read the first letter; say its number, size and octets."""
    client = await pop3.connect(way.endpoint, **way.common)
    await client.login("ann", PASSWORD)
    count, octets = await client.stat()
    (number, size), *_ = await client.list()
    pieces: list[bytes] = []
    await client.retr(number, pieces.append)
    await client.quit()
    return f"{count} {octets} {size} {len(b''.join(pieces))}"


async def imap_ours(way: Way) -> str:
    """Read the first letter; say its UIDVALIDITY, size and octets."""
    client = await imap.connect(way.endpoint, **way.common)
    await client.login("ann", PASSWORD)
    mailbox = await client.select("INBOX")
    (fetched,) = await client.fetch(1, [Item.SIZE, BodySection(peek=True)], by_uid=False)
    await client.logout()
    (content,) = fetched.sections.values()
    assert isinstance(content, bytes)
    return f"{mailbox.uid_validity} {fetched.octets} {len(content)}"


async def nntp_ours(way: Way) -> str:
    """Read an article; say its octets."""
    client = await nntp.connect(way.endpoint, **way.common)
    group = await client.group("misc.test")
    pieces: list[bytes] = []
    await client.article(group.low, pieces.append)
    await client.quit()
    return f"{group.count} {len(b''.join(pieces))}"


async def ftp_ours(way: Way) -> str:
    """Read a file; say its size and octets."""

    def reach(host: str, port: int) -> IStreamClientEndpoint:
        return HostnameEndpoint(way.reactor, host, port)

    client = await ftp.connect(way.endpoint, reach=reach, **way.common)
    await client.login()
    size = await client.size("a.txt")
    pieces: list[bytes] = []
    await client.retr("a.txt", pieces.append)
    await client.quit()
    return f"{size} {len(b''.join(pieces))}"


async def http_ours(way: Way) -> str:
    """Read a file, then what comes in chunks; say both statuses, and the octets of both."""
    client = HTTPClient(
        way.reactor, timeouts=WAITS, tls_context=None if way.tls is None else lambda _: _tls(way)
    )
    said = []
    scheme = "https" if way.tls is not None else "http"
    try:
        for path in ("a.txt", "stream"):
            async with await client.get(f"{scheme}://127.0.0.1:{way.port}/{path}") as response:
                said.append(f"{response.status} {len(await response.read())}")
    finally:
        await client.close()
    return " ".join(said)


def _tls(way: Way) -> ClientContext:
    assert way.tls is not None
    return way.tls


async def gopher_ours(way: Way) -> str:
    """Read the first menu; say its items."""
    client = GopherClient(way.endpoint, clock=way.reactor, tls_context=way.tls, timeouts=WAITS)
    return " ".join(f"{item.type}{item.text}" for item in await client.menu(""))


async def telnet_ours(way: Way) -> str:
    """Log in, and leave."""
    client = await telnet.connect(
        way.endpoint, clock=way.reactor, tls_context=way.tls, timeouts=WAITS
    )
    await client.login("ann", PASSWORD)
    await client.write_line("quit")
    await client.read_all()
    return "logged in"


OURS: Final[Mapping[str, Callable[[Way], Awaitable[str]]]] = {
    "smtp": smtp_ours,
    "lmtp": lmtp_ours,
    "pop3": pop3_ours,
    "imap": imap_ours,
    "nntp": nntp_ours,
    "ftp": ftp_ours,
    "http": http_ours,
    "gopher": gopher_ours,
    "telnet": telnet_ours,
}


# -- the standard library's ----------------------------------------------------------------------


def smtp_theirs(port: Port) -> str:
    """Send a letter."""
    made: Any = smtplib.SMTP_SSL if port.implicit else smtplib.SMTP
    options = {"context": port.tls} if port.implicit else {}
    with made(port.host, port.number, timeout=port.seconds, **options) as client:
        if port.tls is not None and not port.implicit:
            client.starttls(context=port.tls)
        client.sendmail("bob@example.test", ["ann@example.test"], LETTER)
    return "sent"


def lmtp_theirs(port: Port) -> str:
    """Deliver a letter."""
    with smtplib.LMTP(port.host, port.number) as client:
        client.sendmail("bob@example.test", ["ann@example.test"], LETTER)
    return "sent"


def pop3_theirs(port: Port) -> str:
    """Read the first letter; say its number, size and octets."""
    client: poplib.POP3
    if port.implicit:
        client = poplib.POP3_SSL(port.host, port.number, timeout=port.seconds, context=port.tls)
    else:
        client = poplib.POP3(port.host, port.number, timeout=port.seconds)
    try:
        if port.tls is not None and not port.implicit:
            client.stls(context=port.tls)
        client.user("ann")
        client.pass_(PASSWORD)
        count, octets = client.stat()
        listed = client.list()[1]
        number, size = listed[0].split()
        _, _, got = client.retr(int(number))
        client.quit()
        return f"{count} {octets} {size.decode()} {got}"
    finally:
        with contextlib.suppress(OSError):  # it may be closed already
            client.close()


def imap_theirs(port: Port) -> str:
    """Read the first letter; say its UIDVALIDITY, size and octets."""
    client: imaplib.IMAP4
    if port.implicit:
        client = imaplib.IMAP4_SSL(
            port.host, port.number, ssl_context=port.tls, timeout=port.seconds
        )
    else:
        client = imaplib.IMAP4(port.host, port.number, timeout=port.seconds)
    try:
        if port.tls is not None and not port.implicit:
            client.starttls(port.tls)
        client.login("ann", PASSWORD)
        status, data = client.select("INBOX")
        if status != "OK":
            return f"{status} {data[0]!r}"
        validity = client.response("UIDVALIDITY")[1][0]
        status, fetched = client.fetch("1", "(RFC822.SIZE BODY.PEEK[])")
        if status != "OK":
            return f"{status} {fetched[0]!r}"
        (head, content), *_ = (each for each in fetched if isinstance(each, tuple))
        client.logout()
        return f"{validity.decode()} {head.decode().split()[2]} {len(content)}"
    finally:
        with contextlib.suppress(OSError):  # it may be closed already
            client.shutdown()


def nntp_theirs(port: Port) -> str:
    """Read an article; say its lines."""
    nntplib = pytest.importorskip("nntplib")  # gone in Python 3.13
    client = nntplib.NNTP(port.host, port.number, timeout=port.seconds)
    try:
        if port.tls is not None:
            client.starttls(port.tls)
        _, count, first, _, _ = client.group("misc.test")
        _, info = client.article(first)
        client.quit()
        return f"{count} {len(info.lines)}"
    finally:
        with contextlib.suppress(AttributeError):  # it may be closed already
            client.file.close()
        client.sock.close()


def ftp_theirs(port: Port) -> str:
    """Read a file; say its size and octets."""
    client = ftplib.FTP() if port.tls is None else ftplib.FTP_TLS(context=port.tls)
    try:
        client.connect(port.host, port.number, port.seconds)
        client.login()
        client.voidcmd("TYPE I")
        size = client.size("a.txt")
        content = io.BytesIO()
        client.retrbinary("RETR a.txt", content.write)
        client.quit()
        return f"{size} {len(content.getvalue())}"
    finally:
        client.close()


def http_theirs(port: Port) -> str:
    """Read a file, then what comes in chunks; say both statuses, and the octets of both."""
    client: http.client.HTTPConnection
    if port.tls is not None:
        client = http.client.HTTPSConnection(
            port.host, port.number, timeout=port.seconds, context=port.tls
        )
    else:
        client = http.client.HTTPConnection(port.host, port.number, timeout=port.seconds)
    said = []
    try:
        for path in ("/a.txt", "/stream"):
            client.request("GET", path)
            response = client.getresponse()
            said.append(f"{response.status} {len(response.read())}")
    finally:
        client.close()
    return " ".join(said)


def gopher_theirs(port: Port) -> str:
    """Read the first menu, by a socket, which is all there is; say its lines."""
    raw = socket.create_connection(("127.0.0.1", port.number), port.seconds)
    plain = raw if port.tls is None else port.tls.wrap_socket(raw, server_hostname=port.host)
    with plain, plain.makefile("rb") as file:
        plain.sendall(b"\r\n")
        return repr(file.read())


def telnet_theirs(port: Port) -> str:
    """Log in, and leave; say all that was shown behind that."""
    telnetlib = pytest.importorskip("telnetlib")  # gone in Python 3.13
    with telnetlib.Telnet(port.host, port.number, port.seconds) as client:
        client.read_until(b"login: ", port.seconds)
        client.write(b"ann\r\n")
        client.read_until(b"Password: ", port.seconds)
        client.write(PASSWORD.encode() + b"\r\n")
        found, _, shown = client.expect([b"> ", b"login: "], port.seconds)
        if found == 0:
            client.write(b"quit\r\n")
            client.read_all()
        return f"{found} {shown!r}"


THEIRS: Final[Mapping[str, Callable[[Port], str]]] = {
    "smtp": smtp_theirs,
    "lmtp": lmtp_theirs,
    "pop3": pop3_theirs,
    "imap": imap_theirs,
    "nntp": nntp_theirs,
    "ftp": ftp_theirs,
    "http": http_theirs,
    "gopher": gopher_theirs,
    "telnet": telnet_theirs,
}
