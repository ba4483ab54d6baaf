"""Relaying of 4 KB messages, accepted, queued durably and handed on: netsuite beside Postfix.

The load comes from ``smtp-source``; what is handed on goes to a server that keeps nothing, over
connections in the clear and under TLS. The time is that from the first message to the last one's
arrival.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from netsuite.certificates import Certificates
from tests.benchmarks import servers
from tests.benchmarks.acceptance import OCTETS, source
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running
from tests.store.reactors import reactor

MESSAGES = 3000
SESSIONS = 20
ROUNDS = 3
#: To the one destination there is, for both.
CONNECTIONS = 20


class Sink:
    """The server that keeps nothing, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def taken(self) -> int:
        """Return how many messages it has taken."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())


@contextmanager
def sink(*, tls: bool) -> Iterator[Sink]:
    """Run it."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [str(_certificate(Path(folder)))] if tls else []
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.sink", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield Sink(process)
        finally:
            process.kill()
            process.wait()


def _certificate(folder: Path) -> Path:
    Certificates(folder, reactor, host="localhost").open()
    return folder / "default.pem"


@contextmanager
def ours(port: int, *, tls: bool) -> Iterator[Running]:
    """Run netsuite with an address that stands for one elsewhere."""
    with servers.netsuite(
        "delivery.enabled=true",
        "delivery.loopback=true",
        f"delivery.connections={CONNECTIONS}",
        f"delivery.smart_host='smtp://127.0.0.1:{port}'",
        f"delivery.default_security='{'required' if tls else 'none'}'",
    ) as services:
        running = services["smtp"]
        subprocess.run(
            [sys.executable, "-m", "netsuite", "--home", str(running.home),
             "--set", "site.domains=['example.test']",
             "alias", "set", "away", "x@sink.test"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        yield running


def messages_per_second(port: int, recipient: str, to: Sink) -> float:
    """Send messages; return how many arrived a second."""
    before = to.taken()
    began = time.perf_counter()
    source(port, SESSIONS, MESSAGES, recipient)
    while to.taken() - before < MESSAGES:
        if time.perf_counter() - began > 120:
            raise RuntimeError(f"only {to.taken() - before} of {MESSAGES} messages arrived")
        time.sleep(0.005)
    return MESSAGES / (time.perf_counter() - began)


def measure(report: Report) -> None:
    """Measure both in turn, several rounds interleaved, and compare medians."""
    for tls in (False, True):
        rates: dict[str, list[float]] = {}
        makers: dict[str, tuple[Callable[[int], AbstractContextManager[Running]], str]] = {
            "netsuite": (partial(ours, tls=tls), "away@example.test"),
            "Postfix": (
                partial(servers.postfix_relay, tls=tls, connections=CONNECTIONS),
                "x@sink.test",
            ),
        }
        for _ in range(ROUNDS):
            for name, (make, recipient) in list(makers.items()):
                try:
                    with sink(tls=tls) as to, make(to.port) as running:
                        rate = messages_per_second(running.port, recipient, to)
                        rates.setdefault(name, []).append(rate)
                except Absent as reason:
                    report.leave_out(name, reason)
                    del makers[name]
        what = f"SMTP relaying, {OCTETS} octets, {'TLS' if tls else 'in the clear'}"
        medians = {name: statistics.median(values) for name, values in rates.items()}
        for name, rate in medians.items():
            report.row(what, name, f"{rate:,.0f} messages/s", "durable, and handed on")
        if "Postfix" in medians:
            ratio = medians["netsuite"] / medians["Postfix"]
            report.judge(what, "ratio to Postfix", f"{ratio:.2f}", reached=ratio >= 2, goal=">= 2")
