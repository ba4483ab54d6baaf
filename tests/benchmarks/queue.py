"""A queue of 100,000 items that wait: how long a start takes, how much memory, how long a list."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks import servers
from tests.benchmarks.report import Report

ITEMS = 100_000
DAY = 24 * 3600 * 1_000_000


def fill(path: Path) -> None:
    """Put items of 1,000 domains into a store that nobody has open, due tomorrow."""
    now = time.time_ns() // 1000
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO content (id, guid, octets, refs, died_at) VALUES (?, ?, 5, 1, 0)",
            ((1_000_000 + n, f"{n:032x}") for n in range(ITEMS)),
        )
        database.executemany(
            "INSERT INTO envelope (id, content, octets, sender, utf8, require_tls, queued_at)"
            " VALUES (?, ?, 5, ?, 0, 0, ?)",
            ((n, 1_000_000 + n, f"a{n % 100}@example.test", now) for n in range(1, ITEMS + 1)),
        )
        database.executemany(
            "INSERT INTO queue (id, envelope, recipient, domain, expires_at, state, held, attempts,"
            " next_at, last_reply) VALUES (?, ?, ?, ?, ?, 'deferred', 0, 3, ?, '451 4.4.1 Away')",
            (
                (n, n, f"x@d{n % 1000}.test", f"d{n % 1000}.test", now + 5 * DAY, now + DAY)
                for n in range(1, ITEMS + 1)
            ),
        )
        database.executemany(
            "INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)",
            [("queue", ITEMS), ("envelope", ITEMS), ("content", 2_000_000)],
        )


def measure(report: Report) -> None:
    """Start over such a queue, and list it."""
    with servers.folder() as home:
        options = ("--home", str(home))
        subprocess.run(
            [sys.executable, "-m", "netsuite", *options, "account", "add", "a", "--password-stdin"],
            input="pw\n", text=True, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        fill(home / "netsuite.db")
        port = servers.free_port()
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "twisted", "--log-file", str(home / "a.log"), "netsuite-smtp",
             *options, "--set", "submission.enabled=false",
             "--set", f"smtp.listen=['tcp:{port}:interface=127.0.0.1']"],
            cwd=home,
        )  # fmt: skip
        try:
            servers.wait_for_port(port, process)
            took = time.perf_counter() - began
            octets = servers.resident_octets(process.pid)
            listed = seconds_of_a_page(home)
        finally:
            servers.stop(process)
    what = f"queue of {ITEMS:,} deferred items"
    report.judge(what, "start", f"{took:.2f} s", reached=took < 2, goal="< 2 s")
    memory = octets / 1e6
    report.judge(what, "memory", f"{memory:.0f} MB", reached=memory < 200, goal="< 200 MB")
    report.judge(
        what, "first page of the list", f"{listed * 1000:.0f} ms", reached=listed < 0.2,
        goal="< 200 ms, without the start of Python",
    )  # fmt: skip


def seconds_of_a_page(home: Path) -> float:
    """Return how long ``queue list`` takes longer than a command that lists next to nothing."""

    def seconds(*words: str) -> float:
        best = 1e9
        for _ in range(3):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "netsuite", "--home", str(home), *words],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            best = min(best, time.perf_counter() - began)
        return best

    return max(seconds("queue", "list") - seconds("account", "list"), 0.0)
