"""One pytest run for trial TestCases and for pytest-twisted tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from twisted.internet.defer import ensureDeferred, maybeDeferred
from twisted.trial import unittest as trial

# How long an example takes says more of the machine than of us; each test has its time limit.
hypothesis.settings.register_profile("netsuite", deadline=None)
hypothesis.settings.load_profile("netsuite")

TIMEOUT = 30.0  # seconds; pytest-twisted has no limit of its own


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that tests start share compiled modules also where the environment keeps
    Python from writing them: each daemon would compile all of netsuite anew."""
    cache = getattr(config, "cache", None)
    if cache is not None and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that of two processes none is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _mktemp_elsewhere(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let trial's ``mktemp`` name places outside the checkout."""
    test = getattr(request.node, "instance", None)
    if isinstance(test, trial.SynchronousTestCase):
        monkeypatch.setattr(test, "mktemp", lambda: str(tmp_path_factory.mktemp("trial") / "temp"))


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Give the process its umask back: commands that are run in it (``netsuite backup``) change
    it, and a daemon of a later test could not enter its folder as another user."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def _reactor_time() -> Iterator[None]:
    """Let the reactor go by the time of day again after a test that has composed a daemon: stores
    of later tests take their dates from it."""
    yield
    from twisted.internet import reactor

    vars(reactor).pop("seconds", None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[Any]:
    """Show a failed async fixture's own error in every test that asks for it."""
    try:
        return (yield)
    except BaseException as error:
        if fixturedef.cached_result is None:  # pytest >= 9.1 asserts otherwise
            fixturedef.cached_result = (
                None,
                fixturedef.cache_key(request),
                (error, error.__traceback__),
            )
        raise


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Iterator[Any]:
    """Fail a test that takes too long, rather than hang the run."""
    test = pyfuncitem.obj
    if hasattr(test, "hypothesis"):
        return (yield)
    marker = pyfuncitem.get_closest_marker("timeout")
    seconds = marker.args[0] if marker else TIMEOUT

    def limited(**arguments: Any) -> Any:
        from twisted.internet import reactor

        return maybeDeferred(_deferred, test, arguments).addTimeout(seconds, reactor)

    pyfuncitem.obj = limited
    try:
        return (yield)
    finally:
        pyfuncitem.obj = test


def _deferred(test: Any, arguments: dict[str, Any]) -> Any:
    result = test(**arguments)
    return ensureDeferred(result) if hasattr(result, "send") else result
