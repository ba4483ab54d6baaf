"""The parent of workers: binds the sockets, starts the workers that serve them, and replaces them.

It opens no store, speaks no protocol and accepts no connection, so hardly anything can go wrong
in it. A worker that dies is started again. At a reload, workers take the settings that can change
while they run; where others have changed, new workers are started with them, and when those serve,
the old ones end what they do. Nobody is refused meanwhile, since the sockets stay open.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredLock, ensureDeferred
from twisted.internet.process import reapAllProcesses
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.reflect import namedAny

from netsuite import __version__
from netsuite.compose import MAKERS
from netsuite.config.load import ConfigError, changed
from netsuite.config.schema import Settings, needs_restart
from netsuite.connection.listening import (
    cannot_start,
    keep_terminal,
    leave_terminal,
    tell_operator,
)
from netsuite.control.log import RecentLog
from netsuite.control.questions import METRICS
from netsuite.hangup import hear, hear_no_more
from netsuite.health.collecting import parent_metrics
from netsuite.health.notify import Notices
from netsuite.health.readiness import not_ready
from netsuite.home import Reactor, SiteError, make_home
from netsuite.openings import Place
from netsuite.workers.bus import ParentBus
from netsuite.workers.crew import Crew
from netsuite.workers.handing_over import Handed, rehearse, remove_pidfile
from netsuite.workers.ports import Ports, all_places
from netsuite.workers.process import DidNotStart, WorkerProcess, numbered
from netsuite.workers.sockets import Inherited
from netsuite.workers.start import RELOAD, Start, settings_value
from netsuite.workers.table import make_table

#: The services that are of the whole daemon, and need no store: they are the parent's own.
OWN: Final = ("control", "health")
#: Tables of settings that the parent alone reads, when it starts; and those that it reads, too.
_OWN_TABLES: Final = ("control.", "health.")
_SHARED_TABLES: Final = ("log.",)
#: Beyond the time that services have to end, before a worker is killed.
MARGIN_SECONDS: Final = 20.0
#: How often the reactor is asked for what has come, before it runs.
_LOOK_SECONDS: Final = 0.05


# Longer than 300 lines: the one life of a daemon, from its first worker to its next version.
class Parent(MultiService):
    """The daemon, where it has workers; a ``DaemonPlace``.

    Args:
        settings: what is configured.
        names: returns the services that are on.
        read: reads the settings again. Raises ConfigError, SiteError.
        config: the configuration file; None for none.
        handlers: files of handlers.
        inherited: sockets that are open already.
        handed: what the version before has handed over; None where there was none.
        command: by which this program is started again.
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
        handed: Handed | None = None,
        command: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.bus = ParentBus()
        self.home = home
        self.settings = settings
        self.reactor = reactor
        self._names = names
        self._read = read
        self._started_with = settings
        self._config = config
        self._handlers = tuple(os.path.abspath(each) for each in handlers)
        self._handed = handed
        self._command = tuple(command)
        if handed is not None:
            inherited = Inherited(named=handed.sockets)
        self._inherited = inherited or Inherited()
        self._ports = Ports(reactor, home, self._inherited)
        self._table_file = make_table() if handed is None else handed.table
        self.crew = Crew(reactor, self.bus, self._table_file, self._describe, settings)
        self._reloading = DeferredLock()
        self.bus.answer(METRICS, parent_metrics(lambda: self.crew.deaths))
        self._notices = self._make_notices()
        for name in names(settings):
            if name in OWN:
                namedAny(MAKERS[name])(self).setServiceParent(self)
        RecentLog(self).setServiceParent(self)
        keep_terminal()

    # -- what is served, and where -------------------------------------------------------------

    def _served(self, settings: Settings) -> list[str]:
        return [name for name in self._names(settings) if name not in OWN]

    def _places(self, settings: Settings) -> list[Place]:
        return all_places(settings, self._served(settings), self.home)

    def _make_notices(self) -> Notices:
        """Return what tells the service manager."""

        def serves() -> str:
            return ", ".join(self._served(self.settings))

        return Notices(self.reactor, serves=serves, reasons=partial(not_ready, self))

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
        if self._handed is None:
            ensureDeferred(self._inherited.warn_of_left())
        else:
            self._inherited.close_left()
        if self._handed is not None:
            self.crew.go_on(self._handed.workers)
            ensureDeferred(self._take_over()).addErrback(self._went_wrong)
        else:
            self._start_workers()
        super().startService()
        hear(self._hung_up, self.reactor)
        with suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGUSR2, lambda *_: self.reactor.callFromThread(self._upgrade))

    def _start_workers(self) -> None:
        """Start one, wait until it serves, then start the others. Raises as ``startService``."""
        first = self.crew.start(self.settings)
        failures: list[str] = []
        first.started.addCallbacks(
            lambda _: self._first_serves(first),
            lambda failure: failures.append(failure.getErrorMessage()),
        )
        # Whoever starts the daemon waits until it serves, or is told why it does not.
        while not self.reactor.running and not first.started.called:
            self.reactor.iterate(_LOOK_SECONDS)
            reapAllProcesses()  # the reactor hears of the end of processes when it runs
        if failures:
            self._fail(failures[0])

    def _first_serves(self, first: WorkerProcess) -> None:
        if self.crew.is_stopping:
            return
        self.crew.keep(first)
        self.crew.keep_more(self.settings.daemon.workers - 1)
        self._notices.ready()
        leave_terminal()

    def stopService(self) -> Deferred[None]:
        """Have the workers end what they do, and wait for them."""
        self._notices.stopping()
        hear_no_more(self._hung_up)
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await self._ports.keep(())
        await self.crew.stop(self._drain_seconds)
        await super().stopService()
        self._notices.end()

    @property
    def _drain_seconds(self) -> float:
        """How long a worker may take to end."""
        return longest_drain(self.settings, self._served(self.settings)) + MARGIN_SECONDS

    def _describe(self, settings: Settings, number: int) -> tuple[Start, Mapping[int, int]]:
        """Return what a worker is started with."""
        names, descriptors = numbered(self._ports.descriptors(self._places(settings)))
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
        return start, descriptors

    # -- changes while it runs -----------------------------------------------------------------

    def _hung_up(self) -> None:
        ensureDeferred(self.reload()).addErrback(self._went_wrong)

    def _upgrade(self) -> None:
        ensureDeferred(self.hand_over()).addErrback(self._went_wrong)

    def _went_wrong(self, failure: Failure) -> None:
        self.log.failure("changing what serves", failure)

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
        own = self._waiting_for_a_start(settings)
        if not settings.daemon.workers:  # which would be another program
            settings = changed(settings, "daemon", {"workers": self.settings.daemon.workers})
        theirs = needs_restart(self.settings, settings)
        theirs = [name for name in theirs if not name.startswith(_OWN_TABLES)]
        if theirs:
            why = f"the configuration was read again: {', '.join(theirs)}"
            lines = await self._exchange(settings, why)
        else:
            lines = await self._tell_settings(settings)
        if own:
            line = f"changed, and taken at the next start: {', '.join(own)}"
            if line not in lines:  # as workers have said it
                lines += self._say([line], self.log.warn)
        return lines

    def _waiting_for_a_start(self, settings: Settings) -> list[str]:
        """Return the settings that differ, and that the parent has read when it started."""
        return [
            name
            for name in needs_restart(self._started_with, settings)
            if name.startswith(_OWN_TABLES + _SHARED_TABLES)
            or (name == "daemon.workers" and not settings.daemon.workers)
        ]

    async def _tell_settings(self, settings: Settings) -> list[str]:
        """Have the workers take settings that can change while they run."""
        self.settings = self.crew.settings = settings
        lines: list[str] = []
        answers = await self.bus.ask(RELOAD, settings_value(settings))
        for answer in answers:
            if isinstance(answer, list):
                lines += [str(line) for line in answer if line not in lines]
        missing = sum(worker.ready for worker in self.crew.all) - len(answers)
        if missing > 0:
            lines.append(f"{missing} workers have not answered")
        return self._say(lines, self.log.info)

    async def _exchange(self, settings: Settings, why: str) -> list[str]:
        """Start new workers, and when they serve, have the old ones end."""
        problems = self._ports.bind(self._places(settings))
        if problems:
            await self._ports.keep(self._places(self.settings))
            return self._say([f"nothing has changed: {each}" for each in problems], self.log.error)
        try:
            old = await self.crew.exchange(settings, settings.daemon.workers)
        except DidNotStart as error:
            await self._ports.keep(self._places(self.settings))
            line = f"the workers there are go on, since a new one does not start: {error}"
            return self._say([line], self.log.error)
        self.settings = settings
        self.crew.drain(old, self._drain_seconds)
        closed = await self._ports.keep(self._places(settings))
        lines = [
            why,
            f"{settings.daemon.workers} new workers serve, {len(old)} old ones end what they do",
            *(f"{each} is closed" for each in closed),
        ]
        return self._say(lines, self.log.info)

    # -- a new version -------------------------------------------------------------------------

    async def hand_over(self) -> list[str]:
        """Become the version of this program that is installed now, as the same process; nobody is
        refused meanwhile. Log, and return, why not, where that cannot be: then all is as it was."""
        await self._reloading.acquire()
        try:
            self.log.info("a new version is tried")
            problem = await self._rehearse()
            if self.crew.is_stopping:
                return []
            if problem:
                line = f"the version that runs goes on, since the new one does not start: {problem}"
                return self._say([line], self.log.error)
            await self._become_new()
            return []
        finally:
            self._reloading.release()

    async def _rehearse(self) -> str:
        """Try whether a worker of the new version serves, and its parent can be made; return why
        not, empty where they can."""
        try:
            worker = self.crew.start(self._read())
            await worker.started
        except (ConfigError, SiteError, DidNotStart) as error:
            return str(error)
        self.crew.drain([worker], self._drain_seconds)
        return await rehearse(self._command, self.reactor)

    async def _become_new(self) -> None:
        """Replace the program; what is on its way to workers goes first."""
        while not self.crew.is_idle:
            await deferLater(self.reactor, _LOOK_SECONDS)
        if self.crew.is_stopping:
            return
        sockets = self._ports.descriptors(self._places(self.settings))
        handed = Handed(sockets, self._table_file, self.crew.hand_over())
        with self._notices.reloading():
            remove_pidfile(self._command)
            handed.replace(self._command)

    async def _take_over(self) -> None:
        """Go on with what the version before has handed over."""
        await self._reloading.acquire()
        try:
            await self._exchange(self.settings, f"version {__version__} has taken over")
            self._notices.ready()
        finally:
            self._reloading.release()

    def _say(self, lines: list[str], tell: Callable[..., object]) -> list[str]:
        for line in lines:
            tell("{line}", line=line)
        return lines


def longest_drain(settings: Settings, names: Sequence[str]) -> float:
    """Return the longest time in seconds that one of those services has to end."""
    sections: list[Any] = [getattr(settings, each) for each in names]  # of which some have none
    times = [each.drain_seconds for each in sections if "drain_seconds" in type(each).model_fields]
    return max(times, default=0.0)
