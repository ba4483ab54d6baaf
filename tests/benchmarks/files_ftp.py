"""FTP: a file of 1 GB both ways, and many of 4 KB, against pyftpdlib."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running
from tests.benchmarks.sockets import Lines

OCTETS = 1_000_000_000
SMALL_OCTETS = 4096
SMALL_FILES = 800
SESSIONS = 8
_PIECE = 1 << 20
_ROUNDS = 3
LARGE_IN = "1 GB in, durable"
SMALL_IN = f"4 KB files in, {SESSIONS} sessions"
SMALL_IN_TOO = f"{SMALL_IN}, files.durable off"


@dataclass(slots=True)
class Session:
    """One session of the plainest FTP client there is."""

    lines: Lines

    @classmethod
    @contextlib.contextmanager
    def on(cls, server: Running) -> Iterator[Session]:
        """Log in."""
        with Lines(server.port) as lines:
            session = cls(lines)
            session.hear(b"220")
            session.ask("USER alice", b"331")
            session.ask("PASS netsuite", b"230")
            session.ask("TYPE I", b"200")
            yield session

    def hear(self, code: bytes) -> bytes:
        """Hear the last line of a reply; it must have the code."""
        while True:
            line = self.lines.hear()
            if not line.startswith(code):
                raise RuntimeError(f"expected {code!r}, heard {line!r}")
            if line[3:4] == b" ":
                return line

    def ask(self, line: str, code: bytes) -> bytes:
        """Say something, hear the reply."""
        self.lines.say(line)
        return self.hear(code)

    def data(self) -> socket.socket:
        """Make a data connection."""
        port = re.search(rb"\|\|\|(\d+)\|", self.ask("EPSV", b"229"))
        assert port is not None
        connection = socket.create_connection(("127.0.0.1", int(port[1])), 60)
        connection.settimeout(120)
        return connection

    def fetch(self, name: str) -> int:
        """Fetch a file; return its size."""
        piece = bytearray(_PIECE)
        octets = 0
        with self.data() as data:
            self.ask(f"RETR {name}", b"1")
            while count := data.recv_into(piece):
                octets += count
        self.hear(b"226")
        return octets

    def store(self, name: str, octets: int) -> None:
        """Store a file."""
        piece = memoryview(os.urandom(min(_PIECE, octets)))
        with self.data() as data:
            self.ask(f"STOR {name}", b"1")
            left = octets
            while left:
                data.sendall(piece[:left])
                left -= min(left, len(piece))
        self.hear(b"226")


@contextlib.contextmanager
def pyftpdlib() -> Iterator[Running]:
    """Run pyftpdlib over an empty folder."""
    try:
        import pyftpdlib as package
    except ImportError:
        raise Absent("the package pyftpdlib is not installed") from None
    port = servers.free_port()
    with servers.folder() as home:
        (home / "files").mkdir()
        process = subprocess.Popen(
            [sys.executable, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(port), "-w",
             "-u", "alice", "-P", "netsuite", "-d", str(home / "files")],
            cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            servers.wait_for_port(port, process)
            yield Running(f"pyftpdlib {package.__ver__}", port, process.pid, home)
        finally:
            servers.stop(process)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _together(server: Running, work: Callable[[Session, int], None]) -> tuple[float, float]:
    """Have several sessions work at once; return files a second of all together, and the
    microseconds of processor time the server spent on one."""

    def session(number: int) -> None:
        with Session.on(server) as each:
            for file in range(SMALL_FILES // SESSIONS):
                work(each, number * SMALL_FILES + file)

    threads = [Thread(target=session, args=(number,)) for number in range(SESSIONS)]

    def run() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    before = servers.processor_seconds(server.pid)
    rate = SMALL_FILES / _timed(run)
    return rate, 1e6 * (servers.processor_seconds(server.pid) - before) / SMALL_FILES


@dataclass(slots=True)
class Figures:
    """The best figure of each kind, and the least processor time of one operation."""

    rates: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, rate: float, microseconds: float | None = None) -> None:
        """Take note of a figure."""
        self.rates[what] = max(self.rates.get(what, 0.0), rate)
        if microseconds is not None:
            self.processor[what] = min(self.processor.get(what, 1e9), microseconds)


def _measure(found: Figures, server: Running, large: Path | None = None) -> None:
    """Measure one server, once.

    Args:
        found: what to note the figures in.
        server: the server.
        large: the large file, where the server does not wait for the disk: that is done here
            then, since an answer that means less is not to be compared.
    """
    with Session.on(server) as session:
        session.store("small", SMALL_OCTETS)

        def store_durably() -> None:
            session.store("large", OCTETS)
            if large is not None:
                with large.open("rb") as file:
                    os.fsync(file.fileno())

        found.note(LARGE_IN, OCTETS / 1e6 / _timed(store_durably))
        found.note("1 GB out", OCTETS / 1e6 / _timed(lambda: session.fetch("large")))
        session.ask("DELE large", b"250")
        before = servers.processor_seconds(server.pid)
        seconds = _timed(lambda: [session.fetch("small") for _ in range(SMALL_FILES)])
        spent = servers.processor_seconds(server.pid) - before
        found.note("4 KB files out, one session", SMALL_FILES / seconds, 1e6 * spent / SMALL_FILES)
    out = _together(server, lambda each, number: _check(each.fetch("small")))
    found.note(f"4 KB files out, {SESSIONS} sessions", *out)
    found.note(SMALL_IN, *_store_small(server))


def _store_small(server: Running) -> tuple[float, float]:
    return _together(server, lambda each, number: each.store(f"f{number}", SMALL_OCTETS))


def _check(octets: int) -> None:
    if octets != SMALL_OCTETS:
        raise RuntimeError(f"{octets} octets came of {SMALL_OCTETS}")


def measure(report: Report) -> None:
    """Measure both; judge the ratios.

    What pyftpdlib has stored is not on the disk when it says so. Its large file is synced here;
    its small ones are not, so netsuite's are measured twice: durable, as it is set up, and with
    ``files.durable`` off, which is the same promise as pyftpdlib's.
    """
    theirs = Figures()
    ours = Figures()
    who = ""
    with contextlib.ExitStack() as running:
        peer = None
        try:
            peer = running.enter_context(pyftpdlib())
            who = peer.name
        except Absent as error:
            report.leave_out("pyftpdlib", error)
        durable = running.enter_context(servers.netsuite())["ftp"]
        quick = running.enter_context(servers.netsuite("files.durable=false"))["ftp"]
        # By turns, so that what else the machine does meanwhile is done to all.
        for _ in range(_ROUNDS):
            if peer is not None:
                _measure(theirs, peer, peer.home / "files/large")
            _measure(ours, durable)
            with Session.on(quick):  # the first login hashes a password
                ours.note(SMALL_IN_TOO, *_store_small(quick))
    for what in ours.rates:
        _tell(report, what, ours, theirs, who)


def _tell(report: Report, what: str, ours: Figures, theirs: Figures, who: str) -> None:
    """Report one figure of both, and judge the ratio."""
    unit = "MB/s" if what.startswith("1 GB") else "files/s"

    def text(figures: Figures, name: str) -> str:
        spent = figures.processor.get(name)
        return f"{figures.rates[name]:,.0f} {unit}" + (f", {spent:,.0f} us" if spent else "")

    same = SMALL_IN if what == SMALL_IN_TOO else what
    if same not in theirs.rates:
        report.row(f"FTP: {what}", "netsuite", text(ours, what))
        return
    if same == what:
        report.row(f"FTP: {what}", who, text(theirs, what))
    ratio = ours.rates[what] / theirs.rates[same]
    report.judge(
        f"FTP: {what}",
        "netsuite",
        f"{text(ours, what)} ({ratio:.2f} x)",
        reached=ratio >= 1.0,
        goal=">= 1 x pyftpdlib",
    )
