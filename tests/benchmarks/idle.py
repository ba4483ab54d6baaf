"""Thousands of IMAP connections in IDLE: memory of each, and how soon all see a delivery."""

from __future__ import annotations

import resource
import selectors
import socket
import time
from collections.abc import Iterator

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.sockets import Lines

CONNECTIONS = 5000
_MEMORY_GOAL = 25_000
_SEEN_GOAL_SECONDS = 1.0
_AT_ONCE = 50


def measure(report: Report) -> None:
    """Open the connections, then deliver one message to all of them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with servers.netsuite() as ours:
        imap, pid = ours["imap"], ours["imap"].pid
        warm = list(_idling(imap.port, _AT_ONCE))
        before = servers.resident_octets(pid)
        connections = list(_idling(imap.port, CONNECTIONS))
        each = (servers.resident_octets(pid) - before) / CONNECTIONS
        report.judge(
            f"memory of one of {CONNECTIONS} idle IMAP connections",
            "netsuite",
            f"{each / 1000:.1f} KB",
            reached=each < _MEMORY_GOAL,
            goal="< 25 KB",
        )
        seconds = _deliver_and_see(ours["smtp"].port, connections)
        report.judge(
            f"a delivery seen by all {CONNECTIONS} in IDLE",
            "netsuite",
            f"{seconds:.2f} s",
            reached=seconds < _SEEN_GOAL_SECONDS,
            goal="< 1 s after the 250",
        )
        for connection in [*warm, *connections]:
            connection.close()


def _idling(port: int, count: int) -> Iterator[socket.socket]:
    """Return connections that are logged in, have INBOX selected, and are in IDLE."""
    script = b"a LOGIN alice netsuite\r\nb SELECT INBOX\r\nc IDLE\r\n"
    for start in range(0, count, _AT_ONCE):
        batch = []
        for _ in range(min(_AT_ONCE, count - start)):
            connection = socket.create_connection(("127.0.0.1", port), 60)
            connection.sendall(script)
            batch.append(connection)
        for connection in batch:
            heard = b""
            while b"\r\n+ " not in heard:
                piece = connection.recv(65536)
                if not piece or b" NO " in piece or b" BAD " in piece:
                    raise RuntimeError((heard + piece).decode())
                heard += piece
            yield connection


def _deliver_and_see(port: int, connections: list[socket.socket]) -> float:
    """Deliver one message; return the seconds from its 250 until the last has heard EXISTS."""
    selector = selectors.DefaultSelector()
    for connection in connections:
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
    with Lines(port) as smtp:
        smtp.hear_smtp(b"220")
        smtp.ask_smtp("EHLO bench", b"250")
        smtp.ask_smtp("MAIL FROM:<a@example.test>", b"250")
        smtp.ask_smtp("RCPT TO:<alice@example.test>", b"250")
        smtp.ask_smtp("DATA", b"354")
        smtp.ask_smtp("Subject: to all\r\n\r\nhello\r\n.", b"250")
    began = time.perf_counter()
    waiting = len(connections)
    while waiting:
        ready = selector.select(30)
        if not ready:
            raise RuntimeError(f"{waiting} connections never heard of the delivery")
        for key, _ in ready:
            assert isinstance(key.fileobj, socket.socket)
            heard = key.fileobj.recv(65536)
            if b" EXISTS" not in heard:
                if not heard:
                    raise RuntimeError("a connection was closed")
                continue
            selector.unregister(key.fileobj)
            waiting -= 1
    return time.perf_counter() - began
