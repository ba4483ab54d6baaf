"""Two workers beside one: IMAP FETCH, small files by HTTP, and durable acceptance by SMTP.

Measured in turn, with the processor time of all their processes: where the load's own processes
share the cores, the rates say little of what more cores would give, and that says it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from tests.benchmarks import acceptance, servers, web
from tests.benchmarks.report import Report
from tests.benchmarks.sockets import Lines
from tests.suite.fleet import Fleet, home_with_accounts

ROUNDS = 3
MESSAGES = 2000
CLIENTS = 8
FETCHES = 3
SETTINGS = (
    "imap.connections_per_address=1000",
    "http.connections_per_address=1000",
    "smtp.connections_per_address=1000",
)


def measure(report: Report) -> None:
    """Measure one worker and two, several rounds in turn, and compare medians."""
    works: dict[str, Callable[[Fleet], float]] = {"SMTP acceptance, 20 sessions": _accept}
    works["IMAP FETCH BODY.PEEK[], 8 clients"] = _fetch
    if shutil.which("wrk") is None:
        report.leave_out("HTTP", "wrk is not installed")
    else:
        works["HTTP, a small file, 32 connections"] = _small_file
    rates: dict[tuple[str, int], list[float]] = {}
    costs: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for workers in (1, 2):
            with _fleet(workers) as fleet:
                for what, work in works.items():
                    spent, began = _processor_seconds(fleet), time.perf_counter()
                    rate = work(fleet)
                    took = time.perf_counter() - began
                    cost = (_processor_seconds(fleet) - spent) / (rate * took)
                    rates.setdefault((what, workers), []).append(rate)
                    costs.setdefault((what, workers), []).append(cost)
    for what in works:
        medians = {each: statistics.median(rates[what, each]) for each in (1, 2)}
        for workers, rate in medians.items():
            spent = statistics.median(costs[what, workers])
            name = f"{workers} worker" + "s" * (workers > 1)
            report.row(what, name, f"{rate:,.0f} /s", f"{spent * 1e6:,.0f} us of processor each")
        ratio = medians[2] / medians[1]
        goal = 1.0 if what.startswith("SMTP") else 1.7
        shared = f"{os.cpu_count()} cores, shared with the load"
        report.judge(
            what, "ratio", f"{ratio:.2f}", reached=ratio >= goal, goal=f">= {goal:g}, on {shared}"
        )


@contextlib.contextmanager
def _fleet(workers: int) -> Iterator[Fleet]:
    with servers.folder() as folder:
        home = home_with_accounts(folder, "ann")
        site = home / "files/public"
        site.mkdir(parents=True, exist_ok=True)
        (site / "small.txt").write_bytes(b"small\r\n")
        with Fleet(home, ["smtp", "imap", "http"], *SETTINGS, workers=workers) as fleet:
            yield fleet


def _processor_seconds(fleet: Fleet) -> float:
    pids = [fleet.process.pid, *fleet.workers()]
    return sum(map(servers.processor_seconds, pids))


def _accept(fleet: Fleet) -> float:
    took = acceptance.source(fleet.ports["smtp"], 20, MESSAGES, "ann@localhost")
    return MESSAGES / took


def _small_file(fleet: Fleet) -> float:
    return web.per_second(f"http://127.0.0.1:{fleet.ports['http']}/small.txt")


def _fetch(fleet: Fleet) -> float:
    """Have several clients fetch all there is at once, some times; return messages a second."""
    port = fleet.ports["imap"]
    _fetch_all(port, 1)  # each worker has read its share before the clock runs
    threads = [threading.Thread(target=_fetch_all, args=(port, FETCHES)) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return CLIENTS * FETCHES * MESSAGES / (time.perf_counter() - began)


def _fetch_all(port: int, times: int) -> None:
    """Fetch all there is; what comes is not read closer than its end needs."""
    with Lines(port) as imap:
        imap.hear()
        for tag, command in (("a", "LOGIN ann pw"), ("b", "SELECT INBOX")):
            imap.say(f"{tag} {command}")
            for _ in imap.until_tagged(tag.encode()):
                pass
        for number in range(times):
            imap.say(f"c{number} FETCH 1:* BODY.PEEK[]")
            end, seen = b"\r\nc%d OK" % number, b""
            while end not in seen:
                piece = imap.socket.recv(1 << 18)
                if not piece:
                    raise RuntimeError("IMAP ended")
                seen = seen[-len(end) :] + piece


if __name__ == "__main__":
    measure(Report())
