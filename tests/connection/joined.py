"""Clients on a fabric, and whom they talk to: servers of ours, or servers that say what they are
told to."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from netsuite.connection.client import ClientConnection
from netsuite.connection.peer import where
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.network import ServingFactory
from netsuite.testing.fabric.transport import End

T = TypeVar("T")
E = TypeVar("E", bound=Exception)
C = TypeVar("C", bound=ClientConnection[Any, Any])


def reached(
    fabric: Fabric, factory: ServingFactory, host: str = "127.0.0.1", port: int = 0
) -> TCP4ClientEndpoint:
    """Let a server listen, and return where; at any port for 0."""
    _, number, _ = where(fabric.listenTCP(port, factory, interface=host).getHost())
    return TCP4ClientEndpoint(fabric, host, number)


class JoinedCase(SynchronousTestCase):
    """Tests of clients on one fabric: what they do is done as far as it goes before any time
    passes."""

    #: Made by the test.
    fabric: Fabric

    def begin(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Begin something."""
        running = ensureDeferred(work)
        self.fabric.settle()
        return running

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end; return its result."""
        return self.successResultOf(self.begin(work))

    def fail_(self, work: Coroutine[Any, Any, object], kind: type[E]) -> E:
        """Do something that fails; return with what."""
        return self.failureResultOf(self.begin(work), kind).value


class Puppet(Protocol):
    """One end of a connection, which says what it is told to and keeps what it hears."""

    transport: End

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        #: All that it has heard.
        self.heard = b""
        #: How the connection has ended; None before.
        self.lost: type[object] | None = None
        self._seen = 0
        self._once = False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if self._once:
            self.hold()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = type(reason.value)

    @property
    def closed(self) -> bool:
        """Whether the connection is over."""
        return self.lost is not None

    @property
    def other(self) -> End:
        """The transport at the other end."""
        return self.transport.other

    def news(self) -> bytes:
        """Return what it has heard since the last look."""
        seen, self._seen = self._seen, len(self.heard)
        return self.heard[seen:]

    def say(self, *words: bytes) -> None:
        """Say some words, each when all before was heard."""
        for each in words:
            self.transport.write(each)
            self.fabric.settle()

    def end(self) -> None:
        """Close its half of the connection."""
        self.transport.loseWriteConnection()
        self.fabric.settle()

    def hang_up(self) -> None:
        """Close the connection."""
        self.transport.loseConnection()
        self.fabric.settle()

    def break_(self) -> None:
        """Reset the connection."""
        self.transport.abortConnection()
        self.fabric.settle()

    def hold(self) -> None:
        """Read no more."""
        self.transport.pauseProducing()

    def drain(self, *, once: bool = False) -> None:
        """Read what has come, and all that comes; or nothing more *once* something was read."""
        self._once = once
        self.transport.resumeProducing()
        self.fabric.settle()


class OddServerCase(JoinedCase, Generic[C]):
    """A client of a server that says what a test has it say."""

    def made(self, **more: Any) -> C:
        """Return a client that is not connected yet."""
        raise NotImplementedError

    def start(self, *words: bytes, **more: Any) -> C:
        """Connect; let the client begin, and the server say some words, one after the other.

        Args:
            more: for ``made``.
        """
        client = self.connected(**more)
        self.beginning: Deferred[Any] = self.begin(client.begin())
        self.say(*words)
        return client

    def connected(self, **more: Any) -> C:
        """Connect, and let nobody begin."""
        self.fabric = Fabric()
        self.server = Puppet(self.fabric)
        endpoint = reached(self.fabric, Factory.forProtocol(lambda: self.server))
        self.client: C = self.fabric.run(connectProtocol(endpoint, self.made(**more)))
        return self.client

    def say(self, *words: bytes) -> None:
        """Have the server say some words, each when all before was heard."""
        self.server.say(*words)

    def hear(self, work: Coroutine[Any, Any, T], *words: bytes) -> Deferred[T]:
        """Begin something, and have the server say some words to it."""
        running = self.begin(work)
        self.server.say(*words)
        return running


class Saying(Factory[Protocol]):
    """Servers that say the same whatever they hear.

    Args:
        words: the first is said at once, each other when something was heard.
        close: hang up behind the last.
        to: what ends all that they are to hear before they say the next; nothing where anything
            will do.
    """

    noisy = False

    def __init__(self, *words: bytes, close: bool = False, to: bytes = b"") -> None:
        self.words, self.close, self.to = words, close, to

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return _Sayer(self)


class _Sayer(Protocol):
    transport: End

    def __init__(self, saying: Saying) -> None:
        self._saying, self._words = saying, list(saying.words)
        self._heard = b""

    def connectionMade(self) -> None:
        self._say()

    def dataReceived(self, data: bytes) -> None:
        self._heard += data
        to = self._saying.to
        while self._words and self._heard and to in self._heard:
            self._heard = self._heard.partition(to)[2] if to else b""
            self._say()

    def _say(self) -> None:
        if self._words:
            self.transport.write(self._words.pop(0))
            if self._saying.close and not self._words:
                self.transport.loseConnection()
