"""A thousand idle connections of each protocol: the memory of each."""

from __future__ import annotations

import resource
import socket
from typing import Final

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Running

CONNECTIONS: Final = 1000
GOAL_OCTETS: Final = 25_000
_WARM: Final = 200

#: What is said on each connection, and what its answer holds when it has come whole.
_SESSIONS: Final = {
    "smtp": (b"EHLO bench\r\nMAIL FROM:<a@example.test>\r\n", b"250 2.1.0 "),
    "pop3": (b"CAPA\r\n", b"\r\n.\r\n"),
    "imap": (b"a LOGIN alice netsuite\r\nb SELECT INBOX\r\n", b"\r\nb OK"),
    "nntp": (b"MODE READER\r\nGROUP local.test\r\nDATE\r\n", b"\r\n111 "),
    "ftp": (b"USER anonymous\r\nPASS bench@\r\nTYPE I\r\n", b"\r\n200 "),
    "http": (b"GET /nothing HTTP/1.1\r\nHost: bench\r\n\r\n", b" 404 "),
    "telnet": (b"", b"login: "),
    "gopher": (b"", b""),
}
#: Gopher's server speaks when it was asked, and closes: whether it has taken the connections is
#: seen by a request that is answered after them.
_PROBE: Final = b"caps.txt\r\n"


def measure(report: Report) -> None:
    """Open the connections of one protocol after the other, each on a daemon of its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for name in _SESSIONS:
        with servers.netsuite() as ours:
            each = _each(name, ours[name])
        report.judge(
            f"memory of one of {CONNECTIONS} idle {name} connections",
            "netsuite",
            f"{each / 1000:.1f} KB",
            reached=each < GOAL_OCTETS,
            goal=f"< {GOAL_OCTETS / 1000:.0f} KB",
        )


def _each(name: str, server: Running) -> float:
    """Return the octets that one more connection takes."""
    connections = _open(name, server, _WARM)  # what the first ones make once for all
    before = servers.resident_octets(server.pid)
    connections += _open(name, server, CONNECTIONS)
    each = (servers.resident_octets(server.pid) - before) / CONNECTIONS
    for connection in connections:
        connection.close()
    return each


def _open(name: str, server: Running, count: int) -> list[socket.socket]:
    script, awaited = _SESSIONS[name]
    connections: list[socket.socket] = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", server.port), 60)
        if script:
            connection.sendall(script)
        heard = b""
        while awaited not in heard:
            piece = connection.recv(65536)
            if not piece:
                raise RuntimeError(f"{name}: closed after {heard!r}")
            heard += piece
        connections.append(connection)
    if not awaited:
        with socket.create_connection(("127.0.0.1", server.port), 60) as probe:
            probe.sendall(_PROBE)
            while probe.recv(65536):
                pass
    return connections
