"""Two daemons before one PostgreSQL: from a delivery by one to IDLE on the other, and acceptance
by the store beside SQLite's."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from netsuite.testing.daemon import Daemon
from tests.benchmarks import servers, writers
from tests.benchmarks.report import Report
from tests.benchmarks.sockets import Lines
from tests.store.clusters import Cluster

DELIVERIES = 200
ROUNDS = 3


@contextlib.contextmanager
def two_daemons(home: Path, url: str) -> Iterator[tuple[Daemon, Daemon]]:
    """Run two daemons with one store."""
    setting = f"store.url='{url}'"
    with Daemon(home / "one", setting) as one, Daemon(home / "two", setting) as other:
        yield one, other


def latencies(smtp_port: int, imap_port: int, deliveries: int = DELIVERIES) -> list[float]:
    """Return the seconds from each delivery's 250 until an IMAP client in IDLE has heard of it."""
    took = []
    with Lines(imap_port) as imap, Lines(smtp_port) as smtp:
        imap.hear()
        for line in ("a LOGIN alice netsuite", "b SELECT INBOX"):
            imap.say(line)
            for _ in imap.until_tagged(line[:1].encode()):
                pass
        imap.ask("c IDLE", b"+")
        smtp.hear_smtp(b"220")
        smtp.ask_smtp("EHLO bench", b"250")
        for _ in range(deliveries):
            smtp.ask_smtp("MAIL FROM:<a@example.test>", b"250")
            smtp.ask_smtp("RCPT TO:<alice@example.test>", b"250")
            smtp.ask_smtp("DATA", b"354")
            smtp.ask_smtp("Subject: x\r\n\r\nhello\r\n.", b"250")
            began = time.perf_counter()
            while b" EXISTS" not in imap.hear():
                pass
            took.append(time.perf_counter() - began)
            time.sleep(0.01)
        imap.say("DONE\r\nd LOGOUT")
        for _ in imap.until_tagged(b"d"):
            pass
    return took


def measure(report: Report) -> None:
    """Measure both; without PostgreSQL there is nothing to measure."""
    try:
        cluster = Cluster(fsync=True)
    except LookupError as reason:
        report.leave_out("PostgreSQL", reason)
        return
    try:
        with servers.folder() as home, two_daemons(home, cluster.create("idle")) as (one, other):
            took = latencies(one.ports["smtp"], other.ports["imap"])
        median = statistics.median(took) * 1000
        report.judge(
            "two daemons on one PostgreSQL: from a 250 of one to IDLE on the other",
            "median",
            f"{median:.1f} ms",
            reached=median < 30,
            goal="< 30 ms",
        )
        ours, sqlite = [], []
        with servers.folder() as home:
            for number in range(ROUNDS):
                ours.append(writers.rate([cluster.create(f"rate{number}")], ["a"]))
                sqlite.append(writers.rate([f"sqlite:///{home}/{number}.db"], ["a"]))
        ratio = statistics.median(ours) / statistics.median(sqlite)
        report.judge(
            f"{writers.OCTETS} octets into PostgreSQL, by the store",
            "one process",
            f"{statistics.median(ours):,.0f} messages/s, {ratio:.2f} x SQLite",
            reached=ratio >= 0.5,
            goal=">= 0.5 x SQLite",
        )
    finally:
        cluster.stop()
