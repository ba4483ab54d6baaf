"""Traces: what is said on some connections of this process, kept until it is asked for.

Who asks does so again and again; a trace of which nobody asks any more ends by itself.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from twisted.application.service import IService, Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from netsuite.bus import Value
from netsuite.connection.factory import AnyConnection
from netsuite.connection.listening import ListeningService
from netsuite.connection.transcript import Observer, Transcript
from netsuite.control.questions import TRACE, TracedLine
from netsuite.site import Site

#: A trace ends when it has not been asked about for so long.
UNASKED_SECONDS: Final = 10.0
#: Traces at once.
TRACES: Final = 8
#: Lines that wait for somebody to ask; those before are left out.
WAITING_LINES: Final = 2000
#: Lines of a connection of which nobody knows yet whose it will be.
UNKNOWN_LINES: Final = 100
#: Octets of one connection; more is a transfer, which nobody reads.
TRACED_OCTETS: Final = 10_000_000


class LateTranscript(Transcript):
    """The transcript of a connection on which much has been said before.

    What the client says is masked, until it is sure that no secret has begun that cannot be
    recognized: somebody has logged in, if they must, and has been answered since.
    """

    def __init__(self, connection: AnyConnection, observer: Observer, clock: IReactorTime) -> None:
        super().__init__(observer, clock, limit_octets=TRACED_OCTETS)
        self._connection = connection
        self._commands: int | None = None  # that had been said when something was first heard
        self.masking = True

    def heard(self, octets: bytes) -> None:
        """The client said something."""
        connection = self._connection
        if self._commands is None or not connection.deadlines.logged_in:
            self._commands = connection.commands
        elif connection.commands > self._commands and not connection.masks_all:
            self.masking = False
        super().heard(octets)


class Trace:
    """What is said on connections of an account, or from an address.

    Args:
        wanted: what connections are to be like: ``account`` or ``address``.
        listening: the services.
        now: seconds since 1970.
    """

    def __init__(
        self,
        wanted: Mapping[str, str],
        listening: Iterable[ListeningService],
        clock: IReactorTime,
        now: Callable[[], float],
    ) -> None:
        self._account, self._address = wanted.get("account"), wanted.get("address")
        self._clock = clock
        self._now = now
        self._lines: deque[TracedLine] = deque(maxlen=WAITING_LINES)
        self._observers: dict[AnyConnection, Observer] = {}
        #: What was said on connections on which nobody has logged in yet.
        self._unknown: dict[AnyConnection, deque[TracedLine]] = {}
        self._left_out = 0
        for service in listening:
            for connection in service.factory:
                self.consider(connection)

    def consider(self, connection: AnyConnection) -> None:
        """Begin with a connection, if it is wanted, or may come to be."""
        if self._address is not None and connection.peer.address != self._address:
            return
        if self._account is not None and connection.account not in ("", self._account):
            return
        observer = partial(self._said, connection)
        self._observers[connection] = observer
        if connection.transcript is not None:
            connection.transcript.add(observer)
        elif connection.octets_in:
            connection.transcript = LateTranscript(connection, observer, self._clock)
        else:
            connection.transcript = Transcript(observer, self._clock, limit_octets=TRACED_OCTETS)

    def _said(self, connection: AnyConnection, side: str, text: str, seconds: float) -> None:
        line: TracedLine = {
            "session": connection.name,
            "address": connection.peer.address,
            "account": connection.account,
            "at": self._now(),
            "side": side,
            "text": text,
        }
        if self._account is None or connection.account == self._account:
            self._known(connection)
            self._add(line)
        elif not connection.account:
            self._unknown.setdefault(connection, deque(maxlen=UNKNOWN_LINES)).append(line)
        if connection.lost:
            self._forget(connection)

    def _known(self, connection: AnyConnection) -> None:
        for line in self._unknown.pop(connection, ()):
            self._add(line)

    def _add(self, line: TracedLine) -> None:
        if len(self._lines) == WAITING_LINES:
            self._left_out += 1
        self._lines.append(line)

    def _forget(self, connection: AnyConnection) -> None:
        self._unknown.pop(connection, None)
        self._observers.pop(connection, None)

    def take(self) -> list[Value]:
        """Return what was said since the last time."""
        lines, left_out = list(self._lines), self._left_out
        self._lines.clear()
        self._left_out = 0
        told: list[Value] = [{"left_out": left_out}] if left_out else []
        return [*told, *lines]

    def end(self) -> None:
        """Leave all connections alone."""
        for connection, observer in self._observers.items():
            transcript = connection.transcript
            if transcript is not None and not transcript.remove(observer):
                connection.transcript = None
        self._observers.clear()
        self._unknown.clear()


class Traces(Service):
    """Answers TRACE, as long as the daemon runs.

    Args:
        services: those that listen among them have connections.
        now: seconds since 1970.
    """

    def __init__(
        self,
        site: Site,
        services: Iterable[IService],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._site = site
        self._services = services
        self._now = now
        self._traces: dict[str, tuple[Trace, IDelayedCall]] = {}
        site.bus.answer(TRACE, self._answer)

    def _listening(self) -> list[ListeningService]:
        return [each for each in self._services if isinstance(each, ListeningService)]

    def _answer(self, value: Value) -> Value:
        asked = value if isinstance(value, Mapping) else {}
        name = asked.get("trace")
        if not isinstance(name, str):
            return []
        if asked.get("end"):
            self._end(name)
            return []
        if name not in self._traces:
            wanted = {
                key: each
                for key, each in asked.items()
                if key in ("account", "address") and isinstance(each, str)
            }
            if not wanted:
                return []
            if len(self._traces) >= TRACES:
                return [{"refused": f"there are {TRACES} traces already"}]
            self._begin(name, wanted)
        trace, timer = self._traces[name]
        timer.reset(UNASKED_SECONDS)
        return trace.take()

    def _begin(self, name: str, wanted: Mapping[str, str]) -> None:
        trace = Trace(wanted, self._listening(), self._site.reactor, self._now)
        timer = self._site.reactor.callLater(UNASKED_SECONDS, self._end, name)
        self._traces[name] = (trace, timer)
        self._watch()

    def _end(self, name: str) -> None:
        found = self._traces.pop(name, None)
        if found is None:
            return
        trace, timer = found
        if timer.active():
            timer.cancel()
        trace.end()
        self._watch()

    def _watch(self) -> None:
        """Look at each connection that is made, as long as there is a trace."""
        for service in self._listening():
            service.factory.made = self._made if self._traces else None

    def _made(self, connection: AnyConnection) -> None:
        for trace, _ in self._traces.values():
            trace.consider(connection)

    def stopService(self) -> None:
        """End all of them."""
        super().stopService()
        for name in list(self._traces):
            self._end(name)
