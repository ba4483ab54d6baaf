"""An SMTP server that takes all, keeps nothing: ``python -m tests.benchmarks.sink [CERTIFICATE]``.

It says its port, and how many messages it has taken each time it reads a line. With a certificate
(a PEM file with its key) it offers STARTTLS.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from OpenSSL import SSL
from twisted.internet import stdio
from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import DefaultOpenSSLContextFactory

from tests.store.reactors import reactor

_END: Final = b"\r\n.\r\n"


class Sink(Protocol):
    """One session; no more of SMTP than a client that keeps to it needs."""

    taken = 0
    context: DefaultOpenSSLContextFactory | None = None

    def __init__(self) -> None:
        self._held = b""
        self._in_message = False

    def connectionMade(self) -> None:
        self._say(b"220 sink ESMTP")

    def _say(self, line: bytes) -> None:
        if self.transport is not None:
            self.transport.write(line + b"\r\n")

    def dataReceived(self, data: bytes) -> None:
        self._held += data
        while True:
            end = _END if self._in_message else b"\r\n"
            line, found, rest = self._held.partition(end)
            if not found:
                return
            self._held = rest
            if self._in_message:
                self._in_message = False
                Sink.taken += 1
                self._say(b"250 taken")
            else:
                self._command(line[:4].upper())

    def _command(self, verb: bytes) -> None:
        if verb == b"EHLO":
            offered = [b"sink", b"PIPELINING", b"8BITMIME"]
            if Sink.context is not None:
                offered.append(b"STARTTLS")
            lines = [b"250-" + each for each in offered[:-1]] + [b"250 " + offered[-1]]
            self._say(b"\r\n".join(lines))
        elif verb == b"DATA":
            self._in_message = True
            self._held = b"\r\n" + self._held
            self._say(b"354 go on")
        elif verb == b"STAR":
            self._say(b"220 go on")
            transport: Any = self.transport
            transport.startTLS(Sink.context)
        elif verb == b"QUIT" and self.transport is not None:
            self._say(b"221 bye")
            self.transport.loseConnection()
        else:
            self._say(b"250 ok")


class Asked(Protocol):
    """Whoever started it, and wants to know how many there were."""

    def dataReceived(self, data: bytes) -> None:
        print(Sink.taken, flush=True)

    def connectionLost(self, reason: object = None) -> None:
        reactor.stop()


def main() -> None:
    """Serve until standard input ends."""
    if len(sys.argv) > 1:
        certificate = sys.argv[1]
        Sink.context = DefaultOpenSSLContextFactory(
            certificate, certificate, sslmethod=SSL.TLS_METHOD
        )
    endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1", backlog=1024)
    endpoint.listen(Factory.forProtocol(Sink)).addCallback(_listening)
    reactor.run()


def _listening(port: IListeningPort) -> None:
    host = port.getHost()
    if isinstance(host, IPv4Address):
        print(host.port, flush=True)
    stdio.StandardIO(Asked())


main()
