"""Servers behind proxies: what a proxy is asked, what it may answer, and the way behind it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.internet.protocol import Factory, Protocol

from netsuite.connection.through_proxy import (
    Proxy,
    ProxyLoginRefused,
    ProxyRefused,
    ThroughProxy,
)
from netsuite.testing.fabric import Fabric
from tests.connection.joined import Puppet, reached


class Behind:
    """A client that connects through a proxy, which says what a test has it say."""

    def __init__(self, proxy: Proxy, host: str = "example.org", port: int = 25) -> None:
        self.fabric = Fabric()
        self.proxy = Puppet(self.fabric)
        way = reached(self.fabric, Factory.forProtocol(lambda: self.proxy))
        self.client = Puppet(self.fabric)
        endpoint = ThroughProxy(way, proxy, host, port, resolve=lambda _: succeed("192.0.2.7"))
        self.made: list[Any] = []
        self.error: Exception | None = None
        self.connecting: Deferred[Any] = endpoint.connect(Factory.forProtocol(lambda: self.client))
        self.connecting.addCallbacks(self.made.append, self.failed)
        self.fabric.settle()

    def failed(self, failure: Any) -> None:
        """Keep what went wrong."""
        self.error = failure.value

    def passes(self) -> bool:
        """Return whether both ends are connected, and nothing else stands between."""
        assert self.made == [self.client]
        self.client.say(b"EHLO x\r\n")
        return self.proxy.news() == b"EHLO x\r\n"


HTTP = Proxy("http", "proxy", 3128)
GREETING = b"220 hello\r\n"


@pytest.mark.parametrize("cut", range(1, 60))
def test_connect(cut: int) -> None:
    """An HTTP proxy is asked by CONNECT; what the server says with the answer is not lost,
    wherever it is cut."""
    behind = Behind(HTTP)
    expected = b"CONNECT example.org:25 HTTP/1.1\r\nHost: example.org:25\r\n\r\n"
    assert behind.proxy.news() == expected
    answer = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n" + GREETING
    behind.proxy.say(answer[:cut], answer[cut:])
    assert behind.client.heard == GREETING
    assert behind.passes()


def test_http_login() -> None:
    """A login goes with the request, and is shown nowhere."""
    behind = Behind(Proxy("http", "proxy", 3128, ("ann", "se:cret")), "::1", 993)
    said = behind.proxy.news()
    assert said.startswith(b"CONNECT [::1]:993 HTTP/1.1\r\n")
    assert base64.b64encode(b"ann:se:cret") in said
    behind.proxy.say(b"HTTP/1.0 407 Proxy Authentication Required\r\n\r\n")
    assert isinstance(behind.error, ProxyLoginRefused)
    expected = "the proxy proxy:3128 does not connect: 407 Proxy Authentication Required"
    assert str(behind.error) == expected
    assert behind.proxy.closed


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"\r\n\r\n", b"HTTP/2 200\r\n\r\n",
     b"HTTP/1.1 101 Switching\r\n\r\n", b"x" * 70_000],
)  # fmt: skip
def test_http_refusals(answer: bytes) -> None:
    """Anything but a yes ends it, in words."""
    behind = Behind(HTTP)
    behind.proxy.say(answer)
    assert isinstance(behind.error, ProxyRefused)
    assert not isinstance(behind.error, ProxyLoginRefused)
    assert behind.proxy.closed
    assert behind.client.heard == b""


@pytest.mark.parametrize(
    ("kind", "host", "asked"),
    [
        ("socks5h", "example.org", b"\3\x0bexample.org"),
        ("socks5", "example.org", b"\1\xc0\0\2\7"),
        ("socks5", "192.0.2.1", b"\1\xc0\0\2\1"),
        ("socks5h", "2001:db8::1", b"\4\x20\1\x0d\xb8" + bytes(11) + b"\1"),
    ],
)
@pytest.mark.parametrize(
    "bound", [b"\1\0\0\0\0\0\0", b"\4" + bytes(18), b"\3\4host\0\0"], ids=["4", "6", "name"]
)
def test_socks(kind: str, host: str, asked: bytes, bound: bytes) -> None:
    """SOCKS 5 is asked for a name or an address, and may say from where it connects in any way."""
    behind = Behind(Proxy(kind, "proxy", 1080), host)
    assert behind.proxy.news() == b"\5\1\0"
    behind.proxy.say(b"\5\0")
    assert behind.proxy.news() == b"\5\1\0" + asked + b"\0\x19"
    answer = b"\5\0\0" + bound + GREETING
    for each in answer:
        behind.proxy.say(bytes([each]))
    assert behind.client.heard == GREETING
    assert behind.passes()


def test_socks_login() -> None:
    """A login is told to a proxy that asks for one (RFC 1929)."""
    behind = Behind(Proxy("socks5h", "proxy", 1080, ("ann", "secret")))
    assert behind.proxy.news() == b"\5\2\0\2"
    behind.proxy.say(b"\5\2")
    assert behind.proxy.news() == b"\1\3ann\6secret"
    behind.proxy.say(b"\1\0")
    assert behind.proxy.news().startswith(b"\5\1\0\3")


@pytest.mark.parametrize(
    ("words", "kind", "why"),
    [
        ((b"\5\xff",), ProxyLoginRefused, "a login"),
        ((b"\4\0",), ProxyRefused, "SOCKS 5"),
        ((b"HTTP",), ProxyRefused, "SOCKS 5"),
        ((b"\5\2", b"\1\1"), ProxyLoginRefused, "login was refused"),
        ((b"\5\0", b"\5\5\0\1"), ProxyRefused, "nobody listens"),
        ((b"\5\0", b"\5\x63\0\1"), ProxyRefused, "refusal 99"),
        ((b"\5\0", b"\5\0\0\7"), ProxyRefused, "no known kind"),
    ],
)
def test_socks_refusals(words: tuple[bytes, ...], kind: type[Exception], why: str) -> None:
    """Each no has its reason."""
    behind = Behind(Proxy("socks5h", "proxy", 1080, ("ann", "x" if len(words) else "")))
    behind.proxy.say(*words)
    assert type(behind.error) is kind
    assert why in str(behind.error)
    assert behind.proxy.closed


@pytest.mark.parametrize("end", [Puppet.hang_up, Puppet.break_, Puppet.end])
def test_gone(end: Any) -> None:
    """A proxy that goes before it has answered is told."""
    behind = Behind(HTTP)
    behind.proxy.say(b"HTTP/1.1 20")
    end(behind.proxy)
    assert "has closed the connection" in str(behind.error)


def test_not_there() -> None:
    """A proxy that cannot be reached is not taken for the server."""
    fabric = Fabric()
    way = reached(fabric, Factory.forProtocol(Protocol))
    fabric.ports[0].stopListening()
    fabric.settle()
    failures: list[Any] = []
    ThroughProxy(way, HTTP, "h", 1).connect(Factory()).addErrback(failures.append)
    fabric.settle()
    (failure,) = failures
    assert isinstance(failure.value, ProxyRefused)
    assert "proxy:3128 cannot be reached" in str(failure.value)
    assert not failure.check(ConnectionRefusedError, DNSLookupError)


def test_given_up() -> None:
    """Who does not wait any longer leaves no connection."""
    behind = Behind(HTTP)
    behind.connecting.cancel()
    behind.fabric.settle()
    assert behind.proxy.closed
    assert behind.made == []
