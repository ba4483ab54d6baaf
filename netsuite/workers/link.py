"""One end of the socket between the parent and a worker: messages, with bounds on what waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.bus import ANSWER_SECONDS, Value
from netsuite.workers.messages import Answer, Ask, BadMessage, Lines, Log, Message, written

#: What may wait for the other end to take it; beyond that it is as good as dead.
WAITING_OCTETS: Final = 64 * 1024 * 1024
#: Beyond that, what is logged is left out.
LOG_OCTETS: Final = 1024 * 1024


@implementer(IPushProducer)
class Link(Protocol):
    """One end of the channel.

    Args:
        clock: for questions that nobody answers.
        heard: called with each message, but for answers to what was asked here.
        lost: called once, when the other end is gone, or takes nothing, or says what is no
            message; with the reason, empty when it has closed the channel.
    """

    log = Logger()
    transport: Any  # no interface of Twisted's has both producers and abortConnection

    def __init__(
        self, clock: IReactorTime, heard: Callable[[Message], None], lost: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._heard = heard
        self._lost: Callable[[str], None] | None = lost
        self._lines = Lines()
        self._waiting: deque[bytes] = deque()
        self._waiting_octets = 0
        self._flows = False
        self._asked: dict[int, tuple[Deferred[list[Value]], IDelayedCall]] = {}
        self._number = 0
        self.left_out = 0  # log events, since one was sent

    # -- sending -------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Send a message; one that cannot be written is logged, and not sent."""
        try:
            self.send_line(written(message))
        except BadMessage as error:
            self.log.error("not sent between processes: {error}", error=error)

    def send_log(self, message: Log) -> None:
        """Send an event of the log, or leave it out where too much waits already."""
        if self._waiting_octets > LOG_OCTETS:
            self.left_out += 1
        else:
            self.left_out = 0
            self.send(message)

    def send_line(self, line: bytes) -> None:
        """Send a message that is written already."""
        if self._lost is None:
            return
        if self._flows:
            self.transport.write(line)
            return
        self._waiting.append(line)
        self._waiting_octets += len(line)
        if self._waiting_octets > WAITING_OCTETS:
            self._end(f"it has left {self._waiting_octets} octets unread")

    def resumeProducing(self) -> None:
        """Send what waits, as far as the other end takes it."""
        self._flows = True
        while self._waiting and self._flows:
            line = self._waiting.popleft()
            self._waiting_octets -= len(line)
            self.transport.write(line)

    def pauseProducing(self) -> None:
        """Keep what is to be sent."""
        self._flows = False

    def stopProducing(self) -> None:
        """Do nothing: ``connectionLost`` follows."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be sent."""
        wire = self.transport  # whose own buffers no interface shows
        return self._lost is None or (self._flows and not wire.dataBuffer and not wire._tempDataLen)

    # -- asking --------------------------------------------------------------------------------

    def ask(
        self, question: str, value: Value, seconds: float = ANSWER_SECONDS
    ) -> Deferred[list[Value]]:
        """Ask the other end; the answers are none when it is gone, or takes too long."""
        self._number += 1
        number = self._number
        answers: Deferred[list[Value]] = Deferred()
        try:
            line = written(Ask(number, question, value))
        except BadMessage as error:
            return fail(error)
        late = self._clock.callLater(seconds, self._answered, number, [])
        self._asked[number] = answers, late
        self.send_line(line)
        if self._lost is None:
            self._answered(number, [])
        return answers

    def _answered(self, number: int, values: list[Value]) -> None:
        asked = self._asked.pop(number, None)
        if asked is not None:
            answers, late = asked
            if late.active():
                late.cancel()
            answers.callback(values)

    # -- the other end -------------------------------------------------------------------------

    @property
    def left(self) -> bytes:
        """What has come of a message that is not whole; another end of ours goes on with it."""
        return self._lines.left

    @left.setter
    def left(self, octets: bytes) -> None:
        self._lines.receive(octets)

    def connectionMade(self) -> None:
        """Send what has waited for this."""
        self.transport.registerProducer(self, True)
        self.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Accept octets of the other end."""
        try:
            messages = self._lines.receive(data)
        except BadMessage as error:
            self._end(f"it has said what is no message: {error}")
            return
        for message in messages:
            if isinstance(message, Answer):
                self._answered(message.number, list(message.values))
            else:
                try:
                    self._heard(message)
                except Exception:
                    self.log.failure("taking {message}", message=type(message).__name__)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Report that it is gone."""
        self._end("")

    def _end(self, reason: str) -> None:
        lost, self._lost = self._lost, None
        if lost is None:
            return
        self._flows = False
        self._waiting.clear()
        for number in list(self._asked):
            self._answered(number, [])
        if self.transport is not None and reason:
            self.transport.abortConnection()
        lost(reason)
