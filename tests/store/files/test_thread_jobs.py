"""Threads for files: everything is done, told in batches on the reactor's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from zope.interface import implementer

from netsuite.store.files.thread_jobs import Threads
from netsuite.testing.cases import SynchronousTestCase, TestCase
from tests.store.reactors import reactor


@implementer(IReactorFromThreads)
class Reactor:
    """Holds what threads ask to be called."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []
        self.called = threading.Semaphore(0)

    def callFromThread(
        self, callable: Callable[..., object], *arguments: object, **named: object
    ) -> None:
        self.calls.append(partial(callable, *arguments, **named))
        self.called.release()


class Batches(SynchronousTestCase):
    """What is told when."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.threads = Threads(self.reactor, 2, name="test")
        self.addCleanup(self.threads.stop)

    def test_one_call_for_many(self) -> None:
        """The reactor is woken once for all that is done before it looks."""
        results = [self.threads.run(pow, number, 2) for number in range(10)]
        self.threads.stop()
        (collect,) = self.reactor.calls
        collect()
        self.assertEqual([n * n for n in range(10)], [self.successResultOf(r) for r in results])

    def test_woken_again(self) -> None:
        """What is done after it has looked wakes it again."""
        for number in (1, 2):
            result = self.threads.run(pow, number, 2)
            self.assertTrue(self.reactor.called.acquire(timeout=10))
            self.reactor.calls.pop()()
            self.assertEqual(number * number, self.successResultOf(result))

    def test_only_so_many(self) -> None:
        """There are no more threads than allowed, and no more than work."""
        gate = threading.Event()
        self.addCleanup(gate.set)
        before = threading.active_count()
        for expected in (1, 2, 2, 2):
            self.threads.run(gate.wait, 10)
            self.assertEqual(before + expected, threading.active_count())
        gate.set()
        self.threads.stop()
        self.assertEqual(before, threading.active_count())

    def test_no_thread_to_be_had(self) -> None:
        """Where the system allows no more threads those there are do it all; without any it is an
        error that who asks hears."""

        def refuse(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        first = self.threads.run(pow, 1, 2)
        self.patch(threading.Thread, "start", refuse)
        results = [first, self.threads.run(pow, 2, 2), self.threads.run(pow, 3, 2)]
        self.threads.stop()
        self.reactor.calls.pop()()
        self.assertEqual([1, 4, 9], [self.successResultOf(each) for each in results])
        self.assertRaises(RuntimeError, self.threads.run, pow, 4, 2)

    def test_errors(self) -> None:
        """An error is told to who asked, whatever it is, and the thread lives on."""

        def leave() -> None:
            raise SystemExit(1)

        results: list[Deferred[object]]
        results = [self.threads.run(leave), self.threads.run(int, "x"), self.threads.run(int, "7")]
        self.threads.stop()
        self.reactor.calls.pop()()
        self.failureResultOf(results[0], SystemExit)
        self.failureResultOf(results[1], ValueError)
        self.assertEqual(7, self.successResultOf(results[2]))


class Real(TestCase):
    """With a reactor."""

    async def test_elsewhere_and_back(self) -> None:
        """Work is done in threads, and told on the reactor's, also after a stop."""
        threads = Threads(reactor, 4, name="test")
        for _ in range(2):
            found = await gatherResults([threads.run(threading.get_ident) for _ in range(200)])
            self.assertNotIn(threading.get_ident(), found)
            self.assertLessEqual(len(set(found)), 4)
            threads.stop()
