"""The connection class: order, back-pressure, failures, the end."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred, TimeoutError, ensureDeferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.connection.pump import INPUT_OCTETS
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.lines import LineConnection, Post, Reply, Wait, connected, taken


def lost(reason: type[Exception] = ConnectionLost) -> Failure:
    return Failure(reason())


class FewCommands(LineConnection):
    """Takes few commands before a login."""

    commands_before_login = 2


class FewOctets(LineConnection):
    """Takes few octets before a login."""

    octets_before_login = 10


class Order(SynchronousTestCase):
    """Answers leave in the order of the commands, gathered."""

    def test_pipelined_commands_are_answered_in_one_write(self) -> None:
        """Commands that came together are answered together."""
        connection, wire, _ = connected()
        wire.writes.clear()
        connection.dataReceived(b"SAY a\r\nSAY b\r\nSAY c\r\n")
        self.assertEqual([b"+ a\r\n+ b\r\n+ c\r\n"], wire.writes)

    def test_same_for_every_cut(self) -> None:
        """However the octets come, the answers are the same."""
        octets = b"SAY a\r\nPUT\r\nx\r\n..\r\n.\r\nNOPE\r\nPOST\r\ny\r\n.\r\nSAY b\r\n"
        expected = ["+ hello", "+ a", "+ go on", "+ got 6", "- what?", "+ go on", "+ read 3", "+ b"]
        for cut in range(len(octets)):
            connection, wire, _ = connected()
            connection.dataReceived(octets[:cut])
            connection.dataReceived(octets[cut:])
            self.assertEqual(expected, taken(wire), cut)
        connection, wire, _ = connected()
        for i in range(len(octets)):
            connection.dataReceived(octets[i : i + 1])
        self.assertEqual(expected, taken(wire))

    def test_nothing_is_taken_while_an_answer_waits(self) -> None:
        """A command behind a slow one is answered after it."""
        connection, wire, _ = connected()
        taken(wire)
        connection.dataReceived(b"WAIT a\r\nSAY b\r\nWAIT c\r\nSAY d\r\n")
        self.assertEqual([], taken(wire))
        connection.waiting[0].callback(None)
        self.assertEqual(["+ waited a", "+ b"], taken(wire))
        connection.waiting[1].callback(None)
        self.assertEqual(["+ waited c", "+ d"], taken(wire))

    def test_an_answer_that_did_not_have_to_wait_costs_no_turn(self) -> None:
        """An async answer that is done at once is followed at once."""
        connection, wire, clock = connected()
        wire.writes.clear()
        connection.dataReceived(b"FLOOD 0\r\nSAY b\r\n")
        self.assertEqual([b"+ flooded\r\n+ b\r\n"], wire.writes)
        self.assertEqual(1, len(clock.getDelayedCalls()))

    def test_an_answer_that_waited_says_all_at_once(self) -> None:
        """Several lines of an answer that had to wait leave together, and soon."""
        first: Deferred[None] = Deferred()
        second: Deferred[None] = Deferred()

        async def slowly(self: LineConnection, command: object) -> None:
            await first
            self.say(Reply("+ 1", final=False))
            self.say(Reply("+ 2", final=False))
            await second
            self.say(Reply("+ 3", final=False))
            self.say(Reply("+ 4"))

        connection, wire, clock = connected()
        self.patch(connection, "handlers", {**connection.handlers, Wait: slowly})
        connection.dataReceived(b"WAIT a\r\nSAY b\r\n")
        wire.writes.clear()
        first.callback(None)
        clock.advance(0)
        self.assertEqual([b"+ 1\r\n+ 2\r\n"], wire.writes)
        second.callback(None)
        self.assertEqual(b"+ 3\r\n+ 4\r\n+ b\r\n", b"".join(wire.writes[1:]))
        self.assertLessEqual(len(wire.writes), 3)
        connection.connectionLost(lost())
        self.assertEqual([], clock.getDelayedCalls())

    def test_what_an_answer_gives_is_said(self) -> None:
        """The value of an answer that waited leaves with what follows it, at once; one that
        cannot be said is our fault, and the peer hears no more of it than of any other."""
        first: Deferred[object] = Deferred()
        connection, wire, clock = connected()

        async def given(self: LineConnection, command: object) -> object:
            return await first

        self.patch(connection, "handlers", {**connection.handlers, Wait: given})
        connection.dataReceived(b"WAIT a\r\nSAY b\r\n")
        wire.writes.clear()
        first.callback(Reply("+ given"))
        self.assertEqual([b"+ given\r\n+ b\r\n"], wire.writes)
        self.assertEqual(1, len(clock.getDelayedCalls()))
        first = Deferred()
        connection.dataReceived(b"WAIT a\r\n")
        first.callback("no reply")
        self.assertEqual(1, len(self.flushLoggedErrors()))
        self.assertNotIn(b"no reply", b"".join(wire.writes))

    def test_input_within_the_pump(self) -> None:
        """Octets that arrive while a write is under way wait their turn."""
        connection, wire, _ = connected()
        taken(wire)
        first = wire.write

        def echo(data: bytes) -> None:
            first(data)
            self.patch(wire, "write", first)
            connection.dataReceived(b"SAY b\r\n")

        self.patch(wire, "write", echo)
        connection.dataReceived(b"SAY a\r\n")
        self.assertEqual(["+ a", "+ b"], taken(wire))


class BackPressure(SynchronousTestCase):
    """A peer is neither read nor served faster than it reads."""

    def test_flood_of_commands_behind_a_slow_one(self) -> None:
        """Reading stops when more than a bufferful lies unread, and goes on afterwards."""
        connection, wire, _ = connected()
        connection.dataReceived(b"WAIT a\r\n")
        self.assertEqual("producing", wire.producerState)
        connection.dataReceived(b"SAY b\r\n" * (INPUT_OCTETS // 7 + 1))
        self.assertEqual("paused", wire.producerState)
        connection.waiting[0].callback(None)
        self.assertEqual("producing", wire.producerState)

    def test_short_commands_do_not_stop_reading(self) -> None:
        """The usual pipelining costs no call to the reactor."""
        connection, wire, _ = connected()
        self.patch(wire, "pauseProducing", self.fail)
        connection.dataReceived(b"WAIT a\r\nSAY b\r\nSAY c\r\n")

    def test_client_that_does_not_read(self) -> None:
        """A client that floods commands and reads no answers is served a bounded amount."""
        connection, wire, _ = connected(full_at=100)
        for _ in range(50):
            connection.dataReceived(b"SAY aaaaaaaaaa\r\n" * 500)
        self.assertLess(len(wire.value()), 200_000)
        self.assertEqual("paused", wire.producerState)
        before = len(wire.value())
        connection.dataReceived(b"SAY a\r\n")
        self.assertEqual(before, len(wire.value()))

    def test_body_waits_for_the_peer(self) -> None:
        """A long answer is made as it is taken, not before."""
        connection, wire, _ = connected(full_at=65_536)
        connection.dataReceived(b"FLOOD 1000000\r\nSAY after\r\n")
        self.assertLess(connection.made, 200_000)
        for _ in range(100):
            wire.drain()
        self.assertEqual(1_000_000, connection.made)
        self.assertEqual(["+ flooded", "+ after"], taken(wire)[-2:])

    def test_brought_from_within_the_wish_for_more(self) -> None:
        """An answer that takes a body in its own time has all of it, though a transport calls its
        protocol from within ``resumeProducing``, with the end behind it."""
        connection, wire, clock = connected()

        async def slowly(connection: LineConnection, command: object) -> None:
            async for octets in connection.body():
                connection.got += octets
                later: Deferred[None] = Deferred()
                clock.callLater(0, later.callback, None)
                await later
            connection.say(Reply(f"+ read {len(connection.got)}"))

        def resume() -> None:
            self.patch(wire, "resumeProducing", lambda: None)
            connection.dataReceived(b"y" * 500 + b"\r\n.\r\n")
            connection.readConnectionLost()

        self.patch(connection, "handlers", {**connection.handlers, Post: slowly})
        self.patch(wire, "resumeProducing", resume)
        connection.dataReceived(b"POST\r\n" + b"x" * (INPUT_OCTETS + 10))
        for _ in range(200):
            clock.advance(0)
        self.assertEqual(f"+ read {INPUT_OCTETS + 512}", taken(wire)[-1])

    def test_others_have_a_turn(self) -> None:
        """Who says much at once is answered for a while, then others have the reactor; the rest is
        answered in later turns, in order, and no more than a bufferful is read meanwhile."""
        connection, wire, clock = connected()
        taken(wire)
        real = clock.seconds
        passed = 0.0

        def seconds() -> float:
            nonlocal passed
            passed += 0.001
            return real() + passed

        self.patch(clock, "seconds", seconds)
        said = b"".join(b"SAY %d\r\n" % n for n in range(9000))
        connection.dataReceived(said)
        first = taken(wire)
        self.assertLess(0, len(first))
        self.assertLess(len(first), 100)
        self.assertEqual("paused", wire.producerState)
        for _ in range(9000):
            clock.advance(0)
        self.assertEqual([f"+ {n}" for n in range(9000)], first + taken(wire))
        self.assertEqual("producing", wire.producerState)

    def test_gone_before_its_turn(self) -> None:
        """Who is gone by then is answered no more."""
        connection, wire, clock = connected()
        real, passed = clock.seconds, [0.0]

        def seconds() -> float:
            passed[0] += 1.0
            return real() + passed[0]

        self.patch(clock, "seconds", seconds)
        connection.dataReceived(b"SAY a\r\nSAY b\r\n")
        connection.connectionLost(lost())
        taken(wire)
        clock.advance(0)
        self.assertEqual([], taken(wire))

    def test_pump_hands_over_what_is_much(self) -> None:
        """One pump never gathers more than a bufferful beyond what it was full at."""
        connection, _, _ = connected(full_at=65_536)
        connection.dataReceived(b"FLOOD 10000000\r\n")
        self.assertLess(connection.made, 200_000)

    def test_lost_while_waiting_to_write(self) -> None:
        """A peer that goes in the middle of an answer ends the answer, quietly."""
        connection, _, _ = connected(full_at=1000)
        connection.dataReceived(b"FLOOD 1000000\r\n")
        connection.connectionLost(lost())
        self.assertLess(connection.made, 200_000)
        self.assertEqual(["ConnectionLost"], connection.ends)


class Errors(SynchronousTestCase):
    """The peer's faults and ours."""

    def test_peer_breaks_the_protocol(self) -> None:
        """It is told, and the next command is read."""
        connection, wire, _ = connected()
        taken(wire)
        connection.dataReceived(b"NOPE\r\nSAY a\r\n")
        self.assertEqual(["- what?", "+ a"], taken(wire))

    def test_fatal(self) -> None:
        """When nobody knows where the next command begins, the connection closes."""
        connection, wire, _ = connected()
        taken(wire)
        connection.dataReceived(b"FATAL\r\nSAY a\r\n")
        self.assertEqual(["- what?"], taken(wire))
        self.assertTrue(wire.disconnecting)

    def test_too_many(self) -> None:
        """Too many bad commands end it, with a word why."""
        connection, wire, _ = connected(bad_commands=3)
        taken(wire)
        connection.dataReceived(b"NOPE\r\n" * 5)
        self.assertEqual(["- what?"] * 3 + ["- bye TOO_MANY_ERRORS"], taken(wire))
        self.assertTrue(wire.disconnecting)

    def test_unforeseen(self) -> None:
        """A bug of ours is logged; the peer hears only that something is broken."""
        connection, wire, _ = connected(name="line-7")
        taken(wire)
        for where in ("now", "later"):
            connection.dataReceived(b"BREAK " + where.encode() + b"\r\nSAY a\r\n")
            self.assertEqual(["- broken", "+ a"], taken(wire))
            logged = self.flushLoggedErrors(RuntimeError)
            self.assertEqual(1, len(logged))

    def test_unsayable(self) -> None:
        """What a dialog refuses to send is a bug of ours too, and does not reach the wire."""
        connection, wire, _ = connected()
        taken(wire)
        connection.dataReceived(b"WAIT a\r\n")
        waiting = connection.waiting[0]
        connection.waiting[0] = Deferred()
        waiting.errback(Failure(ValueError("no\r\nno")))
        self.assertEqual(["- broken"], taken(wire))
        self.assertEqual(1, len(self.flushLoggedErrors(ValueError)))

    def test_broken_dialog(self) -> None:
        """A dialog that fails by itself ends its connection and no other."""
        connection, wire, _ = connected()

        def fail() -> object:
            raise KeyError("x")

        self.patch(connection.dialog, "next_event", fail)
        connection.dataReceived(b"SAY a\r\n")
        self.assertTrue(wire.disconnected or wire.disconnecting)
        self.assertEqual(1, len(self.flushLoggedErrors(KeyError)))

    def test_before_login(self) -> None:
        """Only so many commands and octets are taken before a login."""
        connection, wire, _ = connected(kind=FewCommands)
        taken(wire)
        connection.dataReceived(b"SAY a\r\nSAY b\r\nWAIT c\r\n")
        self.assertEqual(["+ a", "+ b", "- bye TOO_MUCH_BEFORE_LOGIN"], taken(wire))
        self.assertEqual([], connection.waiting)  # and it is not begun either
        connection, wire, _ = connected(kind=FewOctets)
        taken(wire)
        connection.dataReceived(b"SAY a\r\nSAY b\r\n")
        self.assertEqual(["- bye TOO_MUCH_BEFORE_LOGIN"], taken(wire))
        connection, wire, _ = connected(kind=FewCommands)
        taken(wire)
        connection.logged_in()
        connection.dataReceived(b"SAY a\r\nSAY b\r\nSAY c\r\n")
        self.assertEqual(["+ a", "+ b", "+ c"], taken(wire))

    def test_gives_up_waiting_for_a_body(self) -> None:
        """An answer may stop waiting for the rest of a body; what comes then is no surprise."""
        connection, wire, clock = connected()
        taken(wire)
        given_up: list[str] = []

        async def impatient(self: LineConnection, command: object) -> None:
            waiting = ensureDeferred(self.take())
            waiting.addTimeout(10, clock)
            try:
                await waiting
            except TimeoutError:
                given_up.append("yes")
            await self.writer.writable()
            self.say(Reply("- too slow"))
            self.close()

        self.patch(connection, "handlers", {**connection.handlers, Post: impatient})
        connection.dataReceived(b"POST\r\n")
        clock.advance(10)
        self.assertEqual((["yes"], ["- too slow"]), (given_up, taken(wire)))
        connection.dataReceived(b"abc\r\n")


