"""The workers there are: how they are replaced, and how they are exchanged."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.config.schema import Settings
from netsuite.testing.cases import SynchronousTestCase
from netsuite.workers import crew, process
from netsuite.workers.bus import ParentBus
from netsuite.workers.crew import LONGEST_PAUSE_SECONDS, Crew
from netsuite.workers.handing_over import HandedWorker
from netsuite.workers.messages import Drain, Held
from netsuite.workers.process import DidNotStart
from netsuite.workers.start import Start, settings_value
from netsuite.workers.table import Table, make_table
from tests.workers.processes import MemoryWorker, Processes, settings


class Crews(SynchronousTestCase):
    """A crew of workers in memory."""

    def setUp(self) -> None:
        self.reactor = Processes()
        self.bus = ParentBus()
        self.table = make_table()
        self.addCleanup(os.close, self.table)
        self.settings = settings()
        self.crew = Crew(self.reactor, self.bus, self.table, self.describe, self.settings)
        self.killed: list[int] = []
        self.patch(os, "kill", lambda pid, number: self.killed.append(pid))

    def describe(self, wanted: Settings, number: int) -> tuple[Start, Mapping[int, int]]:
        value = settings_value(wanted)
        return Start(number, ("imap",), "/home", "", value, (), {}, "reactor"), {}

    def start(self, count: int) -> list[MemoryWorker]:
        for _ in range(count):
            self.crew.keep(self.crew.start(self.settings))
            self.reactor.started[-1].serve("delivery")
        return self.reactor.started[-count:]

    def test_numbers(self) -> None:
        """Each has the lowest number that no living one has; it is on its command line, and nothing
        else of what it is started with."""
        first, second = self.start(2)
        self.assertEqual(["-m", "netsuite.workers.worker", "1"], first.arguments[1:])
        first.end(by=9)
        self.reactor.advance(0)
        self.assertEqual([1, 2, 1], [each.start.number for each in self.reactor.started])
        self.assertEqual([2, 1], [each.number for each in self.crew.all])
        self.assertEqual(2, second.start.number)

    def test_the_dead_are_replaced(self) -> None:
        """One that dies is replaced at once; young ones are waited for, longer and longer; what it
        has counted is forgotten."""
        (worker,) = self.start(1)
        Table(self.table, 1).add("imap", 3)
        self.reactor.advance(100)
        worker.end(by=11)
        self.reactor.advance(0)
        self.assertEqual(2, len(self.reactor.started))
        self.assertEqual(1, Table(self.table, 1).add("imap", 1))
        pauses = []
        for _ in range(12):
            self.reactor.started[-1].end(code=1)
            began, count = self.reactor.seconds(), len(self.reactor.started)
            while len(self.reactor.started) == count:
                self.reactor.advance(0.5)
            pauses.append(self.reactor.seconds() - began)
        self.assertEqual([0.5, 0.5, 1.0, 2.0, 4.0], pauses[:5])
        self.assertEqual(LONGEST_PAUSE_SECONDS, pauses[-1])
        self.reactor.started[-1].serve()
        self.reactor.advance(100)
        self.reactor.started[-1].end(code=1)
        count = len(self.reactor.started)
        self.reactor.advance(0)
        self.assertEqual(count + 1, len(self.reactor.started))

    def test_one_that_never_serves(self) -> None:
        """Whoever waits for it is told what it has printed as the reason; nobody replaces it."""
        reasons: list[str] = []
        for _ in range(2):
            worker = self.crew.start(self.settings)
            worker.started.addErrback(lambda failure: reasons.append(failure.getErrorMessage()))
            if not reasons:
                self.reactor.started[-1].print(b"Warning: x\nnetsuite: the home can")
                self.reactor.started[-1].print(b"not be used\n")
            self.reactor.started[-1].end(by=9)
        self.assertEqual(["the home cannot be used", "worker 1 ended by SIGKILL"], reasons)
        self.reactor.advance(100)
        self.assertEqual(2, len(self.reactor.started))

    def test_exchange(self) -> None:
        """New ones are started with other settings, one first; when all serve, the old ones are
        returned, end when told, and are not replaced; their role is another's."""
        old = self.start(2)
        self.assertEqual([Held("delivery")], old[0].said())
        other = settings(site={"hostname": "mail.example.test"})
        exchanging: Deferred[Any] = Deferred.fromCoroutine(self.crew.exchange(other, 3))
        self.assertEqual(3, len(self.reactor.started))
        self.reactor.started[2].serve("delivery")
        self.assertEqual(5, len(self.reactor.started))
        self.reactor.started[3].serve("delivery")
        self.assertNoResult(exchanging)
        self.reactor.started[4].end(code=1)  # and another comes in its place
        replaced = self.successResultOf(exchanging)
        self.assertEqual([1, 2], [each.number for each in replaced])
        self.crew.drain(replaced, 30)
        self.assertEqual([[Drain()], [Drain()]], [worker.said() for worker in old])
        self.assertEqual([Held("delivery")], self.reactor.started[2].said())
        for worker in old:
            worker.end()
        self.reactor.advance(1)
        self.assertEqual(6, len(self.reactor.started))
        self.assertEqual(settings_value(other), self.reactor.started[5].start.settings)

    def test_exchange_that_fails(self) -> None:
        """Where the first new one does not serve, all is as it was: a dead one is replaced by one
        with the old settings."""
        (old,) = self.start(1)
        exchanging = Deferred.fromCoroutine(
            self.crew.exchange(settings(site={"hostname": "x.test"}), 2)
        )
        self.reactor.started[-1].end(code=1)
        self.failureResultOf(exchanging, DidNotStart)
        self.assertEqual(2, len(self.reactor.started))
        old.end(by=9)
        self.reactor.advance(1)
        self.assertEqual(settings_value(self.settings), self.reactor.started[-1].start.settings)

    def test_one_that_cannot_be_started(self) -> None:
        """Where the system has no more processes, it is tried again, later and later."""
        (worker,) = self.start(1)

        def fail(*arguments: Any, **more: Any) -> None:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        self.patch(self.reactor, "spawnProcess", fail)
        worker.end(by=9)
        self.reactor.pump([0.1] * 20)
        self.assertGreater(self.crew.deaths, 2)
        self.assertLess(self.crew.deaths, 6)
        del self.reactor.spawnProcess
        self.reactor.pump([1.0] * 20)
        self.assertEqual(2, len(self.reactor.started))

    def test_too_many_that_are_ending(self) -> None:
        """There is a bound for those that are exchanged again and again, and do not end."""
        self.patch(crew, "COLUMNS", 5)
        self.start(2)
        exchanging = Deferred.fromCoroutine(self.crew.exchange(self.settings, 2))
        self.failureResultOf(exchanging, DidNotStart)
        self.assertEqual(2, len(self.reactor.started))

    def test_stop_while_they_are_exchanged(self) -> None:
        """What begins to serve when all have to end is no new crew."""
        (old,) = self.start(1)
        exchanging = Deferred.fromCoroutine(self.crew.exchange(self.settings, 2))
        stopping = Deferred.fromCoroutine(self.crew.stop(30))
        self.reactor.started[1].serve()
        self.failureResultOf(exchanging, DidNotStart)
        self.assertEqual([Drain()], self.reactor.started[1].said())
        old.end()
        self.reactor.started[1].end()
        self.successResultOf(stopping)
        self.assertEqual(2, len(self.reactor.started))

    def test_stop(self) -> None:
        """All are told to end; one that does not in time is killed; it is waited for."""
        first, second = self.start(2)
        first.end(code=1)  # it would be replaced in a moment
        stopping = Deferred.fromCoroutine(self.crew.stop(30))
        self.reactor.advance(29)
        self.assertEqual([], self.killed)
        self.reactor.advance(1)
        self.assertEqual([second.pid], self.killed)
        self.assertNoResult(stopping)
        second.end(by=9)
        self.successResultOf(stopping)
        self.reactor.advance(100)
        self.assertEqual(2, len(self.reactor.started))

    def test_one_that_is_stuck(self) -> None:
        """One that closes its channel and does not end is killed, and one that says what is no
        message at once."""
        first, second = self.start(2)
        first.protocol.link.connectionLost()
        self.reactor.advance(process.LEFT_SECONDS)
        self.assertEqual([first.pid], self.killed)
        second.protocol.link.dataReceived(b"Hello?\n")
        self.assertEqual([first.pid, second.pid], self.killed)

    def test_those_of_another_version(self) -> None:
        """Workers that were handed over are on the bus, with their roles, and their end is asked
        of the system; what was begun of a message is gone on with."""
        statuses = [(0, 0), (0, 0), (77, 9)]
        self.patch(os, "waitpid", lambda pid, how: statuses.pop(0))
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        handed = HandedWorker(3, 77, ours.detach(), '["tell","x",', (write,), ("delivery",))
        adopted: list[Any] = []
        self.patch(process.WorkerProcess, "adopt", lambda worker, channel: adopted.append(worker))
        self.crew.go_on([handed])
        (worker,) = adopted
        self.assertEqual((3, 77, True), (worker.number, worker.pid, worker.ready))
        self.assertEqual(["delivery"], self.bus.holds(worker.link))
        heard: list[object] = []
        self.bus.hear("x", heard.append)
        worker.link.dataReceived(b"5]\n")
        self.assertEqual([5], heard)
        worker.link.connectionLost()
        self.assertEqual([worker], self.crew.all)
        self.reactor.pump([0.1, 0.1, 0.1])
        self.assertNotIn(worker, self.crew.all)
        self.assertEqual(1, self.reactor.started[-1].start.number)
        self.assertRaises(OSError, os.fstat, write)
