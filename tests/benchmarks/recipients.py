"""Messages for a hundred mailboxes beside messages for one: content is stored once."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time

from tests.benchmarks import servers
from tests.benchmarks.acceptance import OCTETS
from tests.benchmarks.report import Report

MESSAGES = 200
MAILBOXES = 100
ROUNDS = 3

_ACCOUNTS = """
import sys
from twisted.internet import reactor, task
from twisted.internet.defer import ensureDeferred
from netsuite.store.sql import SQLStore

async def make():
    store = SQLStore("sqlite:///" + sys.argv[1], clock=reactor, threads=reactor)
    await store.open()
    for number in range(int(sys.argv[2])):
        await store.accounts.add_account(f"u{number}", None)
    await store.close()

task.react(lambda _: ensureDeferred(make()))
"""


def measure(report: Report) -> None:
    """Send over one session, several rounds interleaved, and compare medians."""
    with servers.netsuite() as services:
        running = services["smtp"]
        path = running.home / "netsuite.db"
        subprocess.run([sys.executable, "-c", _ACCOUNTS, str(path), str(MAILBOXES)], check=True)
        seconds: dict[int, list[float]] = {1: [], MAILBOXES: []}
        for _ in range(ROUNDS):
            for count, taken in seconds.items():
                taken.append(seconds_of_a_message(running.port, count))
    one, many = (statistics.median(each) for each in seconds.values())
    what = f"SMTP, {OCTETS} octets, one session"
    report.row(what, "one recipient", f"{one * 1e6:,.0f} us a message", "durable")
    report.judge(
        what, f"{MAILBOXES} recipients", f"{many / one:.2f} x that", reached=many < 3 * one,
        goal="< 3 x",
    )  # fmt: skip


def seconds_of_a_message(port: int, recipients: int) -> float:
    """Return how long one message takes, envelope and all, in one pipeline each."""
    envelope = b"MAIL FROM:<a@example.test>\r\n" + b"".join(
        b"RCPT TO:<u%d@example.test>\r\n" % number for number in range(recipients)
    )
    body = b"Subject: x\r\n\r\n" + b"x" * (OCTETS - 20) + b"\r\n.\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        replies = connection.makefile("rb")
        replies.readline()
        connection.sendall(b"HELO bench\r\n")
        replies.readline()
        began = time.perf_counter()
        for _ in range(MESSAGES):
            connection.sendall(envelope + b"DATA\r\n")
            for _ in range(recipients + 1):
                assert replies.readline().startswith(b"250")
            assert replies.readline().startswith(b"354")
            connection.sendall(body)
            assert replies.readline().startswith(b"250")
        return (time.perf_counter() - began) / MESSAGES
