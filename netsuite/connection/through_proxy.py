"""The way to a server through a proxy: an endpoint that asks an HTTP proxy (CONNECT; RFC 9110,
9.3.6) or a SOCKS 5 one (RFC 1928, 1929) for a connection, and hands it over.

When the proxy has connected, the server's protocol is put on the same transport and the endpoint's
own is gone: what passes costs nothing more.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import socket
import struct
import typing
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeAlias

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectError, ConnectionDone, DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from zope.interface import implementer

#: Of an HTTP proxy's answer.
HEAD_OCTETS: Final = 65_536
# status-line (RFC 9112, 4)
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: ([\t\x20-\x7e\x80-\xff]*))?\r?\n")
#: RFC 1928, 6.
_REFUSALS: Final = {
    1: "it failed", 2: "its rules forbid it", 3: "the network cannot be reached",
    4: "the host cannot be reached", 5: "nobody listens there", 6: "it took too long",
    7: "it does not connect for others", 8: "it has no such addresses",
}  # fmt: skip
_VERSION: Final = 5
_NO_LOGIN: Final = 0
_BY_PASSWORD: Final = 2

#: A host's addresses; for a proxy that is not to be asked for them.
Resolve: TypeAlias = Callable[[str], Deferred[str]]


class ProxyRefused(ConnectError):
    """The proxy does not connect us, or is not there.

    Args:
        why: in words.
    """

    def __init__(self, why: str) -> None:
        super().__init__(string=why)  # type: ignore[no-untyped-call]
        self.why = why

    def __str__(self) -> str:
        return self.why


class ProxyLoginRefused(ProxyRefused):
    """The proxy wants a login, or another."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Args:
        kind: ``http``, ``socks5`` (names are looked up here) or ``socks5h`` (they are there).
        login: name and password; None for none.
    """

    kind: str
    host: str
    port: int
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def authorization(self) -> tuple[str, str] | None:
        """The field that an HTTP proxy is told the login with; None for no login."""
        if self.login is None:
            return None
        pair = ":".join(self.login).encode()
        return "Proxy-Authorization", f"Basic {base64.b64encode(pair).decode()}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _looked_up(host: str) -> Deferred[str]:
    """Return an address of a host."""

    def look() -> str:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise DNSLookupError(str(error)) from None
        return str(found[0][4][0])

    return deferToThread(look)


@implementer(IStreamClientEndpoint)
class ToProxy:
    """An endpoint that is a proxy: where it cannot be reached, it is not taken for the server."""

    def __init__(self, way: IStreamClientEndpoint, proxy: Proxy) -> None:
        self._way = way
        self._proxy = proxy

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect; fails with ProxyRefused."""

        def unreachable(failure: Failure) -> NoReturn:
            failure.trap(ConnectError, DNSLookupError, OSError)
            why = failure.getErrorMessage().rstrip(".")
            raise ProxyRefused(f"the proxy {self._proxy.place} cannot be reached: {why}")

        return self._way.connect(factory).addErrback(unreachable)


@implementer(IStreamClientEndpoint)
class ThroughProxy:
    """An endpoint behind a proxy.

    Args:
        way: to the proxy itself.
        host: to be connected to, a name or an address.
        resolve: looks a name up where the proxy is not to.
    """

    def __init__(
        self,
        way: IStreamClientEndpoint,
        proxy: Proxy,
        host: str,
        port: int,
        *,
        resolve: Resolve = _looked_up,
    ) -> None:
        self._way = ToProxy(way, proxy)
        self._proxy = proxy
        self._host = host
        self._port = port
        self._resolve = resolve

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect; fails with ProxyRefused where the proxy does not, else as the way to it."""
        asking: list[_Asking] = []

        def cancel(_: Deferred[IProtocol]) -> None:
            connecting.cancel()
            for each in asking:
                each.give_up()

        done: Deferred[IProtocol] = Deferred(cancel)

        def begin(host: str) -> Deferred[IProtocol]:
            return self._way.connect(_Once(lambda: made(host)))

        def made(host: str) -> _Asking:
            ask = _http if self._proxy.kind == "http" else _socks
            script = ask(self._proxy, host, self._port)
            asking.append(_Asking(script, factory, done, self._proxy.place))
            return asking[0]

        def failed(failure: Failure) -> None:
            if not done.called:
                done.errback(failure)

        connecting = self._address().addCallback(begin)
        connecting.addErrback(failed)
        return done

    def _address(self) -> Deferred[str]:
        if self._proxy.kind != "socks5" or _is_address(self._host):
            return succeed(self._host)
        return self._resolve(self._host)


class _Once(Factory):
    """Gives the endpoint's protocol."""

    noisy = False

    def __init__(self, make: Callable[[], Protocol]) -> None:
        self._make = make

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return self._make()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


#: Yields what is to be said, and how many octets are wanted then; -1 for a head. Is sent them.
_Script: TypeAlias = Generator[tuple[bytes, int], bytes, None]


def _http(proxy: Proxy, host: str, port: int) -> _Script:
    """Converse with an HTTP proxy. Raises ProxyRefused."""
    place = f"{_bracketed(host)}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.authorization is not None:
        lines.append(": ".join(proxy.authorization))
    head = yield ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), -1
    found = _STATUS.match(head)
    if found is None:
        raise ProxyRefused("it does not speak HTTP")
    status, reason = int(found[1]), (found[2] or b"").decode("latin-1")
    if status == 407:
        raise ProxyLoginRefused(f"{status} {reason}".strip())
    if not 200 <= status < 300:
        raise ProxyRefused(f"{status} {reason}".strip())


