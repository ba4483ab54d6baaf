"""Acceptance by two processes that write to one store, beside one process alone.

Each adds messages by the store's own interface, as fast as it is let; the one that shares its cores
with nobody is measured in turn with the two.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Sequence

from tests.benchmarks import servers
from tests.benchmarks.report import Report

OCTETS = 4096
COMMITTERS = 50
SECONDS = 3.0
ROUNDS = 3

#: It waits for a line, works, and prints how many messages were taken.
WORKER = r"""
import sys, time
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults
from netsuite.store.model import Placement
from netsuite.store.sql import SQLStore

url, name, _, octets, seconds = sys.argv[1:]
data = b"Subject: x\r\n\r\n".ljust(int(octets), b"x")
taken = 0

async def commit(store, folder, end):
    global taken
    while time.monotonic() < end:
        draft = store.mail.draft()
        draft.write(data)
        await store.mail.commit(draft, [Placement(folder.id)])
        taken += 1

async def main():
    store = SQLStore(url, clock=reactor, threads=reactor, now=time.time)
    await store.open()
    account = await store.accounts.add_account(name, None)
    folder = await store.mail.folder(account.id, "INBOX")
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + float(seconds)
    committers = range(int(sys.argv[3]))
    await gatherResults([ensureDeferred(commit(store, folder, end)) for _ in committers])
    print(taken, flush=True)
    await store.close()

def over(result):
    if result is not None:
        result.printTraceback()
    reactor.stop()

ensureDeferred(main()).addBoth(over)
reactor.run()
"""


def rate(urls: Sequence[str], names: Sequence[str]) -> float:
    """Return how many messages a second processes add together, one for each of the names."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, name, str(COMMITTERS), str(OCTETS), str(SECONDS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for url, name in zip(urls, names, strict=True)
    ]  # fmt: skip
    taken = 0
    try:
        for worker in workers:
            assert worker.stdout is not None
            if worker.stdout.readline() != "ready\n":
                raise RuntimeError("a worker did not begin")
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
        for worker in workers:
            assert worker.stdout is not None
            taken += int(worker.stdout.readline())
            worker.wait(30)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    pipe.close()
    return taken / SECONDS


def measure(report: Report) -> None:
    """Measure one and two writers in turn, and compare medians."""
    one, two = [], []
    with servers.folder() as home:
        for number in range(ROUNDS):
            url = f"sqlite:///{home}/{number}.db"
            one.append(rate([url], ["a"]))
            two.append(rate([url, url], ["b", "c"]))
    what = f"{OCTETS} octets into one SQLite file"
    report.row(what, "one process", f"{statistics.median(one):,.0f} messages/s", "by the store")
    ratio = statistics.median(two) / statistics.median(one)
    report.judge(
        what,
        "two processes",
        f"{statistics.median(two):,.0f} messages/s, {ratio:.2f} x one",
        reached=ratio >= 1.0,
        goal=">= 1 x one",
    )
