"""Gopher: a connection a request, from 50 clients at once, and one large file; beside pygopherd."""

# "A text" is made by the server, "a text file" is read from the public site. A core does as many
# requests as fit into a second of its time, whatever the clients, who share the machine, take.

from __future__ import annotations

import contextlib
import importlib.util
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running

CLIENTS: Final = 50
REQUESTS: Final = 8000
ROUNDS: Final = 3
LARGE_OCTETS: Final = 1 << 30
#: Requests for which a core has time in a second, and times pygopherd's.
GOAL: Final = 10_000
TIMES: Final = 3
LARGE_TIMES: Final = 2
JUDGED: Final = ("a menu", "a text file of 1 KB")

_PYGOPHERD: Final = """\
[pygopherd]
servername = 127.0.0.1
interface = 127.0.0.1
port = {port}
servertype = ThreadingTCPServer
detach = no
usechroot = no
root = {root}
mimetypes = {root}/mime.types
encoding = []
tracebacks = no
abstract_headers = off
abstract_entries = unsupported
[handlers.HandlerMultiplexer]
handlers = [UMN.UMNDirHandler, file.FileHandler]
[handlers.UMN.UMNDirHandler]
extstrip = none
[handlers.ZIP.ZIPHandler]
enabled = no
[handlers.dir.DirHandler]
cachefile = .cache.pygopherd
cachetime = 180
ignorepatt = /\\.cache
[GopherEntry]
defaultmimetype = application/octet-stream
eaexts = {{}}
mapping = [["text/.*", "0"], [".*", "9"]]
[logger]
logmethod = none
[protocols.ProtocolMultiplexer]
protocols = [rfc1436.GopherProtocol]
"""


def measure(report: Report) -> None:
    """Ask for a menu, for small texts, over and over, and for one large file."""
    with servers.netsuite() as ours:
        server = ours["gopher"]
        root = server.home / "files/public"
        fill(root)
        figures = {
            what: each_of(report, "netsuite", server, what, selector)
            for what, selector in (
                ("a menu", b"/news\r\n"),
                ("a directory of 11 files", b"/d\r\n"),
                ("a text", b"caps.txt\r\n"),
                ("a text file of 1 KB", b"/d/small.txt\r\n"),
            )
        }
        for what, (_, spent) in figures.items():
            if what not in JUDGED:
                continue
            a_core = 1 / spent
            report.judge(
                f"Gopher, {what}, a second of a core", "netsuite", f"{a_core:,.0f} requests",
                reached=a_core >= GOAL, goal=f">= {GOAL:,}",
            )  # fmt: skip
        seconds = large(report, "netsuite", server)
    try:
        with pygopherd() as theirs:
            for what, selector in (
                ("a directory of 11 files", b"/d\r\n"),
                ("a text file of 1 KB", b"/d/small.txt\r\n"),
            ):
                rate, _ = each_of(report, theirs.name, theirs, what, selector)
                times = figures[what][0] / rate
                report.judge(
                    f"Gopher, {what}, {CLIENTS} clients", "netsuite", f"{times:.2f} x pygopherd",
                    reached=times >= TIMES, goal=f">= {TIMES} x",
                )  # fmt: skip
            times = large(report, theirs.name, theirs) / seconds
            report.judge(
                "Gopher, 1 GB", "netsuite", f"{times:.2f} x pygopherd",
                reached=times >= LARGE_TIMES, goal=f">= {LARGE_TIMES} x",
            )  # fmt: skip
    except Absent as error:
        report.leave_out("pygopherd", error)


def fill(root: Path) -> None:
    """Write what is asked for."""
    (root / "d").mkdir(mode=0o755)
    for number in range(10):
        (root / f"d/{number}.txt").write_text("text\n")
    (root / "d/small.txt").write_text("a line of some text\n" * 50)
    with (root / "large.bin").open("wb") as file:
        file.truncate(LARGE_OCTETS)
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextlib.contextmanager
def pygopherd() -> Iterator[Running]:
    """Run pygopherd, a thread a connection, over what netsuite has."""
    program = shutil.which("pygopherd", path=str(Path(sys.executable).parent))
    if program is None or importlib.util.find_spec("pygopherd") is None:
        raise Absent("the package pygopherd is not installed")
    port = servers.free_port()
    with servers.folder() as home:
        root = home / "files"
        root.mkdir()
        fill(root)
        (root / "mime.types").write_text("text/plain txt\napplication/octet-stream bin\n")
        (home / "conf").write_text(_PYGOPHERD.format(port=port, root=root))
        process = subprocess.Popen(
            [sys.executable, program, home / "conf"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            servers.wait_for_port(port, process, asking=b"/d\r\n")
            yield Running("pygopherd 3", port, process.pid, home)
        finally:
            servers.stop(process)


def each_of(
    report: Report, who: str, server: Running, what: str, request: bytes
) -> tuple[float, float]:
    """Make requests, several rounds; return how many were answered a second, and the seconds of the
    server's processor time that each took."""
    per_second(server.port, request, 500)
    before = servers.processor_seconds(server.pid)
    rate = statistics.median(per_second(server.port, request, REQUESTS) for _ in range(ROUNDS))
    spent = (servers.processor_seconds(server.pid) - before) / (ROUNDS * REQUESTS)
    report.row(
        f"Gopher, {what}, {CLIENTS} clients", who,
        f"{rate:,.0f} requests/s, {1e6 * spent:,.0f} us of processor each",
    )  # fmt: skip
    return rate, spent


def large(report: Report, who: str, server: Running) -> float:
    """Fetch the large file; return the median of the seconds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", server.port), timeout=120) as client:
            client.sendall(b"/large.bin\r\n")
            left = LARGE_OCTETS
            buffer = bytearray(1 << 20)
            while left and (count := client.recv_into(buffer)):
                left -= count
        if left > 0:
            raise Absent(f"{who} sent {left} octets too few")
        took.append(time.perf_counter() - began)
    seconds = statistics.median(took)
    report.row("Gopher, 1 GB", who, f"{LARGE_OCTETS / seconds / 1e6:,.0f} MB/s")
    return seconds


def per_second(port: int, request: bytes, requests: int) -> float:
    """Make requests, a connection each, so many at a time; return how many were answered a
    second."""
    selector = selectors.DefaultSelector()
    left = requests
    answered = 0
    address = ("127.0.0.1", port)

    def begin() -> None:
        nonlocal left
        left -= 1
        client = socket.socket()
        client.connect(address)
        client.send(request)
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ)

    began = time.perf_counter()
    for _ in range(CLIENTS):
        begin()
    while answered < requests:
        for key, _ in selector.select(10):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            if client.recv(65536):
                continue  # more, or the end, is told of by the next round
            selector.unregister(client)
            client.close()
            answered += 1
            if left:
                begin()
    return requests / (time.perf_counter() - began)
