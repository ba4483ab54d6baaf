"""Sessions that ask the rules before they answer, and whose words may be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from netsuite.connection.factory import AnyConnection
from netsuite.connection.server import Handlers, ServerConnection, ServerShared
from netsuite.connection.writer import TransportWriter, WriterOwner
from netsuite.testing.faults.kinds import GREETING, AtCommand, Edit, Leave, Linger, Refuse
from netsuite.testing.faults.rules import Rule, RuleBook
from netsuite.testing.faults.words.table import Answer, Words
from netsuite.tls import Context


async def wait(clock: IReactorTime, seconds: float) -> None:
    """Wait on a clock; cancelled with who waits."""
    waited: Deferred[None] = Deferred(lambda _: call.cancel())
    call = clock.callLater(seconds, waited.callback, None)
    await waited


class EditingWriter(TransportWriter):
    """Changes what is said, each thing by itself, before anything else is done with it."""

    __slots__ = ("_edited",)

    def __init__(
        self, clock: IReactorTime, owner: WriterOwner, edited: Callable[[bytes], bytes]
    ) -> None:
        super().__init__(clock, owner)
        self._edited = edited

    def write(self, octets: bytes) -> None:
        """Send octets as the rules have them."""
        super().write(self._edited(octets))


class FaultySession(ServerConnection[Any, Any]):
    """What stands before a service's own class of sessions, which does all that no rule meets."""

    words: Words
    book: RuleBook
    #: Of this connection, from 1.
    number = 0
    #: The name of what is being answered.
    answering = GREETING
    #: What TLS is begun with, by what it would be without rules.
    tls_for: Callable[[Context], Context]

    def began(self) -> None:
        """Greet, or do what a rule has in place of that."""
        rules = list(self._rules_at(GREETING, None))
        if rules:
            self.answer_first(self._greeted(rules))
        else:
            super().began()

    async def _greeted(self, rules: list[AtCommand]) -> object:
        for fault in rules:
            if isinstance(fault, Linger):
                await self.linger(fault)
            elif isinstance(fault, Leave):
                self.break_off(fault)
                return None
            elif isinstance(fault, Refuse):
                self.say(self.words.reply(None, fault))
                self.close()
                return None
        super().began()
        return None

    def start_tls(self, context: Context, *, client: bool = False) -> int:
        """Put TLS in place, as the rules have it."""
        return super().start_tls(self.tls_for(context), client=client)

    # -- what the rules say --------------------------------------------------------------------

    def _rules_at(self, name: str, event: object) -> Iterator[AtCommand]:
        """Return what happens at a command, up to what ends its being answered."""
        for rule, fault in self.book.of(AtCommand):
            if fault.command in ("", name) and rule.strikes(self.number, event):
                yield fault
                if not isinstance(fault, Linger):
                    return

    async def linger(self, fault: Linger) -> None:
        """Let time pass."""
        await wait(self.clock, fault.seconds + fault.jitter * self.book.random.random())

    def break_off(self, fault: Leave) -> None:
        """End the connection without a word."""
        if fault.reset:
            self.abort()
        else:
            self.close()

    async def answered(self, event: object, answer: Answer) -> object:
        """Answer an event as a rule has it, or else as the service does."""
        name = self.words.name(event)
        if not name:
            return await answer(self, event)
        self.answering = name
        for fault in self._rules_at(name, event):
            if isinstance(fault, Linger):
                await self.linger(fault)
            elif isinstance(fault, Leave):
                self.break_off(fault)
                return None
            elif isinstance(fault, Refuse):
                return await self._refused(event, fault, answer)
        return await answer(self, event)

    async def _refused(self, event: object, fault: Refuse, answer: Answer) -> object:
        words = self.words
        reply = words.reply(event, fault)
        if words.ends(fault):
            self.say(reply)
            self.close()
            return None
        refusing = words.refusing.get(type(event))
        return reply if refusing is None else await refusing(self, event, reply, answer)

    def edited(self, octets: bytes) -> bytes:
        """Return what is said in place of octets."""
        for rule, fault in self.book.of(Edit):
            if fault.to in ("", self.answering):
                octets = changed(rule, fault, self.number, octets)
        return octets


def changed(rule: Rule[object], fault: Edit, connection: int, octets: bytes) -> bytes:
    """Return octets as a rule has them; it happens only where there is something to change."""
    replaced = fault.change(octets)
    if replaced == octets or not rule.strikes(connection, octets):
        return octets
    return replaced


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
    made: Any = type(
        f"Faulty{connection.__name__}",
        (FaultySession, connection),
        {"words": words, "book": book, "handlers": asking(connection.handlers)},
    )

    def make(shared: ServerShared, name: str) -> AnyConnection:
        number = count()
        session: FaultySession = made(shared_for(shared, number), name)
        session.number = number
        session.tls_for = lambda context: tls_for(context, number)
        writer = EditingWriter(session.clock, session, session.edited)
        writer.pace = session.writer.pace  # which its deadlines know
        session.writer = writer
        return session

    return make
