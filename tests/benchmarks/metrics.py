"""What metrics cost: processor time a command with and without what counts, and that of a scrape.

Both programs run at the same time and are loaded in turns, so that what else the machine does harms
both alike.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import free_port, processor_seconds, stop, wait_for_port

ROUNDS = 60
#: Commands of one round, and how many are said before an answer is waited for.
COMMANDS = 5_000
AT_ONCE = 50
CONNECTIONS = 20
GOAL = 0.02
SCRAPES = 50
#: How often Prometheus asks, as its examples have it.
SCRAPE_SECONDS = 15.0

#: Two servers; with "bare" neither counts anything.
_PROGRAM = """
import math, sys
from twisted.internet import reactor
from netsuite.connection import server
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.http.commands import plain
from netsuite.http.router import Router
from netsuite.http.server import HTTPServerFactory, Shared as HTTPShared
from netsuite.http.server.session import Session
from netsuite.smtp.server import SMTPServerFactory, Shared as SMTPShared
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput

def took(self, event):
    self.deadlines.took_event()
    kind = type(event)
    if isinstance(event, BodyChunk):
        self.deadlines.took_body(len(event.octets))
    else:
        if self._last_event is BodyChunk:
            self.deadlines.pace_in.ended()
        if kind is EndOfInput:
            self._eof_told = True
        elif kind is not EndOfBody and self._limited:
            self.commands += 1
            if self.commands > (self.commands_before_login or math.inf):
                self.leave(CloseReason.TOO_MUCH_BEFORE_LOGIN)
                return False
    self._last_event = kind
    return True

def received(self, octets):
    if self._limited:
        self.octets_in += octets
        if self.octets_in > (self.octets_before_login or math.inf):
            self.leave(CloseReason.TOO_MUCH_BEFORE_LOGIN)
            return False
    self.deadlines.received()
    return True

def answered(self, status, octets):
    if self.shared.line_log is not None:
        self.shared.log_access(self.peer, self.exchange, status, octets)
    self.exchange = None

if sys.argv[1] == "bare":
    ServerConnection._took = took
    ServerConnection._received = received
    Session.answered = answered

async def hello(request):
    return plain(200, "hello")

router = Router()
router.add("GET", "/hello", hello)
http = HTTPServerFactory(HTTPShared(clock=reactor, router=router, authenticator=None))
smtp = SMTPServerFactory(SMTPShared(clock=reactor, resolver=None, delivery=None))
for factory, port in ((smtp, sys.argv[2]), (http, sys.argv[3])):
    reactor.listenTCP(int(port), factory, interface="127.0.0.1")
reactor.run()
"""
_LOADS = {
    "SMTP, NOOP": ("smtp", b"NOOP\r\n", b"250 ", 1),
    "HTTP, a hello route": ("http", b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", b"hello", 0),
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is loaded."""

    pid: int
    ports: dict[str, int]


@contextmanager
def _program(kind: str) -> Iterator[Program]:
    ports = {"smtp": free_port(), "http": free_port()}
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, kind, *map(str, ports.values())])
    try:
        wait_for_port(ports["smtp"], process)  # the one that speaks first
        yield Program(process.pid, ports)
    finally:
        stop(process)


def _microseconds(
    program: Program, service: str, command: bytes, answer: bytes, skip: int, at_once: int
) -> float:
    """Return the processor time of one command.

    Args:
        at_once: how many a connection says before it waits for the answers: one, as clients do; or
            many, so that little else is measured.
    """
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", program.ports[service]), 30))
            for _ in range(CONNECTIONS)
        ]
        for client in clients[: CONNECTIONS * skip]:
            client.recv(4096)  # the greeting
        before = _nanoseconds(program.pid)
        for _ in range(COMMANDS // CONNECTIONS // at_once):
            for client in clients:
                client.sendall(command * at_once)
            for client in clients:
                _hear(client, answer, at_once)
        return (_nanoseconds(program.pid) - before) / 1000 / COMMANDS


def _hear(client: socket.socket, answer: bytes, count: int) -> None:
    heard = b""
    while heard.count(answer) < count:
        more = client.recv(1 << 20)
        if not more:
            raise ConnectionError(heard[-200:])
        heard += more


def _nanoseconds(pid: int) -> int:
    """Return the processor time of a process's first thread; ``processor_seconds`` tells whole
    ticks of ten milliseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def measure(report: Report) -> None:
    """Measure commands of two protocols, and a scrape."""
    with _program("counting") as counting, _program("bare") as bare:
        for what, load in _LOADS.items():
            # The least of many rounds: what else the machine does makes it only more.
            alone = min(_microseconds(bare, *load, 1) for _ in range(ROUNDS // 4))
            figures = [
                [_microseconds(each, *load, AT_ONCE) for each in (counting, bare)]
                for _ in range(ROUNDS)
            ]
            ours, theirs = (min(each) for each in zip(*figures, strict=True))
            report.row(what, "a command", f"{alone:.1f} us")
            report.row(what, "to count it", f"{ours - theirs:.2f} us")
            more = (ours - theirs) / alone
            report.judge(what, "more", f"{more:.1%}", reached=more < GOAL, goal=f"< {GOAL:.0%}")
    port = free_port()
    with servers.netsuite(f"health.listen=['tcp:{port}:interface=127.0.0.1']") as ours_:
        url, pid = f"http://127.0.0.1:{port}/metrics", ours_["http"].pid
        before = processor_seconds(pid)
        for _ in range(SCRAPES):
            with urllib.request.urlopen(url, timeout=30) as answer:
                answer.read()
        each = (processor_seconds(pid) - before) / SCRAPES
        share = each / SCRAPE_SECONDS
        report.judge(
            f"a scrape each {SCRAPE_SECONDS:g} s",
            "netsuite",
            f"{each * 1e3:.1f} ms, {share:.2%} of a core",
            reached=share < GOAL / 2,
            goal=f"< {GOAL / 2:.0%}",
        )
