"""The pytest plugin, in runs of small projects: fixtures, marks, and what fails a test."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

MARKS = """
    import pytest

    pytestmark = pytest.mark.netsuite(
        services="smtp", accounts="ann", settings=["smtp.recipients=107"], domain="a.test"
    )

    def of(suite):
        accounts = suite.run(suite.inner.store.accounts.accounts)
        return {each.name for each in suite.inner}, {each.name for each in accounts}

    def test_module(netsuite):
        assert of(netsuite) == ({"smtp"}, {"ann"})
        assert netsuite.site.settings.smtp.recipients == 107
        assert netsuite.mailbox("ann").address == "ann@a.test"

    @pytest.mark.netsuite("imap", "pop3")
    class TestClass:
        def test_class(self, netsuite):
            assert of(netsuite) == ({"imap", "pop3"}, {"ann"})

        @pytest.mark.netsuite(services=["gopher"], accounts=["bob", "eve"])
        def test_test(self, netsuite):
            assert of(netsuite) == ({"gopher"}, {"bob", "eve"})
            assert netsuite.site.settings.smtp.recipients == 107

    @pytest.mark.netsuite(services=())
    def test_all(netsuite):
        assert len(of(netsuite)[0]) == 11

    @pytest.mark.netsuite("uucp")
    def test_unknown(netsuite):
        pass

    seen = []

    @pytest.mark.netsuite(seed=7)
    @pytest.mark.parametrize("time", [1, 2])
    def test_seed(netsuite, time):
        seen.append(netsuite.mailbox("ann").deliver()["Message-ID"])
        assert len(set(seen)) == 1
"""

WRONG = """
    import smtplib
    import threading

    import pytest
    from twisted.internet.protocol import Factory
    from twisted.logger import Logger

    pytestmark = pytest.mark.netsuite(services=["smtp"])
    ended = threading.Event()

    def on_reactor(suite, work):
        async def done():
            return work(suite.inner.reactor)
        return suite.run(done)

    def log_error(about):
        try:
            raise KeyError(about)
        except KeyError:
            Logger().failure("it failed")

    def test_fails(netsuite):
        with smtplib.SMTP(*netsuite.smtp.address) as smtp:
            smtp.ehlo("shop.example")
            assert smtp.noop() == "something else"

    def test_timer(netsuite):
        on_reactor(netsuite, lambda reactor: reactor.callLater(60, print))

    def test_socket(netsuite):
        on_reactor(netsuite, lambda reactor: reactor.listenTCP(0, Factory(), interface="127.0.0.1"))

    def test_thread(netsuite):
        threading.Thread(target=ended.wait, name="of the shop").start()

    def test_logged(netsuite):
        log_error("unexpected")

    def test_forgiven(netsuite):
        log_error("expected")
        assert len(netsuite.flush_errors(KeyError)) == 1

    def test_unmet(netsuite):
        netsuite.smtp.refusing("RCPT", 451, times=2)

    def test_sound(netsuite):
        ended.set()
        with smtplib.SMTP(*netsuite.smtp.address) as smtp:
            smtp.sendmail("a@example.net", "ann@example.test", b"Subject: Hi\\r\\n\\r\\n")
        assert len(netsuite.mailbox("ann").wait(1)) == 1
"""

TWISTED = """
    import pytest
    from twisted.internet import reactor, task
    from twisted.trial import unittest

    from netsuite.smtp import send

    pytestmark = pytest.mark.netsuite(services=["smtp"])

    async def sent(suite):
        message, to = b"Subject: Hi\\r\\n\\r\\n", suite.smtp.endpoint
        await send(message, "a@example.net", ["ann@example.test"], to=to, reactor=suite.clock)
        (mail,) = await suite.mailbox("ann").wait(1)
        return mail["Subject"]

    async def test_sockets(netsuite_async):
        assert netsuite_async.reactor is reactor
        assert await sent(netsuite_async) == "Hi"

    class TestOfTrial(unittest.TestCase):
        def test_trial(self):
            return task.deferLater(reactor, 0.01)

    async def test_sockets_again(netsuite_async):
        assert await sent(netsuite_async) == "Hi"

    def test_thread(netsuite):
        assert netsuite.run(lambda: sent(netsuite.inner)) == "Hi"

    async def test_fails(netsuite_async):
        await sent(netsuite_async)
        assert False

    async def test_leaves(netsuite_async):
        reactor.callLater(60, print)
