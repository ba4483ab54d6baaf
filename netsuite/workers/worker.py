"""A worker: a process that serves on the sockets that its parent has bound.

Run by the parent as ``python -m netsuite.workers.worker NUMBER``; all else it is told by
descriptors (``netsuite.workers.start``).
"""

from __future__ import annotations

import os
import signal
import socket
from importlib import import_module
from typing import Final

from twisted.internet.protocol import Factory
from twisted.logger import ILogObserver, LogEvent, eventAsJSON, globalLogBeginner
from zope.interface import implementer

from netsuite.bus import Value
from netsuite.compose import Daemon
from netsuite.config.load import Configuration
from netsuite.home import Reactor
from netsuite.plugin import daemon_over, measure_time_by_itself, refusing
from netsuite.site import Site
from netsuite.workers.bus import WorkerBus
from netsuite.workers.link import Link
from netsuite.workers.messages import Log, Ready
from netsuite.workers.sockets import Inherited
from netsuite.workers.start import BUS, RELOAD, START, TABLE, Start, read_settings
from netsuite.workers.table import Table

#: Topics of the bus.
_GUESS: Final = "guess"
_COMMIT: Final = "commit"
#: What of the log is not told.
_UNHEARD: Final = (Link.log.namespace, "log_legacy")


@implementer(ILogObserver)
class Worker:
    """The daemon of one worker, and its way to the parent."""

    def __init__(self, start: Start, reactor: Reactor) -> None:
        self._reactor = reactor
        self._stopping = False
        self.bus = WorkerBus(start.number, self.stop)
        self.link = self.bus.link = Link(reactor, self.bus.heard, lambda reason: self.stop())
        self._settings = read_settings(start.settings)
        self._table = Table(TABLE, start.number)
        self.daemon = self._make(start)
        self.bus.answer(RELOAD, self._reload)

    def _make(self, start: Start) -> Daemon:
        """Make the daemon. Raises CannotStart."""
        with refusing():
            site = Site(
                start.home,
                settings=self._settings,
                reactor=self._reactor,
                bus=self.bus,
                inherited=Inherited(named=start.sockets, gives_way=self._table.gives_way),
                connection_counts=self._table,
            )
            configuration = Configuration(
                self._settings, start.config_path, lambda names: start.config
            )
            self._share(site)
            return daemon_over(
                site, configuration, start.names, start.handlers, read=lambda: self._settings
            )

    def _share(self, site: Site) -> None:
        """Tell the others what a site learns that they have to know, and hear of theirs."""
        throttle, bus = site.authenticator.throttle, self.bus
        throttle.tell = lambda *guess: bus.tell(_GUESS, guess)
        bus.hear(_GUESS, lambda guess: throttle.hear(*_guess(guess)))
        site.store.on_commit(lambda: bus.tell(_COMMIT, None))
        bus.hear(_COMMIT, lambda _: site.store.look())

    def connect(self) -> None:
        """Begin to talk to the parent."""
        factory = Factory.forProtocol(lambda: self.link)
        with socket.socket(fileno=BUS) as channel:
            channel.setblocking(False)
            self._reactor.adoptStreamConnection(channel.fileno(), socket.AF_UNIX, factory)

    def start(self) -> None:
        """Start the services. Raises CannotStart."""
        self.daemon.privilegedStartService()
        self._reactor.addSystemEventTrigger("before", "shutdown", self.daemon.stopService)
        self.daemon.startService()
        self.daemon.site.when_open().addCallback(lambda _: self._serves())

    def _serves(self) -> None:
        self._table.accept(begins=True)
        self.link.send(Ready())

    def stop(self) -> None:
        """Take nothing new, end what is under way, then end: the parent wants it, or is gone."""
        if not self._stopping:
            self._stopping = True
            self._table.accept(begins=False)
            self._reactor.callWhenRunning(self._reactor.stop)

    def _reload(self, value: Value) -> Value:
        self._settings = read_settings(value)
        return self.daemon.reload()

    def __call__(self, event: LogEvent) -> None:
        """Hand an event of the log to the parent, but for those of the channel, which would tell of
        itself, and what Twisted says of each port."""
        if event.get("log_namespace") not in _UNHEARD or "log_failure" in event:
            self.link.send_log(Log(eventAsJSON(event)))


def _guess(value: Value) -> tuple[str, str, bool]:
    """Return what was told of a guess. Raises ValueError for what is none."""
    match value:
        case [str(address), str(account), bool(right)]:
            return address, account, right
    raise ValueError("no guess")


def heed_the_parent_alone(worker: Worker, reactor: Reactor) -> None:
    """Leave to the parent what whoever stops or reloads a daemon from a terminal sends to all its
    processes."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(worker.stop))


def main() -> None:
    """Run a worker."""
    start = Start.read(START)
    vars(import_module(start.reactor))["install"]()
    from twisted.internet import reactor

    measure_time_by_itself(reactor)
    for descriptor in (BUS, TABLE):
        os.set_inheritable(descriptor, False)
    worker = Worker(start, reactor)
    globalLogBeginner.beginLoggingTo([worker], redirectStandardIO=False)
    heed_the_parent_alone(worker, reactor)
    worker.connect()
    os.close(TABLE)
    worker.start()
    run: Reactor = reactor
    run.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
