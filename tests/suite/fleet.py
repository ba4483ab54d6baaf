"""A daemon with workers in processes of its own, and which of them serves a connection."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from netsuite.config.schema import SERVICES
from netsuite.testing.daemon import twistd
from tests.cli.commands import done

START_SECONDS: Final = 120.0
#: Hands over descriptors as sd_listen_fds(3) has it, and becomes another program.
_ACTIVATE: Final = """
import os, sys
end = sys.argv.index("--")
numbers = [os.dup(int(each)) for each in sys.argv[1:end]]
for place, each in enumerate(numbers):
    os.dup2(each, 3 + place)
    os.set_inheritable(3 + place, True)
os.environ |= {"LISTEN_FDS": str(len(numbers)), "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[end + 1], sys.argv[end + 1 :])
"""
_WHERE: Final = re.compile(r"\] (\w+) listens on IPv\dAddress\(.*port=(\d+)\)")
_DIED: Final = re.compile(r"worker \d+ died after")


def until(found: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Fleet:
    """A running daemon, with the services named alone, on ports that the kernel chose.

    Args:
        settings: as after ``--set``.
        options: of twistd itself.
        environment: besides that of the test.
        handlers: files of handlers.
        activated: sockets that it is handed as systemd does.

    Attributes:
        ports: where each service listens first.
    """

    def __init__(
        self,
        home: Path,
        services: Sequence[str],
        *settings: str,
        workers: int = 2,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        handlers: Sequence[Path] = (),
        activated: Sequence[socket.socket] = (),
    ) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        off = [f"{each}.enabled=false" for each in (*SERVICES, "console") if each not in services]
        where = [
            f"{each}.listen=['tcp:0:interface=127.0.0.1:backlog=1024']"
            for each in services
            if each in SERVICES and not any(more.startswith(f"{each}.listen=") for more in settings)
        ]
        where += [f"{each}.listen_tls=[]" for each in services if each in SERVICES]
        if "delivery" not in services:
            off.append("delivery.enabled=false")
        chosen = (f"daemon.workers={workers}", "tls.enabled=false", *off, *where, *settings)
        self.log_path = home / "daemon.log"
        numbers = [each.fileno() for each in activated]
        launcher = [sys.executable, "-c", _ACTIVATE, *map(str, numbers), "--"] if numbers else []
        self.process = subprocess.Popen(
            [
                *launcher,
                *twistd(f"--logfile={self.log_path}", *options),
                *("netsuite", "--home", home),
                *(word for each in handlers for word in ("--handlers", each)),
                *(word for each in chosen for word in ("--set", each)),
            ],
            cwd=home,
            pass_fds=numbers,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.expected = workers

    def wait(self) -> Self:
        """Wait until all workers serve."""
        end = time.monotonic() + START_SECONDS
        while not (self.served(self.expected) if self.expected else self._is_open()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.printed() + self.log())
            time.sleep(0.05)
        return self

    def _is_open(self) -> bool:
        """Return whether the daemon that is one process serves."""
        return self.logged("certificates") or self.logged(" listens on ")

    def served(self, count: int) -> bool:
        """Return whether so many workers have begun to serve, since it was started."""
        return self.logged(" serves, process ", count)

    def logged(self, text: str, times: int = 1) -> bool:
        """Return whether something is in the log, so many times."""
        return self.log().count(text) >= times

    @property
    def ports(self) -> dict[str, int]:
        """Where each service listens first."""
        found: dict[str, int] = {}
        for name, port in _WHERE.findall(self.log()):
            found.setdefault(name, int(port))
        return found

    def log(self) -> str:
        """Return what was logged."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def printed(self) -> str:
        """Stop it; return what it has printed."""
        self.process.kill()
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            return printed.read().decode()

    def workers(self) -> list[int]:
        """Return the processes of the workers that live."""
        pid = self.process.pid
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(each) for each in text.split() if _state(int(each)) != "Z"]

    def worker_of(self, client: socket.socket) -> int | None:
        """Return the process that has accepted a client's connection; None for nobody yet."""
        theirs = client.getpeername()[1], client.getsockname()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if tuple(int(each.partition(":")[2], 16) for each in fields[1:3]) == theirs:
                inode = f"socket:[{fields[9]}]"
                for pid in self.workers():
                    if inode in _links(pid):
                        return pid
        return None

    def __enter__(self) -> Self:
        return self.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and "Traceback" in self.log():
            raise AssertionError(f"the daemon logged a traceback:\n{self.log()[-4000:]}")

    def stop(self) -> int:
        """Stop it in order; return the exit code."""
        workers = self.workers()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            for pid in (*workers, self.process.pid):
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(
                "the daemon did not stop in time:\n" + self.log()[-4000:]
            ) from None
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert not [pid for pid in workers if lives(pid)]
        return self.process.returncode


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def lives(pid: int) -> bool:
    """Return whether a process is there, and no zombie."""
    return _state(pid) != "Z"


def _links(pid: int) -> set[str]:
    """Return what a process's descriptors stand for; it may close any of them meanwhile."""
    found = set()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.add(os.readlink(each))
    return found


def home_with_accounts(tmp_path: Path, *names: str) -> Path:
    """Return a home with accounts whose password is ``pw``."""
    home = tmp_path / "home"
    for name in names:
        done(home, "account", "add", name, "--password-stdin")
    return home
