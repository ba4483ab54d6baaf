"""Gopher: a connection a request, from 50 clients at once."""

# "A text" is made by the server, "a text file" is read from the public site.

from __future__ import annotations

import selectors
import socket
import statistics
import time

from tests.benchmarks import servers
from tests.benchmarks.report import Report

CLIENTS = 50
REQUESTS = 8000
ROUNDS = 3
GOAL = 5_000


def measure(report: Report) -> None:
    """Ask for a menu and for a small text, over and over."""
    with servers.netsuite() as ours:
        server = ours["gopher"]
        port = server.port
        file = server.home / "files/public/small.txt"
        file.write_text("a line of some text\n" * 50)
        file.chmod(0o644)
        for what, selector in (
            ("a menu", b"/news\r\n"),
            ("a text", b"caps.txt\r\n"),
            ("a text file of 1 KB", b"small.txt\r\n"),
        ):
            per_second(port, selector, 500)
            before = servers.processor_seconds(server.pid)
            rate = statistics.median(per_second(port, selector, REQUESTS) for _ in range(ROUNDS))
            spent = servers.processor_seconds(server.pid) - before
            each = f"{1e6 * spent / (ROUNDS * REQUESTS):,.0f} us of processor"
            report.row(f"Gopher, {what}, of the server", "netsuite", each)
            report.judge(
                f"Gopher, {what}, {CLIENTS} clients",
                "netsuite",
                f"{rate:,.0f} requests/s",
                reached=rate >= GOAL,
                goal=f">= {GOAL:,}/s",
            )


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
