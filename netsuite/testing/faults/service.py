"""The faults of one service: what a test says is to go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any, TypedDict, TypeVar, Unpack

from twisted.internet.interfaces import IProtocolFactory, IReactorTime

from netsuite.connection.factory import ServerFactory
from netsuite.connection.server import ServerShared
from netsuite.testing.faults import kinds
from netsuite.testing.faults.rules import Rule, RuleBook, When
from netsuite.testing.faults.sessions import maker
from netsuite.testing.faults.words.table import Words, words_for, words_of
from netsuite.tls import Context

F = TypeVar("F")


class Whom(TypedDict, total=False):
    """Whom a rule meets, and how often; see ``Rule``."""

    times: int | None
    connection: int | None
    probability: float


class Faults:
    """The faults of one service.

    Each method but the first few makes a ``Rule``, and takes with it ``times``, ``connection`` and
    ``probability``: how often, which connection alone (its number from 1), and how probably. Under
    ``with`` a rule ends with the block, which fails where it was not met; others stand until
    ``clear``.

    Args:
        clock: for what takes time.
        seed: of what happens at random.
        protocol: of a server that is not ours, behind a ``FaultProxy``; else found by ``attach``.
    """

    def __init__(self, clock: IReactorTime, seed: int = 0, *, protocol: str = "") -> None:
        self.clock = clock
        self.book = RuleBook(Random(seed))
        self._words: Words | None = words_for(protocol) if protocol else None
        self._sessions = 0

    # -- the service ---------------------------------------------------------------------------

    def attach(self, factory: ServerFactory[Any]) -> None:
        """Have the sessions of a service, made from now on, ask before they answer. Raises
        TypeError for one of no protocol known here."""
        connection = factory.connection
        if not isinstance(connection, type):
            raise TypeError(f"{factory!r} has faults already")
        self._words = words_of(connection)
        factory.connection = maker(
            connection,
            self.book,
            self._words,
            count=self._count_session,
            shared_for=self._shared_for,
            tls_for=self._tls_for,
        )

    def _count_session(self) -> int:
        self._sessions += 1
        return self._sessions

    def _shared_for(self, shared: ServerShared, number: int) -> ServerShared:
        return shared

    def _tls_for(self, context: Context, number: int) -> Context:
        return context

    def wrap(self, factory: IProtocolFactory) -> IProtocolFactory:
        """Return a factory, to listen with, whose transports have the faults of ``drop``, ``delay``
        and the like; below TLS, where *factory* brings that."""
        return factory

    def clear(self) -> None:
        """End all rules, met or not."""
        self.book.clear()

    def check(self) -> None:
        """Raise UnmetExpectation, an AssertionError that names the rules not met."""
        self.book.check()

    def _add(self, fault: F, label: str, when: When | None = None, **whom: Unpack[Whom]) -> Rule[F]:
        rule = Rule(self.book, fault, label, when=when, **whom)
        self.book.add(rule)
        return rule

    # -- refusals ------------------------------------------------------------------------------

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
                or article that has come; empty for whatever is said.
            code: a number, or what the protocol has for one (IMAP's ``NO``, ``BAD``, ``BYE``; a
                response code of POP3's, ``SYS/TEMP``); None for its plainest temporary one.
            text: behind the code; SMTP's may begin with an enhanced one, ``5.1.1 nobody``.
            when: told the command as ``commands`` of the protocol has it, says whether.

        Raises:
            ValueError: the protocol has no such command.
        """
        command = self._checked(command)
        label = " ".join(["refusing", command or "anything", *([str(code)] if code else [])])
        return self._add(kinds.Refuse(command, code, text), label, when, **whom)

    def _checked(self, command: str) -> str:
        command = command.upper()
        if self._words is not None:
            self._words.check(command)
        return command

    # -- words ---------------------------------------------------------------------------------

    def edit(
        self, pattern: bytes, replacement: bytes, *, to: str = "", **whom: Unpack[Whom]
    ) -> Rule[kinds.Edit]:
        """Change what the server says, each thing it says by itself, before TLS is put around it.

        Args:
            pattern: a regular expression; lines end with ``\\r\\n``.
            replacement: as of ``re.sub``.
            to: the command that is answered; empty for whatever is said.
        """
        compiled = re.compile(pattern)
        fault = kinds.Edit(lambda octets: compiled.sub(replacement, octets), self._checked(to))
        return self._add(fault, f"edit {pattern!r}", **whom)
