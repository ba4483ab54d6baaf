"""One message of 100 MB: in by SMTP, out by IMAP and POP3; speed, and the memory it takes."""

from __future__ import annotations

import re
import time

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Running
from tests.benchmarks.sockets import Lines

OCTETS = 100_000_000
_LINE = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd\r\n"
_GROWTH_GOAL = 32_000_000
_RATE_GOAL = 100_000_000


def measure(report: Report) -> None:
    """Send and fetch the message; judge rate and growth of memory."""
    with servers.netsuite("smtp.message_octets=200000000") as ours:
        pid = ours["smtp"].pid
        _send(ours["smtp"], 1_000_000)  # warm up: imports, caches, threads
        _fetch_imap(ours["imap"])
        _fetch_pop3(ours["pop3"])
        before = servers.resident_octets(pid)
        servers.forget_peak(pid)
        seconds = _send(ours["smtp"], OCTETS)
        _judge(report, "100 MB in by SMTP", seconds, OCTETS)
        for what, fetch, server in (
            ("100 MB out by IMAP", _fetch_imap, ours["imap"]),
            ("100 MB out by POP3", _fetch_pop3, ours["pop3"]),
        ):
            seconds, octets = fetch(server)
            report.row(what, "netsuite", f"{octets / seconds / 1e6:,.0f} MB/s")
        growth = servers.peak_octets(pid) - before
        report.judge(
            "memory grown at the most, in and out",
            "netsuite",
            f"{growth / 1e6:.1f} MB",
            reached=growth < _GROWTH_GOAL,
            goal="< 32 MB",
        )


def _judge(report: Report, what: str, seconds: float, octets: int) -> None:
    rate = octets / seconds
    report.judge(
        what,
        "netsuite",
        f"{rate / 1e6:,.0f} MB/s",
        reached=rate >= _RATE_GOAL,
        goal=">= 100 MB/s, durable",
    )


def _send(server: Running, octets: int) -> float:
    """Send a message of about so many octets; return the seconds from DATA to its 250."""
    block = _LINE * 3000
    with Lines(server.port) as smtp:
        smtp.hear_smtp(b"220")
        smtp.ask_smtp("EHLO bench", b"250")
        smtp.ask_smtp("MAIL FROM:<a@example.test>", b"250")
        smtp.ask_smtp("RCPT TO:<alice@example.test>", b"250")
        began = time.perf_counter()
        smtp.ask_smtp("DATA", b"354")
        smtp.socket.sendall(b"From: a@example.test\r\nSubject: big\r\n\r\n")
        for _ in range(octets // len(block)):
            smtp.socket.sendall(block)
        smtp.ask_smtp(".", b"250")
        return time.perf_counter() - began


def _fetch_imap(server: Running) -> tuple[float, int]:
    """Fetch the newest message; return seconds and octets."""
    with Lines(server.port) as imap:
        imap.hear()
        imap.ask("a LOGIN alice netsuite", b"a OK")
        imap.say("b SELECT INBOX")
        for _ in imap.until_tagged(b"b"):
            pass
        octets = 0
        began = time.perf_counter()
        imap.say("c FETCH * BODY.PEEK[]")
        for line in imap.until_tagged(b"c"):
            if literal := re.search(rb"\{(\d+)\}\r\n$", line):
                octets += imap.read_octets(int(literal[1]))
        return time.perf_counter() - began, octets


def _fetch_pop3(server: Running) -> tuple[float, int]:
    """Fetch the newest message; return seconds and octets."""
    with Lines(server.port) as pop3:
        pop3.hear()
        pop3.ask("USER alice", b"+OK")
        pop3.ask("PASS netsuite", b"+OK")
        number, _ = pop3.ask("STAT", b"+OK").split()[1:3]
        began = time.perf_counter()
        announced = pop3.ask(f"RETR {number.decode()}", b"+OK")
        octets = 0
        tail = b"\r\n"
        while not tail.endswith(b"\r\n.\r\n"):
            piece = pop3.file.read1(1 << 18)
            if not piece:
                raise ConnectionError(repr(announced))
            octets += len(piece)
            tail = (tail + piece)[-5:]
        took = time.perf_counter() - began
        pop3.ask("QUIT", b"+OK")
        return took, octets
