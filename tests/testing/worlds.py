"""A suite in memory for tests of the kit's own parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from netsuite.testing.grounds import Memory
from netsuite.testing.suite import Suite


@contextmanager
def in_memory(*services: str, seed: int | None = None) -> Iterator[Suite]:
    """Give a suite that serves in memory; nothing may be left of it."""
    ground = Memory(seed)
    suite = Suite(*services, ground=ground, seed=seed)
    ground.run(suite.start)
    yield suite
    ground.run(suite.stop)
    assert not ground.open()
