"""A proxy with faults in front of a server that has none itself."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator

import pytest
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint

from netsuite.connection.peer import where
from netsuite.testing.faults import FaultProxy, Faults
from tests.testing.faults.cases import IMPATIENT, Case, told
from tests.testing.faults.clients import OURS, THEIRS, Port, Way
from tests.testing.faults.world import PATIENT, World, call

TIMED_OUT = ("Timeout: the server said nothing for 20 seconds", ".*timed out")

CASES = {
    "smtp": [
        Case("none", lambda f: f.drop(after=100_000), "done 250", "done sent"),
        Case("drop", lambda f: f.drop(after=60, times=1), "ConnectionLost", "SMTPServerDisco"),
        Case("reset", lambda f: f.reset(after=60, times=1), "ConnectionLost", "SMTPServerDisco"),
        Case("late", lambda f: f.delay(60, times=1), *TIMED_OUT, silent=True),
        Case("dribble", lambda f: f.dribble(3, every=0.001), "done 250", "done sent"),
        Case("slow reader", lambda f: f.slow_reader(10_000), "done 250", "done sent"),
        Case("truncate", lambda f: f.truncate(60, times=1), *TIMED_OUT, silent=True),
        Case("garbage", lambda f: f.garbage(9, times=1), "ProtocolViolation", "SMTP.*Error|SMTPSe"),
        Case("blackhole", lambda f: f.blackhole(times=1), *TIMED_OUT, silent=True),
        Case(
            "edit",
            lambda f: f.edit(rb"\A250 2\.1\.5", b"450 4.1.5", to="rcpt", times=1),
            "done 450 4.1.5",
            "SMTPRecipientsRefused: .*450",
        ),
        Case(
            "unfinished reply",
            lambda f: f.unfinished_reply("EHLO", times=1),
            *TIMED_OUT,
            silent=True,
        ),
        Case("drop at", lambda f: f.drop(at="RCPT", times=1), "ConnectionLost", "SMTPServerDisco"),
        Case("reset at", lambda f: f.reset(at="MAIL", times=1), "Connection", "SMTPServerDisco"),
        Case("turned away", lambda f: f.drop(at="GREETING", times=1), "ConnectionLost", "SMTPSer"),
        Case("late greeting", lambda f: f.delay(60, at="GREETING"), *TIMED_OUT, silent=True),
        Case("late at", lambda f: f.delay(60, at="DATA"), *TIMED_OUT, silent=True),
        Case("late, not too late", lambda f: f.delay(0.01, jitter=0.01, at=""), "done", "done"),
    ],
    "imap": [
        Case(
            "wrong tag",
            lambda f: f.wrong_tag("SELECT", times=1),
            "ProtocolViolation",
            "abort: .*unexpected response: b'WRONG OK",
        ),
        Case(
            "short literal",
            lambda f: f.literal(-10, times=1),
            "ProtocolViolation",
            "abort: .*unexpected response",
        ),
    ],
    "pop3": [
        Case("missing dot", lambda f: f.missing_dot("RETR", times=1), *TIMED_OUT, silent=True),
        Case(
            "size lie",
            lambda f: f.size_lie(10, to="LIST", times=1),
            r"done \d+ \d+ 430 420",
            r"done \d+ \d+ 430 420",
        ),
    ],
}
each_case = pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases], ids=str
)


def made(world: World, name: str) -> tuple[FaultProxy, Faults]:
    """Return a proxy in front of a service of a world, which has no faults of its own."""
    faults = Faults(world.reactor, protocol=name)
    listen = TCP4ServerEndpoint(world.reactor, 0, interface="127.0.0.1")
    server = HostnameEndpoint(world.reactor, "127.0.0.1", world.port(name))
    return FaultProxy(listen, server, faults), faults


@contextlib.contextmanager
def proxy(thread: World, name: str) -> Iterator[tuple[int, Faults]]:
    """Give the port of a proxy that runs in the thread of a world."""
    proxy, faults = made(thread, name)
    _, port, _ = where(call(thread.reactor, proxy.start).getHost())
    try:
        yield port, faults
    finally:
        call(thread.reactor, proxy.stop)


@each_case
def test_ours(fabric: World, name: str, case: Case) -> None:
    """What netsuite's client sees."""
    proxy, faults = made(fabric, name)
    _, port, _ = where(fabric.reactor.run(proxy.start()).getHost())

    async def errand() -> str:
        try:
            return "done " + await OURS[name](Way(fabric.reactor, port))
        except Exception as error:
            return told(error)

    with case.fault(faults):
        seen = fabric.reactor.run(errand(), timeout=600)
    fabric.reactor.run(proxy.stop())
    assert re.match(case.ours, seen), seen


