"""Sessions that ask the rules before they answer, and whose words may be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from netsuite.connection.factory import AnyConnection
from netsuite.connection.server import Handlers, ServerConnection, ServerShared
from netsuite.connection.writer import TransportWriter, WriterOwner
from netsuite.testing.faults.kinds import GREETING, AtCommand, Edit, Leave, Linger, Refuse
from netsuite.testing.faults.rules import Rule, RuleBook
from netsuite.testing.faults.words.table import Answer, Words
from netsuite.tls import Context


async def linger(clock: IReactorTime, book: RuleBook, fault: Linger) -> None:
    """Let time pass; cancelled with who waits."""
    waited: Deferred[None] = Deferred(lambda _: call.cancel())
    seconds = fault.seconds + fault.jitter * book.random.random()
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
        if fault.command in ("", name) and rule.strikes(number, subject):
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


class FaultySession(ServerConnection[Any, Any]):
    """What stands before a service's own class of sessions, which does all that no rule meets."""

    words: Words
    book: RuleBook
    #: Of this connection, from 1.
    number: int
    edits: Edits
    #: What TLS is begun with, by what it would be without rules.
    tls_for: Callable[[Context], Context]
    _endings: tuple[Callable[[], None], ...] = ()

    def began(self) -> None:
        """Greet, or do what a rule has in place of that."""
        faults = list(rules_at(self.book, GREETING, self.number, None))
        if faults:
            self.answer_first(self._greeted(faults))
        else:
            super().began()

    async def _greeted(self, faults: list[AtCommand]) -> None:
        for fault in faults:
            if isinstance(fault, Linger):
                await linger(self.clock, self.book, fault)
            elif isinstance(fault, Leave):
                return self.break_off(fault)
            elif isinstance(fault, Refuse):
                self.say(self.words.reply(None, fault))
                return self.close()
        super().began()

    def start_tls(self, context: Context, *, client: bool = False) -> int:
        """Put TLS in place, as the rules have it."""
        return super().start_tls(self.tls_for(context), client=client)

    def break_off(self, fault: Leave) -> None:
        """End the connection without a word."""
        if fault.reset:
            self.writer.flush()
            self.abort()
        else:
            self.close()

    async def answered(self, event: object, answer: Answer) -> object:
        """Answer an event as a rule has it, or else as the service does."""
        words, name = self.words, self.words.name(event)
        if not name:
            return await answer(self, event)
        self.edits.answering(name)
        for fault in rules_at(self.book, name, self.number, event):
            if isinstance(fault, Linger):
                await linger(self.clock, self.book, fault)
            elif isinstance(fault, Leave):
                self.break_off(fault)
                return None
            elif isinstance(fault, Refuse):
                return await self._refused(event, fault, answer)
        said = await answer(self, event)
        return said if words.replied is None else words.replied(self, event, said)

    async def _refused(self, event: object, fault: Refuse, answer: Answer) -> object:
        words = self.words
        reply = words.reply(event, fault)
        if words.ends(fault):
            self.say(reply)
            self.close()
            return None
        refusing = words.refusing.get(type(event))
        return reply if refusing is None else await refusing(self, event, reply, answer)

    def at_end(self, work: Callable[[], None]) -> None:
        """Have something done when the connection is gone."""
        self._endings = (*self._endings, work)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        endings, self._endings = self._endings, ()
        try:
            super().connectionLost(reason)
        finally:
            for work in endings:
                work()


class LoginRules:
    """The rules about logins on one connection."""

    def __init__(self, book: RuleBook, clock: IReactorTime, number: int) -> None:
        self._book = book
        self._clock = clock
        self._number = number
        #: Ends the connection.
        self.break_off: Callable[[Leave], None] = lambda fault: None

    async def ask(self, subject: object) -> Refuse | None:
        """Return how a login is refused, in its time; None where it is not."""
        for fault in rules_at(self._book, "LOGIN", self._number, subject):
            if isinstance(fault, Linger):
                await linger(self._clock, self._book, fault)
            elif isinstance(fault, Leave):
                self.break_off(fault)
                return Refuse("LOGIN")  # which nobody hears any more
            elif isinstance(fault, Refuse):
                return fault
        return None


def asking(handlers: Handlers[Any, Any]) -> Handlers[Any, Any]:
    """Return handlers that ask the rules first."""

    def ask(answer: Answer) -> Answer:
        async def handled(session: AnyConnection, event: object) -> object:
            assert isinstance(session, FaultySession)
            return await session.answered(event, answer)

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
) -> Callable[[ServerShared, str], AnyConnection]:
    """Return what makes sessions of a service's class that keep to the rules.

    Args:
        connection: the service's class.
        count: returns the number of a connection that is made.
        shared_for: returns what the session of that number shares.
        tls_for: returns what it begins TLS with.
    """
    made = type(
        f"Faulty{connection.__name__}",
        (FaultySession, connection),
        {"words": words, "book": book, "handlers": asking(connection.handlers)},
    )

    def make(shared: ServerShared, name: str) -> AnyConnection:
        number = count()
        shared = shared_for(shared, number)
        logins = LoginRules(book, shared.clock, number)
        if words.adapt is not None:
            shared = words.adapt(shared, logins)
        session = made(shared, name)
        assert isinstance(session, FaultySession)
        logins.break_off = session.break_off
        session.number = number
        session.tls_for = lambda context: tls_for(context, number)
        session.edits = Edits(book, number)
        writer = EditingWriter(session.clock, session, session.edits)
        writer.pace = session.writer.pace  # which its deadlines know
        session.writer = writer
        return session

    return make
