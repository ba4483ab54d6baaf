"""Gopher: a connection a request, from 50 clients at once."""

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
        port = ours["gopher"].port
        for what, selector in (("a menu", b"/news\r\n"), ("a text", b"caps.txt\r\n")):
            per_second(port, selector, 500)
            rate = statistics.median(per_second(port, selector, REQUESTS) for _ in range(ROUNDS))
            report.judge(
                f"Gopher, {what}, {CLIENTS} clients",
                "netsuite",
                f"{rate:,.0f} requests/s",
                reached=rate >= GOAL,
                goal=f">= {GOAL:,}/s",
            )


def per_second(port: int, request: bytes, requests: int) -> float:
    """Make requests, a connection each, so many at a time; give how many were answered a
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
