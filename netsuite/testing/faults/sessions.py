"""Sessions that ask the rules before they answer, and whose words may be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from netsuite.connection.factory import AnyConnection
from netsuite.connection.server import Handlers, ServerConnection, ServerShared
from netsuite.connection.writer import TransportWriter, WriterOwner
from netsuite.testing.faults.kinds import GREETING, AtCommand, Edit, Leave, Linger, Refuse
from netsuite.testing.faults.rules import Rule, RuleBook
from netsuite.testing.faults.transport import DataFactory
from netsuite.testing.faults.words.table import Answer, Words
from netsuite.tls import Context


async def wait(clock: IReactorTime, seconds: float) -> None:
    """Let time pass; cancelled with who waits."""
    waited: Deferred[None] = Deferred(lambda _: call.cancel())
    call = clock.callLater(seconds, waited.callback, None)
    await waited


def rules_at(book: RuleBook, name: str, number: int, subject: object) -> Iterator[AtCommand]:
    """Return what happens at a command, up to what ends its being answered.

    Args:
        name: of the command.
        number: of the connection.
        subject: the command, as ``when`` is told of it.
    """
    for rule, fault in book.of(AtCommand):
        meant = fault.command == name or (not fault.command and name != GREETING)
        if meant and rule.strikes(number, subject):
            yield fault
            if not isinstance(fault, Linger):
                return


class Edits:
    """The changes of what one connection says. One that changes an answer changes all of it, which
    counts once.

    Args:
        book: the rules.
        number: of the connection.
    """

    def __init__(self, book: RuleBook, number: int) -> None:
        self._book = book
        self._number = number
        self._names = frozenset({GREETING})
        self._struck: set[Rule[object]] = set()

    def answering(self, *names: str) -> None:
        """Accept that a command is answered from now on, which has these names."""
        self._names = frozenset(names)
        self._struck.clear()

    def edited(self, octets: bytes) -> bytes:
        """Return what is said in place of octets."""
        for rule, fault in self._book.of(Edit):
            if fault.to and self._names.isdisjoint(fault.to):
                continue
            replaced = fault.change(octets)
            if replaced == octets:
                continue
            if rule in self._struck or rule.strikes(self._number, octets):
                self._struck.add(rule)
                octets = replaced
        return octets


class EditingWriter(TransportWriter):
    """Changes what is said, each thing by itself, before anything else is done with it."""

    __slots__ = ("_edits",)

    def __init__(self, clock: IReactorTime, owner: WriterOwner, edits: Edits) -> None:
        super().__init__(clock, owner)
        self._edits = edits

    def write(self, octets: bytes) -> None:
        """Send octets as the rules have them."""
        super().write(self._edits.edited(octets))


class SessionRules:
    """The rules as one session asks them.

    Args:
        book: all of them.
        words: of the session's protocol.
        number: of its connection, from 1.
        clock: for what takes time.
        tls_for: returns what TLS is begun with, by what it would be without rules.
        data: makes what makes data connections that rules meet, by what makes them without; None
            where there are no such rules.
    """

    def __init__(
        self,
        book: RuleBook,
        words: Words,
        number: int,
        clock: IReactorTime,
        tls_for: Callable[[Context], Context],
        data: Callable[[IProtocolFactory], DataFactory | None] = lambda factory: None,
    ) -> None:
        self.book = book
        self.words = words
        self.number = number
        self.edits = Edits(book, number)
        self.tls_for = tls_for
        self._data = data
        self._clock = clock
        self._session: AnyConnection | None = None
        self._endings: list[Callable[[], None]] = []

    def begin(self, session: AnyConnection) -> None:
        """Accept which session it is."""
        self._session = session

    async def ask(self, name: str, subject: object) -> Refuse | Leave | None:
        """Let pass the time that the answer to a command is to take; return what happens in place
        of it, None for nothing.

        Args:
            name: of the command.
            subject: the command, as ``when`` is told of it.
        """
        for fault in rules_at(self.book, name, self.number, subject):
            if isinstance(fault, Linger):
                seconds = fault.seconds + fault.jitter * self.book.random.random()
                await wait(self._clock, seconds)
            elif isinstance(fault, Refuse | Leave):
                return fault
        return None

    async def ask_login(self, subject: object) -> Refuse | None:
        """Return how a login is refused that is no command, in its time; None where it is not."""
        fault = await self.ask("LOGIN", subject)
        if isinstance(fault, Leave) and self._session is not None:
            break_off(self._session, fault)
            return Refuse("LOGIN")  # which nobody hears any more
        return fault if isinstance(fault, Refuse) else None

    async def greet(self, session: AnyConnection, greet: Callable[[], None]) -> None:
        """Greet, or do what a rule has in place of that."""
        fault = await self.ask(GREETING, None)
        if isinstance(fault, Leave):
            break_off(session, fault)
        elif isinstance(fault, Refuse):
            session.say(self.words.reply(None, fault))
            session.close()
        else:
            greet()

    async def answer(self, session: AnyConnection, event: object, answer: Answer) -> object:
        """Answer an event as a rule has it, or else as the service does."""
        words, name = self.words, self.words.name(event)
        if not name:
            return await answer(session, event)
        self.edits.answering(name)
        fault = await self.ask(name, event)
        if isinstance(fault, Leave):
            break_off(session, fault)
            return None
        if fault is not None:
            return await self._refuse(session, event, fault, answer)
        said = await answer(session, event)
        return said if words.replied is None else words.replied(session, self, event, said)

    async def _refuse(
        self, session: AnyConnection, event: object, fault: Refuse, answer: Answer
    ) -> object:
        words = self.words
        reply = words.reply(event, fault)
        if words.ends(fault):
            session.say(reply)
            session.close()
            return None
        refusing = words.refusing.get(type(event))
        return reply if refusing is None else await refusing(session, event, reply, answer)

    def wrap_data(self, factory: IProtocolFactory) -> DataFactory | None:
        """Return a factory whose data connections rules meet; None where there are no such rules.
        What the service does not know of ends with the session."""
        made = self._data(factory)
        if made is not None:
            self.at_end(made.end)
        return made

    def at_end(self, work: Callable[[], None]) -> None:
        """Call a function when the connection is gone."""
        self._endings.append(work)

    def ended(self) -> None:
        """The connection is gone."""
        endings, self._endings = self._endings, []
        for work in endings:
            work()


def break_off(session: AnyConnection, fault: Leave) -> None:
    """End a connection without a word."""
    if fault.reset:
        session.writer.flush()
        session.abort()
    else:
        session.close()


class FaultySession(ServerConnection[Any, Any]):
    """The base put before a service's own class of sessions, which does all that no rule meets."""

    fault_rules: SessionRules  # the only name that a service's class could have, too

    def began(self) -> None:
        """Greet, or do what a rule has in place of that."""
        rules = self.fault_rules
        if any(fault.command == GREETING for _, fault in rules.book.of(AtCommand)):
            self.answer_first(rules.greet(self, super().began))
        else:
            super().began()

    def start_tls(self, context: Context, *, client: bool = False) -> int:
        """Put TLS in place, as the rules have it."""
        return super().start_tls(self.fault_rules.tls_for(context), client=client)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        try:
            super().connectionLost(reason)
        finally:
            self.fault_rules.ended()


