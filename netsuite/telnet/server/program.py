"""A program on a terminal of its own (a pty), which has a session in place of the shell.

It is the terminal's line discipline that edits, shows what is typed and makes signals of keys; the
session passes octets on, no faster than either side takes them.
"""

from __future__ import annotations

import fcntl
import os
import pty
import pwd
import re
import struct
import termios
from collections.abc import Callable, Mapping
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IPushProducer,
    IReactorProcess,
    IReactorTime,
)
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

_log: Final = Logger()

#: So long a program has to end after a hangup; then it is killed.
HANGUP_SECONDS: Final = 5.0
#: So long what others have left running may hold the terminal after the program has ended.
LEFT_OVER_SECONDS: Final = 1.0
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
#: What a terminal may be called: programs look for files of that name.
_TERMINAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,39}")


def terminal_name(told: str) -> str:
    """Return ``$TERM`` for what a client calls its terminal; ``dumb`` for what is no name."""
    return told.lower() if _TERMINAL.fullmatch(told) and ".." not in told else "dumb"


class Program(ProcessProtocol):
    """A program that runs.

    Args:
        processes: makes them.
        clock: tells the time.
        show: called with what the program shows; its Deferred, if any, is waited for before more
            is read.
    """

    def __init__(
        self,
        processes: IReactorProcess,
        clock: IReactorTime,
        show: Callable[[bytes], Deferred[None] | None],
    ) -> None:
        self._processes = processes
        self._clock = clock
        self._show = show
        self._ended: Deferred[None] = Deferred()
        self._late: IDelayedCall | None = None
        self._input: _Input | None = None

    def start(
        self,
        command: list[str],
        *,
        account: str,
        term: str,
        window: tuple[int, int],
        peer: str,
        user: str = "",
    ) -> None:
        """Start it.

        Args:
            command: its path, and words.
            account: who has logged in.
            term: what the client calls the terminal.
            window: width and height in characters; 0 for unknown.
            peer: the client's address.
            user: whose process it is to be; empty: that of whoever we are, who may not be root.

        Raises:
            OSError: it cannot be started.
            PermissionError: it would be root's.
        """
        owner = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
        if owner.pw_uid == 0:
            raise PermissionError("no program is run as root")
        other = owner.pw_uid != os.geteuid()
        master, slave = pty.openpty()
        try:
            _size(slave, window)
            if other:
                os.fchown(slave, owner.pw_uid, owner.pw_gid)
            self._processes.spawnProcess(
                self, command[0], command,
                env=_environment(account, terminal_name(term), peer, owner),
                path=owner.pw_dir if os.path.isdir(owner.pw_dir) else "/",
                uid=owner.pw_uid if other else None,
                gid=owner.pw_gid if other else None,
                # Twisted takes a terminal that is there; its interface does not say so.
                usePTY=(master, slave, os.ttyname(slave)),  # type: ignore[arg-type]
            )  # fmt: skip
        except BaseException:
            os.close(master)
            os.close(slave)
            raise

    async def run(self) -> None:
        """Wait until it has ended, and all that it has shown was passed on."""
        await self._ended

    # -- the user's side -----------------------------------------------------------------------

    async def write(self, octets: bytes) -> None:
        """Type; wait while the program takes no more."""
        if self._input is not None and self.transport is not None:
            self.transport.write(octets)
            await self._input.free()

    def resize(self, window: tuple[int, int]) -> None:
        """Give the terminal another size; the kernel tells the program."""
        if self.transport is not None and not self._ended.called:
            _size(self.transport.fileno(), window)  # type: ignore[attr-defined]

    def hang_up(self) -> None:
        """Take the terminal away; who does not end by that is killed."""
        if self.transport is None or self._ended.called:
            return
        self._after(HANGUP_SECONDS, self._kill)
        # What was typed and not read would keep the terminal open, so it is told beside that.
        if self.transport.pid:
            self.transport.signalProcess("HUP")
        self.transport.loseConnection()

    def _kill(self) -> None:
        if self.transport is not None and self.transport.pid:
            self.transport.signalProcess("KILL")

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        if self._late is not None and self._late.active():
            self._late.cancel()
        self._late = self._clock.callLater(seconds, call)

    # -- what the process tells ----------------------------------------------------------------

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """It runs."""
        self._input = _Input()
        self.transport.registerProducer(self._input, True)  # type: ignore[union-attr]

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: N802, N803
        """It shows something."""
        taken = self._show(data)
        if taken is not None and self.transport is not None:
            self.transport.stopReading()  # type: ignore[attr-defined]
            taken.addBoth(lambda _: self._read_on())

    def _read_on(self) -> None:
        if self.transport is not None and self.transport.connected:  # type: ignore[attr-defined]
            self.transport.startReading()  # type: ignore[attr-defined]

    def processExited(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """It has ended; others may still have the terminal."""
        if self.transport is not None:
            self._after(LEFT_OVER_SECONDS, self.transport.loseConnection)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """It has ended, and nobody has the terminal."""
        if self._late is not None and self._late.active():
            self._late.cancel()
        if self._input is not None:
            self._input.resumeProducing()
        self._ended.callback(None)


@implementer(IPushProducer)
class _Input:
    """What is typed, as far as the terminal has room for it."""

    def __init__(self) -> None:
        self._full: Deferred[None] | None = None

    async def free(self) -> None:
        """Wait until there is room."""
        if self._full is not None:
            await self._full

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """There is none."""
        self._full = self._full or Deferred()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """There is room again."""
        full, self._full = self._full, None
        if full is not None:
            full.callback(None)

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The terminal is gone."""
        self.resumeProducing()


def _size(descriptor: int, window: tuple[int, int]) -> None:
    columns, rows = window
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _environment(account: str, term: str, peer: str, owner: pwd.struct_passwd) -> Mapping[str, str]:
    """Return all that the program is told: nothing of ours, and nothing of the client's but what
    its terminal is."""
    return {
        "HOME": owner.pw_dir,
        "LANG": "C.UTF-8",
        "LOGNAME": owner.pw_name,
        "NETSUITE_ACCOUNT": account,
        "PATH": _PATH,
        "REMOTE_ADDR": peer,
        "TERM": term,
        "USER": owner.pw_name,
    }