"""

FABRIC = """
    import ssl

    import pytest
    from twisted.internet import task

    pytestmark = pytest.mark.netsuite(services=["smtp"], accounts=["ann"])

    @pytest.mark.parametrize("hours", [1, 20])
    async def test_time(netsuite_fabric, hours, tmp_path):
        await task.deferLater(netsuite_fabric.reactor, hours * 3600)
        assert netsuite_fabric.clock.seconds() >= hours * 3600
        assert tmp_path.is_dir()

    @pytest.fixture
    def later(netsuite_fabric):
        return lambda: task.deferLater(netsuite_fabric.reactor, 3600)

    async def test_by_a_fixture(later):
        await later()

    class TestClass:
        async def test_method(self, netsuite_fabric):
            await task.deferLater(netsuite_fabric.reactor, 60)

    def test_not_async(netsuite_fabric):
        messages = netsuite_fabric.ground.run(netsuite_fabric.mailbox("ann").messages)
        assert messages == []

    async def test_fails(netsuite_fabric):
        netsuite_fabric.smtp.transcripts.transcript("smtp-1").heard(b"EHLO shop.example\\r\\n")
        assert False

    @pytest.mark.netsuite(virtual_seconds=60)
    async def test_too_long(netsuite_fabric):
        await task.deferLater(netsuite_fabric.reactor, 61)

    async def test_leaves(netsuite_fabric):
        netsuite_fabric.reactor.callLater(60, print)

    def test_authority(netsuite_ca):
        ssl.create_default_context(cadata=netsuite_ca.pem())
"""

LIGHT = """
    import sys

    HEAVY = ("twisted", "zope", "pydantic", "sqlalchemy", "cryptography", "netsuite.testing.suite")
    OURS = {name for name in sys.modules if name.startswith("netsuite")}
    FOUND = [name for name in HEAVY if name in sys.modules]

    def test_collected():
        assert FOUND == []
        assert OURS == {"netsuite", "netsuite.testing", "netsuite.testing.pytest_plugin"}

    def test_run():
        assert not [name for name in HEAVY if name in sys.modules]

    def test_asked(netsuite):
        assert "netsuite.testing.suite" in sys.modules
        assert "twisted.internet.reactor" not in sys.modules
        assert "sqlalchemy" not in sys.modules
"""

#: What is not to be there, or would be asked about tests that are ``async``, too.
WITHOUT = ("-p", "no:anyio", "-p", "no:asyncio", "-p", "no:randomly", "-p", "no:cacheprovider")


def ran(pytester: pytest.Pytester, text: str, *more: str) -> pytest.RunResult:
    """Run a file of tests in a process of its own; report each outcome."""
    pytester.makepyfile(text)
    return pytester.runpytest_subprocess("-rA", *WITHOUT, *more)


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """Return what became of each test, by its name; of one that ended in an error, that."""
    found: dict[str, str] = {}
    for line in result.outlines:
        outcome, _, rest = line.partition(" ")
        if outcome in ("PASSED", "FAILED", "ERROR") and "::" in rest:
            name = rest.split(" - ")[0].split("::")[-1]
            found[name] = max(
                outcome, found.get(name, ""), key=["", "PASSED", "FAILED", "ERROR"].index
            )
    return found


def section(result: pytest.RunResult, name: str) -> str:
    """Return what is told of one test."""
    text = result.stdout.str()
    _, _, rest = text.partition(f" {name} ___")
    return rest.split("\n____")[0].split("\n====")[0]


def test_marks(pytester: pytest.Pytester) -> None:
    """Marks of a test, a class and a module say which servers, the nearest first."""
    result = ran(pytester, MARKS, "--strict-markers")
    assert outcomes(result) == {
        "test_module": "PASSED",
        "test_class": "PASSED",
        "test_test": "PASSED",
        "test_all": "PASSED",
        "test_unknown": "ERROR",
        "test_seed[1]": "PASSED",
        "test_seed[2]": "PASSED",
    }
    assert "no service: uucp" in result.stdout.str()


def test_wrong(pytester: pytest.Pytester) -> None:
    """What was said is shown; what is left, logged or unmet fails a test, and no other."""
    result = ran(pytester, WRONG)
    told = {
        "test_timer": "left behind: timer in 60 seconds: <built-in function print>",
        "test_socket": "left behind: <<class 'twisted.internet.tcp.Port'>",
        "test_thread": "left behind: thread of the shop",
        "test_logged": "KeyError: 'unexpected'",
        "test_unmet": "UnmetExpectation",
    }
    assert outcomes(result) == {
        "test_fails": "FAILED",
        **dict.fromkeys(told, "ERROR"),
        "test_forgiven": "PASSED",
        "test_sound": "PASSED",
    }
    result.stdout.fnmatch_lines(
        ["*netsuite transcripts*", "smtp-1:", "*", "  C: ehlo shop.example"]
    )
    for name, words in told.items():
        assert words in section(result, f"ERROR at teardown of {name}"), name
    assert result.stdout.str().count("netsuite transcripts") == 1


@pytest.mark.parametrize("reactor", ["default", "asyncio"])
def test_with_pytest_twisted(pytester: pytest.Pytester, reactor: str) -> None:
    """Servers are on its reactor, which trial's cases have between its tests."""
    result = ran(pytester, TWISTED, f"--reactor={reactor}")
    assert outcomes(result) == {
        "test_sockets": "PASSED",
        "test_trial": "PASSED",
        "test_sockets_again": "PASSED",
        "test_thread": "PASSED",
        "test_fails": "FAILED",
        "test_leaves": "ERROR",
    }
    result.stdout.fnmatch_lines(["*netsuite transcripts*", "smtp-1:"])
    assert "left behind: timer in" in section(result, "ERROR at teardown of test_leaves")