def asking(handlers: Handlers[Any, Any]) -> Handlers[Any, Any]:
    """Return handlers that ask the rules first."""

    def ask(answer: Answer) -> Answer:
        async def handled(session: AnyConnection, event: object) -> object:
            assert isinstance(session, FaultySession)
            return await session.fault_rules.answer(session, event, answer)

        return handled

    return {kind: ask(handler) for kind, handler in handlers.items()}


def maker(
    connection: type[AnyConnection],
    book: RuleBook,
    words: Words,
    *,
    count: Callable[[], int],
    shared_for: Callable[[ServerShared, int], ServerShared],
    tls_for: Callable[[Context, int], Context],
    data: Callable[[IProtocolFactory], DataFactory | None],
) -> Callable[[ServerShared, str], AnyConnection]:
    """Return what makes sessions of a service's class that keep to the rules.

    Args:
        connection: the service's class.
        count: returns the number of a connection that is made.
        shared_for: returns what the session of that number shares.
        tls_for: returns what it begins TLS with.
        data: as of ``SessionRules``.
    """
    made = type(
        f"Faulty{connection.__name__}",
        (FaultySession, connection),
        {"handlers": asking(connection.handlers)},
    )

    def make(shared: ServerShared, name: str) -> AnyConnection:
        number = count()
        shared = shared_for(shared, number)
        rules = SessionRules(
            book, words, number, shared.clock, lambda context: tls_for(context, number), data
        )
        if words.adapt is not None:
            shared = words.adapt(shared, rules)
        session = made(shared, name)
        assert isinstance(session, FaultySession)
        session.fault_rules = rules
        rules.begin(session)
        writer = EditingWriter(session.clock, session, rules.edits)
        writer.pace = session.writer.pace  # which its deadlines know
        session.writer = writer
        return session

    return make
