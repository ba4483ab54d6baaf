"""The reactor's lag."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.health.lag import BOUNDS, SECONDS, ReactorLag


def test_measured() -> None:
    """Each call that came late, by how much; nothing more once it has stopped."""
    clock = Clock()
    lag = ReactorLag(clock)
    lag.start()
    clock.advance(SECONDS)
    clock.advance(SECONDS + 0.3)
    assert sum(lag.seconds.counts) == 2
    assert lag.seconds.counts[0] == 1
    assert lag.seconds.counts[BOUNDS.index(0.5)] == 1
    assert round(lag.seconds.total, 6) == 0.3
    lag.stop()
    lag.stop()
    assert clock.getDelayedCalls() == []
