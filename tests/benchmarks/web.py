"""HTTP: a "hello" route, a small file beside twisted.web's, and a large file; the load is wrk's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, folder, free_port, stop

ROUNDS = 3
SECONDS = 3
CONNECTIONS = 32
HELLO_GOAL = 15_000
FILE_GOAL = 2.0
BIG_OCTETS = 1_000_000_000

_HELLO = """
import sys
from twisted.internet import reactor
from netsuite.http.commands import plain
from netsuite.http.router import Router
from netsuite.http.server import HTTPServerFactory, Shared
async def hello(request):
    return plain(200, "hello")
router = Router()
router.add("GET", "/hello", hello)
factory = HTTPServerFactory(Shared(clock=reactor, router=router, authenticator=None))
reactor.listenTCP(int(sys.argv[1]), factory, interface="127.0.0.1", backlog=1024)
reactor.run()
"""
_TWISTED_WEB = """
import sys
from twisted.internet import reactor
from twisted.web.server import Site
from twisted.web.static import File
reactor.listenTCP(int(sys.argv[1]), Site(File(sys.argv[2])), interface="127.0.0.1", backlog=1024)
reactor.run()
"""


def measure(report: Report) -> None:
    """Measure the routes and files, several rounds, beside twisted.web."""
    if shutil.which("wrk") is None:
        report.leave_out("HTTP", Absent("wrk is not installed"))
        return
    with _program(_HELLO) as port:
        hello = _median(f"http://127.0.0.1:{port}/hello")
    report.judge(
        f"HTTP, a hello route, {CONNECTIONS} connections",
        "netsuite",
        f"{hello:,.0f} requests/s",
        reached=hello >= HELLO_GOAL,
        goal=f">= {HELLO_GOAL:,}/s",
    )
    with folder() as other, servers.netsuite() as ours:
        site = ours["http"].home / "files/public"
        for place in (site, other):
            (place / "small.txt").write_bytes(b"small\r\n")
        port = ours["http"].port
        small = f"http://127.0.0.1:{port}/small.txt"
        with _program(_TWISTED_WEB, str(other)) as peer:
            mine, theirs = _median(small), _median(f"http://127.0.0.1:{peer}/small.txt")
        report.row("HTTP, a small file", "netsuite", f"{mine:,.0f} requests/s", "with access log")
        report.row("HTTP, a small file", "twisted.web", f"{theirs:,.0f} requests/s", "without")
        report.judge(
            "HTTP, a small file",
            "ratio to twisted.web",
            f"{mine / theirs:.2f}",
            reached=mine / theirs >= FILE_GOAL,
            goal=f">= {FILE_GOAL:g}",
        )
        report.row("HTTP, a file of 1 GB", "netsuite", f"{_big(site, port) / 1e6:,.0f} MB/s")


@contextmanager
def _program(text: str, *arguments: str) -> Iterator[int]:
    """Run a program that listens on the port it is given."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", text, str(port), *arguments])
    try:
        time.sleep(2)
        yield port
    finally:
        stop(process)


def _median(url: str) -> float:
    rates = sorted(per_second(url) for _ in range(ROUNDS))
    return rates[ROUNDS // 2]


def per_second(url: str) -> float:
    """Return how many requests a second wrk has had answered."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", url],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


def _big(site: Path, port: int) -> float:
    """Fetch a large file; return octets a second."""
    path = site / "big.bin"
    with path.open("wb") as file:
        file.truncate(BIG_OCTETS)
    best = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(
            ["curl", "-sSf", "-o", "/dev/null", f"http://127.0.0.1:{port}/big.bin"],
            check=True, timeout=120,
        )  # fmt: skip
        best = max(best, BIG_OCTETS / (time.perf_counter() - began))
    return best
