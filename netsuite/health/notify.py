"""What the service manager that started the daemon is told of it: the protocol of systemd's
``sd_notify``.

Each notice is a datagram of ``NAME=value`` lines to the Unix socket that ``NOTIFY_SOCKET`` names.
Where nobody has set that, nothing is said.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

#: The socket is a system's own; it takes a datagram at once, or the system has other troubles.
SEND_SECONDS: Final = 1.0
#: How often the status line is looked at where there is no watchdog.
STATUS_SECONDS: Final = 60.0
#: What of a status line is told; systemd shows one line.
STATUS_CHARACTERS: Final = 500


def read_watchdog(environment: Mapping[str, str], process: int) -> float | None:
    """Return after how many seconds of silence the service manager takes the daemon for stuck;
    None where it never does, or means another process."""
    if environment.get("WATCHDOG_PID", str(process)) != str(process):
        return None
    with suppress(KeyError, ValueError):
        microseconds = int(environment["WATCHDOG_USEC"])
        if microseconds > 0:
            return microseconds / 1e6
    return None


async def _answers() -> None:
    """Where nothing is asked before the watchdog is told that the daemon lives."""


async def _serves() -> Sequence[str]:
    """Where nothing keeps it from serving."""
    return ()


class Notices:
    """Tells the service manager that the daemon is ready, reloads, stops; and, as long as the
    reactor runs and the store answers, that it lives.

    Args:
        clock: for the watchdog, told at half of its time.
        serves: names the services, for the status line.
        reasons: returns why it cannot serve now, for the status line; empty where it can.
        answers: returns when the store has answered, whatever it said: one that is full, or whose
            database is away, recovers by itself, and a restart would help nobody.
        environment: has ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC``.
        process: the number of this process; None: asked for.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        *,
        serves: Callable[[], str] = lambda: "",
        reasons: Callable[[], Awaitable[Sequence[str]]] = _serves,
        answers: Callable[[], Awaitable[object]] = _answers,
        environment: Mapping[str, str] = os.environ,
        process: int | None = None,
    ) -> None:
        self._serves = serves
        self._reasons = reasons
        self._answers = answers
        self._process = process
        self._environment = environment
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._status = ""
        self._clock = clock
        self._living: LoopingCall | None = None
        self._watchdog = self._stopping = False
        self._asking: Deferred[None] | None = None

    # -- what the daemon says ------------------------------------------------------------------

    def ready(self) -> None:
        """Say that all services serve; from now on, that the daemon lives."""
        if not self._address:
            return
        process = os.getpid() if self._process is None else self._process
        self._status = f"serves {self._serves()}"[:STATUS_CHARACTERS]
        self.send(READY=1, MAINPID=process, STATUS=self._status)
        seconds = read_watchdog(self._environment, process)
        self._watchdog = seconds is not None
        if self._living is None:
            # Not before: to make one imports the reactor, which whoever never runs it goes without.
            self._living = LoopingCall(self._look)
            self._living.clock = self._clock
            self._living.start(STATUS_SECONDS if seconds is None else seconds / 2)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that the configuration is read again, and afterwards that this is done."""
        # systemd holds the time against when it asked for the reload.
        self.send(RELOADING=1, MONOTONIC_USEC=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        try:
            yield
        finally:
            self.send(READY=1)

    def stopping(self) -> None:
        """Say that the daemon stops; it still lives, so the watchdog is told on."""
        self._stopping = True
        self.send(STOPPING=1, STATUS="stops")

    def end(self) -> None:
        """Say nothing more: all has stopped."""
        living, self._living = self._living, None
        if living is not None:
            living.stop()
        if self._asking is not None:
            self._asking.cancel()

    def send(self, **values: object) -> None:
        """Send a notice; where that cannot be done, the log has it."""
        if not self._address:
            return
        lines = [f"{name}={' '.join(str(value).split())}" for name, value in values.items()]
        # A name that begins with @ is one of the kernel's own name space, which begins with NUL.
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
                end.settimeout(SEND_SECONDS)
                end.connect(name)
                end.sendall("\n".join(lines).encode())
        except OSError as error:
            self.log.error(
                "the service manager cannot be told {lines}: {error}", lines=lines, error=error
            )

    # -- that it lives -------------------------------------------------------------------------

    def _look(self) -> None:
        """Say that it lives, once the store has answered; nothing while that is waited for."""
        if self._asking is None:
            self._asking = ensureDeferred(self._ask()).addErrback(
                lambda failure: self.log.failure("looking how the daemon is", failure)
            )
            self._asking.addBoth(self._asked)

    def _asked(self, _: object) -> None:
        self._asking = None

    async def _ask(self) -> None:
        await self._answers()
        if self._watchdog:
            self.send(WATCHDOG=1)
        if self._stopping:
            return
        reasons = await self._reasons()
        status = f"serves {self._serves()}" if not reasons else f"not ready: {'; '.join(reasons)}"
        status = status[:STATUS_CHARACTERS]
        if status != self._status:
            self._status = status
            self.send(STATUS=status)
