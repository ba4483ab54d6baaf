"""trial's test case with servers: ``self.netsuite`` is a suite, on the reactor of the test.

::

    class Mail(netsuite.testing.TestCase):
        services = ("smtp",)

        async def test_order(self):  # trial does not run what is called "test"
            await send(mail, to=self.netsuite.smtp.endpoint)
            await self.netsuite.mailbox("ann").wait(1)
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Literal
from unittest import SkipTest

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.trial import unittest

from netsuite.testing.grounds import VIRTUAL_SECONDS, Ground, Memory, Sockets
from netsuite.testing.health import Health, settled
from netsuite.testing.suite import Suite, at_once


class TestCase(unittest.TestCase):
    """A test case that has a suite; it starts when a test first asks for it.

    Attributes:
        services: of ``netsuite.testing.suite.SERVICES``; none for all.
        ground: ``sockets`` of loopback, on trial's reactor; or ``memory``, where a test that is
            ``async`` is run with virtual time.
        settings, seed: as of ``Suite``.
        virtual_seconds: how long a test in memory may take.
    """

    services: ClassVar[Sequence[str]] = ()
    ground: ClassVar[Literal["sockets", "memory"]] = "sockets"
    settings: ClassVar[Sequence[str]] = ()
    seed: ClassVar[int | None] = None
    virtual_seconds: ClassVar[float] = VIRTUAL_SECONDS

    def __init__(self, methodName: str = "runTest") -> None:  # noqa: N803 - unittest's name
        super().__init__(methodName)
        self._ground: Ground | None = None
        self._suite: Suite | None = None
        method = getattr(self, methodName, None)
        if method is not None:
            setattr(self, methodName, functools.wraps(method)(lambda: self._run_test(method)))

    def _run_test(self, method: Callable[[], Any]) -> object:
        """Run a test; what fails tells what was said."""
        if not inspect.iscoroutinefunction(method):
            return method()
        work: Callable[[], Awaitable[None]] = functools.partial(self._told, method)
        if self.ground == "memory":
            return self._where().run(work)
        return ensureDeferred(work())  # type: ignore[arg-type]

    async def _told(self, method: Callable[[], Awaitable[None]]) -> None:
        try:
            await method()
        except Exception as error:
            if self._suite is not None and not isinstance(error, SkipTest | unittest.SkipTest):
                _tell(error, self._suite.transcripts())
            raise

    def _where(self) -> Ground:
        if self._ground is None:
            if self.ground == "memory":
                self._ground = Memory(self.seed, virtual_seconds=self.virtual_seconds)
            else:
                self._ground = Sockets()
        return self._ground

    @property
    def netsuite(self) -> Suite:
        """The suite, which serves."""
        if self._suite is None:
            ground = self._where()
            made = self._suite = Suite(
                *self.services, ground=ground, settings=self.settings, seed=self.seed
            )
            # trial looks after its own reactor, and after what is logged.
            health = Health(ground) if self.ground == "memory" else None
            self.addCleanup(self._end, made, health)
            at_once(made.start())
        return self._suite

    def _end(self, suite: Suite, health: Health | None) -> Deferred[None] | None:
        self._suite = None
        if health is None:
            return ensureDeferred(_stopped(suite))
        suite.ground.run(suite.stop)
        suite.ground.run(lambda: settled(suite.clock))
        wrong = [each for each in health.end() if not each.startswith("logged")]
        if wrong:
            raise self.failureException("\n".join(wrong))
        return None


def _tell(error: Exception, more: str) -> None:
    """Add to what an error says; in its message where it is one, since trial shows no notes."""
    match error.args:
        case (str() as message,) if message == str(error):
            error.args = (f"{message}\n\n{more}",)
        case _:
            error.add_note(more)


async def _stopped(suite: Suite) -> None:
    await suite.stop()
    await settled(suite.clock)
