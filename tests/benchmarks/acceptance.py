"""Durable acceptance of 4 KB messages by SMTP: netsuite beside Postfix and aiosmtpd.

The load comes from Postfix's ``smtp-source``, a C program that is never the bottleneck; each
of its sessions stays open for all of its messages.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running

MESSAGES = 4000
OCTETS = 4096
SESSIONS = (20, 50)
ROUNDS = 3


def source(port: int, sessions: int, messages: int, recipient: str) -> float:
    """Send messages over so many sessions at once; return how many seconds it took."""
    program = shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
    if program is None:
        raise Absent("smtp-source (of Postfix) is not installed")
    began = time.perf_counter()
    done = subprocess.run(
        [program, "-s", str(sessions), "-m", str(messages), "-l", str(OCTETS), "-d",
         "-f", "a@example.test", "-t", recipient, f"inet:127.0.0.1:{port}"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    took = time.perf_counter() - began
    if done.returncode or done.stderr:
        raise RuntimeError(f"smtp-source: {done.stderr[-500:]}")
    return took


def messages_per_second(port: int, sessions: int, messages: int = MESSAGES) -> float:
    """Send messages over so many sessions at once; return how many were accepted a second."""
    return messages / source(port, sessions, messages, "alice@example.test")


def measure(report: Report) -> None:
    """Measure each server in turn, several rounds interleaved, and compare medians."""
    makers: dict[str, Callable[[], AbstractContextManager[Running]]] = {
        "Postfix": servers.postfix,
        "aiosmtpd": servers.aiosmtpd,
    }
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        with servers.netsuite() as ours:
            for sessions in SESSIONS:
                rate = messages_per_second(ours["smtp"].port, sessions)
                rates.setdefault(("netsuite", sessions), []).append(rate)
        for name, make in list(makers.items()):
            try:
                with make() as peer:
                    for sessions in SESSIONS:
                        rate = messages_per_second(peer.port, sessions)
                        rates.setdefault((name, sessions), []).append(rate)
            except Absent as reason:
                report.leave_out(name, reason)
                del makers[name]
    medians = {key: statistics.median(values) for key, values in rates.items()}
    goals = {"Postfix": 2.0, "aiosmtpd": 1.0}
    for sessions in SESSIONS:
        what = f"SMTP acceptance, {OCTETS} octets, {sessions} sessions"
        ours_rate = medians["netsuite", sessions]
        report.row(what, "netsuite", f"{ours_rate:,.0f} messages/s", "durable, in the mailbox")
        for name in makers:
            ratio = ours_rate / medians[name, sessions]
            stores = "durable, in the queue" if name == "Postfix" else "stores nothing"
            report.row(what, name, f"{medians[name, sessions]:,.0f} messages/s", stores)
            report.judge(
                what,
                f"ratio to {name}",
                f"{ratio:.2f}",
                reached=ratio >= goals[name],
                goal=f">= {goals[name]:g}",
            )
