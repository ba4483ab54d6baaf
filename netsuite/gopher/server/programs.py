"""Programs of the operator's that answer requests (CGI/1.1), behind a switch.

They stand in one directory outside of the tree of files, so that nobody makes one by an upload. A
program gets an environment of its own and no input; what it prints is the answer, or, where its
name ends with ``.gophermap``, a menu. It is killed when it takes too long, and when nobody is
there any more to read it. Nothing is run as root.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import (
    IDelayedCall,
    IProcessTransport,
    IPushProducer,
    IReactorProcess,
    IReactorTime,
)
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection.peer import Peer
from netsuite.store.errors import Busy, NoSuchFile

#: The selectors of programs begin with it.
PREFIX: Final = "/cgi-bin/"
#: Octets that a program may have printed before somebody has read them.
HELD_OCTETS: Final = 131_072
#: Of a menu that a program prints.
MENU_OCTETS: Final = 262_144
#: What of its complaints is logged.
_TOLD_OCTETS: Final = 1000
#: What programs may find others by.
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"

#: The program that begins a session; None where there is none.
_SETSID: Final = shutil.which("setsid")
#: How long what a program has begun may go on behind its end.
LEFT_OVER_SECONDS: Final = 1.0

_log: Final = Logger()


@dataclass(frozen=True, slots=True)
class Run:
    """A program, and what it is told.

    Args:
        path: the program's file.
        environment: all of its environment.
    """

    path: Path
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of a server.

    Args:
        processes: runs them.
        clock: for the time that they may take.
        directory: holds them.
        seconds: how long each may take.
        at_once: how many run; others wait.
        host: of this server.
        port: likewise.
    """

    processes: IReactorProcess
    clock: IReactorTime
    directory: Path
    seconds: float
    at_once: int
    host: str
    _turns: DeferredSemaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", DeferredSemaphore(self.at_once))

    def find(self, selector: str, search: str, peer: Peer, port: int) -> Run:
        """Return the program of a selector. Raises NoSuchFile, and Busy: nothing may be run.

        Args:
            search: the words of a search; empty for none.
            port: that it was asked for on.
        """
        name, slash, rest = selector.removeprefix(PREFIX).partition("/")
        path = self.directory / name
        if not name or name.startswith(".") or "\0" in name:
            raise NoSuchFile(selector)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise NoSuchFile(selector)
        if os.geteuid() == 0:
            _log.error("{path} is not run: this process is root", path=path)
            raise Busy("nothing is run as root")
        environment = {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "PATH": _PATH,
            "PATH_INFO": slash + rest,
            "QUERY_STRING": search,
            "REMOTE_ADDR": peer.address,
            "REQUEST_METHOD": "GET",
            "SCRIPT_FILENAME": str(path),
            "SCRIPT_NAME": PREFIX + name,
            "SEARCHREQUEST": search,
            "SELECTOR": selector,
            "SERVER_NAME": self.host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "GOPHER",
            "SERVER_SOFTWARE": "netsuite",
        }
        return Run(path, environment)

    async def output(self, run: Run) -> AsyncIterator[bytes]:
        """Return what a program prints, as it does."""
        await self._turns.acquire()
        running = _Running(self.clock)
        # A session of its own, so that what it begins ends with it.
        command = [*filter(None, [_SETSID]), str(run.path)]
        try:
            self.processes.spawnProcess(
                running, command[0], command, env=run.environment,
                path=str(self.directory), childFDs={0: "w", 1: "r", 2: "r"},
            )  # fmt: skip
            late = self.clock.callLater(self.seconds, running.kill)
            try:
                while (octets := await running.read()) is not None:
                    yield octets
            finally:
                if late.active():
                    late.cancel()
                await running.killed()
            if running.complaint:
                _log.warn("{path}: {text}", path=run.path, text=running.complaint)
        finally:
            self._turns.release()

    async def menu(self, run: Run) -> bytes:
        """Return what a program prints, as far as it is a menu."""
        printed = b""
        async with aclosing(self.output(run)) as pieces:  # type: ignore[type-var]
            async for octets in pieces:
                printed += octets
                if len(printed) > MENU_OCTETS:
                    break
        return printed[:MENU_OCTETS]


class _Running(ProcessProtocol):
    """A program that runs: what it prints waits until it is read, and it waits with it."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._pid = 0
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._over = False
        self._gone = False
        self._late: IDelayedCall | None = None
        self._waiting: Deferred[None] | None = None
        self.complaint = ""

    def connectionMade(self) -> None:  # noqa: N802
        """It runs; it has nothing to read."""
        self._pid = self.transport.pid or 0  # type: ignore[union-attr]
        self.transport.closeStdin()  # type: ignore[union-attr]

    async def read(self) -> bytes | None:
        """Return some of what it prints; None at the end."""
        while not self._pieces:
            if self._over:
                return None
            self._waiting = Deferred()
            await self._waiting
        octets = b"".join(self._pieces)
        self._pieces.clear()
        if self._held > HELD_OCTETS and not self._over:
            self._pipe().resumeProducing()
        self._held = 0
        return octets

    def kill(self) -> None:
        """End it, and what it has begun."""
        if not self._over:
            self._kill_all()
            self._end()

    def _kill_all(self) -> None:
        transport: IProcessTransport = self.transport  # type: ignore[assignment]
        if _SETSID is not None and self._pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        with suppress(ProcessExitedAlready):
            transport.signalProcess("KILL")
        transport.loseConnection()  # what has left its session finds nobody who reads it

    async def killed(self) -> None:
        """End it, if it runs, and wait until it is gone."""
        self.kill()
        if not self._gone:
            self._waiting = Deferred()
            await self._waiting

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """It prints."""
        if self._over:
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._held > HELD_OCTETS:
            self._pipe().pauseProducing()
        self._wake()

    def errReceived(self, data: bytes) -> None:  # noqa: N802
        """It complains."""
        room = _TOLD_OCTETS - len(self.complaint)
        if room > 0:
            self.complaint += data[:room].decode("utf-8", "replace")

    def processExited(self, reason: Failure) -> None:  # noqa: N802
        """It has ended; what it has begun may still print."""
        self._late = self._clock.callLater(LEFT_OVER_SECONDS, self._kill_all)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """It is over."""
        self._gone = True
        if self._late is not None and self._late.active():
            self._late.cancel()
        self._end()

    def _pipe(self) -> IPushProducer:
        pipe: IPushProducer = self.transport.pipes[1]  # type: ignore[union-attr]
        return pipe

    def _end(self) -> None:
        self._over = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)