@each_case
def test_theirs(thread: World, name: str, case: Case) -> None:
    """What the standard library's sees."""
    with proxy(thread, name) as (port, faults), case.fault(faults):
        try:
            seen = "done " + THEIRS[name](Port(port, IMPATIENT if case.silent else PATIENT))
        except Exception as error:
            seen = told(error)
    assert re.match(case.theirs, seen), seen


@pytest.mark.parametrize("name", ["http", "nntp", "gopher"])
def test_what_else_passes(thread: World, name: str) -> None:
    """Other protocols pass as they are, edited or not."""
    with proxy(thread, name) as (port, faults):
        plain = THEIRS[name](Port(port, PATIENT))
        with faults.edit(rb"no such line", b""):
            assert THEIRS[name](Port(port, PATIENT)) == plain


def test_a_client_that_closes_its_half(thread: World) -> None:
    """What it has said is answered all the same."""
    with (
        proxy(thread, "gopher") as (port, _),
        socket.create_connection(("127.0.0.1", port), PATIENT) as client,
        client.makefile("rb") as file,
    ):
        client.sendall(b"\r\n")
        client.shutdown(socket.SHUT_WR)
        assert file.read().startswith(b"iWelcome")


def test_no_server(fabric: World) -> None:
    """A client is closed where there is no server."""
    port = fabric.reactor.run(made_at(fabric).start())
    _, number, _ = where(port.getHost())
    with pytest.raises(Exception, match="closed"):
        fabric.reactor.run(OURS["smtp"](Way(fabric.reactor, number)))


def made_at(fabric: World) -> FaultProxy:
    listen = TCP4ServerEndpoint(fabric.reactor, 0, interface="127.0.0.1")
    server = HostnameEndpoint(fabric.reactor, "127.0.0.1", 1)
    return FaultProxy(listen, server, Faults(fabric.reactor))


def test_what_a_proxy_cannot_have_happen(thread: World) -> None:
    """It says so at once, of rules that are made before and after it."""
    _, faults = made(thread, "smtp")
    for make in (
        lambda: faults.refusing("RCPT"),
        lambda: faults.tls("expired"),
        lambda: faults.starttls_stripped(),
    ):
        with pytest.raises(ValueError, match="a proxy cannot have that happen"):
            make()
    faults = Faults(thread.reactor)
    faults.refusing("RCPT", 451)
    endpoint = HostnameEndpoint(thread.reactor, "127.0.0.1", 1)
    with pytest.raises(ValueError, match="refusing RCPT 451: a proxy cannot"):
        FaultProxy(TCP4ServerEndpoint(thread.reactor, 0), endpoint, faults)


def test_what_a_proxy_cannot(thread: World) -> None:
    """Without a protocol there is nothing that could be said wrongly in it."""
    faults = Faults(thread.reactor)
    with pytest.raises(ValueError, match="which protocol"):
        faults.literal(10)
    with pytest.raises(ValueError, match="smtp has no tags"):
        Faults(thread.reactor, protocol="smtp").wrong_tag()
    with pytest.raises(ValueError, match="imp is none of smtp, pop3"):
        Faults(thread.reactor, protocol="imp")
