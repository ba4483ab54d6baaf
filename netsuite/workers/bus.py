"""The bus of a daemon with workers: a worker's end, and the parent, which hands everything on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from netsuite.bus import ANSWER_SECONDS, Hear, OneProcess, Value
from netsuite.workers.link import Link
from netsuite.workers.messages import (
    Answer,
    Ask,
    BadMessage,
    Drain,
    Held,
    Message,
    Tell,
    Wanted,
    written,
)

#: The parent waits for workers so long; who has asked it waits longer.
_MARGIN_SECONDS: Final = 1.0


class _Listeners:
    """Who hears of which topic."""

    log = Logger()

    def __init__(self) -> None:
        self._hear: dict[str, list[Hear]] = {}

    def add(self, topic: str, hear: Hear) -> None:
        """Add one."""
        self._hear.setdefault(topic, []).append(hear)

    def tell(self, message: Tell) -> None:
        """Call those of a topic; one that raises is logged, the others hear on."""
        for hear in self._hear.get(message.topic, ()):
            try:
                hear(message.value)
            except Exception:
                self.log.failure("hearing of {topic}", topic=message.topic)


class WorkerBus(OneProcess):
    """A worker's end of the bus.

    Args:
        worker: its number.
        drain: called when the parent wants it to end.
    """

    def __init__(self, worker: int, drain: Callable[[], object]) -> None:
        super().__init__()
        self.worker = worker
        self.link: Link | None = None
        self._drain = drain
        self._listeners = _Listeners()
        self._roles: dict[str, Callable[[], object]] = {}

    def tell(self, topic: str, value: Value) -> None:
        """As ``Bus.tell``."""
        if self.link is not None:
            self.link.send(Tell(topic, value))

    def hear(self, topic: str, hear: Hear) -> None:
        """As ``Bus.hear``."""
        self._listeners.add(topic, hear)

    async def ask(self, question: str, value: Value = None) -> list[Value]:
        """As ``Bus.ask``."""
        if self.link is None:
            return await super().ask(question, value)
        others = self.link.ask(question, value, ANSWER_SECONDS + _MARGIN_SECONDS)
        return [*await super().ask(question, value), *await others]

    def role(self, name: str, begin: Callable[[], object]) -> None:
        """As ``Bus.role``."""
        self._roles[name] = begin
        if self.link is not None:
            self.link.send(Wanted(name))

    def heard(self, message: Message) -> None:
        """Accept a message of the parent."""
        match message:
            case Tell():
                self._listeners.tell(message)
            case Ask():
                Deferred.fromCoroutine(self._answer(message))
            case Held():
                self._roles.pop(message.role)()
            case Drain():
                self._drain()

    async def _answer(self, asked: Ask) -> None:
        values = await super().ask(asked.question, asked.value)
        if self.link is not None:
            self.link.send(answer_of(asked, values))


class ParentBus(OneProcess):
    """The parent's end: what one worker tells goes to all others, what it asks, too."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners = _Listeners()
        self._links: dict[Link, None] = {}
        self._wanted: dict[str, list[Link]] = {}
        self._holders: dict[str, Link] = {}

    # -- workers -------------------------------------------------------------------------------

    def join(self, link: Link) -> None:
        """Add a worker."""
        self._links[link] = None

    def leave(self, link: Link) -> None:
        """Remove a worker that is gone; another takes its roles."""
        self._links.pop(link, None)
        self.pass_over([link])

    def pass_over(self, links: Collection[Link]) -> None:
        """Give the roles of workers that are ending to others."""
        for role, waiting in self._wanted.items():
            self._wanted[role] = [link for link in waiting if link not in links]
        for role in [role for role, holder in self._holders.items() if holder in links]:
            del self._holders[role]
            self._give(role)

    def go_on(self, link: Link, roles: Iterable[str]) -> None:
        """Add a worker that has roles already."""
        self.join(link)
        self._holders |= dict.fromkeys(roles, link)

    def holds(self, link: Link) -> list[str]:
        """Return the roles of a worker."""
        return [role for role, holder in self._holders.items() if holder is link]

    def _give(self, role: str) -> None:
        waiting = self._wanted.get(role)
        if waiting and role not in self._holders:
            link = self._holders[role] = waiting.pop(0)
            link.send(Held(role))

    def heard(self, link: Link, message: Message) -> None:
        """Accept a message of a worker."""
        match message:
            case Tell():
                self._send(message, (each for each in self._links if each is not link))
                self._listeners.tell(message)
            case Ask():
                Deferred.fromCoroutine(self._ask_for(link, message))
            case Wanted():
                self._wanted.setdefault(message.role, []).append(link)
                self._give(message.role)

    async def _ask_for(self, link: Link, asked: Ask) -> None:
        others = [each for each in self._links if each is not link]
        link.send(answer_of(asked, await self._ask(others, asked.question, asked.value)))

    # -- as any process ------------------------------------------------------------------------

    def tell(self, topic: str, value: Value) -> None:
        """As ``Bus.tell``."""
        self._send(Tell(topic, value), self._links)

    def hear(self, topic: str, hear: Hear) -> None:
        """As ``Bus.hear``."""
        self._listeners.add(topic, hear)

    async def ask(self, question: str, value: Value = None) -> list[Value]:
        """As ``Bus.ask``."""
        return await self._ask(list(self._links), question, value)

    async def _ask(self, links: list[Link], question: str, value: Value) -> list[Value]:
        asked = [link.ask(question, value) for link in links]
        values = await super().ask(question, value)
        for succeeded, found in await DeferredList(asked, consumeErrors=True):
            if succeeded:
                values += found
        return values

    def role(self, name: str, begin: Callable[[], object]) -> None:
        """As ``Bus.role``: it has none, being no worker."""

    def _send(self, message: Message, links: Iterable[Link]) -> None:
        try:
            line = written(message)
        except BadMessage as error:
            self.log.error("not sent between processes: {error}", error=error)
            return
        for link in list(links):
            link.send_line(line)


def answer_of(asked: Ask, values: list[Value]) -> Answer:
    """Return the answer to a question; an empty one where it would be too long."""
    answer = Answer(asked.number, values)
    try:
        written(answer)
    except BadMessage:
        OneProcess.log.error("the answer to {question} is too long", question=asked.question)
        return Answer(asked.number, [])
    return answer
