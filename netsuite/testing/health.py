"""The health of a test: what it has left behind, and errors that were logged and not expected."""

from __future__ import annotations

import threading
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.testing.grounds import Ground

#: Turns of the reactor until what closes has closed: both ends of a connection, and TLS.
_TURNS: Final = 5
#: So long a thread that is about to end may take, in real seconds.
ENDING_SECONDS: Final = 0.5
#: Threads of a pool stay, and wait for more.
_POOL: Final = "PoolThread-"


@implementer(ILogObserver)
class Failures:
    """The errors that are logged."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    def __call__(self, event: LogEvent) -> None:
        """Keep the error of an event, if it has one."""
        failure = event.get("log_failure")
        if isinstance(failure, Failure):
            self.failures.append(failure)


class Health:
    """The state when a test began, and what has been logged since.

    Args:
        ground: where it runs.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._open = set(ground.open())
        self._threads = set(threading.enumerate())
        self._logged = Failures()
        globalLogPublisher.addObserver(self._logged)

    def flush_errors(self, *kinds: type[BaseException]) -> list[Failure]:
        """Return the errors that were logged, and forget them: they were expected.

        Args:
            kinds: those of these alone; none: all.
        """
        wanted = kinds or (BaseException,)
        logged = self._logged.failures
        found = [each for each in logged if isinstance(each.value, wanted)]
        self._logged.failures = [each for each in logged if each not in found]
        return found

    def end(self) -> list[str]:
        """Return what is wrong, each in words; hear no more of the log."""
        globalLogPublisher.removeObserver(self._logged)
        for thread in self._new_threads():
            thread.join(ENDING_SECONDS)
        left = {key: text for key, text in self._ground.open().items() if key not in self._open}
        return [
            *(f"left behind: {text}" for text in left.values()),
            *(f"left behind: thread {each.name}" for each in self._new_threads()),
            *(
                f"logged: {each.getTraceback()}(flush_errors takes those that are expected)"
                for each in self._logged.failures
            ),
        ]

    def _new_threads(self) -> list[threading.Thread]:
        return [
            each
            for each in threading.enumerate()
            if each not in self._threads and not each.daemon and _POOL not in each.name
        ]

    def check(self) -> None:
        """End, and raise AssertionError that names what is wrong, if anything is."""
        wrong = self.end()
        if wrong:
            raise AssertionError("\n".join(wrong))


async def settled(clock: IReactorTime) -> None:
    """Wait until what closes has closed."""
    for _ in range(_TURNS):
        turn: Deferred[None] = deferLater(clock, 0)
        await turn
