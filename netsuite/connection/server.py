"""The server's half of a connection: handlers, errors as replies, deadlines, limits, the end."""

from __future__ import annotations

import math
import typing
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Final, Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from netsuite.connection.coroutine_task import CoroutineTask, Raised, Work, start
from netsuite.connection.deadlines import CloseReason, Deadlines
from netsuite.connection.linelog import LineLog
from netsuite.connection.pump import GONE, E, Life, S, TimedPump
from netsuite.connection.settings import ServiceSettings
from netsuite.connection.tally import Tally
from netsuite.connection.transcript import Transcript
from netsuite.wire.errors import ErrorTable, RemoteProtocolError
from netsuite.wire.events import PAUSED, BodyChunk, Dialog, EndOfBody, EndOfInput, Need

C = TypeVar("C")
R = TypeVar("R")

#: A handler: of a session and an event of its own kind; its value, if any, is said. Which kind
#: that is stands in its annotation, and ``handlers`` reads it there.
Handler = Callable[[C, Any], Work[R | None]]
Handlers = Mapping[type, Handler[C, R]]

#: Of a connection that no factory has made: nobody reads it.
_UNREAD: Final = Tally()
#: For what is under way, on a connection that is to end though the service goes on.
END_SECONDS: Final = 10.0
#: Who is left for these would not hear a goodbye.
_UNHEARD: Final = (CloseReason.STALLED, CloseReason.SLOW_HANDSHAKE)


def handlers(*functions: Handler[C, R]) -> Handlers[C, R]:
    """Return a table of handlers, each under the kind of event its second parameter is
    annotated with; a union is several kinds.

    Raises:
        TypeError: two handle one kind, or one does not say what it handles.
    """
    table: dict[type, Handler[C, R]] = {}
    for function in functions:
        for kind in _kinds(function):
            if kind in table:
                raise TypeError(f"{kind.__name__} is handled twice: {function!r}")
            table[kind] = function
    return table


def merged(*tables: Handlers[C, R]) -> Handlers[C, R]:
    """Return the handlers of several tables. Raises TypeError where two handle one kind."""
    table: dict[type, Handler[C, R]] = {}
    for each in tables:
        twice = table.keys() & each.keys()
        if twice:
            raise TypeError(f"handled twice: {', '.join(kind.__name__ for kind in twice)}")
        table.update(each)
    return table


def _kinds(function: Handler[C, R]) -> tuple[type, ...]:
    code = getattr(function, "__code__", None)
    if code is None or code.co_argcount != 2:
        raise TypeError(f"{function!r} does not take a session and an event")
    kind = function.__annotations__[code.co_varnames[1]]
    if isinstance(kind, str):
        # This one alone: the session's class may be made later than its handlers.
        kind = eval(kind, function.__globals__)
    kinds = typing.get_args(kind) or (kind,)
    if not all(isinstance(each, type) for each in kinds):
        raise TypeError(f"{function!r} does not say what it handles")
    return kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerShared:
    """One object for all connections of a service; protocols add their own to it.

    Args:
        clock: for every timeout.
        service: its name, in the log and where an account's services are told apart.
        settings: as its table of the configuration has them.
        host: the name it goes by.
        software: what its greeting calls it.
        tls: what STARTTLS is begun with; None where there is no TLS.
        transcript: makes a connection's transcript from its name; None for none.
        line_log: what a connection notes of each event it has answered; None for none.
        counts: what a protocol counts for metrics, by the metric's name and its labels' values.
    """

    clock: IReactorTime
    service: str = ""
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    host: str = "localhost"
    software: str = "netsuite"
    tls: IOpenSSLServerConnectionCreator | None = None
    transcript: Callable[[str], Transcript] | None = None
    line_log: LineLog | None = None
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)


class Login(Protocol):
    """Who has logged in on a connection."""

    @property
    def name(self) -> str:
        """The account's name."""

    @property
    def logout(self) -> Callable[[], None]:
        """Called once, when they leave."""

    def watch(self, revoked: Callable[[], None]) -> Callable[[], None]:
        """Call a function once the login is not good any more; return what ends that."""


class Registry(Protocol):
    """Who knows all connections of a service, and is told that one has ended: the factory."""

    def __iter__(self) -> Iterator[Any]:
        """Return the connections there are, one by one."""

    def connection_ended(self, connection: ServerConnection[Any, Any]) -> None:
        """A connection is gone."""


