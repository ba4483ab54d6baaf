"""NNTP: STAT and ARTICLE over 20 connections, overview lines, and durable posting.

Each connection says a batch of commands, hears all the answers, says the next: as a newsreader
does that asks ahead. One process plays all of them, over one selector.
"""

from __future__ import annotations

import random
import selectors
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Running
from tests.benchmarks.sockets import Lines

GROUP = "example.talk"
ARTICLES = 2000
OCTETS = 4096
CONNECTIONS = 20
BATCH = 20
SECONDS = 2.0
ROUNDS = 3
STAT_GOAL = 25_000
ARTICLE_GOAL = 8_000
_BODY = "".join(f"{number:062d}\r\n" for number in range(60))


def _asking(command: str, chance: random.Random, numbers: Sequence[int]) -> str:
    return f"{command} {chance.choice(numbers)}"


def measure(report: Report) -> None:
    """Post articles, then read them in several ways."""
    what = f"NNTP, {CONNECTIONS} connections"
    with servers.netsuite("nntp.posting=open", "nntp.bad_commands=0") as ours:
        server = ours["nntp"]
        posted = post(server, ARTICLES)
        report.row(f"{what}, POST of {OCTETS} octets", "netsuite", f"{posted:,.0f} articles/s",
                   "durable")  # fmt: skip
        numbers = _numbers(server)
        chance = random.Random(1)
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, ends in (("STAT", b"\r\n"), ("ARTICLE", b"\r\n.\r\n")):
                asking = partial(_asking, name, chance, numbers)
                rates.setdefault(name, []).append(per_second(server, asking, ends))
        for name, goal in (("STAT", STAT_GOAL), ("ARTICLE", ARTICLE_GOAL)):
            median = statistics.median(rates[name])
            report.judge(f"{what}, {name}", "netsuite", f"{median:,.0f} /s",
                         reached=median >= goal, goal=f">= {goal:,}/s")  # fmt: skip
        report.row(f"NNTP OVER of {len(numbers):,}", "netsuite", f"{overview(server):.3f} s")


def _article(number: int) -> bytes:
    text = (
        f"From: Bench <bench@example.test>\r\nNewsgroups: {GROUP}\r\nSubject: article {number}\r\n"
        f"References: <a@example.test> <b@example.test>\r\n\r\n{_BODY}"
    )
    return text.encode() + b"." + b"\r\n"


def post(server: Running, articles: int) -> float:
    """Post articles over all connections at once; return how many were taken a second."""
    left = iter(range(articles))
    selector = selectors.DefaultSelector()
    open_ones = []
    for _ in range(CONNECTIONS):
        lines = Lines(server.port)
        lines.hear()
        lines.say("POST")
        selector.register(lines.socket, selectors.EVENT_READ, lines)
        open_ones.append(lines)
    began = time.perf_counter()
    working = len(open_ones)
    while working:
        for key, _ in selector.select():
            lines = key.data
            answer = lines.hear()
            if answer.startswith(b"340"):
                number = next(left, None)
                if number is None:
                    selector.unregister(lines.socket)
                    working -= 1
                else:
                    lines.socket.sendall(_article(number))
            elif answer.startswith(b"240"):
                lines.say("POST")
            else:
                raise RuntimeError(f"POST was answered {answer!r}")
    took = time.perf_counter() - began
    for lines in open_ones:
        lines.__exit__(None, None, None)
    return articles / took


def _numbers(server: Running) -> list[int]:
    with Lines(server.port) as lines:
        lines.hear()
        lines.say(f"LISTGROUP {GROUP}")
        if not lines.hear().startswith(b"211"):
            raise RuntimeError("no group")
        return [int(line) for line in _until_dot(lines)]


def _until_dot(lines: Lines) -> Iterator[bytes]:
    while (line := lines.hear()) != b".\r\n":
        yield line


def overview(server: Running) -> float:
    """Return how long the overview of the whole group takes, the best of several times."""
    times = []
    with Lines(server.port) as lines:
        lines.hear()
        lines.ask(f"GROUP {GROUP}", b"211")
        for _ in range(ROUNDS):
            began = time.perf_counter()
            lines.ask("OVER 1-", b"224")
            for _ in _until_dot(lines):
                pass
            times.append(time.perf_counter() - began)
    return min(times)


class _Asking:
    """One connection: says batches, counts what ends an answer."""

    def __init__(self, server: Running, ends: bytes) -> None:
        self.lines = Lines(server.port)
        self.lines.hear()
        self.lines.ask(f"GROUP {GROUP}", b"211")
        self.ends = ends
        self.waiting = 0
        self.tail = b""

    def ask(self, command: Callable[[], str]) -> None:
        batch = "".join(f"{command()}\r\n" for _ in range(BATCH))
        self.waiting = BATCH
        self.lines.socket.sendall(batch.encode())

    def heard(self) -> int:
        octets = self.lines.socket.recv(1 << 18)
        if not octets:
            raise ConnectionError("the server closed the connection")
        octets = self.tail + octets
        count = octets.count(self.ends)
        # No more than could begin an end; what was counted must not be counted again.
        last = octets.rfind(self.ends)
        rest = octets if last < 0 else octets[last + len(self.ends) :]
        self.tail = rest[-(len(self.ends) - 1) :]
        self.waiting -= count
        return count


def per_second(server: Running, command: Callable[[], str], ends: bytes) -> float:
    """Ask over all connections for a while; return the answers a second."""
    selector = selectors.DefaultSelector()
    asking = [_Asking(server, ends) for _ in range(CONNECTIONS)]
    for each in asking:
        selector.register(each.lines.socket, selectors.EVENT_READ, each)
    began = time.perf_counter()
    for each in asking:
        each.ask(command)
    answers = 0
    while (now := time.perf_counter()) < began + SECONDS:
        for key, _ in selector.select(1):
            each = key.data
            answers += each.heard()
            if not each.waiting:
                each.ask(command)
    for each in asking:
        each.lines.__exit__(None, None, None)
    return answers / (now - began)
