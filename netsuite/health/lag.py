"""The lag of a reactor: how much later than it was asked to it calls."""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from netsuite.store.tally import Histogram

#: How often it is measured.
SECONDS: Final = 0.5
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class ReactorLag:
    """Measures a reactor's lag, from ``start`` to ``stop``.

    Args:
        clock: the reactor.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.seconds = Histogram(BOUNDS)
        self._clock = clock
        self._call: IDelayedCall | None = None
        self._due = 0.0

    def start(self) -> None:
        """Begin."""
        self._due = self._clock.seconds() + SECONDS
        self._call = self._clock.callLater(SECONDS, self._called)

    def stop(self) -> None:
        """End."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _called(self) -> None:
        self.seconds.add(max(0.0, self._clock.seconds() - self._due))
        self.start()
