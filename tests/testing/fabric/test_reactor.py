"""The fabric as a reactor: time, turns, threads, names, shutdown, and what is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, clientFromString
from twisted.internet.error import AlreadyCalled, AlreadyCancelled, DNSLookupError
from twisted.internet.interfaces import (
    IDelayedCall,
    IHostnameResolver,
    IReactorPluggableNameResolver,
    IReactorPluggableResolver,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUNIX,
    IResolverSimple,
)
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import blockingCallFromThread, deferToThreadPool
from zope.interface.verify import verifyObject

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric, threads
from netsuite.testing.fabric import turns as turns_module
from netsuite.testing.fabric.hosts import Hosts
from netsuite.testing.fabric.turns import Turns
from tests.testing.fabric.talkers import Client, Line, Talker, Talkers


def ignore() -> None:
    """Do nothing."""


class Time(SynchronousTestCase):
    """Timers and turns."""

    def setUp(self) -> None:
        self.fabric = Fabric()
        self.calls: list[object] = []

    def test_interfaces(self) -> None:
        """It is what it says that it is."""
        for interface in (
            IReactorTime,
            IReactorTCP,
            IReactorUNIX,
            IReactorThreads,
            IReactorPluggableResolver,
            IReactorPluggableNameResolver,
        ):
            self.assertTrue(verifyObject(interface, self.fabric))
        self.assertTrue(verifyObject(IDelayedCall, self.fabric.callLater(0, list)))
        self.assertTrue(verifyObject(IHostnameResolver, self.fabric.hosts))
        self.assertTrue(verifyObject(IResolverSimple, self.fabric.hosts))

    def test_order(self) -> None:
        """Timers are called in order, each at its own time; and once more for the next turn."""

        def call(name: str) -> None:
            self.calls.append((name, self.fabric.seconds()))
            if name == "b":
                self.fabric.callLater(0, call, "b again")

        for seconds, name in ((2, "c"), (1, "b"), (1, "b too"), (0, "a"), (9, "late")):
            self.fabric.callLater(seconds, call, name)
        self.fabric.settle()
        self.assertEqual([("a", 0)], self.calls)
        self.fabric.advance(5)
        self.assertEqual([("b", 1), ("b too", 1), ("b again", 1), ("c", 2)], self.calls[1:])
        self.assertEqual(5, self.fabric.seconds())

    def test_changed(self) -> None:
        """Timers are cancelled and put off; not when it is too late."""
        append = self.calls.append
        cancelled, delayed, reset, called = (
            self.fabric.callLater(n, append, n) for n in (1, 2, 3, 4)
        )
        cancelled.cancel()
        delayed.delay(10)
        self.fabric.advance(2)
        reset.reset(3)
        self.assertEqual([called, reset, delayed], self.fabric.getDelayedCalls())
        self.assertEqual([4, 5, 12], [each.getTime() for each in self.fabric.getDelayedCalls()])
        self.fabric.advance(20)
        self.assertEqual([4, 3, 2], self.calls)
        self.assertFalse(cancelled.active() or called.active())
        self.assertRaises(AlreadyCancelled, cancelled.cancel)
        self.assertRaises(AlreadyCalled, called.reset, 1)
        self.assertRaises(ValueError, self.fabric.callLater, -1, append, 1)

    def test_cancelled_by_another(self) -> None:
        """One that is due at the same moment can still cancel another."""
        self.fabric.callLater(1, lambda: second.cancel())
        second = self.fabric.callLater(1, self.calls.append, "second")
        self.fabric.advance(1)
        self.assertEqual([], self.calls)

    def test_cancelled_are_swept(self) -> None:
        """Cancelled timers take no room for long."""
        turns = Turns(0, None)
        for number in range(1000):
            turns.call_later(1000 - number, list).cancel()
        self.assertLess(len(turns._heap), 100)

    def test_errors(self) -> None:
        """A timer that raises is logged; the others are called. What ends a test goes through."""
        self.fabric.callLater(1, divmod, 1, 0)
        self.fabric.callLater(1, self.calls.append, "next")
        self.fabric.advance(1)
        self.assertEqual((["next"], 1), (self.calls, len(self.flushLoggedErrors())))

        def interrupt() -> None:
            raise KeyboardInterrupt

        self.fabric.callLater(1, interrupt)
        self.fabric.callLater(1, self.calls.append, "later")
        self.assertRaises(KeyboardInterrupt, self.fabric.advance, 1)
        self.fabric.settle()
        self.assertEqual(["next", "later"], self.calls)

    def test_never_settles(self) -> None:
        """What goes on without taking any time fails, and is named."""
        self.patch(turns_module, "MOST_TURNS", 100)
        loop = LoopingCall(lambda: None)
        loop.clock = self.fabric
        loop.start(0)
        error = self.assertRaises(AssertionError, self.fabric.settle)
        self.assertIn("(timers: twisted.internet.task.LoopingCall)", str(error))

    def test_begins_anywhere(self) -> None:
        """Time begins where it is told to."""
        self.assertEqual(1e9, Fabric(now=1e9).seconds())


class Running(SynchronousTestCase):
    """Work is run to its end."""

    def setUp(self) -> None:
        self.fabric = Fabric()

    def test_result(self) -> None:
        """What a coroutine or a Deferred gives, or raises, comes out; time goes by meanwhile."""

        async def later(seconds: float) -> str:
            await deferLater(self.fabric, seconds)
            return "done"

        self.assertEqual("done", self.fabric.run(later(29)))
        self.assertEqual(29, self.fabric.seconds())
        self.assertEqual("a", self.fabric.run(deferLater(self.fabric, 1, str, "a")))
        self.assertRaises(
            ZeroDivisionError, self.fabric.run, deferLater(self.fabric, 1, divmod, 1, 0)
        )

    def test_timeout(self) -> None:
        """What takes longer than it may is cancelled; what is open is told."""
        cancelled: list[object] = []
        line = Line(self.fabric)
        self.fabric.callLater(100, ignore)
        line.client.transport.pauseProducing()
        line.server.transport.write(b"hello")
        error = self.assertRaises(AssertionError, self.fabric.run, Deferred(cancelled.append))
        ours, theirs = f"127.0.0.1:{line.number + 1}", f"127.0.0.1:{line.number}"
        self.assertEqual(
            [
                "30 seconds are over, and what was to be done has not ended; there are:",
                f"  port 0.0.0.0:{line.number}: Talkers",
                f"  connection (client) {ours} to {theirs}: Talker, 5 octets unread, not reading",
                f"  connection (server) {theirs} to {ours}: Talker",
                f"  timer in 100 seconds: {__name__}.ignore",
            ],
            str(error).splitlines(),
        )
        self.assertEqual(1, len(cancelled))

    def test_nothing_left(self) -> None:
        """What can never end fails at once."""
        error = self.assertRaises(AssertionError, self.fabric.run, Deferred())
        self.assertEqual(
            "nothing is left to run, and what was to be done has not ended; nothing is open",
            str(error),
        )

    def test_loop(self) -> None:
        """So does what waits for a loop."""
        self.patch(turns_module, "MOST_TURNS", 100)

        def again() -> None:
            self.fabric.callFromThread(again)

        again()
        self.assertRaises(AssertionError, self.fabric.run, Deferred())


class Threads(SynchronousTestCase):
    """Their work is waited for."""

    def setUp(self) -> None:
        self.fabric = Fabric()

    def test_pool(self) -> None:
        """Work for a thread begins in a later turn, in a thread of its own."""
        pool = self.fabric.getThreadPool()
        pool.start()
        work = deferToThreadPool(self.fabric, pool, threading.get_ident)
        self.assertNoResult(work)
        self.assertNotEqual(threading.get_ident(), self.fabric.run(work))
        failed = deferToThreadPool(self.fabric, pool, divmod, 1, 0)
        self.fabric.settle()
        self.failureResultOf(failed, ZeroDivisionError)
        pool.adjustPoolsize(3, 4)
        self.fabric.suggestThreadPoolSize(5)
        pool.stop()

    def test_in_thread(self) -> None:
        """So does what nobody waits for; an error is logged."""
        called: list[int] = []
        self.fabric.callInThread(called.append, 1)
        self.fabric.callInThread(divmod, 1, 0)
        self.assertEqual([], called)
        self.fabric.settle()
        self.assertEqual(([1], 1), (called, len(self.flushLoggedErrors(ZeroDivisionError))))

    def test_what_waits_for_the_reactor(self) -> None:
        """Work may wait for what the reactor's thread does, however much virtual time it takes."""

        def work() -> tuple[float, str]:
            blocking: Callable[..., str] = blockingCallFromThread
            said = blocking(self.fabric, deferLater, self.fabric, 3600, lambda: "done")
            return self.fabric.seconds(), said

        pool = self.fabric.getThreadPool()
        self.assertEqual(
            (3600.0, "done"), self.fabric.run(deferToThreadPool(self.fabric, pool, work), 7200)
        )
        self.assertEqual([], self.fabric.leftovers())

    def test_what_waits_for_ever(self) -> None:
        """What work waits for and never gets is told in words, with where it stands."""
        never = threading.Event()
        self.addCleanup(never.set)
        pool = self.fabric.getThreadPool()
        working = deferToThreadPool(self.fabric, pool, never.wait)
        problem = self.assertRaises(AssertionError, self.fabric.run, working)
        self.assertIn("nothing is left to run", str(problem))
        self.assertIn("thread with threading.Event.wait, in", str(problem))

    def test_what_never_ends(self) -> None:
        """So is work that goes on and on."""
        self.patch(threads, "WORK_SECONDS", 0.02)
        ended = False

        def work() -> None:
            while not ended:
                pass

        working = deferToThreadPool(self.fabric, self.fabric.getThreadPool(), work)
        try:
            problem = self.assertRaises(AssertionError, self.fabric.run, working)
        finally:
            ended = True
        self.assertIn("a thread has worked for 0.02 seconds", str(problem))

    def test_from_thread(self) -> None:
        """Another thread can ask for a call."""
        done: Deferred[str] = Deferred()
        thread = threading.Thread(target=self.fabric.callFromThread, args=(done.callback, "yes"))
        thread.start()
        thread.join()
        self.assertEqual("yes", self.fabric.run(done))


