"""An endpoint of several others, begun one after the other: the first that connects counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

#: After so long the next is begun, while those before go on (RFC 8305, 8).
DELAY_SECONDS: Final = 0.25


@implementer(IStreamClientEndpoint)
class Racing:
    """Happy Eyeballs (RFC 8305, 5): an address that does not answer costs a moment, not a timeout.

    Args:
        candidates: where to connect to, by address, the best first.

    Attributes:
        winner: the address that connected; "" as long as none has.
        tried: it, and those that failed.
    """

    def __init__(
        self, clock: IReactorTime, candidates: Mapping[str, IStreamClientEndpoint]
    ) -> None:
        self._clock = clock
        self._left = list(candidates.items())
        self._under_way: set[Deferred[IProtocol]] = set()
        self._timer: IDelayedCall | None = None
        self._done: Deferred[IProtocol] = Deferred(lambda _: self._stop())
        self.winner = ""
        self.tried: set[str] = set()

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect; to be called once. Fails as the last that failed."""
        if not self._left:
            self._done.errback(ConnectError(string="no address"))
        self._begin_next(factory)
        return self._done

    def _begin_next(self, factory: IProtocolFactory) -> None:
        if not self._left:
            return
        address, endpoint = self._left.pop(0)
        if self._left:
            self._timer = self._clock.callLater(DELAY_SECONDS, self._begin_next, factory)

        def connected(protocol: IProtocol) -> None:
            self._under_way.discard(connecting)
            self.tried.add(address)
            self.winner = address
            self._stop()
            self._done.callback(protocol)

        def failed(failure: Failure) -> None:
            self._under_way.discard(connecting)
            if self.winner:
                return  # it was given up
            self.tried.add(address)
            if self._left:
                self._stop_timer()
                self._begin_next(factory)
            elif not self._under_way:
                self._done.errback(failure)

        connecting: Deferred[IProtocol] = endpoint.connect(factory)
        self._under_way.add(connecting)
        connecting.addCallbacks(connected, failed)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _stop(self) -> None:
        """Give up all that is under way."""
        self._stop_timer()
        self._left.clear()
        for connecting in list(self._under_way):
            connecting.cancel()
