"""Several endpoints begun one after the other."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectionRefusedError, TCPTimedOutError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from zope.interface import implementer

from netsuite.connection.racing import DELAY_SECONDS, Racing
from netsuite.testing.cases import SynchronousTestCase


@implementer(IStreamClientEndpoint)
class Place:
    """Answers when told to."""

    def __init__(self) -> None:
        self.given_up = False
        self.answer: Deferred[Any] | None = None

    def connect(self, factory: Any) -> Deferred[Any]:
        self.answer = Deferred(self._give_up)
        return self.answer

    def _give_up(self, answer: Deferred[Any]) -> None:
        self.given_up = True

    def say(self, what: Protocol | Exception) -> None:
        assert self.answer is not None
        if isinstance(what, Exception):
            self.answer.errback(what)
        else:
            self.answer.callback(what)


class Race(SynchronousTestCase):
    """Three addresses."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.places = {each: Place() for each in ("2001:db8::1", "192.0.2.1", "192.0.2.2")}
        self.racing = Racing(self.clock, dict(self.places))
        self.first, self.second, self.third = self.places.values()
        self.connecting = self.racing.connect(Factory.forProtocol(Protocol))

    def test_the_first_answers(self) -> None:
        """Nobody else is begun."""
        connected = Protocol()
        self.first.say(connected)
        self.assertIs(connected, self.successResultOf(self.connecting))
        self.assertEqual("2001:db8::1", self.racing.winner)
        self.clock.advance(10)
        self.assertIsNone(self.second.answer)
        self.assertEqual([], self.clock.calls)

    def test_one_that_is_silent(self) -> None:
        """It costs a moment; it may still be the one, and who is not is given up."""
        self.clock.advance(DELAY_SECONDS)
        self.assertIsNotNone(self.second.answer)
        self.assertIsNone(self.third.answer)
        self.clock.advance(DELAY_SECONDS)
        self.assertIsNotNone(self.third.answer)
        self.second.say(Protocol())
        self.successResultOf(self.connecting)
        self.assertEqual("192.0.2.1", self.racing.winner)
        self.assertEqual({"192.0.2.1"}, self.racing.tried)
        self.assertEqual([True, False, True], [place.given_up for place in self.places.values()])

    def test_one_that_refuses(self) -> None:
        """It is followed at once, and its moment does not begin another beside."""
        self.first.say(ConnectionRefusedError())
        self.assertIsNotNone(self.second.answer)
        self.clock.advance(DELAY_SECONDS / 2)
        self.assertIsNone(self.third.answer)
        self.clock.advance(DELAY_SECONDS / 2)
        self.assertIsNotNone(self.third.answer)
        winner = Protocol()
        self.third.say(winner)
        self.assertIs(winner, self.successResultOf(self.connecting))
        self.assertEqual({"2001:db8::1", "192.0.2.2"}, self.racing.tried)

    def test_nobody(self) -> None:
        """The last that fails says why; those under way are waited for."""
        self.first.say(ConnectionRefusedError())
        self.clock.advance(DELAY_SECONDS)
        self.third.say(ConnectionRefusedError())
        self.assertNoResult(self.connecting)
        self.second.say(TCPTimedOutError())
        self.failureResultOf(self.connecting, TCPTimedOutError)
        self.assertEqual("", self.racing.winner)
        self.assertEqual(set(self.places), self.racing.tried)

    def test_given_up(self) -> None:
        """Whoever waits no longer has all of it stop."""
        self.clock.advance(DELAY_SECONDS)
        self.connecting.cancel()
        self.failureResultOf(self.connecting, CancelledError)
        self.assertTrue(self.first.given_up and self.second.given_up)
        self.assertEqual([], self.clock.calls)

    def test_none_at_all(self) -> None:
        """No address is an error like another."""
        connecting = Racing(self.clock, {}).connect(Factory.forProtocol(Protocol))
        self.failureResultOf(connecting, ConnectError)
