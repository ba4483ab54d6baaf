"""Settings that every service has, through a real daemon."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.regressions.clients import Client, fetch_last
from tests.test_daemon import run


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon that logs each line of its mail services."""
    settings = [f"{name}.transcript=true" for name in ("smtp", "submission", "imap", "pop3")]
    with Daemon(tmp_path_factory.mktemp("services"), *settings) as running:
        yield running


def test_bare_line_ends_of_the_demo(daemon: Daemon) -> None:
    """`curl -T` of a file with LF is taken by the demo, is CRLF afterwards, and hides nothing."""
    lines = b"Subject: lf\n\none\n.\ntwo\r.\rthree\n.\r\nMAIL FROM:<evil@x>\r\n"
    with Client(daemon.ports["smtp"]) as client:
        assert client.submit(lines + b".\r\n").startswith(b"250 ")
        assert client.ask(b"NOOP\r\n", b"").startswith(b"250 2.0.0 OK")
    kept = fetch_last(daemon.ports["pop3"])
    # Of POP3's own dots, one stands before each of the three.
    assert kept.removesuffix(b".\r\n").endswith(
        b"Subject: lf\r\n\r\none\r\n..\r\ntwo\r\n..\r\nthree\r\n..\r\nMAIL FROM:<evil@x>\r\n"
    )


def test_bare_line_ends_are_refused(tmp_path: Path) -> None:
    """Where nothing is said, such a message is refused whole, and the session is over: what is
    glued to its end is not served."""
    refuse = 'smtp.bare_line_ends="refuse"'
    with (
        Daemon(tmp_path, refuse, plugin="netsuite-smtp") as daemon,
        Client(daemon.ports["smtp"]) as client,
    ):
        answer = client.submit(b"Subject: lf\n\none\n.\r\n.\r\nNOOP\r\n")
        assert answer.startswith(b"554 5.6.0 ")
        assert answer.count(b"\r\n") == 1
        assert client.rest() == b""


def test_transcript(daemon: Daemon) -> None:
    """SERVICE.transcript logs each line, and no password, however it is sent."""
    with Client(daemon.ports["pop3"]) as client:
        client.ask(b"USER alice\r\nPASS netsuite\r\nQUIT\r\n", b"+OK Bye")
    with Client(daemon.ports["imap"]) as client:
        client.ask(b"a LOGIN alice netsuite\r\nb LOGOUT\r\n", b"b OK")
    with Client(daemon.ports["imap"]) as client:
        client.ask(b"a LOGIN alice {8}\r\n", b"+ ")
        client.ask(b"netsuite\r\nb LOGOUT\r\n", b"b OK")
    secret = base64.b64encode(b"\0alice\0netsuite")
    for lines in (b"AUTH PLAIN " + secret + b"\r\n", b"AUTH PLAIN\r\n" + secret + b"\r\n"):
        with Client(daemon.ports["submission"]) as client:
            client.ask(b"EHLO x\r\n" + lines + b"QUIT\r\n", b"221 ")
    with Client(daemon.tls_ports["submission"], tls=True) as client:
        client.ask(b"EHLO under-tls\r\nQUIT\r\n", b"221 ")
    said = [line for line in daemon.log().splitlines() if "netsuite.transcript" in line]
    told = "\n".join(said)
    assert "pop3-1" in told
    assert "C: PASS ***" in told
    assert "S: +OK Bye" in told
    assert "C: a LOGIN ***" in told
    assert "C: AUTH PLAIN ***" in told
    assert "C: EHLO under-tls" in told
    assert not re.search(r"C: .*netsuite", told)
    assert secret.decode() not in told


def test_proxies(tmp_path: Path) -> None:
    """Behind a proxy the client's own address counts, with TLS too; a connection from the
    proxy's address without its header is refused, without a word."""
    header = b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n"
    settings = [f'{name}.proxies=["127.0.0.0/8"]' for name in ("smtp", "submission", "pop3")]
    with Daemon(tmp_path, *settings) as daemon:
        with Client(daemon.ports["smtp"], first=header) as client:
            assert client.submit(b"Subject: x\r\n\r\nx\r\n.\r\n").startswith(b"250 ")
        with Client(daemon.tls_ports["submission"], tls=True, first=header) as client:
            assert client.hear(b"220 ")
        with Client(daemon.ports["pop3"], first=header) as client:
            # 192.0.2.7 is not the same machine: no password in the clear from there.
            client.hear(b"+OK")
            assert client.ask(b"USER alice\r\n", b"").startswith(b"-ERR [SYS/PERM]")
        with (
            Client(daemon.ports["smtp"], first=b"EHLO x\r\n") as client,
            contextlib.suppress(ConnectionResetError),
        ):
            assert client.rest() == b""
        with Client(daemon.ports["imap"]) as client:
            client.ask(b"a LOGIN alice netsuite\r\n", b"a OK")
            kept = client.ask(b"b SELECT INBOX\r\nc FETCH * BODY[HEADER]\r\n", b"c OK")
    assert b"Received: from x ([192.0.2.7])" in kept


def test_proxies_that_are_none(tmp_path: Path) -> None:
    """A wrong proxy is a line for the operator, before anything starts."""
    code, printed = run("netsuite", "--home", tmp_path, "--set", 'smtp.proxies=["lb.local"]')
    assert code == 1
    assert "smtp.proxies.0: 'lb.local' does not appear to be an IPv4 or IPv6 network" in printed
    assert "Traceback" not in printed