def _socks(proxy: Proxy, host: str, port: int) -> _Script:
    """Converse with a SOCKS 5 proxy. Raises ProxyRefused."""
    ways = [_NO_LOGIN] if proxy.login is None else [_NO_LOGIN, _BY_PASSWORD]
    version, way = yield bytes([_VERSION, len(ways), *ways]), 2
    if version != _VERSION:
        raise ProxyRefused("it does not speak SOCKS 5")
    if way == _BY_PASSWORD and proxy.login is not None:
        name, password = (each.encode() for each in proxy.login)
        if not 0 < len(name) < 256 or not 0 < len(password) < 256:
            raise ProxyLoginRefused("name and password have 1 to 255 octets each")
        _, status = yield bytes([1, len(name)]) + name + bytes([len(password)]) + password, 2
        if status:
            raise ProxyLoginRefused("the login was refused")
    elif way != _NO_LOGIN:
        raise ProxyLoginRefused("it wants a login")
    said = bytes([_VERSION, 1, 0]) + _socks_address(host) + struct.pack("!H", port)
    version, status, _, kind = yield said, 4
    if version != _VERSION:
        raise ProxyRefused("it does not speak SOCKS 5")
    if status:
        raise ProxyRefused(_REFUSALS.get(status, f"refusal {status}"))
    octets = {1: 4, 4: 16}.get(kind)
    if octets is None:
        if kind != 3:
            raise ProxyRefused("it names an address of no known kind")
        octets = (yield b"", 1)[0]
    yield b"", octets + 2  # where it connects from: of no interest


def _socks_address(host: str) -> bytes:
    """Return a host as SOCKS has it. Raises ProxyRefused."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        name = host.encode("idna" if not host.isascii() else "ascii")
        if not 0 < len(name) < 256:
            raise ProxyRefused("no such name") from None
        return bytes([3, len(name)]) + name
    return bytes([1 if address.version == 4 else 4]) + address.packed


class _Transport(typing.Protocol):
    """A transport that hands what it reads to whoever is its protocol, as Twisted's do."""

    protocol: IProtocol

    def write(self, data: bytes) -> None:
        """Send octets."""

    def getPeer(self) -> IAddress:
        """Return the other end's address."""

    def abortConnection(self) -> None:
        """Close at once."""


@implementer(IHalfCloseableProtocol)
class _Asking(Protocol):
    """Asks the proxy, then puts the server's protocol in its own place."""

    transport: _Transport  # type: ignore[assignment]  # ITransport promises too little

    def __init__(
        self, script: _Script, factory: IProtocolFactory, done: Deferred[IProtocol], place: str
    ) -> None:
        self._script = script
        self._factory = factory
        self._done = done
        self._place = place
        self._held = b""
        self._wanted = 0

    def connectionMade(self) -> None:
        """Say the first words."""
        self._step(None)

    def _step(self, octets: bytes | None) -> None:
        try:
            said, self._wanted = next(self._script) if octets is None else self._script.send(octets)
        except StopIteration:
            self._hand_over()
            return
        except ProxyRefused as error:
            self._fail(error)
            return
        if said:
            self.transport.write(said)

    def dataReceived(self, data: bytes) -> None:
        """Accept what the proxy says, and go on as it wants."""
        self._held += data
        while not self._done.called:
            octets = self._next()
            if octets is None:
                return
            self._step(octets)

    def _next(self) -> bytes | None:
        """Return what was waited for; None while it is not all there."""
        length = self._wanted
        if length < 0:
            found = re.search(rb"\r?\n\r?\n", self._held)
            if found is None:
                if len(self._held) > HEAD_OCTETS:
                    self._fail(ProxyRefused("its answer has no end"))
                return None
            length = found.end()
        if len(self._held) < length:
            return None
        octets, self._held = self._held[:length], self._held[length:]
        return octets

    def _hand_over(self) -> None:
        """The proxy has connected: the transport is the server's protocol's from now on."""
        transport = self.transport
        held, self._held = self._held, b""
        protocol = self._factory.buildProtocol(transport.getPeer())
        if protocol is None:
            self._fail(ProxyRefused("it is not wanted any more"))
            return
        transport.protocol = protocol
        protocol.makeConnection(transport)  # type: ignore[arg-type]
        self._done.callback(protocol)
        if held:
            protocol.dataReceived(held)

    def give_up(self) -> None:
        """Nobody waits any more."""
        if not self._done.called:
            self.transport.abortConnection()

    def _fail(self, error: ProxyRefused) -> None:
        if not self._done.called:
            told = type(error)(f"the proxy {self._place} does not connect: {error.why}")
            self._done.errback(told)
        self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """The proxy says no more."""
        self._fail(ProxyRefused("it has closed the connection"))

    def writeConnectionLost(self) -> None:
        """Nothing more can be said to it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        if not self._done.called:
            why = "" if reason.check(ConnectionDone) else f": {reason.getErrorMessage()}"
            self._fail(ProxyRefused(f"it has closed the connection{why}"))
