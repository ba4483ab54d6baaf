"""Real daemons for the tests that need them: a subprocess, on ports the kernel chose."""

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

from netsuite.config.schema import SERVICES, Settings

#: Services of the demo table: (name, plain ports, TLS ports).
_ROW = re.compile(r"^  (\w+) +((?:127\.0\.0\.1:\d+(?: \(TLS\))?(?:, )?)+)$")
_PORT = re.compile(r"127\.0\.0\.1:(\d+)( \(TLS\))?")
START_SECONDS = 30.0
TWISTD = "from twisted.scripts.twistd import run; run()"


def heed_interrupts() -> None:
    """Let Ctrl-C end a child also where the tests run in the background of a shell, which has
    what runs there ignore it; for ``preexec_fn``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class DidNotStart(Exception):
    """The daemon ended, or printed no table of services, in time; the message is its output."""


class Daemon:
    """``twistd -n netsuite --demo`` in a home of its own.

    Args:
        home: its home; may be one that an earlier daemon left.
        settings: ``KEY=VALUE`` texts.
        plugin: another plugin than the whole suite's.
        twistd_options: options of twistd itself.
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
        command = [
            sys.executable, "-c", TWISTD, "--nodaemon", "--pidfile=",
            f"--logfile={home / 'daemon.log'}", *twistd_options,
            plugin, "--demo", "--home", str(home),
        ]  # fmt: skip
        defaults = Settings()
        for service in SERVICES:
            command += ["--set", f"{service}.listen=['tcp:0:interface=127.0.0.1:backlog=1024']"]
            if getattr(defaults, service).listen_tls:
                command += ["--set", f"{service}.listen_tls=['tcp:0:interface=127.0.0.1']"]
        for setting in settings:
            command += ["--set", setting]
        home.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=home
        )
        self._read_table()

    def _read_table(self) -> None:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        heard = b""
        end = time.monotonic() + START_SECONDS
        while b"Stop with Ctrl-C." not in heard:
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
        """Give what the daemon logged."""
        path = self.home / "daemon.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is flushed."""
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """SIGTERM, and wait for an orderly end; give the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the daemon did not stop within 30 s") from None
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code
