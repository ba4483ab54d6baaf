"""The grounds: how long what is run may take."""

from __future__ import annotations

import pytest
from twisted.internet.task import deferLater

from netsuite.testing.grounds import Memory


def test_a_day_in_memory() -> None:
    """Queues that wait for a day can be tried."""
    ground = Memory()
    ground.run(lambda: deferLater(ground.reactor, 86_400.0))
    assert ground.reactor.seconds() >= 86_400.0


def test_the_limit_in_memory() -> None:
    """What never ends is ended."""
    ground = Memory(virtual_seconds=60.0)
    with pytest.raises(AssertionError, match="60 seconds are over"):
        ground.run(lambda: deferLater(ground.reactor, 61.0))
