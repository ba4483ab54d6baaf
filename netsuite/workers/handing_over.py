"""Handing over to a new version: the parent becomes another program, and stays the same process.

What listens and what talks to workers stays open; where it is stands in the environment. So nobody
is refused, whoever looks after the process (systemd, a container) sees none end, and the workers
there are serve until those of the new version do.
"""

from __future__ import annotations

import getopt
import json
import os
import signal
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.utils import getProcessOutputAndValue
from twisted.python.usage import Options

from netsuite.home import Reactor

#: Where the new program finds what it is handed.
VARIABLE: Final = "NETSUITE_HANDED_OVER"
#: Set where a start is only tried: all is read and made, and nothing begins.
REHEARSAL: Final = "NETSUITE_REHEARSAL"
#: How long it may take to find out whether a new version starts.
REHEARSAL_SECONDS: Final = 60.0
#: Of what is handed; another cannot be taken.
_FORM: Final = 1
#: Options of twistd's that are done with: who the process is, where, and that it is in the
#: background. Its log and its pidfile are named anew, since its directory may be another.
_DONE: Final = frozenset(
    (
        *("--uid", "-u", "--gid", "-g", "--euid", "--chroot", "--rundir", "-d"),
        *("--nodaemon", "-n", "--logfile", "-l", "--pidfile"),
    )
)


@dataclass(frozen=True, slots=True)
class HandedWorker:
    """A worker of the program before.

    Args:
        channel: the descriptor of its channel.
        left: what has come of a message that is not whole.
        printing: descriptors that it prints to the other end of.
        roles: that it has.
    """

    number: int
    pid: int
    channel: int
    left: str
    printing: Sequence[int]
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class Handed:
    """What the program before has handed over.

    Args:
        sockets: descriptors that listen, by the name of the place.
        table: that of the table of counts.
    """

    sockets: Mapping[str, Sequence[int]]
    table: int
    workers: Sequence[HandedWorker]

    @classmethod
    def take(cls, environ: MutableMapping[str, str], pid: int) -> Handed | None:
        """Return what the environment has for a process of this number, and remove it; None where
        there is nothing."""
        text = environ.pop(VARIABLE, "")
        try:
            found = json.loads(text) if text else {}
            if found.pop("pid", None) != pid or found.pop("form", None) != _FORM:
                return None
            found["workers"] = [HandedWorker(**each) for each in found["workers"]]
            handed = cls(**found)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        if signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN:  # as ``replace`` has left it
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        return handed

    def descriptors(self) -> list[int]:
        """Return all that stays open."""
        sockets = [each for many in self.sockets.values() for each in many]
        printing = [each for worker in self.workers for each in worker.printing]
        return [*sockets, self.table, *(worker.channel for worker in self.workers), *printing]

    def replace(self, command: Sequence[str]) -> None:
        """Become another program; return only where that cannot be. Raises OSError."""
        value = json.dumps({"form": _FORM, "pid": os.getpid(), **asdict(self)})
        # Whoever sends these while the new one has not taken them yet means no harm.
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        for each in self.descriptors():
            os.set_inheritable(each, True)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], list(command), {**os.environ, VARIABLE: value})


def command_of(
    twistd: Options | None,
    *,
    argv: Sequence[str],
    original: Sequence[str],
    log: str | None,
) -> list[str]:
    """Return the command by which this process was started, such that it stays the process it is.

    Args:
        twistd: its options; None, or others, where it was not twistd that has started it.
        argv: ``sys.argv``.
        original: ``sys.orig_argv``.
        log: the file of its log; None for none.
    """
    interpreter = [sys.executable, *original[1 : len(original) - len(argv) + 1]]
    if twistd is None or "pidfile" not in twistd:
        return [*interpreter, *argv[1:]]
    options, plugin = getopt.getopt(list(argv[1:]), twistd.shortOpt, twistd.longOpt)
    kept: list[str] = []
    for name, value in options:
        if name not in _DONE:
            kept += [name, value] if value else [name]
    pidfile = twistd["pidfile"]
    if pidfile and not os.access(Path(pidfile).absolute().parent, os.W_OK):
        pidfile = ""  # it stays as it is, and right
    kept += ["--nodaemon", f"--pidfile={os.path.abspath(pidfile) if pidfile else ''}"]
    if log is not None:
        kept.append(f"--logfile={os.path.abspath(log)}")
    return [*interpreter, *kept, *plugin]


def without_pidfile(command: Sequence[str]) -> list[str]:
    """Return a command with which twistd looks at no pidfile."""
    return ["--pidfile=" if each.startswith("--pidfile=") else each for each in command]


def remove_pidfile(command: Sequence[str]) -> None:
    """Remove the pidfile of a command: twistd would take us for another that runs."""
    for each in command:
        if each.startswith("--pidfile=") and each != "--pidfile=":
            Path(each.partition("=")[2]).unlink(missing_ok=True)


async def rehearse(command: Sequence[str], reactor: Reactor) -> str:
    """Try whether the program of a command would start; return why not, empty where it would."""
    program, *arguments = without_pidfile(command)
    environment = {**os.environ, REHEARSAL: "1"}
    trying = getProcessOutputAndValue(program, arguments, environment, reactor=reactor)
    try:
        out, err, code = await trying.addTimeout(REHEARSAL_SECONDS, reactor)
    except (OSError, TookTooLong) as error:
        return f"{type(error).__name__}: {error}"
    if code == 0:
        return ""
    printed = (out + err).decode(errors="replace").splitlines()
    told = [line.removeprefix("netsuite: ") for line in printed if line.startswith("netsuite: ")]
    lines: list[str] = told or printed or [f"exit code {code}"]
    return lines[-1]