def test_in_memory(pytester: pytest.Pytester) -> None:
    """A test that is ``async`` runs on the fabric, without pytest-twisted; so does one of which
    but a fixture asks for it."""
    result = ran(pytester, FABRIC, "-p", "no:twisted")
    assert outcomes(result) == {
        "test_time[1]": "PASSED",
        "test_time[20]": "PASSED",
        "test_by_a_fixture": "PASSED",
        "test_method": "PASSED",
        "test_not_async": "PASSED",
        "test_fails": "FAILED",
        "test_too_long": "FAILED",
        "test_leaves": "ERROR",
        "test_authority": "PASSED",
    }
    assert "60 seconds are over" in section(result, "test_too_long")
    assert "C: EHLO shop.example" in section(result, "test_fails")
    assert "left behind: timer in 60 seconds" in section(result, "ERROR at teardown of test_leaves")


def test_light(pytester: pytest.Pytester) -> None:
    """Nothing heavy is imported before a test asks for servers, and no reactor is installed."""
    result = ran(pytester, LIGHT, "-p", "no:twisted")
    result.assert_outcomes(passed=3)


def test_processes(pytester: pytest.Pytester) -> None:
    """Two processes of pytest-xdist do not disturb each other."""
    result = ran(pytester, MARKS, "-n", "2", "-k", "not unknown")
    result.assert_outcomes(passed=6)


SHARED = """
    import smtplib

    import pytest
    from netsuite.testing import serve

    @pytest.fixture(scope="module")
    def servers():
        with serve("smtp") as suite:
            yield suite

    @pytest.fixture
    def mail(servers):
        yield servers
        servers.check()

    def test_fails(mail):
        with smtplib.SMTP(*mail.smtp.address) as smtp:
            assert smtp.noop() == "something else"

    def test_waits(mail):
        mail.mailbox("ann").wait(1, timeout=0.01)

    def test_unmet(mail):
        mail.smtp.refusing("RCPT", times=1)

    def test_last(mail):
        mail.smtp.clear()
"""


def test_servers_of_a_module(pytester: pytest.Pytester) -> None:
    """What was said to servers that tests share is shown with each that fails, once."""
    result = ran(pytester, SHARED)
    assert outcomes(result) == {
        "test_fails": "FAILED",
        "test_waits": "FAILED",
        "test_unmet": "ERROR",
        "test_last": "PASSED",
    }
    for name in ("test_fails", "test_waits", "ERROR at teardown of test_unmet"):
        assert section(result, name).count("smtp-1:") == 1, name
    assert "netsuite/testing/" not in section(result, "test_waits")


ASYNC = """
    def test_async(netsuite_async):
        pass
"""


def test_without_pytest_twisted(pytester: pytest.Pytester) -> None:
    """Whoever asks for its reactor without it is told what there is."""
    pytester.makeconftest("import sys; sys.modules['pytest_twisted'] = None")
    result = ran(pytester, ASYNC, "-p", "no:twisted")
    assert outcomes(result) == {"test_async": "ERROR"}
    assert "netsuite_async needs pytest-twisted; without it" in result.stdout.str()
