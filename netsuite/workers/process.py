"""One worker as its parent sees it: started, ready, ending, gone."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessTerminated
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import Factory, ProcessProtocol
from twisted.logger import Logger, eventFromJSON, globalLogPublisher
from twisted.python.failure import Failure

from netsuite.home import Reactor
from netsuite.workers.handing_over import HandedWorker
from netsuite.workers.link import Link
from netsuite.workers.messages import Drain, Log, Message, Ready
from netsuite.workers.start import BUS, SOCKETS, START, TABLE, Start

#: A worker that has closed its channel, and does not end, is ended.
LEFT_SECONDS: Final = 5.0
#: How often it is asked for the end of one that Twisted does not wait for.
ASK_SECONDS: Final = 0.1
#: Of what a worker prints, the longest line that is logged.
LINE_OCTETS: Final = 16 * 1024
#: What begins a line that tells an operator why something does not start.
_TOLD: Final = "netsuite: "
#: What concerns the parent alone.
_PARENTS_OWN: Final = (
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
    "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID",
)  # fmt: skip


class DidNotStart(Exception):
    """A worker has ended before it served; the message says why."""


class WorkerProcess(ProcessProtocol):
    """A worker.

    Args:
        number: from 1; no other that lives has it.
        heard: called with what it says on the bus.
        gone: called when it has ended, and its channel has been read to the end; with how it ended.

    Attributes:
        started: fires when it serves; fails with DidNotStart where it never will.
        draining: it was told to end.
        began: when it was started, by the reactor's clock.
    """

    log = Logger()
    transport: IProcessTransport | None

    def __init__(
        self,
        reactor: Reactor,
        number: int,
        heard: Callable[[WorkerProcess, Message], None],
        gone: Callable[[WorkerProcess, str], None],
    ) -> None:
        self._reactor = reactor
        self.number = number
        self._heard = heard
        self._gone = gone
        self.link = Link(reactor, self._take, self._lost)
        self.started: Deferred[None] = Deferred()
        self.ready = self.draining = False
        self.began: float = reactor.seconds()
        self.pid = 0
        self._channel_open = True
        self._how = ""  # it ended
        self._reason = ""  # as it has told it
        self._printed = b""
        self._ending: IDelayedCall | None = None
        self._is_child_of_ours = True  # Twisted waits for it; else it is asked for
        self._printing: tuple[int, ...] = ()

    # -- beginning -----------------------------------------------------------------------------

    def spawn(self, start: Start, table: int, sockets: Mapping[int, int]) -> None:
        """Start it.

        Args:
            table: the descriptor of the table of counts.
            sockets: its descriptors of sockets to ours.
        """
        file = start.write()
        nothing = os.open(os.devnull, os.O_RDWR)
        ours, theirs = socket.socketpair()
        try:
            descriptors: dict[int, int | str] = {0: nothing, 1: "r", 2: "r"}
            descriptors |= {BUS: theirs.fileno(), START: file, TABLE: table, **sockets}
            self._reactor.spawnProcess(
                self,
                sys.executable,
                [sys.executable, "-m", "netsuite.workers.worker", str(self.number)],
                env={name: value for name, value in os.environ.items() if name not in _PARENTS_OWN},
                childFDs=descriptors,
            )
            assert self.transport is not None
            self.pid = self.transport.pid
            self.adopt(ours)
        except OSError as error:  # too many processes, or too little memory
            self._reason = f"worker {self.number} cannot be started: {error}"
            self._channel_open = False
            self._reactor.callLater(0, self._ended, "before it was a process")
        finally:
            for each in (file, nothing):
                os.close(each)
            theirs.close()
            ours.close()

    def adopt(self, channel: socket.socket) -> None:
        """Talk over a channel from now on; it may be closed afterwards."""
        channel.setblocking(False)
        factory = Factory.forProtocol(lambda: self.link)
        self._reactor.adoptStreamConnection(channel.fileno(), socket.AF_UNIX, factory)

    def take_over(self, worker: HandedWorker) -> None:
        """Go on with a worker of the program before."""
        self.pid, self.ready = worker.pid, True
        self.started.callback(None)
        self._printing = tuple(worker.printing)
        self._is_child_of_ours = False
        for each in (worker.channel, *self._printing):
            os.set_inheritable(each, False)
        self.link.left = worker.left.encode("latin-1")
        with socket.socket(fileno=worker.channel) as channel:
            self.adopt(channel)

    @property
    def is_connected(self) -> bool:
        """Whether its channel is open."""
        return self._channel_open

    def hand_over(self, roles: Sequence[str]) -> HandedWorker:
        """Return what another program has to know of it."""
        printing = self._printing
        if self._is_child_of_ours:
            pipes = vars(self.transport)["pipes"]  # of Twisted's process; no interface has them
            printing = tuple(pipes[each].fileno() for each in (1, 2) if each in pipes)
        channel: int = self.link.transport.fileno()
        left = self.link.left.decode("latin-1")
        return HandedWorker(self.number, self.pid, channel, left, printing, roles)

    # -- its life ------------------------------------------------------------------------------

    def drain(self, seconds: float) -> None:
        """Have it end what is under way, and then itself; kill it when that takes longer."""
        if self.draining:
            return
        self.draining = True
        self.link.send(Drain())
        self._end_in(seconds)

    def kill(self) -> None:
        """End it at once."""
        if not self._how and self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._ended("unseen")

    def _end_in(self, seconds: float) -> None:
        if self._ending is not None and self._ending.active():
            self._ending.cancel()
        self._ending = self._reactor.callLater(seconds, self._too_late)

    def _too_late(self) -> None:
        self.log.warn("worker {number} did not end in time, and is killed", number=self.number)
        self.kill()

    def _take(self, message: Message) -> None:
        match message:
            case Log():
                self._log(message.event)
            case Ready():
                self.ready = True
                if not self.started.called:
                    self.started.callback(None)
            case _:
                self._heard(self, message)

    def _log(self, text: str) -> None:
        event = eventFromJSON(text)
        event["worker"] = self.number
        level = getattr(event.get("log_level"), "name", "")
        event["log_system"] = f"worker {self.number} {event.get('log_namespace', '-')}#{level}"
        globalLogPublisher(event)

    def _lost(self, reason: str) -> None:
        """The channel is closed."""
        self._channel_open = False
        if reason:
            self.log.error(
                "worker {number} is given up: {reason}", number=self.number, reason=reason
            )
            self.kill()
        elif not self._how:
            self._end_in(LEFT_SECONDS)
        if not self._is_child_of_ours:
            self._await_end()
        self._look()

    def _await_end(self) -> None:
        """Ask the system whether a worker of the program before has ended."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            for each in self._printing:
                os.close(each)
            code = os.waitstatus_to_exitcode(status)
            by = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            self._ended(by)
        else:
            self._reactor.callLater(ASK_SECONDS, self._await_end)

    # -- what it prints, and its end -----------------------------------------------------------

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: N803
        """Log what it prints: what a process prints that cannot log, such as why it does not
        start."""
        *lines, self._printed = (self._printed + data).split(b"\n")
        for line in lines:
            self._print(line)
        if len(self._printed) > LINE_OCTETS:
            self._print(self._printed)
            self._printed = b""

    def _print(self, line: bytes) -> None:
        text = line[:LINE_OCTETS].decode(errors="backslashreplace").rstrip()
        if not self.ready and text.startswith(_TOLD):
            self._reason = text.removeprefix(_TOLD)
        elif text:
            self.log.warn("worker {number}: {text}", number=self.number, text=text)

    def processEnded(self, reason: Failure) -> None:
        """It has ended, and all it has printed has been read."""
        how = "with exit code 0"
        error = reason.value
        if isinstance(error, ProcessTerminated):
            by, code = error.signal, error.exitCode
            how = f"with exit code {code}" if by is None else f"by {signal.Signals(by).name}"
        self._ended(how)

    def _ended(self, how: str) -> None:
        self._how = how
        self._look()

    def _look(self) -> None:
        """Say that it is gone, once both its process and its channel are."""
        if not self._how or self._channel_open:
            return
        if self._ending is not None and self._ending.active():
            self._ending.cancel()
        if not self.started.called:
            self.started.errback(
                DidNotStart(self._reason or f"worker {self.number} ended {self._how}")
            )
        self._gone(self, self._how)


def numbered(
    sockets: Mapping[str, Sequence[int]],
) -> tuple[dict[str, list[int]], dict[int, int]]:
    """Return the descriptors that a worker will have of sockets, by name, and which of ours each
    is."""
    names: dict[str, list[int]] = {}
    theirs: dict[int, int] = {}
    for name, descriptors in sockets.items():
        for each in descriptors:
            theirs[SOCKETS + len(theirs)] = each
            names.setdefault(name, []).append(SOCKETS + len(theirs) - 1)
    return names, theirs