class Names(SynchronousTestCase):
    """Hosts have names."""

    def setUp(self) -> None:
        hosts = {"mail.example": ("192.0.2.1", "2001:db8::1")}
        self.fabric = Fabric(hosts=hosts)

    def test_resolved(self) -> None:
        """Connections to names are connections to addresses."""
        talkers = Talkers()
        self.fabric.listenTCP(25, talkers, interface="mail.example")
        for endpoint in (
            HostnameEndpoint(self.fabric, "Mail.Example", 25),
            clientFromString(self.fabric, "tcp:mail.example:25"),
        ):
            self.fabric.run(endpoint.connect(Talkers()))
        self.fabric.connectTCP("mail.example", 25, Client(Talker()))
        self.fabric.settle()
        self.assertEqual(3, len(talkers.made))

    def test_unknown(self) -> None:
        """A name that is not known fails, until it is."""
        endpoint = HostnameEndpoint(self.fabric, "web.example", 80)
        self.assertRaises(DNSLookupError, self.fabric.run, endpoint.connect(Talkers()))
        client = Client(Talker())
        self.fabric.connectTCP("web.example", 80, client)
        self.fabric.settle()
        self.assertEqual(["start", "DNSLookupError", "stop"], client.told)
        self.assertRaises(DNSLookupError, self.fabric.run, self.fabric.resolve("web.example"))
        self.fabric.hosts.names["web.example"] = ["::1"]
        self.fabric.listenTCP(80, Talkers(), interface="::1")
        self.fabric.run(endpoint.connect(Talkers()))

    def test_other_resolvers(self) -> None:
        """Others can be asked instead."""
        other = Hosts(Turns(0, None), {"a.example": ("192.0.2.7",)})
        self.assertIs(self.fabric.hosts, self.fabric.installResolver(other))
        self.assertEqual("192.0.2.7", self.fabric.run(self.fabric.resolve("a.example")))
        self.assertIs(self.fabric.hosts, self.fabric.installNameResolver(other))
        self.assertIs(other, self.fabric.nameResolver)

    def test_cancelled(self) -> None:
        """A resolution that was cancelled tells nothing."""
        told: list[object] = []
        receiver: Any = _Receiver(told)
        self.fabric.hosts.resolveHostName(receiver, "mail.example").cancel()
        self.fabric.settle()
        self.assertEqual([], told)


class _Receiver:
    def __init__(self, told: list[object]) -> None:
        self.resolutionBegan = lambda resolution: None
        self.addressResolved = told.append
        self.resolutionComplete = lambda: told.append("complete")


class Shutdown(SynchronousTestCase):
    """Services find what they use of a reactor's start and stop."""

    def test_running(self) -> None:
        """It runs from the first, until it is stopped."""
        fabric, called = Fabric(), list[str]()
        fabric.callWhenRunning(called.append, "now")
        self.assertTrue(fabric.running)
        for phase in ("after", "during", "before"):
            fabric.addSystemEventTrigger(phase, "shutdown", called.append, phase)
        removed = fabric.addSystemEventTrigger("before", "shutdown", called.append, "removed")
        fabric.addSystemEventTrigger("before", "shutdown", divmod, 1, 0)
        fabric.addSystemEventTrigger("before", "shutdown", deferLater, fabric, 3)
        fabric.removeSystemEventTrigger(removed)
        fabric.stop()
        self.assertFalse(fabric.running)
        self.assertEqual(["now", "before"], called)
        fabric.advance(3)
        self.assertEqual(["now", "before", "during", "after"], called)
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))