class Ending(SynchronousTestCase):
    """However it ends, it ends once and leaves nothing behind."""

    def test_close(self) -> None:
        """What was said is sent, what is still sent to us is not read."""
        connection, wire, clock = connected()
        taken(wire)
        connection.dataReceived(b"QUIT\r\nSAY a\r\n")
        connection.dataReceived(b"SAY b\r\n")
        self.assertEqual(["+ bye"], taken(wire))
        self.assertTrue(wire.disconnecting)
        self.assertIs(None, wire.producer)
        self.assertFalse(wire.disconnected)
        clock.advance(5)
        self.assertTrue(wire.disconnected)
        connection.connectionLost(lost())
        self.assertEqual([], clock.getDelayedCalls())

    def test_close_while_full(self) -> None:
        """A slow reader gets the end of a long answer, as long as it reads."""
        connection, wire, clock = connected(full_at=1000)
        connection.dataReceived(b"FLOOD 10000\r\n")
        connection.close()
        self.assertFalse(wire.disconnecting)
        clock.advance(60)
        wire.drain()
        self.assertTrue(wire.disconnecting)

    def test_lost_cancels_what_waits(self) -> None:
        """Nothing goes on for a peer that is gone, and nothing is logged."""
        connection, _, clock = connected()
        connection.dataReceived(b"WAIT a\r\nSAY b\r\n")
        connection.connectionLost(lost())
        connection.connectionLost(lost())
        self.assertEqual(["CancelledError"], connection.interrupted)
        self.assertEqual(["ConnectionLost"], connection.ends)
        self.assertEqual([], clock.getDelayedCalls())

    def test_half_closed(self) -> None:
        """A client that says all and closes its half gets all its answers."""
        connection, wire, _ = connected()
        taken(wire)
        connection.dataReceived(b"WAIT a\r\nSAY b\r\nSA")
        connection.readConnectionLost()
        self.assertFalse(wire.disconnecting)
        connection.waiting[0].callback(None)
        self.assertEqual(["+ waited a", "+ b"], taken(wire))
        self.assertTrue(wire.disconnecting)

    def test_half_closed_within_a_body(self) -> None:
        """A body that ends with the input is not taken for whole."""
        connection, wire, _ = connected()
        taken(wire)
        connection.dataReceived(b"POST\r\nabc\r\n")
        connection.readConnectionLost()
        self.assertEqual(["+ go on"], taken(wire))
        self.assertTrue(wire.disconnecting)


