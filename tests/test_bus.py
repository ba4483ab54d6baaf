"""The bus of a daemon that is one process."""

from __future__ import annotations

from twisted.internet.defer import succeed

from netsuite.bus import OneProcess, Value
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run


class TheOnlyProcess(SynchronousTestCase):
    """It answers its own questions, and there is nobody to tell."""

    def setUp(self) -> None:
        """Make the bus."""
        self.bus = OneProcess()

    def test_answers(self) -> None:
        """An answer may be a value, a Deferred or a coroutine."""

        async def later(value: Value) -> Value:
            return [value, await succeed(2)]

        self.bus.answer("now", lambda value: [value])
        self.bus.answer("deferred", lambda value: succeed(value))
        self.bus.answer("later", later)
        self.assertEqual([[1]], run(self.bus.ask("now", 1)))
        self.assertEqual([None], run(self.bus.ask("deferred")))
        self.assertEqual([[1, 2]], run(self.bus.ask("later", 1)))

    def test_nobody_answers(self) -> None:
        """What nobody answers has no answers."""
        self.assertEqual([], run(self.bus.ask("who")))

    def test_an_answer_fails(self) -> None:
        """Of whoever fails there is no answer, and the log has why."""

        def fail(value: Value) -> Value:
            raise ZeroDivisionError("x")

        self.bus.answer("fails", fail)
        self.assertEqual([], run(self.bus.ask("fails")))
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    def test_one_answers(self) -> None:
        """A question has one answer in a process."""
        self.bus.answer("now", lambda value: None)
        self.assertRaises(ValueError, self.bus.answer, "now", lambda value: None)

    def test_nobody_hears(self) -> None:
        """What is told is told to others alone."""
        heard: list[Value] = []
        self.bus.hear("topic", heard.append)
        self.bus.tell("topic", 1)
        self.assertEqual([], heard)
        self.assertEqual(0, self.bus.worker)

    def test_all_roles_are_its_own(self) -> None:
        """A role is held as soon as it is wanted."""
        begun: list[str] = []
        self.bus.role("delivery", lambda: begun.append("delivery"))
        self.assertEqual(["delivery"], begun)
