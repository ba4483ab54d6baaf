"""The bus between the processes of one daemon: what one tells, all hear; what one asks, all answer.

A daemon with workers is several processes over one home; without, it is one, and its bus has nobody
else on it. Whoever uses the bus need not know which: the limits, the guesses, the console and
``control.sock`` are written once, for both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from netsuite.config.schema import Settings
from netsuite.home import Reactor

#: What can be told: what JSON has, in a mapping too.
Value: TypeAlias = None | bool | int | float | str | Sequence["Value"] | Mapping[str, object]
Hear: TypeAlias = Callable[[Value], object]
Answer: TypeAlias = Callable[[Value], "Value | Awaitable[Value]"]

#: Who has not answered a question by then is left out.
ANSWER_SECONDS: Final = 5.0


class Bus(Protocol):
    """What a process says to the others of its daemon, and hears of them."""

    @property
    def worker(self) -> int:
        """The number of this worker, from 1; 0 in a daemon without workers, and in the parent."""

    def tell(self, topic: str, value: Value) -> None:
        """Tell all other processes; nothing is promised of one that is ending."""

    def hear(self, topic: str, hear: Hear) -> None:
        """Call a function with what other processes tell of a topic, in the order each told it."""

    def answer(self, question: str, answer: Answer) -> None:
        """Answer a question from now on; one function answers one question."""

    async def ask(self, question: str, value: Value = None) -> list[Value]:
        """Ask all processes that answer a question, this one too, and return their answers; of one
        that fails, or takes longer than ``ANSWER_SECONDS``, there is none."""

    def role(self, name: str, begin: Callable[[], object]) -> None:
        """Call a function once this process has a role, which one process of the daemon has at a
        time; it keeps it until it ends. It may be that it never does."""


class OneProcess:
    """The bus of a daemon that is one process."""

    log = Logger()
    worker = 0

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    def tell(self, topic: str, value: Value) -> None:
        """As ``Bus.tell``: there is nobody."""

    def hear(self, topic: str, hear: Hear) -> None:
        """As ``Bus.hear``: nobody will."""

    def answer(self, question: str, answer: Answer) -> None:
        """As ``Bus.answer``. Raises ValueError where somebody answers it already."""
        if question in self._answers:
            raise ValueError(f"{question} is answered twice")
        self._answers[question] = answer

    async def ask(self, question: str, value: Value = None) -> list[Value]:
        """As ``Bus.ask``."""
        answer = self._answers.get(question)
        if answer is None:
            return []
        try:
            return [await answered(answer, value)]
        except Exception:
            self.log.failure("answering {question}", question=question)
            return []

    def role(self, name: str, begin: Callable[[], object]) -> None:
        """As ``Bus.role``: it has all of them."""
        begin()


async def answered(answer: Answer, value: Value) -> Value:
    """Return an answer, at once or once it is there."""
    found = answer(value)
    if isinstance(found, Deferred) or isawaitable(found):
        result: Value = await found
        return result
    return found


class DaemonPlace(Protocol):
    """What a service that is of the whole daemon is made with: a ``Site`` has it, and so has the
    parent of workers, which opens no store."""

    @property
    def bus(self) -> Bus:
        """To the other processes."""

    @property
    def home(self) -> Path | None:
        """The home directory; None in memory."""

    @property
    def settings(self) -> Settings:
        """What is configured by now."""

    @property
    def reactor(self) -> Reactor:
        """For threads, time and ports."""