# Longer than 300 lines with its hooks, and the module than 500: what an answer may meet, and how
# a connection ends.
class ServerConnection(TimedPump[E, S]):
    """A client's connection.

    Subclasses give ``handlers`` and ``errors``. A handler that waits may take events itself: a
    body with ``async for octets in session.body()``, anything with ``await session.take()``. What
    must run while further events are taken (a transfer that ABOR may stop) is given to ``spawn``;
    the dialog's ``PAUSED`` then says which events may come meanwhile.

    Hooks for subclasses beside the pump's: ``failed``, ``goodbye``, ``unhandled``, ``is_busy``,
    ``reply_to``.

    Args:
        dialog: the sans-I/O machine.
        shared: what all connections of the service share.
        name: tells the connection apart in the log.
    """

    __slots__ = (
        "_ends_for",
        "_limited",
        "_login",
        "_paused",
        "_spawned",
        "_unwatch",
        "bad_commands",
        "commands",
        "doing",
        "registry",
        "shared",
        "tally",
        "turned_away",
    )

    handlers: ClassVar[Handlers[Any, Any]] = {}
    #: What is said of errors that a handler may meet.
    errors: ErrorTable[S]
    #: Limits until somebody has logged in; None for none.
    commands_before_login: ClassVar[int | None] = None
    octets_before_login: ClassVar[int | None] = None

    def __init__(self, dialog: Dialog[E, S], shared: ServerShared, name: str = "") -> None:
        settings = shared.settings
        timeouts = settings.timeouts
        super().__init__(dialog, shared.clock, name=name, stalled_seconds=timeouts.stalled_seconds)
        self.shared = shared
        #: Whom to tell that the connection has ended.
        self.registry: Registry | None = None
        #: Why it is not served; it is told so instead of being greeted.
        self.turned_away: CloseReason | None = None
        self.deadlines = Deadlines(shared.clock, timeouts, self._expired, pace_out=self.writer.pace)
        #: What all connections of the service have done; its factory's.
        self.tally = _UNREAD
        #: The last command's kind, and how many there were.
        self.doing: type = type(None)
        self.commands = 0
        #: Commands that were refused as such.
        self.bad_commands = 0
        limits = (self.commands_before_login, self.octets_before_login)
        self._limited = limits != (None, None)  # until somebody has logged in
        self._login: Login | None = None
        self._ends_for = CloseReason.SHUTDOWN  # while it drains
        self._paused = False  # the dialog said so when the pump came to rest
        self._spawned: set[Deferred[None]] | None = None  # made with the first: it is 216 octets

    # -- hooks with an answer of our own -------------------------------------------------------

    def refused(self, error: RemoteProtocolError) -> None:
        """The peer broke the protocol; say so. Closing and counting are done by the caller."""
        if error.reply is not None:
            self.say(error.reply)

    def reply_to(self, event: E | None, error: Exception) -> S | None:
        """Return what to say of an error that a handler met; None where it was not foreseen, or
        nothing can be said now."""
        return self.errors.find(error)

    def failed(self, event: E | None, failure: Failure) -> None:
        """Answering an event went wrong in a way nobody foresaw; it has been logged.

        Say the protocol's generic temporary failure; nothing of *failure* may be said. The
        connection stays open unless this closes it: override where the dialog goes on.
        """
        self.abort()

    def goodbye(self, reason: CloseReason) -> None:
        """We are about to close: say why in the protocol's words, where it has any."""

    def unhandled(self, event: E) -> bool:
        """Accept an event that ``handlers`` does not have; False leaves the pump at rest."""
        if isinstance(event, EndOfInput):
            self.close()
            return True
        raise LookupError(f"no handler for {type(event).__name__}")

    def is_busy(self) -> bool:
        """Return whether something is under way that a stopping service lets finish."""
        return self._is_answering() or self._last_event is BodyChunk

    # -- what subclasses use -------------------------------------------------------------------

    def answer_first(self, work: Work[S | None]) -> None:
        """Run something before any event is taken; its value, if any, is said. For ``began``."""
        outcome: Any = start(work)
        if type(outcome) is CoroutineTask:
            self._wait_for(None, outcome)
        elif type(outcome) is Raised:
            self._failed(None, outcome.error)
        elif outcome is not None:
            self.say(outcome)

    def spawn(self, work: Work[None], event: E | None = None) -> Deferred[None]:
        """Run something beside the pump; it is cancelled when the connection goes.

        Args:
            work: what to run.
            event: what it answers, given to ``failed`` when it goes wrong.
        """
        running = ensureDeferred(work)
        spawned = self._spawned = self._spawned or set()
        spawned.add(running)

        def over(result: object) -> None:
            spawned.discard(running)
            if isinstance(result, Failure) and not isinstance(result.value, CancelledError):
                self._failed(event, result)
            self.pump()

        running.addBoth(over)
        return running

    def upgrade(self, go_ahead: S, *, already: R, without: R) -> R | None:
        """Say the go-ahead and begin TLS; where it is in place, or there is none, return what is
        said of that."""
        if self.peer.secure:
            return already
        if self.shared.tls is None:
            return without
        self.say(go_ahead)
        self.start_tls(self.shared.tls)
        return None

    @property
    def account(self) -> str:
        """The name of the account that has logged in; empty before."""
        return "" if self._login is None else self._login.name

    def logged_in(self, login: Login | None = None) -> None:
        """Accept that somebody has logged in, until ``logged_out`` or the connection's end: what
        was limited until then no longer is.

        Args:
            login: who; None where nobody has, and nobody need.
        """
        self.deadlines.logged_in = True
        self._limited = False
        self.logged_out()
        self._login = login
        if login is not None:
            self.tally.logins += 1
            self._unwatch = login.watch(partial(self.end, CloseReason.REVOKED))
        if self.lost:  # while the login was under way
            self.logged_out()

    def logged_out(self) -> None:
        """Give back what the login brought."""
        login, self._login = self._login, None
        if login is not None:
            self._unwatch()
            login.logout()

    def count_as(self, kind: type) -> None:
        """Count the command that is being answered under another kind than its event's own."""
        counts = self.tally.commands
        counts[self.doing] -= 1
        counts[kind] = counts.get(kind, 0) + 1
        self.doing = kind

    def count_bad(self) -> None:
        """Count a command that was refused as such; close after too many."""
        self.bad_commands += 1
        self.tally.refused += 1
        limit = self.shared.settings.bad_commands
        if limit and self.bad_commands >= limit:
            self.leave(CloseReason.TOO_MANY_ERRORS)

    def leave(self, reason: CloseReason) -> None:
        """Say goodbye and close."""
        if self.closing:
            return
        if self.turned_away is None:
            self.log.debug("{name} is closed: {reason}", name=self.name, reason=reason.value)
        if reason in _UNHEARD or self.life is Life.CONNECTING:
            self.abort()
            return
        try:
            self.goodbye(reason)
        except Exception:
            self.log.failure("saying goodbye on {name}", name=self.name)
        self.close()

    def end(self, reason: CloseReason) -> None:
        """Leave now, or when what is under way is done, in ``END_SECONDS`` at the latest."""
        if self.life >= Life.DRAINING:  # it ends already
            return
        self.drain(reason)
        if self.life is Life.DRAINING:
            self._end_after(END_SECONDS, self.leave, reason)

    def drain(self, reason: CloseReason = CloseReason.SHUTDOWN) -> None:
        """Leave now, or when what is under way is done."""
        if self.life is Life.TALKING:
            self.life = Life.DRAINING
            self._ends_for = reason
        elif self.life is Life.CONNECTING:
            self.abort()
        self.pump()

    def configure(self, shared: ServerShared) -> None:
        """Accept other settings while the connection is there."""
        self.shared = shared
        self.deadlines.configure(shared.settings.timeouts)

    # -- answering -----------------------------------------------------------------------------

    def _greet(self) -> None:
        if self.turned_away is None:
            self.began()
        else:
            self.leave(self.turned_away)

    def _is_answering(self) -> bool:
        return self._task is not None or self._paused or bool(self._spawned)

    def _may_take(self) -> bool:
        if self._task is not None:
            if self._wanted is not None:
                wanted, self._wanted = self._wanted, None
                wanted.callback(None)
            if self._task is not None:
                return False
        if self.life is Life.DRAINING and not self.is_busy():
            self.leave(self._ends_for)
            return False
        return True

    def _rested(self, need: Need) -> None:
        self._paused = need is PAUSED
        if self._eof_told and not self._is_answering():
            self.close()  # whoever took the end of input, within an exchange say, has not

    def _took(self, event: E) -> bool:
        self.deadlines.took_event()
        kind = type(event)
        if isinstance(event, BodyChunk):  # and no union: those take three times as long
            self.deadlines.took_body(len(event.octets))
        else:
            if self._last_event is BodyChunk:
                self.deadlines.pace_in.ended()
            if kind is EndOfInput:
                self._eof_told = True
            elif kind is not EndOfBody:
                # No call and no Counter, which take twice as long: 1 % of a short command each.
                self.doing = kind
                self.commands += 1
                counts = self.tally.commands
                try:
                    counts[kind] += 1
                except KeyError:
                    counts[kind] = 1
                if self._limited and self.commands > (self.commands_before_login or math.inf):
                    self.leave(CloseReason.TOO_MUCH_BEFORE_LOGIN)
                    return False
        self._last_event = kind
        return True

    def _handle(self, event: E) -> bool:
        self._paused = False
        if not self._took(event):
            return False
        handler = self.handlers.get(type(event))
        if handler is None:
            return self._unhandled(event)
        result: Any = start(handler(self, event))  # of which type, the handlers' table knows
        if result is None:
            return True
        kind = type(result)
        if kind is CoroutineTask:
            self._wait_for(event, result)
        elif kind is Raised:
            self._failed(event, result.error)
        else:
            self._say_answer(event, result)
        return True

    def _wait_for(self, event: E | None, task: CoroutineTask[S | None]) -> None:
        self._task = task
        self.writer.answering = True
        task.when_ended(partial(self._answered, event))

    def _unhandled(self, event: E) -> bool:
        try:
            going = self.unhandled(event)
        except Exception as error:
            self._failed(event, error)
            return True
        self._paused = not going
        return going

    def _say_answer(self, event: E | None, answer: S) -> None:
        try:
            self.say(answer)
        except Exception as error:
            self._failed(event, error)

    def _answered(self, event: E | None, result: S | Raised | None) -> None:
        """A handler that had to wait has ended."""
        self._task = self._wanted = None
        writer = self.writer
        writer.answering = False
        pumping, writer.gathering = writer.gathering, True  # all leaves in one write
        if isinstance(result, Raised):
            self._failed(event, result.error)
        elif result is not None and not self.closing:
            self._say_answer(event, result)
        writer.gathering = pumping
        if not pumping:
            self.pump()

    def _refuse(self, error: RemoteProtocolError) -> None:
        self.deadlines.took_event()
        super()._refuse(error)
        if not self.closing:
            self.count_bad()

    def _failed(self, event: E | None, error: Exception | Failure) -> None:
        """A handler raised; say something of it that the peer may hear.

        Args:
            event: what it answered.
            error: what it raised; a Failure where it had waited, which knows where.
        """
        raised = error.value if isinstance(error, Failure) else error
        if isinstance(raised, RemoteProtocolError) and not self.lost:
            self._refuse(raised)
            return
        if isinstance(raised, GONE) and self.closing:
            return
        if isinstance(raised, Exception) and not self.closing and self._reply_to(event, raised):
            return
        failure = error if isinstance(error, Failure) else Failure(error)
        kind = type(event).__name__  # and not the event, which may hold a password
        self.log.failure("answering {event} on {name}", failure, event=kind, name=self.name)
        self.tally.failures += 1
        if self.closing:
            return
        try:
            self.failed(event, failure)
        except Exception:
            self.log.failure("saying so on {name}", name=self.name)
            self.abort()

    def _reply_to(self, event: E | None, error: Exception) -> bool:
        """Say what an error table has; return whether it has anything."""
        try:
            reply = self.reply_to(event, error)
            if reply is None:
                return False
            self.say(reply)
        except Exception:
            self.log.failure("replying to an error on {name}", name=self.name)
            return False
        if self.errors.counts(error):
            self.log.info("{name}: refused: {error}", name=self.name, error=str(error))
            self.count_bad()
        return True

    # -- deadlines and limits ------------------------------------------------------------------

    def _handshaking(self, *, done: bool) -> None:
        super()._handshaking(done=done)
        if done:
            self.tally.handshakes += 1
            shared = self.shared
            shared.counts["netsuite_tls_handshakes", shared.service, self.peer.tls_version] += 1

    def _settled(self) -> None:
        self.deadlines.settle(waiting=self._wanted is not None or not self._is_answering())

    def _received(self, octets: int) -> bool:
        if self._limited and self.octets_in > (self.octets_before_login or math.inf):
            self.leave(CloseReason.TOO_MUCH_BEFORE_LOGIN)
            return False
        self.deadlines.received()
        return True

    def _expired(self, reason: CloseReason) -> None:
        self._fresh = False
        if self.writer.gathering or self.closing:
            return
        self.writer.gathering = True  # what goodbye says leaves in one write
        try:
            self.leave(reason)
        finally:
            self.writer.gathering = False
        self.writer.flush()

    # -- the end -------------------------------------------------------------------------------

    def _cancel_waiting(self) -> None:
        super()._cancel_waiting()
        if self._task is not None:
            self._task.cancel()
        for running in tuple(self._spawned or ()):
            if not running.called:
                running.cancel()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        if self.lost:
            return
        try:
            super().connectionLost(reason)
        finally:
            self.logged_out()
            if self.registry is not None:
                self.registry.connection_ended(self)
