"""A netsuite daemon in a process of its own, for tests that want real sockets.

::

    with Daemon(tmp_path, "smtp.message_octets=1000") as daemon:
        client = smtplib.SMTP("127.0.0.1", daemon.ports["smtp"])

It has the accounts, mail and news of ``--demo``: ``alice`` and ``bob``, whose password is
``netsuite``.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from netsuite.config.schema import SERVICES, Settings

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0

#: A row of the table that ``--demo`` prints: a service and where it listens.
_ROW: Final = re.compile(r"^  (\w+) +((?:127(?:\.\d+){3}:\d+(?: \(TLS\))?(?:, )?)+)$")
_PORT: Final = re.compile(r"127(?:\.\d+){3}:(\d+)( \(TLS\))?")
_END_OF_TABLE: Final = b"Stop with Ctrl-C."


def twistd(*arguments: object, background: bool = False) -> list[str]:
    """Return the command line that runs this interpreter's twistd, in the foreground unless told
    otherwise."""
    program = "from twisted.scripts.twistd import run; run()"
    stay = [] if background else ["--nodaemon", "--pidfile="]
    return [sys.executable, "-c", program, *stay, *map(str, arguments)]


class DidNotStart(Exception):
    """The daemon ended, or printed no table of services, in time; the message is its output."""


class Daemon:
    """A running ``twistd netsuite --demo``, on ports of loopback that the kernel chose.

    The constructor returns when it serves. Leaving the context stops it, and raises
    AssertionError if it has logged a traceback.

    Args:
        home: its home, which is made if need be; may be one that an earlier daemon left.
        settings: as after ``--set``: ``section.key=value``.
        plugin: another plugin than the whole suite's: ``netsuite-imap``.
        twistd_options: options of twistd itself.

    Attributes:
        ports: where each service listens, by its name.
        tls_ports: where it listens with TLS from the first octet.
        process: the running daemon.
    """

    def __init__(
        self,
        home: Path,
        *settings: str,
        plugin: str = "netsuite",
        twistd_options: Sequence[str] = (),
    ) -> None:
        self.home = home
        self.ports: dict[str, int] = {}
        self.tls_ports: dict[str, int] = {}
        home.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [
                *twistd(f"--logfile={home / 'daemon.log'}", *twistd_options),
                *(plugin, "--demo", "--home", str(home)),
                *(word for each in (*listen_anywhere(), *settings) for word in ("--set", each)),
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=home,
        )  # fmt: skip
        self._read_table()

    def _read_table(self) -> None:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        heard = b""
        end = time.monotonic() + START_SECONDS
        while _END_OF_TABLE not in heard:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
            piece = os.read(descriptor, 65536) if ready else b""
            if not piece:
                self.kill()
                raise DidNotStart(heard.decode() + self.log())
            heard += piece
        for line in heard.decode().splitlines():
            if row := _ROW.match(line):
                for port, tls in _PORT.findall(row[2]):
                    (self.tls_ports if tls else self.ports)[row[1]] = int(port)

    def __enter__(self) -> Daemon:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and "Traceback" in self.log():
            raise AssertionError(f"the daemon logged a traceback:\n{self.log()[-4000:]}")

    def log(self) -> str:
        """Return what the daemon has logged."""
        path = self.home / "daemon.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self) -> None:
        """Send SIGKILL: nothing is finished, nothing is flushed."""
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """Send SIGTERM, and wait for an orderly end; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not stop within {STOP_SECONDS:g} s") from None
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def listen_anywhere() -> list[str]:
    """Return the settings that let every service listen on ports the kernel chooses."""
    defaults = Settings()
    found = []
    for service in SERVICES:
        found.append(f"{service}.listen=['tcp:0:interface=127.0.0.1:backlog=1024']")
        if getattr(defaults, service).listen_tls:
            found.append(f"{service}.listen_tls=['tcp:0:interface=127.0.0.1']")
    return found
