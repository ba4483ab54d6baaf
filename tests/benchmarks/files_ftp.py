"""FTP: a file of 1 GB both ways, many of 4 KB, lists of 100,000, TLS, and 300 transfers at once,
against pyftpdlib and vsftpd."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Final

from tests.benchmarks import ftp_peers, servers
from tests.benchmarks.ftp_peers import UPLOADS
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running
from tests.benchmarks.sockets import Lines

OCTETS: Final = 1_000_000_000
SMALL_OCTETS: Final = 4096
SMALL_FILES: Final = 800
SESSIONS: Final = 8
LISTED: Final = 100_000
AT_ONCE: Final = 300
AT_ONCE_OCTETS: Final = 10_000_000
HANDSHAKES: Final = 300
_PIECE: Final = 1 << 20
_ROUNDS: Final = 3


@dataclass(slots=True)
class Session:
    """One session of the plainest FTP client there is."""

    lines: Lines
    context: ssl.SSLContext | None = None
    resumes: bool = True

    @classmethod
    @contextlib.contextmanager
    def on(cls, server: Running, *, tls: bool = False, resumes: bool = True) -> Iterator[Session]:
        """Log in, and go where may be stored."""
        name = "anonymous" if server.name == "vsftpd" else "alice"
        with Lines(server.port) as lines:
            session = cls(lines, resumes=resumes)
            session.hear(b"220")
            if tls:
                session.ask("AUTH TLS", b"234")
                session.context = ssl._create_unverified_context()
                wrapped = session.context.wrap_socket(lines.socket)
                lines.socket, lines.file = wrapped, wrapped.makefile("rb")
                session.ask("PBSZ 0", b"200")
                session.ask("PROT P", b"200")
            session.lines.say(f"USER {name}")
            if session.hear(b"23", b"331").startswith(b"331"):
                session.ask("PASS netsuite", b"230")
            session.ask("TYPE I", b"200")
            if name == "anonymous":
                session.ask(f"CWD {UPLOADS}", b"250")
            yield session

    def hear(self, *codes: bytes) -> bytes:
        """Hear the last line of a reply; it must have one of the codes."""
        while True:
            line = self.lines.hear()
            if not line.startswith(codes):
                raise RuntimeError(f"expected {codes!r}, heard {line!r}")
            if line[3:4] == b" ":
                return line

    def ask(self, line: str, code: bytes) -> bytes:
        """Say something, hear the reply."""
        self.lines.say(line)
        return self.hear(code)

    @contextlib.contextmanager
    def data(self, line: str) -> Iterator[socket.socket]:
        """Make a data connection for a command; hear its end afterwards."""
        port = re.search(rb"\|\|\|(\d+)\|", self.ask("EPSV", b"229"))
        assert port is not None
        with socket.create_connection(("127.0.0.1", int(port[1])), 60) as connection:
            connection.settimeout(120)
            self.ask(line, b"1")
            if self.context is None:
                yield connection
            else:
                control = self.lines.socket
                assert isinstance(control, ssl.SSLSocket)
                known = control.session if self.resumes else None
                with self.context.wrap_socket(connection, session=known) as secure:
                    yield secure
                    with contextlib.suppress(OSError):
                        secure.unwrap()
        self.hear(b"226")

    def fetch(self, name: str, command: str = "RETR") -> int:
        """Fetch a file, or a listing; return its size."""
        piece = bytearray(_PIECE)
        octets = 0
        with self.data(f"{command} {name}") as data:
            while count := data.recv_into(piece):
                octets += count
        return octets

    def store(self, name: str, octets: int) -> None:
        """Store a file."""
        piece = memoryview(os.urandom(min(_PIECE, octets)))
        with self.data(f"STOR {name}") as data:
            left = octets
            while left:
                data.sendall(piece[:left])
                left -= min(left, len(piece))


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
        if microseconds:
            self.processor[what] = min(self.processor.get(what, 1e9), microseconds)


LARGE_IN: Final = "1 GB in, durable"
LARGE_OUT: Final = "1 GB out"
SMALL_OUT: Final = f"4 KB files out, {SESSIONS} sessions"
SMALL_IN: Final = f"4 KB files in, {SESSIONS} sessions"
SMALL_IN_TOO: Final = f"{SMALL_IN}, files.durable off"
LISTING: Final = f"MLSD of {LISTED:,}"
SECURE: Final = ", TLS"
CONNECTING: Final = "data connections under TLS, resumed"
#: What is to be reached, by peer.
_GOALS: Final = {
    LARGE_IN: {"pyftpdlib": 1.2, "vsftpd": 0.9},
    LARGE_OUT: {"pyftpdlib": 1.2, "vsftpd": 0.9},
    LARGE_IN + SECURE: {"pyftpdlib": 1.0, "vsftpd": 1.0},
    LARGE_OUT + SECURE: {"pyftpdlib": 1.0, "vsftpd": 1.0},
    SMALL_OUT: {"pyftpdlib": 1.3},
    SMALL_IN: {"pyftpdlib": 0.7},
    SMALL_IN_TOO: {"pyftpdlib": 1.0},
    LISTING: {"pyftpdlib": 1.0},
    # Less than 1.5 times the time of pyftpdlib's, which resumes nothing.
    CONNECTING: {"pyftpdlib": 1 / 1.5},
}


def _measure_large(found: Figures, server: Running, *, tls: bool) -> None:
    """Measure the large file, once. Where a server does not wait for the disk that is done here,
    since an answer that means less is not to be compared."""
    kind = SECURE if tls else ""
    kept = server.home / "files" / ("large" if server.name.startswith("py") else f"{UPLOADS}/large")
    with Session.on(server, tls=tls) as session:

        def store_durably() -> None:
            session.store("large", OCTETS)
            if server.name != "netsuite":
                _sync(kept)

        found.note(LARGE_IN + kind, OCTETS / 1e6 / _timed(store_durably))
        fetched = _timed(lambda: _check(session.fetch("large"), OCTETS))
        found.note(LARGE_OUT + kind, OCTETS / 1e6 / fetched)
        session.ask("DELE large", b"250")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _measure_small(found: Figures, server: Running) -> None:
    with Session.on(server) as session:
        session.store("small", SMALL_OCTETS)
        before = servers.processor_seconds(server.pid)
        seconds = _timed(lambda: [session.fetch("small") for _ in range(SMALL_FILES)])
        spent = servers.processor_seconds(server.pid) - before
        found.note("4 KB files out, one session", SMALL_FILES / seconds, 1e6 * spent / SMALL_FILES)
    found.note(SMALL_OUT, *_together(server, lambda each, number: _check(each.fetch("small"))))
    found.note(SMALL_IN, *_store_small(server))


def _store_small(server: Running) -> tuple[float, float]:
    return _together(server, lambda each, number: each.store(f"f{number}", SMALL_OCTETS))


def _check(octets: int, expected: int = SMALL_OCTETS) -> None:
    if octets != expected:
        raise RuntimeError(f"{octets} octets came of {expected}")


def _measure_listing(found: Figures, server: Running, directory: Path) -> None:
    many = directory / "many"
    if not many.exists():
        many.mkdir()
        for number in range(LISTED):
            (many / f"file number {number}").touch()
    with Session.on(server) as session:
        seconds = _timed(lambda: session.fetch("many", "MLSD"))
    found.note(LISTING, LISTED / seconds)


def _measure_connecting(found: Figures, server: Running, *, resumes: bool) -> None:
    with Session.on(server, tls=True, resumes=resumes) as session:
        session.store("small", SMALL_OCTETS)
        seconds = _timed(lambda: [session.fetch("small") for _ in range(HANDSHAKES)])
    found.note(CONNECTING, HANDSHAKES / seconds)


def _fair(report: Report, server: Running) -> None:
    """Fetch one file in many sessions at once; report how far apart the shares are."""
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Session.on(server)) for _ in range(AT_ONCE)]
        sessions[0].store("shared", AT_ONCE_OCTETS)
        had = {}
        for session in sessions:
            port = re.search(rb"\|\|\|(\d+)\|", session.ask("EPSV", b"229"))
            assert port is not None
            data = socket.create_connection(("127.0.0.1", int(port[1])), 60)
            stack.callback(data.close)
            session.ask("RETR shared", b"1")
            had[data] = 0
        piece = bytearray(65_536)
        total, half = 0, AT_ONCE * AT_ONCE_OCTETS // 2
        began = time.perf_counter()
        while total < half:
            for data in select.select(list(had), [], [], 10)[0]:
                octets = data.recv_into(piece)
                had[data] += octets
                total += octets
        seconds = time.perf_counter() - began
    shares = sorted(had.values())
    low, high = (shares[len(shares) * part // 100] / (total / AT_ONCE) for part in (5, 95))
    report.judge(
        f"FTP: {AT_ONCE} transfers at once", server.name,
        f"{total / 1e6 / seconds:,.0f} MB/s, shares {low:.2f} to {high:.2f}",
        reached=low >= 0.5 and high <= 2.0, goal="90 % of shares 0.5 to 2",
    )  # fmt: skip


def measure(report: Report) -> None:
    """Measure all; judge the ratios.

    What the peers have stored is not on the disk when they say so. Their large file is synced here;
    their small ones are not, so netsuite's are measured twice: durable, as it is set up, and with
    ``files.durable`` off, which is the same promise as theirs.
    """
    with contextlib.ExitStack() as running:
        ours, theirs = Figures(), {}
        peers: dict[str, list[Running]] = {}
        starters: dict[str, ftp_peers.Starter] = {
            "pyftpdlib": ftp_peers.pyftpdlib, "vsftpd": ftp_peers.vsftpd,
        }  # fmt: skip
        for name, start in starters.items():
            try:
                peers[name] = [running.enter_context(start(tls=tls)) for tls in (False, True)]
                theirs[name] = Figures()
            except Absent as error:
                report.leave_out(name, error)
        durable = running.enter_context(servers.netsuite())["ftp"]
        quick = running.enter_context(servers.netsuite("files.durable=false"))["ftp"]
        # By turns, so that what else the machine does meanwhile is done to all.
        for _ in range(_ROUNDS):
            for name, (plain, secure) in peers.items():
                _measure_large(theirs[name], plain, tls=False)
                _measure_large(theirs[name], secure, tls=True)
                if name == "pyftpdlib":
                    _measure_small(theirs[name], plain)
                    _measure_listing(theirs[name], plain, plain.home / "files")
                    _measure_connecting(theirs[name], secure, resumes=False)
            _measure_large(ours, durable, tls=False)
            _measure_large(ours, durable, tls=True)
            _measure_small(ours, durable)
            _measure_listing(ours, durable, durable.home / "files/home/alice")
            _measure_connecting(ours, durable, resumes=True)
            with Session.on(quick):  # the first login hashes a password
                ours.note(SMALL_IN_TOO, *_store_small(quick))
        for what in ours.rates:
            _tell(report, what, ours, theirs, peers)
        _fair(report, durable)


def _tell(
    report: Report,
    what: str,
    ours: Figures,
    theirs: dict[str, Figures],
    peers: dict[str, list[Running]],
) -> None:
    """Report one figure of all, and judge the ratios."""
    unit = "MB/s" if what.startswith("1 GB") else "/s"

    def text(figures: Figures, name: str) -> str:
        spent = figures.processor.get(name)
        return f"{figures.rates[name]:,.0f} {unit}" + (f", {spent:,.0f} us" if spent else "")

    same = SMALL_IN if what == SMALL_IN_TOO else what
    goals = _GOALS.get(what, {})
    found, reached = [], True
    for name, figures in theirs.items():
        if same not in figures.rates:
            continue
        if same == what:
            report.row(f"FTP: {what}", peers[name][0].name, text(figures, what))
        ratio = ours.rates[what] / figures.rates[same]
        found.append(f"{ratio:.2f} x {name}")
        reached = reached and ratio >= goals.get(name, 0.0)
    figure = f"{text(ours, what)} ({', '.join(found)})" if found else text(ours, what)
    wanted = [f"{goal:.2f} x {name}" for name, goal in goals.items() if name in theirs]
    if wanted:
        report.judge(
            f"FTP: {what}", "netsuite", figure, reached=reached, goal=">= " + ", ".join(wanted)
        )
    else:
        report.row(f"FTP: {what}", "netsuite", figure)
