"""The parent of workers: binds the sockets, starts the workers that serve them, and replaces them.

It opens no store, speaks no protocol and accepts no connection, so hardly anything can go wrong
in it. A worker that dies is started again. At a reload, workers take the settings that can change
while they run; where others have changed, new workers are started with them, and when those serve,
the old ones end what they do. Nobody is refused meanwhile, since the sockets stay open.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList, DeferredLock, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.reflect import namedAny

from netsuite.compose import MAKERS
from netsuite.config.load import ConfigError
from netsuite.config.schema import Settings, needs_restart
from netsuite.connection.listening import (
    cannot_start,
    keep_terminal,
    leave_terminal,
    tell_operator,
)
from netsuite.hangup import hear, hear_no_more
from netsuite.health.notify import Notices
from netsuite.home import SiteError, make_home
from netsuite.openings import Place, places_of
from netsuite.storage import Reactor
from netsuite.workers.bus import ParentBus
from netsuite.workers.messages import Message
from netsuite.workers.ports import Ports
from netsuite.workers.process import DidNotStart, WorkerProcess, numbered
from netsuite.workers.sockets import Inherited
from netsuite.workers.start import RELOAD, Start, settings_value
from netsuite.workers.table import COLUMNS, Table, make_table

#: The services that are of the whole daemon, and need no store: they are the parent's own.
OWN: Final = ("control", "health")
#: Tables of settings that the parent alone reads, when it starts.
_OWN_TABLES: Final = ("control.", "health.", "log.")
#: A worker that dies so early has died young: the next one is waited for, twice as long each time.
YOUNG_SECONDS: Final = 10.0
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 60.0
#: Beyond the time that services have to end, before a worker is killed.
MARGIN_SECONDS: Final = 20.0
#: How often the reactor is asked for what has come, before it runs.
_LOOK_SECONDS: Final = 0.05


class Parent(MultiService):
    """The daemon, where it has workers; a ``DaemonPlace``.

    Args:
        settings: what is configured.
        names: returns the services that are on.
        read: reads the settings again. Raises ConfigError, SiteError.
        config: the configuration file; None for none.
        handlers: files of handlers.
        inherited: sockets that are open already.
    """

    log = Logger()

    def __init__(
        self,
        settings: Settings,
        home: Path,
        names: Callable[[Settings], Sequence[str]],
        *,
        reactor: Reactor,
        read: Callable[[], Settings],
        config: Path | None = None,
        handlers: Sequence[str] = (),
        inherited: Inherited | None = None,
    ) -> None:
        super().__init__()
        self.bus = ParentBus()
        self.home = home
        self.settings = settings
        self.reactor = reactor
        self.workers: list[WorkerProcess] = []
        self._names = names
        self._read = read
        self._started_with = settings
        self._config = config
        self._handlers = tuple(os.path.abspath(each) for each in handlers)
        self._ports = Ports(reactor, home, inherited or Inherited())
        self._table_file = make_table()
        self._table = Table(self._table_file)
        self._current: set[WorkerProcess] = set()  # those that are replaced when they die
        self._young = 0  # deaths one after the other
        self._pauses: set[IDelayedCall] = set()
        self._reloading = DeferredLock()
        self._all_gone: Deferred[None] | None = None
        self._notices = Notices(reactor, serves=lambda: ", ".join(self._served(self.settings)))
        for name in names(settings):
            if name in OWN:
                namedAny(MAKERS[name])(self).setServiceParent(self)
        keep_terminal()

    # -- what is served, and where -------------------------------------------------------------

    def _served(self, settings: Settings) -> list[str]:
        return [name for name in self._names(settings) if name not in OWN]

    def _places(self, settings: Settings) -> list[Place]:
        places: list[Place] = []
        for name in self._served(settings):
            section: Any = getattr(settings, name)  # of which some have no places
            if "listen" in type(section).model_fields:
                with_tls = section.listen_tls if settings.tls.enabled else ()
                places += places_of(name, section.listen, with_tls, self.home)
        return places

    # -- start and stop ------------------------------------------------------------------------

    def privilegedStartService(self) -> None:
        """Bind all that may need privileges. Raises CannotStart, or CannotStartUnseen."""
        super().privilegedStartService()
        self._bind_or_fail(at_home=False)

    def _bind_or_fail(self, *, at_home: bool) -> None:
        problems = self._ports.bind(self._places(self.settings), at_home=at_home)
        if problems:
            self._fail(problems[0])

    def _fail(self, message: str) -> None:
        """Say why there is no start. Raises CannotStart, or CannotStartUnseen."""
        self.log.critical("netsuite: {message}", message=message)
        tell_operator(f"netsuite: {message}")
        raise cannot_start(message)

    def startService(self) -> None:
        """Start one worker, and when it serves, the others. Raises as ``privilegedStartService``,
        also for what keeps the worker from starting."""
        try:
            make_home(self.home)
        except SiteError as error:
            self._fail(str(error))
        self._bind_or_fail(at_home=True)
        first = self._start_one(self.settings, current=False)
        failures: list[str] = []
        first.started.addCallbacks(
            lambda _: self._first_serves(first),
            lambda failure: failures.append(failure.getErrorMessage()),
        )
        # Whoever starts the daemon waits until it serves, or is told why it does not.
        while not self.reactor.running and not first.started.called:
            self.reactor.iterate(_LOOK_SECONDS)
        if failures:
            self._fail(failures[0])
        super().startService()
        hear(self._hung_up, self.reactor)

    def _first_serves(self, first: WorkerProcess) -> None:
        self._current.add(first)
        for _ in range(1, self.settings.daemon.workers):
            self._start_one(self.settings)
        self._notices.ready()
        leave_terminal()

    def stopService(self) -> Deferred[None]:
        """Have the workers end what they do, and wait for them."""
        self._notices.stopping()
        hear_no_more(self._hung_up)
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        self._current.clear()
        while self._pauses:
            self._pauses.pop().cancel()
        await self._ports.keep(())
        for worker in self.workers:
            worker.drain(self._drain_seconds)
        if self.workers:
            self._all_gone = Deferred()
            await self._all_gone
        await super().stopService()
        self._notices.end()

    @property
    def _drain_seconds(self) -> float:
        """How long a worker may take to end."""
        sections: list[Any] = [getattr(self.settings, each) for each in self._served(self.settings)]
        times = [
            each.drain_seconds for each in sections if "drain_seconds" in type(each).model_fields
        ]
        return max(times, default=0.0) + MARGIN_SECONDS

    # -- workers -------------------------------------------------------------------------------

    def _start_one(self, settings: Settings, *, current: bool = True) -> WorkerProcess:
        """Start a worker.

        Args:
            current: it is replaced when it dies.
        """
        taken = {worker.number for worker in self.workers}
        number = next(each for each in range(1, COLUMNS) if each not in taken)
        sockets = self._ports.descriptors(set(self._places(settings)))
        names, descriptors = numbered(sockets)
        start = Start(
            number=number,
            names=self._served(settings),
            home=str(self.home),
            config=str(self._config or ""),
            settings=settings_value(settings),
            handlers=self._handlers,
            sockets=names,
            reactor=type(self.reactor).__module__,
        )
        worker = WorkerProcess(self.reactor, number, self._heard, self._gone)
        self.workers.append(worker)
        if current:
            self._current.add(worker)
        self.bus.join(worker.link)
        worker.started.addCallbacks(lambda _: self._serves(worker), lambda failure: failure)
        worker.spawn(start, self._table_file, descriptors)
        return worker

    def _serves(self, worker: WorkerProcess) -> None:
        self.log.info("worker {number} serves, process {pid}", number=worker.number, pid=worker.pid)

    def _heard(self, worker: WorkerProcess, message: Message) -> None:
        self.bus.heard(worker.link, message)

    def _gone(self, worker: WorkerProcess, how: str) -> None:
        """A worker has ended."""
        self.workers.remove(worker)
        self.bus.leave(worker.link)
        self._table.clear(worker.number)
        worker.started.addErrback(lambda failure: failure.trap(DidNotStart) and None)
        if worker.draining:
            self.log.info("worker {number} has ended", number=worker.number)
        if worker in self._current:
            self._current.discard(worker)
            self._replace(worker, how)
        if not self.workers and self._all_gone is not None:
            self._all_gone.callback(None)

    def _replace(self, worker: WorkerProcess, how: str) -> None:
        """Start another in place of one that has died: at once, but for those that die young."""
        lived = self.reactor.seconds() - worker.began
        self._young = self._young + 1 if lived < YOUNG_SECONDS else 0
        pause = 0.0
        if self._young > 1:
            pause = min(FIRST_PAUSE_SECONDS * 2.0 ** (self._young - 2), LONGEST_PAUSE_SECONDS)
        self.log.error(
            "worker {number} died after {lived:.1f} s, {how}; another is started in {pause:g} s",
            number=worker.number,
            lived=lived,
            how=how,
            pause=pause,
        )

        def start() -> None:
            self._pauses.discard(call)
            self._start_one(self.settings)

        call = self.reactor.callLater(pause, start)
        self._pauses.add(call)

    # -- changes while it runs -----------------------------------------------------------------

    def _hung_up(self) -> None:
        ensureDeferred(self.reload()).addErrback(self._not_reloaded)

    def _not_reloaded(self, failure: Failure) -> None:
        self.log.failure("reading the configuration again", failure)

    async def reload(self) -> list[str]:
        """Read certificates and configuration again, in all workers; replace them by others where a
        setting has changed that they cannot take. Log, and return, what that has changed, in lines.
        A wrong file changes nothing."""
        await self._reloading.acquire()
        try:
            with self._notices.reloading():
                return await self._reload()
        finally:
            self._reloading.release()

    async def _reload(self) -> list[str]:
        try:
            settings = self._read()
        except (ConfigError, SiteError) as error:
            return self._say([f"the configuration was not read again: {error}"], self.log.error)
        own, theirs = self._waiting_for_a_start(settings)
        if theirs and settings.daemon.workers:
            lines = await self._roll(settings, theirs)
        else:
            lines = await self._tell_settings(settings)
        if own:
            self._say([f"changed, and taken at the next start: {', '.join(own)}"], self.log.warn)
            lines.append(f"changed, and taken at the next start: {', '.join(own)}")
        return lines

    def _waiting_for_a_start(self, settings: Settings) -> tuple[list[str], list[str]]:
        """Return the settings that differ, and are read when something starts: those that the
        parent reads, and those that workers read."""
        own = [
            name
            for name in needs_restart(self._started_with, settings)
            if name.startswith(_OWN_TABLES)
            or (name == "daemon.workers" and not settings.daemon.workers)
        ]
        theirs = [name for name in needs_restart(self.settings, settings) if name not in own]
        return own, [name for name in theirs if not name.startswith(_OWN_TABLES)]

    async def _tell_settings(self, settings: Settings) -> list[str]:
        """Have the workers take settings that can change while they run."""
        self.settings = settings
        lines: list[str] = []
        answers = await self.bus.ask(RELOAD, settings_value(settings))
        for answer in answers:
            if isinstance(answer, list):
                lines += [str(line) for line in answer if line not in lines]
        missing = sum(worker.ready for worker in self.workers) - len(answers)
        if missing > 0:
            lines.append(f"{missing} workers have not answered")
        return self._say(lines, self.log.info)

    async def _roll(self, settings: Settings, changed: Sequence[str]) -> list[str]:
        """Start new workers, and when they serve, have the old ones end."""
        problems = self._ports.bind(self._places(settings))
        if problems:
            await self._ports.keep(self._places(self.settings))
            return self._say([f"nothing has changed: {each}" for each in problems], self.log.error)
        old = list(self.workers)
        first = self._start_one(settings, current=False)
        try:
            await first.started
        except DidNotStart as error:
            await self._ports.keep(self._places(self.settings))
            line = f"the workers there are go on, since a new one does not start: {error}"
            return self._say([line], self.log.error)
        self.settings = settings
        self._current = {first}
        others = [self._start_one(settings) for _ in range(1, settings.daemon.workers)]
        await DeferredList([each.started for each in others], consumeErrors=True)
        for worker in old:
            self.bus.pass_over(worker.link)
            worker.drain(self._drain_seconds)
        closed = await self._ports.keep(self._places(settings))
        lines = [
            f"the configuration was read again: {', '.join(changed)}",
            f"{len(self._current)} new workers serve, {len(old)} old ones end what they do",
            *(f"{each} is closed" for each in closed),
        ]
        return self._say(lines, self.log.info)

    def _say(self, lines: list[str], tell: Callable[..., object]) -> list[str]:
        for line in lines:
            tell("{line}", line=line)
        return lines
