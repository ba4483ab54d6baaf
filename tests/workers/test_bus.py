"""The bus between the parent and its workers, over channels in memory."""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from netsuite.bus import ANSWER_SECONDS, Value
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport
from netsuite.workers.bus import ParentBus, WorkerBus
from netsuite.workers.link import Link
from netsuite.workers.messages import Drain


def said(worker: int, value: Value) -> Value:
    """Answer a question."""
    return [worker, value]


class Channel:
    """A worker that is joined to a parent; what is said waits until ``pass_on``."""

    def __init__(self, clock: Clock, parent: ParentBus, number: int) -> None:
        self.drained = 0
        self.reasons: list[str] = []
        self.bus = WorkerBus(number, self.drain)
        self.parents: Link = Link(
            clock, lambda message: parent.heard(self.parents, message), self.reasons.append
        )
        self.workers = self.bus.link = Link(clock, self.bus.heard, self.reasons.append)
        self.parents_wire, self.workers_wire = MemoryTransport(), MemoryTransport()
        self.parents.makeConnection(self.parents_wire)
        self.workers.makeConnection(self.workers_wire)
        parent.join(self.parents)

    def drain(self) -> None:
        self.drained += 1

    def pass_on(self) -> bool:
        """Deliver what was said; return whether there was something."""
        there, back = self.parents_wire.said(), self.workers_wire.said()
        if there:
            self.workers.dataReceived(there)
        if back:
            self.parents.dataReceived(back)
        return bool(there or back)


class Buses(SynchronousTestCase):
    """A parent with three workers."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.parent = ParentBus()
        self.channels = [Channel(self.clock, self.parent, number) for number in (1, 2, 3)]
        self.one, self.two, self.three = (each.bus for each in self.channels)

    def settle(self) -> None:
        """Deliver until nobody says anything more."""
        while sum(channel.pass_on() for channel in self.channels):
            pass

    def result(self, work: Any) -> Any:
        """Return what a coroutine returns, when all is delivered."""
        waiting = Deferred.fromCoroutine(work)
        self.settle()
        return self.successResultOf(waiting)

    def test_tell(self) -> None:
        """What one tells, the parent and all others hear, in its order; itself not."""
        heard: dict[str, list[Value]] = {"1": [], "2": [], "3": [], "parent": []}
        for name, bus in (("1", self.one), ("2", self.two), ("3", self.three)):
            bus.hear("guess", heard[name].append)
        self.parent.hear("guess", heard["parent"].append)
        self.one.tell("guess", 1)
        self.one.tell("guess", {"a": [None, True]})
        self.one.tell("other", 3)
        self.settle()
        self.parent.tell("guess", 4)
        self.settle()
        both = [1, {"a": [None, True]}]
        self.assertEqual({"1": [4], "2": [*both, 4], "3": [*both, 4], "parent": both}, heard)

    def test_a_listener_fails(self) -> None:
        """A listener that raises keeps nothing from the others."""
        heard: list[Value] = []

        def fail(value: Value) -> None:
            raise ZeroDivisionError

        self.two.hear("topic", fail)
        self.two.hear("topic", heard.append)
        self.one.tell("topic", 1)
        self.settle()
        self.assertEqual([1], heard)
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    def test_ask(self) -> None:
        """Whoever asks, all answer, the parent too where it does."""
        for bus in (self.one, self.two, self.three):
            bus.answer("who", partial(said, bus.worker))
        self.assertEqual([[1, 0], [2, 0], [3, 0]], self.result(self.parent.ask("who", 0)))
        self.parent.answer("who", lambda value: [0, value])
        self.assertEqual(
            [[0, 5], [1, 5], [2, 5], [3, 5]], sorted(self.result(self.two.ask("who", 5)))
        )
        self.assertEqual([], self.result(self.one.ask("unheard")))

    def test_late_answers_are_left_out(self) -> None:
        """Who does not answer in time is left out, and its answer is no one's afterwards."""
        late: Deferred[Value] = Deferred()
        self.one.answer("who", lambda value: 1)
        answers: list[Value] = [2]
        self.two.answer("who", lambda value: late if not late.called else answers[0])
        asking = Deferred.fromCoroutine(self.three.ask("who"))
        self.settle()
        self.assertNoResult(asking)
        self.clock.advance(ANSWER_SECONDS)
        self.settle()
        self.assertEqual([1], self.successResultOf(asking))
        late.callback(2)
        self.settle()
        self.assertEqual([1, 2], self.result(self.three.ask("who")))

    def test_the_gone_are_not_waited_for(self) -> None:
        """A worker that ends while it is asked has no answer; nobody waits for it."""
        self.one.answer("who", lambda value: 1)
        self.two.answer("who", lambda value: Deferred())
        asking = Deferred.fromCoroutine(self.parent.ask("who"))
        self.settle()
        self.channels[1].parents.connectionLost()
        self.assertEqual([1], self.successResultOf(asking))
        self.assertEqual([""], self.channels[1].reasons)

    def test_what_is_no_json(self) -> None:
        """What cannot be told or answered is left out, and the log has it."""
        self.one.answer("who", lambda value: b"octets")
        self.two.answer("who", lambda value: 2)
        self.assertEqual([2], self.result(self.parent.ask("who")))
        self.one.tell("topic", float("nan"))
        self.parent.tell("topic", float("nan"))
        self.settle()

    def test_roles(self) -> None:
        """A role is one worker's; when that ends, another's, and nobody has it twice."""
        begun: list[int] = []
        for bus in (self.one, self.two, self.three):
            bus.role("delivery", partial(begun.append, bus.worker))
        self.parent.role("delivery", lambda: begun.append(0))
        self.settle()
        self.assertEqual([1], begun)
        self.assertEqual(["delivery"], self.parent.holds(self.channels[0].parents))
        self.parent.pass_over([self.channels[1].parents])  # it is ending, and waits no more
        self.parent.leave(self.channels[0].parents)
        self.settle()
        self.assertEqual([1, 3], begun)
        self.parent.leave(self.channels[2].parents)
        self.settle()
        self.assertEqual([1, 3], begun)

    def test_drain(self) -> None:
        """The parent has a worker end."""
        self.channels[0].parents.send(Drain())
        self.settle()
        self.assertEqual([1, 0, 0], [channel.drained for channel in self.channels])