class Time(SynchronousTestCase):
    """Nobody may take for ever."""

    times: ClassVar[dict[str, Any]] = {
        "greeting_seconds": 30.0,
        "idle_seconds": 100.0,
        "command_seconds": 20.0,
        "stalled_seconds": 10.0,
    }

    def test_no_first_command(self) -> None:
        """Who says nothing after the greeting is sent away."""
        _, wire, clock = connected(**self.times)
        taken(wire)
        clock.advance(29.9)
        self.assertEqual([], taken(wire))
        clock.advance(0.2)
        self.assertEqual(["- bye SLOW_GREETING"], taken(wire))
        self.assertTrue(wire.disconnecting)

    def test_idle(self) -> None:
        """Idle time counts from the last command."""
        connection, wire, clock = connected(**self.times)
        for _ in range(5):
            clock.advance(25)
            connection.dataReceived(b"SAY a\r\n")
        taken(wire)
        clock.advance(99)
        self.assertEqual([], taken(wire))
        clock.advance(2)
        self.assertEqual(["- bye IDLE"], taken(wire))

    def test_idle_counts_from_the_answer(self) -> None:
        """The time we took ourselves is not held against the client."""
        connection, wire, clock = connected(**self.times)
        connection.dataReceived(b"WAIT a\r\n")
        clock.pump([50] * 20)
        taken(wire)
        connection.waiting[0].callback(None)
        self.assertEqual(["+ waited a"], taken(wire))
        clock.advance(99)
        self.assertFalse(wire.disconnecting)
        clock.advance(2)
        self.assertTrue(wire.disconnecting)

    def test_octet_by_octet(self) -> None:
        """A command must be whole in time, however busily it trickles in."""
        connection, wire, clock = connected(**self.times)
        connection.dataReceived(b"SAY a\r\n")
        taken(wire)
        for _ in range(30):
            connection.dataReceived(b"x")
            clock.advance(1)
        self.assertEqual(["- bye SLOW_COMMAND"], taken(wire))

    def test_part_of_a_command_behind_a_slow_one(self) -> None:
        """Half a command that came while we were busy has its whole time afterwards."""
        connection, wire, clock = connected(**self.times)
        connection.dataReceived(b"WAIT a\r\nSA")
        clock.advance(500)
        connection.waiting[0].callback(None)
        clock.advance(19)
        self.assertFalse(wire.disconnecting)
        connection.dataReceived(b"Y b\r\n")
        self.assertEqual("+ b", taken(wire)[-1])

    def test_body_that_stops(self) -> None:
        """Within a body progress counts."""
        connection, wire, clock = connected(**self.times)
        connection.dataReceived(b"PUT\r\n")
        for _ in range(100):
            clock.advance(10)
            connection.dataReceived(b"x\r\n")
        self.assertFalse(wire.disconnecting)

    def test_body_below_the_floor(self) -> None:
        """A body may not trickle for ever where a floor is set."""
        connection, wire, clock = connected(minimum_octets_per_second=100)
        connection.dataReceived(b"PUT\r\n")
        taken(wire)
        for _ in range(70):
            connection.dataReceived(b"x\r\n")
            clock.advance(1)
        self.assertEqual(["- bye SLOW_BODY"], taken(wire))

    def test_answers_not_read(self) -> None:
        """A peer that stops reading is dropped."""
        connection, wire, clock = connected(**self.times, full_at=10)
        connection.dataReceived(b"FLOOD 100000\r\n")
        clock.advance(9)
        wire.drain()
        clock.advance(9)
        self.assertFalse(wire.disconnected)
        clock.advance(2)
        self.assertTrue(wire.disconnected)

    def test_login(self) -> None:
        """Somebody has to log in in time, however busy."""
        connection, wire, clock = connected(login_seconds=60.0)
        for _ in range(7):
            connection.dataReceived(b"SAY a\r\n")
            clock.advance(10)
        self.assertEqual("- bye SLOW_LOGIN", taken(wire)[-1])
        connection, wire, clock = connected(login_seconds=60.0)
        connection.dataReceived(b"SAY a\r\n")
        connection.logged_in()
        clock.advance(100)
        self.assertFalse(wire.disconnecting)

    def test_one_delayed_call(self) -> None:
        """Commands do not make delayed calls."""
        connection, _, clock = connected(**self.times)
        connection.dataReceived(b"SAY a\r\n")
        first = clock.getDelayedCalls()
        for _ in range(20):
            clock.advance(0.1)
            connection.dataReceived(b"SAY a\r\n")
        self.assertEqual(first, clock.getDelayedCalls())
