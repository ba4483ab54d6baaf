"""The faults of one service: what a test says is to go wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, TypedDict, TypeVar, Unpack

from twisted.internet.interfaces import (
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorFromThreads,
    IReactorTime,
)

from netsuite.connection.deadlines import CloseReason
from netsuite.connection.factory import ServerFactory
from netsuite.connection.server import ServerShared
from netsuite.testing.faults import kinds
from netsuite.testing.faults.kinds import Direction, TLSFault, Wrong
from netsuite.testing.faults.rules import Rule, RuleBook, UnmetExpectation, When
from netsuite.testing.faults.sessions import FaultySession, maker
from netsuite.testing.faults.tls import FaultyTLS, break_factory
from netsuite.testing.faults.transport import DataFactory, FaultyFactory
from netsuite.testing.faults.words.table import Words, words_for, words_of
from netsuite.tls import Context

F = TypeVar("F")


class Whom(TypedDict, total=False):
    """Whom a rule meets, and how often; see ``Rule``."""

    times: int | None
    connection: int | None
    probability: float


# Longer than 300 lines with its documentation: one method for each kind of fault.
class Faults:
    """The faults of one service.

    Each method from ``refusing`` on makes a ``Rule``, and takes with it ``times``, ``connection``
    and ``probability``: how often it happens, on which connection alone (its number, from 1), and
    how probably, which is decided once a connection for what happens to octets, and else each time.
    Under ``with`` a rule ends with the block, which fails where the fault has not happened so many
    times; others stand until ``clear``. Of those for the same thing that which was made first
    happens, so that rules make a sequence. What is said of octets holds for the server's
    (``said``), or with *direction* for the client's (``heard``). Rules may be made by any thread.

    Args:
        clock: for what takes time.
        seed: of what happens at random.
        protocol: of a server that is not ours, behind a ``FaultProxy``; else found by ``attach``.
        label: stands before what rules are called.
    """

    def __init__(
        self, clock: IReactorTime, seed: int = 0, *, protocol: str = "", label: str = ""
    ) -> None:
        self.clock = clock
        self._seed = seed
        self._label = label
        self._possible: tuple[type, ...] = (object,)
        self._why_not = ""
        self._data: Faults | None = None
        self.book = RuleBook(Random(seed))
        self._words: Words | None = words_for(protocol) if protocol else None
        self._factory: ServerFactory[Any] | None = None
        self.count_anew()

    # -- the service ---------------------------------------------------------------------------

    def attach(self, factory: ServerFactory[Any]) -> None:
        """Have the sessions of a service, made from now on, ask before they answer. Raises
        TypeError for one of no protocol known here, or that has faults already."""
        connection = factory.connection
        if not isinstance(connection, type):
            raise TypeError(f"{factory!r} has faults already")
        self._words = words_of(connection)
        self._factory = factory
        factory.connection = maker(
            connection,
            self.book,
            self._words,
            count=lambda: next(self._sessions),
            shared_for=self._shared_for,
            tls_for=self._tls_for,
            data=self._wrap_data,
        )

    @property
    def data(self) -> Faults:
        """The faults of the connections that FTP has for data: ``drop``, ``truncate``,
        ``delay`` and the like, of those arranged from now on. Raises ValueError where the protocol
        has none."""
        words = self._known_words()
        if not words.has_data or self._factory is None:
            raise ValueError(f"{words.protocol} has no data connections here")
        if self._data is None:
            self._data = Faults(self.clock, self._seed, label="data ")
            self._data.limit(kinds.TransportFault, why="a connection for data has no commands")
        return self._data

    def _wrap_data(self, factory: IProtocolFactory) -> DataFactory | None:
        data = self._data
        if data is None or not len(data.book):
            return None
        return DataFactory(factory, data.book, self.clock, lambda: next(data._transports))

    def wrap(self, factory: IProtocolFactory) -> IProtocolFactory:
        """Return a factory, to listen with, whose transports have the faults of ``drop``, ``delay``
        and the like; below TLS, where *factory* brings that, and that has those of ``tls``."""
        break_factory(factory, lambda: self._tls_fault(next(self._handshakes)))
        return FaultyFactory(factory, self.book, self.clock, lambda: next(self._transports))

    def limit(self, *possible: type, why: str) -> None:
        """Accept only some kinds of faults from now on.

        Args:
            possible: the kinds.
            why: there are no others.

        Raises:
            ValueError: there is a rule of another.
        """
        self._possible, self._why_not = possible, why
        for rule, fault in self.book.of(object):
            self._check_possible(fault, rule.label)

    def clear(self) -> None:
        """End all rules, met or not."""
        for book in self._books():
            book.clear()

    def count_anew(self) -> None:
        """Number the connections that are made from now on from 1."""
        self._sessions = itertools.count(1)
        self._transports = itertools.count(1)
        self._handshakes = itertools.count(1)
        if self._data is not None:
            self._data.count_anew()

    def check(self) -> None:
        """Raise UnmetExpectation, an AssertionError that names the rules not met."""
        unmet = [each for book in self._books() for each in book.unmet()]
        if unmet:
            raise UnmetExpectation("unmet: " + "; ".join(unmet))

    def _books(self) -> list[RuleBook]:
        return [self.book] if self._data is None else [self.book, self._data.book]

    def goodbye(self, connection: int | None = None) -> None:
        """Send sessions away as a service that stops does (421, BYE), whatever they are at.

        Args:
            connection: the number of the one that does; None for all.
        """
        if IReactorFromThreads.providedBy(self.clock):
            self.clock.callFromThread(self._say_goodbye, connection)
        else:
            self._say_goodbye(connection)

    def _say_goodbye(self, connection: int | None) -> None:
        for session in self._factory or ():
            if isinstance(session, FaultySession) and connection in (
                None,
                session.fault_rules.number,
            ):
                session.leave(CloseReason.SHUTDOWN)

    # -- refusals, and other things in place of an answer ----------------------------------------

    def refusing(
        self,
        command: str = "",
        code: int | str | None = None,
        text: str = "",
        *,
        when: Callable[[Any], bool] | None = None,
        **whom: Unpack[Whom],
    ) -> Rule[kinds.Refuse]:
        """Refuse a command in the protocol's own words; those that end a connection (421, BYE)
        end it.

        Args:
            command: its name, ``RCPT``; ``GREETING`` for the connection, ``BODY`` for a message
                and ``POSTED`` for an article that has come; empty for any.
            code: a number, or what the protocol has for one (IMAP's ``NO``, ``BAD``, ``BYE``; a
                response code of POP3's, ``SYS/TEMP``); None for its plainest temporary one.
            text: behind the code; SMTP's may begin with an enhanced one, ``5.1.1 nobody``, IMAP's
                with a response code, ``[OVERQUOTA] full``.
            when: told the command as ``commands`` of the protocol has it, says whether.

        Raises:
            ValueError: the protocol has no such command, or no such code.
        """
        command = self._checked(command)
        fault = kinds.Refuse(command, code, text)
        if self._words is not None:
            self._words.check_code(fault)
        label = " ".join(["refusing", command or "anything", *([str(code)] if code else [])])
        return self._add(fault, label, when, **whom)

    def delay(
        self,
        seconds: float,
        *,
        jitter: float = 0.0,
        at: str = "",
        direction: Direction | str = Direction.SAID,
        **whom: Unpack[Whom],
    ) -> Rule[object]:
        """Delay octets, or the answer to a command.

        Args:
            seconds: later at least.
            jitter: up to so many more, at random.
            at: the command; empty for octets of a whole connection.
        """
        fault: object = kinds.Delay(Direction(direction), seconds, jitter)
        if at:
            fault = kinds.Linger(self._checked(at), seconds, jitter)
        return self._add(fault, f"delay of {seconds} s{_at(at)}", **whom)

    def drop(
        self,
        *,
        after: int = 0,
        at: str = "",
        direction: Direction | str = Direction.SAID,
        **whom: Unpack[Whom],
    ) -> Rule[object]:
        """End a connection without a word.

        Args:
            after: so many octets; 0 for as soon as it is there.
            at: in place of the answer to this command instead.
        """
        return self._ending(after, at, direction, whom, reset=False)

    def reset(
        self,
        *,
        after: int = 0,
        at: str = "",
        direction: Direction | str = Direction.SAID,
        **whom: Unpack[Whom],
    ) -> Rule[object]:
        """The same, by a reset and not in order."""
        return self._ending(after, at, direction, whom, reset=True)

    def _ending(
        self, after: int, at: str, direction: Direction | str, whom: Whom, *, reset: bool
    ) -> Rule[object]:
        fault: object = kinds.Drop(Direction(direction), after, reset)
        if at:
            fault = kinds.Leave(self._checked(at), reset)
        where = _at(at) or f" after {after} octets"
        return self._add(fault, f"{'reset' if reset else 'drop'}{where}", **whom)

    # -- transports ------------------------------------------------------------------------------

    def dribble(
        self,
        octets: int,
        *,
        every: float,
        direction: Direction | str = Direction.SAID,
        **whom: Unpack[Whom],
    ) -> Rule[kinds.Dribble]:
        """Pass octets on few at a time, *every* so many seconds."""
        fault = kinds.Dribble(Direction(direction), octets, every)
        return self._add(fault, f"dribble of {octets} octets", **whom)

    def slow_reader(self, octets_per_second: int, **whom: Unpack[Whom]) -> Rule[kinds.Dribble]:
        """Read slowly as the server, so that who sends much has to wait."""
        step = max(1, octets_per_second // 10)
        fault = kinds.Dribble(Direction.HEARD, step, step / octets_per_second)
        return self._add(fault, f"slow reader of {octets_per_second} octets a second", **whom)

    def truncate(
        self, after: int, *, direction: Direction | str = Direction.SAID, **whom: Unpack[Whom]
    ) -> Rule[kinds.Truncate]:
        """Drop what comes behind so many octets of a connection; it goes on, and ends
        when the server ends it."""
        fault = kinds.Truncate(Direction(direction), after)
        return self._add(fault, f"truncate after {after} octets", **whom)

    def garbage(
        self,
        octets: int,
        *,
        after: int = 0,
        direction: Direction | str = Direction.SAID,
        **whom: Unpack[Whom],
    ) -> Rule[kinds.Garbage]:
        """Send so many octets that nobody has said, behind *after* that somebody has."""
        fault = kinds.Garbage(Direction(direction), after, octets)
        return self._add(fault, f"garbage of {octets} octets", **whom)

    def blackhole(self, *, after: int = 0, **whom: Unpack[Whom]) -> Rule[kinds.Blackhole]:
        """Drop everything from then on, either way, the end of the connection too.

        Args:
            after: so many octets of the server's.
        """
        return self._add(kinds.Blackhole(Direction.SAID, after), "blackhole", **whom)

    # -- words -----------------------------------------------------------------------------------

    def edit(
        self, pattern: bytes, replacement: bytes, *, to: str = "", **whom: Unpack[Whom]
    ) -> Rule[kinds.Edit]:
        """Change what the server says, each thing it says by itself, before TLS is put around it.
        How often counts answers, all of whose matches are changed.

        Args:
            pattern: a regular expression; lines end with ``\\r\\n``.
            replacement: as of ``re.sub``.
            to: the command that is answered; empty for whatever is said.
        """
        compiled = re.compile(pattern)
        return self._edit(
            lambda octets: compiled.sub(replacement, octets), to, f"edit {pattern!r}", whom
        )

    def unfinished_reply(self, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Leave a reply without its end: its last line says that another follows, or is missing."""
        return self._wrongly(Wrong.UNFINISHED, 0, to, f"unfinished reply{_at(to)}", whom)

    def missing_dot(self, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Leave out the dot that ends a body (POP3, NNTP, Gopher)."""
        return self._wrongly(Wrong.NO_DOT, 0, to, f"missing dot{_at(to)}", whom)

    def size_lie(self, by: int, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Change sizes that are told, by so many octets: a message's (POP3, IMAP), a file's (FTP),
        a body's (HTTP), the largest message's (SMTP)."""
        return self._wrongly(Wrong.SIZE, by, to, f"size lie of {by:+}", whom)

    def wrong_tag(self, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Complete a command of IMAP under a tag that nobody gave."""
        return self._wrongly(Wrong.TAG, 0, to, f"wrong tag{_at(to)}", whom)

    def literal(self, by: int, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Announce literals of IMAP longer than they are, by so many octets, or shorter."""
        return self._wrongly(Wrong.LITERAL, by, to, f"literal {by:+}", whom)

    def uid_validity(self, by: int = 1, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Report another UIDVALIDITY by IMAP: what was known of UIDs holds no more."""
        return self._wrongly(Wrong.UID_VALIDITY, by, to, "other UIDVALIDITY", whom)

    def chunk_garbage(self, to: str = "", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Send garbage for the size of an HTTP chunk."""
        return self._wrongly(Wrong.CHUNK, 0, to, "chunk garbage", whom)

    def silent_data_port(self, **whom: Unpack[Whom]) -> Rule[kinds.SilentPort]:
        """Name by PASV and EPSV a port where somebody listens, and says nothing."""
        return self._add(kinds.SilentPort(), "silent data port", **whom)

    # -- TLS -------------------------------------------------------------------------------------

    def tls(self, kind: TLSFault | str, **whom: Unpack[Whom]) -> Rule[TLSFault]:
        """Break TLS, implicit or by STARTTLS: ``expired``, ``wrong-name``,
        ``unknown-authority``, ``stalled``, ``no-close-notify``. The authority of the first two is
        that of ``netsuite.testing.certificates``."""
        known = [each.value for each in TLSFault]
        if not isinstance(kind, TLSFault) and kind not in known:
            raise ValueError(f"{kind} is no fault of TLS; there are {', '.join(known)}")
        return self._add(TLSFault(kind), f"tls {TLSFault(kind).value}", **whom)

    def starttls_stripped(self, **whom: Unpack[Whom]) -> Rule[kinds.NoTLS]:
        """Have STARTTLS not be offered, nor known, on connections made from now on, as if somebody
        on the way had taken it out."""
        return self._add(kinds.NoTLS(), "STARTTLS stripped", **whom)

    def starttls_injected(self, octets: bytes = b"", **whom: Unpack[Whom]) -> Rule[kinds.Edit]:
        """Send octets in the clear behind the go-ahead for TLS, as if somebody on the way had put
        them there.

        Args:
            octets: empty for a reply of the protocol's. Raises ValueError where it has no STARTTLS.
        """
        words = self._known_words()
        if words.go_ahead is None:
            raise ValueError(f"{words.protocol} has no STARTTLS")
        go_ahead, injected = words.go_ahead, octets or words.injected
        return self._edit(
            lambda said: said + injected if go_ahead.match(said) else said,
            words.starttls,
            "STARTTLS injected",
            whom,
        )

    def _shared_for(self, shared: ServerShared, number: int) -> ServerShared:
        if shared.tls is not None:
            for rule, _ in self.book.of(kinds.NoTLS):
                if rule.strikes(number):
                    return replace(shared, tls=None)
        return shared

    def _tls_fault(self, number: int) -> TLSFault | None:
        struck = (fault for rule, fault in self.book.of(TLSFault) if rule.strikes(number))
        return next(struck, None)

    def _tls_for(self, context: Context, number: int) -> Context:
        if not IOpenSSLServerConnectionCreator.providedBy(context):
            return context
        return FaultyTLS(context.serverConnectionForTLS, lambda: self._tls_fault(number))

    # -- rules -----------------------------------------------------------------------------------

    def _add(
        self, fault: F, label: str, when: When | None = None, /, **whom: Unpack[Whom]
    ) -> Rule[F]:
        label = self._label + label
        self._check_possible(fault, label)
        rule = Rule(self.book, fault, label, when=when, **whom)
        self.book.add(rule)
        return rule

    def _check_possible(self, fault: object, label: str) -> None:
        if not isinstance(fault, self._possible):
            raise ValueError(f"{label}: {self._why_not}")

    def _checked(self, command: str) -> str:
        command = command.upper()
        if self._words is not None:
            self._words.check(command)
        return command

    def _known_words(self) -> Words:
        if self._words is None:
            raise ValueError("which protocol? Attach a service first, or name it")
        return self._words

    def _wrongly(self, what: Wrong, by: int, to: str, label: str, whom: Whom) -> Rule[kinds.Edit]:
        wrongly = self._known_words().wrong(what)
        commands = frozenset({self._checked(to)}) if to else wrongly.to
        return self._add(kinds.Edit(wrongly.change(by), commands), label, **whom)

    def _edit(
        self, change: Callable[[bytes], bytes], to: str, label: str, whom: Whom
    ) -> Rule[kinds.Edit]:
        commands = frozenset({self._checked(to)}) if to else frozenset()
        return self._add(kinds.Edit(change, commands), label, **whom)


def _at(command: str) -> str:
    return f" at {command}" if command else ""
