"""The services with faults, as fixtures: on a fabric, and in a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing.faults.world import World, call, in_thread, on_fabric


@pytest.fixture(scope="session")
def _thread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with in_thread(tmp_path_factory.mktemp("certificates")) as world:
        yield world


@pytest.fixture
def thread(_thread: World) -> Iterator[World]:
    """The services in a thread, one set for all tests; nothing is left to the next."""
    yield _thread
    call(_thread.reactor, _thread.reset)


@pytest.fixture
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The services on a fabric, new for each test."""
    with on_fabric(tmp_path_factory.mktemp("certificates")) as world:
        yield world
