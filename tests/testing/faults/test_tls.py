"""Faults of TLS, by STARTTLS and from the first octet, as clients that verify meet them."""

from __future__ import annotations

import re
import ssl
from typing import Final

import pytest
from twisted.internet.task import Clock

from netsuite.testing.certificates import authority
from netsuite.testing.faults import Faults
from tests.testing.faults.cases import IMPATIENT, told
from tests.testing.faults.clients import OURS, THEIRS, Port, Way
from tests.testing.faults.world import PATIENT, World

#: Protocols, and whether TLS comes with the first octet.
WAYS: Final = (
    ("smtp", False),
    ("smtp", True),
    ("pop3", False),
    ("pop3", True),
    ("imap", False),
    ("imap", True),
    ("nntp", False),
    ("ftp", False),
    ("http", True),
    ("gopher", True),
)
#: By fault, what our client sees, and the standard library's.
BAD_CERTIFICATES: Final = {
    "expired": ("TLSFailure: ", "SSLCertVerificationError: .*certificate has expired"),
    "wrong-name": ("TLSFailure: ", "SSLCertVerificationError: .*Hostname mismatch"),
    "unknown-authority": ("TLSFailure: ", "SSLCertVerificationError: .*verify failed"),
}


def named(way: tuple[str, bool]) -> str:
    return f"{way[0]}{'s' if way[1] else ''}"


each_way = pytest.mark.parametrize("way", WAYS, ids=named)


def ours(fabric: World, name: str, implicit: bool) -> str:
    """Return what our client sees."""
    options = authority.client_options("localhost")
    port = fabric.port(name, tls=implicit)

    async def errand() -> str:
        try:
            return "done " + await OURS[name](Way(fabric.reactor, port, options, implicit))
        except Exception as error:
            return told(error)

    seen: str = fabric.reactor.run(errand(), timeout=600)
    return seen


def theirs(thread: World, name: str, implicit: bool, seconds: float = PATIENT) -> str:
    """Return what the standard library's sees."""
    context = ssl.create_default_context(cadata=authority.pem())
    port = thread.port(name, tls=implicit)
    try:
        return "done " + THEIRS[name](Port(port, seconds, context, implicit))
    except Exception as error:
        return told(error)


@each_way
def test_none(fabric: World, thread: World, way: tuple[str, bool]) -> None:
    """Without a fault both are content with the test authority's certificate."""
    assert ours(fabric, *way).startswith("done ")
    assert theirs(thread, *way).startswith("done ")


@each_way
@pytest.mark.parametrize("kind", sorted(BAD_CERTIFICATES))
def test_bad_certificates(fabric: World, thread: World, way: tuple[str, bool], kind: str) -> None:
    """Neither says anything to a server whose certificate is not good."""
    name, _ = way
    with fabric.faults[name].tls(kind, times=1):
        seen = ours(fabric, *way)
    assert re.match(BAD_CERTIFICATES[kind][0], seen), seen
    with thread.faults[name].tls(kind, times=1):
        seen = theirs(thread, *way)
    assert re.match(BAD_CERTIFICATES[kind][1], seen), seen


@each_way
def test_stalled(fabric: World, thread: World, way: tuple[str, bool]) -> None:
    """Both give up on a handshake that does not go on."""
    name, _ = way
    with fabric.faults[name].tls("stalled", times=1):
        seen = ours(fabric, *way)
    assert re.match("Timeout: |TLSFailure: ", seen), seen
    with thread.faults[name].tls("stalled", times=1):
        seen = theirs(thread, *way, IMPATIENT)
    assert re.match("TimeoutError: ", seen), seen


def test_no_close_notify(fabric: World, thread: World) -> None:
    """Gopher's answer ends with the connection. Ours says that it may not be whole; the standard
    library takes any end of the connection for the end of the answer."""
    with fabric.faults["gopher"].tls("no-close-notify", times=1):
        seen = ours(fabric, "gopher", True)
    assert seen.startswith("ConnectionLost: "), seen
    with thread.faults["gopher"].tls("no-close-notify", times=1):
        assert theirs(thread, "gopher", True).startswith("done b'iWelcome")


STARTTLS: Final = ("smtp", "pop3", "imap", "nntp", "ftp")
#: What the standard library's client sees where STARTTLS is gone.
STRIPPED: Final = {
    "smtp": "SMTPNotSupportedError: STARTTLS extension not supported",
    "pop3": "error_proto: -ERR STLS not supported",
    "imap": "abort: TLS not supported by server",
    "nntp": "NNTPPermanentError: 580|NNTPError: TLS not supported",
    "ftp": "error_perm|error_temp: 431",
}


@pytest.mark.parametrize("name", STARTTLS)
def test_stripped(fabric: World, thread: World, name: str) -> None:
    """Neither goes on without TLS."""
    with fabric.faults[name].starttls_stripped(times=1):
        seen = ours(fabric, name, False)
    assert re.match("NotOffered: |PermanentRefusal: |TransientRefusal: |TLSFailure", seen), seen
    with thread.faults[name].starttls_stripped(times=1):
        seen = theirs(thread, name, False)
    assert re.match(STRIPPED[name], seen), seen


@pytest.mark.parametrize("name", STARTTLS)
def test_injected(fabric: World, thread: World, name: str) -> None:
    """Ours takes nothing that was said in the clear for something said under TLS, and says so; the
    standard library's drop it, and say nothing."""
    with fabric.faults[name].starttls_injected(times=1):
        seen = ours(fabric, name, False)
    assert re.match("TLSFailure: octets in the clear behind the go-ahead for TLS", seen), seen
    with thread.faults[name].starttls_injected(times=1):
        seen = theirs(thread, name, False)
    assert seen.startswith("done "), seen


def test_only_where_there_is_any() -> None:
    """A protocol without STARTTLS has nothing to be injected."""
    with pytest.raises(ValueError, match="http has no STARTTLS"):
        Faults(Clock(), protocol="http").starttls_injected()
    with pytest.raises(ValueError, match="broken"):
        Faults(Clock()).tls("broken")


@each_way
def test_transports_below_tls(fabric: World, thread: World, way: tuple[str, bool]) -> None:
    """TLS goes on over a transport that dribbles, and breaks with one that is cut."""
    name, _ = way
    for world, client in ((fabric, ours), (thread, theirs)):
        faults = world.faults[name]
        with (
            faults.dribble(100, every=0.0005),
            faults.dribble(100, every=0.0005, direction="heard"),
        ):
            assert client(world, *way).startswith("done ")
        with faults.drop(after=900, times=1):
            seen = client(world, *way)
        # The standard library takes any end of a connection for the end of Gopher's answer.
        assert not seen.startswith("done ") or (name == "gopher" and "0a.txt" not in seen)


@pytest.mark.parametrize("implicit", [False, True])
def test_words_under_tls(fabric: World, thread: World, implicit: bool) -> None:
    """What is said is changed before TLS is put around it, and refused as without."""
    for world, client in ((fabric, ours), (thread, theirs)):
        with world.faults["imap"].size_lie(10, times=1):
            assert re.match(r"done \d+ 430 420", client(world, "imap", implicit))
        with world.faults["imap"].refusing("SELECT", text="[UNAVAILABLE] later", times=1):
            assert "UNAVAILABLE" in client(world, "imap", implicit)
