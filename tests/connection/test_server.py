"""The server's half: handlers by their annotation, errors as replies, logout, contexts."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Literal

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.connection.server import handlers, merged
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.lines import (
    Known,
    LineConnection,
    Reply,
    Say,
    Wait,
    connected,
    taken,
)


class Fresh(Known):
    """A new kind of a known error."""


async def say(session: LineConnection, command: Say) -> Reply:
    return Reply(command.word)


async def say_or_wait(session: LineConnection, command: Say | Wait) -> Reply:
    return Reply(command.word)


class Table(SynchronousTestCase):
    """Handlers stand under what their second parameter is annotated with."""

    def test_keys(self) -> None:
        """One kind, or each of a union."""
        self.assertEqual({Say: say}, handlers(say))
        self.assertEqual({Say: say_or_wait, Wait: say_or_wait}, handlers(say_or_wait))

    def test_twice(self) -> None:
        """Two handlers of one kind are refused at once, in one table and in several."""
        self.assertRaises(TypeError, handlers, say, say_or_wait)
        self.assertRaises(TypeError, merged, handlers(say), handlers(say_or_wait))

    def test_no_handler(self) -> None:
        """A function that does not say what it handles is none."""

        async def anything(session: LineConnection, command: Literal[1]) -> None:
            raise NotImplementedError

        async def more(session: LineConnection, command: Say, third: int) -> None:
            raise NotImplementedError

        self.assertRaises(TypeError, handlers, anything)
        self.assertRaises(TypeError, handlers, more)


class Errors(SynchronousTestCase):
    """What a handler raises becomes a reply in one place."""

    def test_known(self) -> None:
        """An error's own reply is said, or that of the nearest of its bases, and it counts."""

        async def fail(session: LineConnection, command: Say) -> Reply:
            raise Fresh(command.word)

        async def fail_later(session: LineConnection, command: Wait) -> Reply:
            await later
            raise Fresh("later")

        later: Deferred[None] = Deferred()
        connection, wire, _ = connected(bad_commands=2)
        self.patch(connection, "handlers", {Say: fail, Wait: fail_later})
        taken(wire)
        connection.dataReceived(b"SAY a\r\nWAIT b\r\n")
        self.assertEqual(["- known"], taken(wire))
        later.callback(None)
        self.assertEqual(["- known", "- bye TOO_MANY_ERRORS"], taken(wire))

    def test_interrupt(self) -> None:
        """What is to end the process is no failure of a command, and is not kept from it."""

        async def interrupted(session: LineConnection, command: Say) -> Reply:
            raise KeyboardInterrupt

        connection, _, _ = connected()
        self.patch(connection, "handlers", {Say: interrupted})
        self.assertRaises(KeyboardInterrupt, connection.dataReceived, b"SAY a\r\n")


class Contexts(SynchronousTestCase):
    """A handler has a context of its own, before it waits and afterwards."""

    def test_kept(self) -> None:
        """What it sets is there when it goes on, and nowhere else."""
        variable: ContextVar[str] = ContextVar("variable", default="nothing")
        waiting: Deferred[None] = Deferred()

        async def sets(session: LineConnection, command: Wait) -> Reply:
            variable.set(command.word)
            await waiting
            return Reply(variable.get())

        connection, wire, _ = connected()
        self.patch(connection, "handlers", {Wait: sets})
        taken(wire)
        connection.dataReceived(b"WAIT a\r\n")
        self.assertEqual("nothing", variable.get())
        waiting.callback(None)
        self.assertEqual(["a"], taken(wire))


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who logs in."""

    logout: Callable[[], None]
    name: str = "ann"

    def watch(self, revoked: Callable[[], None]) -> Callable[[], None]:
        return lambda: None


class Login(SynchronousTestCase):
    """What a login brought is given back."""

    def test_at_the_end(self) -> None:
        """Once, when the connection goes, though the user has logged out before."""
        for early in (False, True):
            connection, _, _ = connected()
            left: list[str] = []
            connection.logged_in(User(partial(left.append, "left")))
            if early:
                connection.logged_out()
                self.assertEqual(["left"], left)
            connection.connectionLost(Failure(ConnectionLost()))
            self.assertEqual(["left"], left)

    def test_lost_meanwhile(self) -> None:
        """At once, where the connection has gone while the login was under way."""
        connection, _, _ = connected()
        connection.connectionLost(Failure(ConnectionLost()))
        left: list[str] = []
        connection.logged_in(User(partial(left.append, "left")))
        self.assertEqual(["left"], left)


class WhileWriting(SynchronousTestCase):
    """Events while the peer does not read."""

    def test_heard(self) -> None:
        """They are taken where the dialog says so, and wait where it does not."""
        for hears in (False, True):
            connection, wire, _ = connected(full_at=100)
            self.patch(connection.dialog, "hears_while_writing", hears)
            self.patch(connection, "handlers", {**connection.handlers, Say: say})
            connection.writer.write(b"x" * 200)
            wire.clear()
            connection.dataReceived(b"SAY a\r\n")
            self.assertEqual(["a"] if hears else [], taken(wire))
