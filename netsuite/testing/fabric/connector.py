"""Making a connection in a fabric: to an address or a name, once or again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Protocol

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import (
    ConnectionRefusedError,
    NotConnectingError,
    TimeoutError,
    UserError,
    getConnectError,
)
from twisted.internet.interfaces import IAddress, IConnector, IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.testing.fabric.hosts import is_address, tcp_address
from netsuite.testing.fabric.network import Network
from netsuite.testing.fabric.transport import Address, End
from netsuite.testing.fabric.turns import Timer


class CallingFactory(Protocol):
    """Makes the protocol of a connection, and hears of it: any of Twisted's client factories."""

    def startedConnecting(self, connector: IConnector) -> None:
        """Accept that it is tried."""

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:
        """Return the protocol of a connection; None to close it."""

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """Accept that it was not made."""

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        """Accept that it is over."""

    def doStart(self) -> None:
        """Accept that it is used."""

    def doStop(self) -> None:
        """Accept that it is used no more."""


@implementer(IConnector)
class Connector:
    """Connects to one place.

    Args:
        network: where it is.
        destination: where to; with a name for a host, where *resolve* is to be asked.
        factory: makes the protocol.
        timeout: how many seconds it may take; None for ever.
        source: our address and port, where they matter; "" and 0 where not.
        resolve: returns the address of a host's name.
    """

    log = Logger()

    def __init__(
        self,
        network: Network,
        destination: Address,
        factory: CallingFactory,
        timeout: float | None,
        source: tuple[str, int],
        resolve: Callable[[str], Deferred[str]],
    ) -> None:
        self.state = "disconnected"
        #: The connection, while there is one.
        self.transport: End | None = None
        self._network = network
        self._destination = destination
        self._factory = factory
        self._timeout = timeout
        self._source = source
        self._resolve = resolve
        self._timer: Timer | None = None
        self._target: Address | None = None
        self._started = False

    def getDestination(self) -> Address:
        """Return where to."""
        return self._destination

    def connect(self) -> None:
        """Connect, for the first time or again. Raises RuntimeError: it does, or has."""
        if self.state != "disconnected":
            raise RuntimeError(f"cannot connect while {self.state}")
        self.state = "connecting"
        if not self._started:
            self._started = True
            self._factory.doStart()
        if self._timeout is not None:
            self._timer = self._network.turns.call_later(
                self._timeout, self._failed, [TimeoutError()]
            )
        destination = self._destination
        self._target = None
        if isinstance(destination, UNIXAddress) or is_address(destination.host):
            self._reach(destination)
        else:
            self._network.turns.call_later(0, self._look_up, [destination.host, destination.port])
        self._factory.startedConnecting(self)

    def stopConnecting(self) -> None:
        """Cancel. Raises NotConnectingError: there is nothing to cancel."""
        if self.state != "connecting":
            raise NotConnectingError("it is not connecting")
        self._failed(UserError())

    def disconnect(self) -> None:
        """Cancel, or close the connection there is."""
        if self.state == "connecting":
            self.stopConnecting()
        elif self.transport is not None:
            self.transport.loseConnection()

    # -- the way there -------------------------------------------------------------------------

    def _look_up(self, name: str, port: int) -> None:
        if self.state == "connecting":
            self._resolve(name).addCallbacks(
                lambda host: self._reach(tcp_address(host, port)),
                lambda failure: self._failed(failure.value),
            )

    def _reach(self, address: Address) -> None:
        self._target = address
        self._network.turns.ready(self)

    def step(self) -> None:
        """Connect to what listens there now."""
        target = self._target
        if self.state != "connecting" or target is None:
            return
        port = self._network.find(target)
        if port is None:
            absent = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            unix = isinstance(target, UNIXAddress)
            self._failed(getConnectError(absent) if unix else ConnectionRefusedError())
        elif not port.has_room:
            port.wait_outside(self)
        else:
            end = self.transport = self._network.connect(self._here(target), target, port)
            self._connected(end)

    def _here(self, target: Address) -> Address:
        if isinstance(target, UNIXAddress):
            return UNIXAddress(None)
        host, number = self._source
        if not host:
            host = target.host
            if host.startswith("127."):
                host = "127.0.0.1"  # as Linux does
        return tcp_address(host, number or self._network.free_number())

    def _connected(self, end: End) -> None:
        self.state = "connected"
        self._stop_timer()
        end.when_lost = self._lost
        try:
            protocol = self._factory.buildProtocol(end.getPeer())
        except Exception:
            self.log.failure("making the protocol of a client")
            protocol = None
        end.start(protocol)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _failed(self, error: Exception) -> None:
        if self.state != "connecting":
            return
        self._stop_timer()
        self.state = "disconnected"
        self._tell(self._factory.clientConnectionFailed, Failure(error))

    def _lost(self, reason: Failure) -> None:
        self.state = "disconnected"
        self.transport = None
        self._tell(self._factory.clientConnectionLost, reason)

    def _tell(self, what: Callable[[IConnector, Failure], None], reason: Failure) -> None:
        """Report an end to the factory; what it raises is logged, as a reactor does."""
        try:
            what(self, reason)
        except Exception:
            self.log.failure("the end of a connection that was asked for")
        if self.state == "disconnected":
            self._started = False
            self._factory.doStop()
