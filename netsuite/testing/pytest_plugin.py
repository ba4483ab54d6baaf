"""The pytest plugin: real servers of all eight protocols as fixtures.

``netsuite``
    for tests that block: servers in a thread, a ``netsuite.testing.blocking.BlockingSuite``
``netsuite_async``
    for tests that pytest-twisted runs: servers on the reactor it runs, a ``Suite``
``netsuite_fabric``
    servers in memory, with virtual time, a ``Suite``; a test that is ``async`` runs there, too
``netsuite_ca``
    the authority that has signed their certificates

``@pytest.mark.netsuite(services=..., accounts=..., settings=..., seed=...)`` says which, for a
test, a class or a module; ``virtual_seconds`` how long a test in memory may take. A run may have
test cases of trial and tests of pytest-twisted in any order: the reactor is handed over between
them. Nothing of netsuite or Twisted is imported before a test asks for it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Generator, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from netsuite.testing.blocking import BlockingSuite
    from netsuite.testing.certificates import Authority
    from netsuite.testing.grounds import Ground
    from netsuite.testing.suite import Suite

_FABRIC = "netsuite_fabric"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "netsuite(services=(), accounts=(), settings=(), seed=None, ...): the servers of a test",
    )


def _wanted(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the test's marks say, the nearest last."""
    wanted: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("netsuite"))):
        wanted.update(mark.kwargs)
        if mark.args:
            wanted["services"] = mark.args
    return wanted


def _made(request: pytest.FixtureRequest, ground: Ground) -> tuple[Suite, list[str]]:
    """Return a suite as the test's marks have it, and the accounts they name."""
    from netsuite.testing.suite import Suite

    wanted = _wanted(request)
    wanted.pop("virtual_seconds", None)  # of the ground
    services = wanted.pop("services", ())
    accounts = wanted.pop("accounts", ())
    suite = Suite(*([services] if isinstance(services, str) else services), ground=ground, **wanted)
    return suite, [accounts] if isinstance(accounts, str) else list(accounts)


def _served(request: pytest.FixtureRequest, ground: Ground) -> Iterator[Suite]:
    """Start a suite for a test, and stop it; fail where something is left behind, or an error was
    logged that nobody has flushed (``suite.flush_errors``)."""
    from netsuite.testing.health import Health, settled

    suite, accounts = _made(request, ground)
    health = suite.health = Health(ground)
    ground.run(suite.start)

    async def make_accounts() -> None:
        for each in accounts:
            suite.mailbox(each)

    ground.run(make_accounts)
    request.node.stash.setdefault(_SUITES, {})[str(request.fixturename)] = suite
    try:
        yield suite
    finally:
        try:
            ground.run(suite.stop)
        finally:
            ground.run(lambda: settled(suite.clock))
            health.check()


#: The suites of a test, by fixture.
_SUITES: pytest.StashKey[dict[str, Suite]] = pytest.StashKey()


@pytest.fixture
def netsuite(request: pytest.FixtureRequest) -> Iterator[BlockingSuite]:
    """Servers in a thread, for tests that block."""
    from netsuite.testing.blocking import BlockingSuite, shared_thread

    for suite in _served(request, shared_thread()):
        yield BlockingSuite(suite)


@pytest.fixture
def netsuite_async(request: pytest.FixtureRequest) -> Iterator[Suite]:
    """Servers on the reactor that pytest-twisted runs."""
    try:
        import pytest_twisted
    except ImportError:
        pytest.fail(
            "netsuite_async needs pytest-twisted; without it netsuite serves in a thread, and "
            "netsuite_fabric in memory",
            pytrace=False,
        )
    from netsuite.testing.grounds import Sockets

    yield from _served(request, Sockets(pytest_twisted.blockon))


@pytest.fixture
def netsuite_fabric(request: pytest.FixtureRequest) -> Iterator[Suite]:
    """Servers in memory, with virtual time."""
    from netsuite.testing.grounds import VIRTUAL_SECONDS, Memory

    wanted = _wanted(request)
    seconds = wanted.get("virtual_seconds", VIRTUAL_SECONDS)
    yield from _served(request, Memory(wanted.get("seed"), virtual_seconds=seconds))


@pytest.fixture(scope="session")
def netsuite_ca() -> Authority:
    """The authority that has signed the servers' certificates."""
    from netsuite.testing.certificates import authority

    return authority


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Hand the reactor over to a test case of trial, in a run where pytest-twisted has it."""
    twisted, trial = sys.modules.get("pytest_twisted"), sys.modules.get("twisted.trial.unittest")
    if twisted and trial and isinstance(getattr(item, "instance", None), trial.TestCase):
        _park_reactor(twisted)
    return (yield)


def _park_reactor(twisted: ModuleType) -> None:
    """Stop the reactor that pytest-twisted has left running between tests, so that trial can run
    it; the next of its tests begins it anew."""
    state = twisted._instances
    greenlet = state.gr_twisted
    if greenlet:  # started, and not ended
        state.reactor.crash()  # no shutdown events: the reactor can run again
        greenlet.switch()  # let reactor.run() return
    if greenlet is not None and greenlet.dead:
        state.gr_twisted = None
        twisted.init_twisted_greenlet()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is ``async`` on the fabric, if it, or a fixture of its, asks for that."""
    if _FABRIC not in pyfuncitem.fixturenames or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    suite = pyfuncitem.stash[_SUITES][_FABRIC]
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    suite.ground.run(lambda: pyfuncitem.obj(**arguments))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what was said to the servers of a test that has failed."""
    report = yield
    if report.failed:
        shown = str(call.excinfo.value) if call.excinfo is not None else ""
        for suite in _suites(item):
            said = suite.transcripts()
            # A wait that fails shows it itself; what is wrong at the end may be without any.
            begun = report.when == "call" or any(len(each.transcripts) for each in suite)
            if said not in shown and begun:
                report.sections.append(("netsuite transcripts", said))
    return report


def _suites(item: pytest.Item) -> list[Suite]:
    """Return the suites of a test: of our fixtures, and those that others of its fixtures give."""
    found = list(item.stash.get(_SUITES, {}).values())
    if "netsuite.testing.suite" in sys.modules:
        from netsuite.testing.blocking import BlockingSuite
        from netsuite.testing.suite import Suite

        for value in getattr(item, "funcargs", {}).values():
            inner = value.inner if isinstance(value, BlockingSuite) else value
            if isinstance(inner, Suite) and inner not in found:
                found.append(inner)
    return found
