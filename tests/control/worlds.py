"""A daemon in memory with all services, and clients that say lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from netsuite.bus import Value
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.grounds import Memory
from netsuite.testing.suite import Suite

T = TypeVar("T")

#: What logs ann in, by service.
LOGINS: Mapping[str, tuple[bytes, ...]] = {
    "imap": (b"1 LOGIN ann secret",),
    "submission": (b"EHLO c", b"AUTH PLAIN AGFubgBzZWNyZXQ="),
    "pop3": (b"USER ann", b"PASS secret"),
    "nntp": (b"AUTHINFO USER ann", b"AUTHINFO PASS secret"),
    "ftp": (b"USER ann", b"PASS secret"),
    "telnet": (b"ann", b"secret"),
}


class Client(Protocol):
    """A client that says lines, and keeps all that it hears."""

    transport: Any

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self.heard = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = True

    def say(self, *lines: bytes) -> bytes:
        """Say lines, each when the one before is answered; return what was heard to them."""
        before = len(self.heard)
        for line in lines:
            self.transport.write(line + b"\r\n")
            self._fabric.settle()
        return self.heard[before:]

    def since(self, before: bytes) -> bytes:
        """Return what was heard after that."""
        self._fabric.settle()
        return self.heard[len(before) :]


class World(SynchronousTestCase):
    """A test of a daemon that runs all services, with the accounts ann and bob."""

    settings: tuple[str, ...] = ()

    def setUp(self) -> None:
        """Start it."""
        self.suite = Suite(ground=Memory(), anybody=False, settings=self.settings)
        assert isinstance(self.suite.reactor, Fabric)
        self.fabric = self.suite.reactor
        self.run_(self.suite.start())
        self.ann = self.suite.mailbox("ann")
        self.bob = self.suite.mailbox("bob")
        self.addCleanup(lambda: self.run_(self.suite.stop()))

    def run_(self, work: Any) -> Any:
        """Return what a coroutine returns, which takes no time."""
        return self.fabric.run(ensureDeferred(work))

    def client(self, service: str) -> Client:
        """Return a client that has been greeted."""
        client = Client(self.fabric)
        self.run_(connectProtocol(self.suite[service].endpoint, client))
        self.fabric.settle()
        return client

    def logged_in(self, service: str) -> Client:
        """Return a client with a session of ann's."""
        client = self.client(service)
        client.say(*LOGINS[service])
        return client

    def ask(self, question: str, value: Value = None) -> Any:
        """Return the answer of the process."""
        (answer,) = self.run_(self.suite.site.bus.ask(question, value))
        return answer
