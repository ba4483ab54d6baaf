"""The daemon and Python's garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from twisted.internet.defer import ensureDeferred

from netsuite.plugin import GARBAGE_OBJECTS, spare_the_collector


@pytest.fixture
def _collector() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("_collector")
def test_what_stays_is_left_alone() -> None:
    """What was made before the daemon serves is not walked through at each collection, and
    garbage that comes later is still found."""
    before = gc.get_freeze_count()
    ensureDeferred(spare_the_collector())
    assert gc.get_freeze_count() > before
    assert gc.get_threshold()[0] == GARBAGE_OBJECTS
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() >= 1
