"""The examples of docs/howto/porting: theirs and ours do the same, for the same clients."""

from __future__ import annotations

import ftplib
import imaplib
import importlib
import importlib.util
import inspect
import io
import poplib
import re
import smtplib
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from twisted.internet.threads import deferToThread

from netsuite.clients import SiteClient
from netsuite.compose import Daemon
from netsuite.ftp.client import FTPClient
from netsuite.gopher.client import GopherClient
from netsuite.http.xmlrpc.client import XMLRPCClient
from netsuite.imap.client import IMAPClient
from netsuite.nntp.client import NNTPClient
from netsuite.pop3.client import POP3Client
from netsuite.smtp.client import SMTPClient
from netsuite.telnet.client import TelnetClient
from netsuite.testing import BlockingSuite, serve

PORTING = Path(__file__).resolve().parent.parent / "docs" / "howto" / "porting"
HOST = "127.0.0.1"
#: Of what has to happen in another thread.
SECONDS = 20.0


def module(name: str) -> ModuleType:
    """Return an example, new each time."""
    spec = importlib.util.spec_from_file_location(f"porting_{name}", PORTING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


async def errand_to_ours(
    daemon: Daemon, errand: Callable[..., list[str]], *names: str
) -> list[str]:
    """Run one of ours for an errand, until all who asked to be told have been."""
    daemon.startService()
    try:
        await daemon.site.when_open()
        ports = [daemon.getServiceNamed(name).port for name in names]
        seen: list[str] = await deferToThread(errand, *ports)
        return seen
    finally:
        await daemon.stopService()


@contextmanager
def running(step: Callable[[], None]) -> Iterator[None]:
    """Run a server that has a loop of its own, step by step in a thread."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            step()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(SECONDS)


def send(port: int, mails: Sequence[tuple[str, str]]) -> list[str]:
    """Send messages, each a recipient and a subject; return how each was answered."""
    seen = []
    with smtplib.SMTP(HOST, port, timeout=SECONDS) as smtp:
        for recipient, subject in mails:
            header = f"Subject: {subject}\r\n" if subject else ""
            try:
                smtp.sendmail("bob@example.net", [recipient], f"{header}To: x\r\n\r\nHello.\r\n")
            except smtplib.SMTPRecipientsRefused as error:
                code, text = error.recipients[recipient]
                seen.append(f"{code} {text.decode()}")
            except smtplib.SMTPDataError as error:
                said = error.smtp_error
                seen.append(f"{error.smtp_code} {said if isinstance(said, str) else said.decode()}")
            else:
                seen.append("250")
    return seen


# -- aiosmtpd --------------------------------------------------------------------------------------


def send_to_archive(port: int) -> list[str]:
    """Send what is kept, and what is not."""
    mails = [
        ("ann@example.test", "Order 7"),
        ("ann@example.org", "Order 8"),
        ("bob@example.test", "Cheap watches"),
    ]
    return send(port, mails)


KEPT = [("bob@example.net", ("ann@example.test",), "Order 7")]


def test_aiosmtpd_theirs() -> None:
    """Its Controller and handlers."""
    pytest.importorskip("aiosmtpd")
    with socket.socket() as free:  # a Controller cannot listen on port 0
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    kept: list[object] = []
    controller = module("aiosmtpd_theirs").made(kept, port)
    controller.start()
    try:
        seen = send_to_archive(port)
    finally:
        controller.stop()
    assert seen == ["250", "550 5.7.1 We do not relay", "554 5.7.1 No, thank you"]
    assert kept == KEPT


async def test_aiosmtpd_ours() -> None:
    """The same with a site."""
    kept: list[object] = []
    daemon = module("aiosmtpd_ours").made(kept, 0)
    seen = await errand_to_ours(daemon, send_to_archive, "smtp")
    assert [seen[0], seen[1][:9], seen[2]] == ["250", "550 5.7.1", "554 5.7.1 No, thank you"]
    assert kept == KEPT


# -- smtpd -----------------------------------------------------------------------------------------


def send_to_support(port: int) -> list[str]:
    """Send a ticket, and what is none."""
    return send(port, [("support@example.test", "It rings"), ("support@example.test", "")])


ANSWERS = ["250", "550 5.6.0 Say in the Subject what it is about"]
TICKETS = [("bob@example.net", "It rings")]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python has no smtpd from 3.12 on")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_smtpd_theirs() -> None:
    """Its SMTPServer."""
    asyncore = importlib.import_module("asyncore")
    tickets: list[object] = []
    server = module("smtpd_theirs").made(tickets, 0)
    port = server.socket.getsockname()[1]
    with running(lambda: asyncore.loop(timeout=0.05, count=1)):
        seen = send_to_support(port)
    asyncore.close_all()
    assert seen == ANSWERS
    assert tickets == TICKETS


async def test_smtpd_ours() -> None:
    """The same with a site."""
    tickets: list[object] = []
    daemon = module("smtpd_ours").made(tickets, 0)
    assert await errand_to_ours(daemon, send_to_support, "smtp") == ANSWERS
    assert tickets == TICKETS


# -- twisted.mail ----------------------------------------------------------------------------------


def write_and_read(smtp: int, pop3: int, imap: int) -> list[str]:
    """Send two messages; read the one by IMAP, remove the other by POP3."""
    seen = send(smtp, [("ann@example.test", "One"), ("ann@example.test", "Two"), ("x@y.test", "3")])
    with imaplib.IMAP4(HOST, imap, timeout=SECONDS) as client:
        client.login("ann", "secret")
        client.select("INBOX")
        _, (found,) = client.uid("SEARCH", "UNSEEN")
        seen.append(found.decode())
        _, parts = client.uid("FETCH", "1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        seen.append(parts[0][1].decode().strip())
        client.uid("STORE", "1", "+FLAGS", "(\\Seen)")
        _, (found,) = client.uid("SEARCH", "UNSEEN")
        seen.append(found.decode())
    maildrop = poplib.POP3(HOST, pop3, timeout=SECONDS)
    maildrop.user("ann")
    maildrop.pass_("secret")
    seen.append(f"{maildrop.stat()[0]} messages")
    seen += [line.decode() for line in maildrop.retr(2)[1] if line.startswith(b"Subject")]
    maildrop.dele(2)
    maildrop.quit()
    maildrop = poplib.POP3(HOST, pop3, timeout=SECONDS)
    maildrop.user("ann")
    maildrop.pass_("secret")
    seen.append(f"{maildrop.stat()[0]} messages")
    maildrop.quit()
    return seen


READ = ["1 2", "Subject: One", "2", "2 messages", "Subject: Two", "1 messages"]


async def test_twisted_mail_theirs() -> None:
    """Its ESMTP, IMAP4Server and POP3."""
    host = module("twisted_mail_theirs").made(0, 0, 0)
    host.startService()
    try:
        ports = [port.getHost().port for port in host.listening]
        seen = await deferToThread(write_and_read, *ports)
    finally:
        await host.stopService()
    assert [each[:3] for each in seen[:3]] == ["250", "250", "550"]
    assert seen[3:] == READ


async def test_twisted_mail_ours() -> None:
    """The same with a site."""
    daemon = module("twisted_mail_ours").made(0, 0, 0)
    seen = await errand_to_ours(daemon, write_and_read, "smtp", "pop3", "imap")
    assert [each[:3] for each in seen[:3]] == ["250", "250", "550"]
    assert seen[3:] == READ


# -- pyftpdlib -------------------------------------------------------------------------------------


def scan(port: int) -> list[str]:
    """Leave a page, and see who may not."""
    with ftplib.FTP(timeout=SECONDS) as ftp:
        ftp.connect(HOST, port)
        ftp.login("scanner", "secret")
        ftp.storbinary("STOR page.pdf", io.BytesIO(b"%PDF" * 1000))
        seen = [str(ftp.size("page.pdf")), *(each for each in ftp.nlst() if "page" in each)]
        ftp.quit()
    with ftplib.FTP(timeout=SECONDS) as ftp:
        ftp.connect(HOST, port)
        try:
            ftp.login("scanner", "guessed")
        except ftplib.error_perm as error:
            seen.append(str(error)[:3])
    return seen


SCANNED = ["4000", "page.pdf", "530"]
PAGES = [("scanner", "page.pdf", 4000)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pyftpdlib_theirs(tmp_path: Path) -> None:
    """Its authorizer, handler and server."""
    pytest.importorskip("pyftpdlib")
    pages: list[object] = []
    server = module("pyftpdlib_theirs").made(tmp_path, pages, 0)
    port = server.socket.getsockname()[1]
    with running(lambda: server.serve_forever(timeout=0.05, blocking=False)):
        seen = scan(port)
    server.close_all()
    assert seen == SCANNED
    assert pages == PAGES
    assert (tmp_path / "page.pdf").stat().st_size == 4000


async def test_pyftpdlib_ours(tmp_path: Path) -> None:
    """The same with a site."""
    pages: list[object] = []
    daemon = module("pyftpdlib_ours").made(tmp_path, pages, 0)
    assert await errand_to_ours(daemon, scan, "ftp") == SCANNED
    assert pages == PAGES
    assert (tmp_path / "files/home/scanner/page.pdf").stat().st_size == 4000


# -- the clients of the standard library ----------------------------------------------------------

ARTICLE = b"From: ann@example.test\r\nNewsgroups: local.test\r\nSubject: Question 2\r\n\r\nHow?\r\n"
CONFIRMATION = b"Subject: Order 7\r\n\r\nIt is on its way.\r\n"
GUESTS = ["bob@example.test", "x" * 70 + "@example.test"]
LETTER = b"Subject: Question\r\nFrom: bob@example.test\r\n\r\nMay I?\r\n"
#: By module: the service, what its example is given behind where the server is, what it returns.
CLIENTS: dict[str, tuple[str, tuple[object, ...], object]] = {
    "ftplib": ("ftp", ("ann", "secret", b"A page."), (7, b"page.", ["page"], "550")),
    "httplib": (
        "http",
        ("ann", "secret", b"A page."),
        (..., "text/plain", b"A page.", (404, "Not Found")),
    ),
    "xmlrpclib": ("http", (), (..., ..., -32601, ...)),
    "nntplib": ("nntp", ("local.test", ARTICLE), ("local.test", ..., b"How?", "411")),
    "smtplib": ("submission", ("ann", "secret", CONFIRMATION, GUESTS), (..., 535)),
    "poplib": ("pop3", ("cat", "secret"), (2, LETTER, ..., "-ERR")),
    "imaplib": ("imap", ("ann", "secret", LETTER), ([1], LETTER, 0, True, "NO")),
    "telnetlib": ("telnet", ("ann", "secret"), ("/", 1)),
    "gopherlib": ("gopher", (), (..., ["A page."])),
}
#: When they were taken out of the standard library.
GONE = {"nntplib": (3, 13), "telnetlib": (3, 13), "gopherlib": (3, 0)}


@contextmanager
def served() -> Iterator[BlockingSuite]:
    """Run what the clients speak to."""
    with serve() as suite:
        suite.mailbox("ann", "secret").deliver(LETTER)
        for _ in range(2):
            suite.mailbox("cat", "secret").deliver(LETTER)
        suite.group("local.test").post(subject="Question 1")
        suite.files()["page.txt"] = "A page."
        yield suite


def is_as_expected(found: object, expected: object) -> bool:
    """Return whether each part is as expected, or anything where that is ``...``."""
    assert isinstance(found, tuple)
    assert isinstance(expected, tuple)
    pairs = zip(found, expected, strict=True)
    return all(wanted is ... or each == wanted for each, wanted in pairs)


def theirs_and_ours(name: str) -> tuple[Callable[..., object], Callable[..., object]]:
    """Return the function of either example, whose names are the same."""
    theirs, ours = module(f"{name}_theirs"), module(f"{name}_ours")
    (shared,) = {
        each
        for each, value in vars(theirs).items()
        if inspect.isfunction(value) and inspect.isfunction(vars(ours).get(each))
    }
    return vars(theirs)[shared], vars(ours)[shared]


@pytest.mark.parametrize("name", CLIENTS)
def test_clients_ours(name: str) -> None:
    """Each does what it says."""
    service, given, expected = CLIENTS[name]
    ours = module(f"{name}_ours")
    (does,) = [each for each in vars(ours).values() if inspect.isfunction(each)]
    with served() as suite:
        found = does(suite[service].url, *given)
    assert is_as_expected(found, expected), found


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_clients_theirs(name: str) -> None:
    """Theirs returns the same, of a server that is the same."""
    if sys.version_info >= GONE.get(name, (4, 0)):
        pytest.skip("Python has it no longer")
    service, given, _ = CLIENTS[name]
    found = []
    theirs, ours = theirs_and_ours(name)
    for does in (theirs, ours):
        with served() as suite:
            where = suite[service].address if does is theirs else (suite[service].url,)
            found.append(does(*where, *given))
    assert found[0] == found[1]


#: What variables of the tables of methods are, by their pages.
OURS: dict[str, tuple[str, type]] = {
    "ftplib": ("ftp", FTPClient),
    "httplib": ("http", SiteClient),
    "xmlrpclib": ("server", XMLRPCClient),
    "nntplib": ("server", NNTPClient),
    "smtplib": ("smtp", SMTPClient),
    "poplib": ("pop3", POP3Client),
    "imaplib": ("imap", IMAPClient),
    "telnetlib": ("telnet", TelnetClient),
    "gopherlib": ("gopher", GopherClient),
}
#: Attributes that instances have.
INSTANCES = {"banner", "capabilities", "extensions", "mailbox", "posting_allowed"}


@pytest.mark.parametrize("name", OURS)
def test_tables_of_methods(name: str) -> None:
    """What a table names of ours is there."""
    variable, kind = OURS[name]
    page = (PORTING / f"{name}.rst").read_text()
    named = set(re.findall(rf"(?<![\w.]){variable}\.(\w+)", page)) - INSTANCES
    named -= {"a", "system", "client"}  # of calls that are theirs, and of a module
    assert len(named) >= 2
    assert [each for each in sorted(named) if not hasattr(kind, each)] == []
