"""Telnet: octets to tokens, clean text and text with commands in it; the first word to a client
that says nothing."""

from __future__ import annotations

import socket
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from netsuite.telnet.commands import Data
from netsuite.telnet.grammar import TelnetReader
from netsuite.testing.daemon import Daemon
from tests.benchmarks.report import Report

GOAL: Final = 200.0
GOAL_WITH_COMMANDS: Final = 100.0
GOAL_MILLISECONDS: Final = 20.0
CONNECTIONS: Final = 50
ROUNDS: Final = 5
SECONDS: Final = 0.5
PIECES: Final = (4096, 65_536)
_LINE: Final = b"what a shell prints, a line of it, of eighty characters with its line end ..\r\n"
_CLEAN: Final = _LINE * 26_000
#: An IAC that is data in each line, and a negotiation every fourth.
_MIXED: Final = (_LINE[:40] + b"\xff\xff" + _LINE[40:] + 3 * _LINE + b"\xff\xfd\x06") * 6_500


def measure(report: Report) -> None:
    """Read about 2 MB over and over, in the pieces that a transport brings; then connect to a
    daemon."""
    for piece in PIECES:
        for what, octets, goal in (
            ("clean", _CLEAN, GOAL),
            ("with commands", _MIXED, GOAL_WITH_COMMANDS),
        ):
            rate = statistics.median(_rate(octets, piece) for _ in range(ROUNDS))
            row = f"Telnet reader, {what}, pieces of {piece}"
            report.judge(
                row,
                "netsuite",
                f"{rate:,.0f} MB/s",
                reached=rate >= goal,
                goal=f">= {goal:,.0f} MB/s",
            )

    with TemporaryDirectory() as home, Daemon(Path(home), plugin="netsuite-telnet") as daemon:
        waits = [_first_octet(daemon.ports["telnet"]) for _ in range(CONNECTIONS)]
    longest = 1000 * max(waits[1:])
    report.judge(
        f"Telnet, first octet to a mute client, worst of {CONNECTIONS}",
        "netsuite",
        f"{longest:.1f} ms",
        reached=longest < GOAL_MILLISECONDS,
        goal=f"< {GOAL_MILLISECONDS:.0f} ms",
    )


def _first_octet(port: int) -> float:
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.recv(1)
        return time.perf_counter() - began


def _rate(octets: bytes, piece: int) -> float:
    pieces = [octets[start : start + piece] for start in range(0, len(octets), piece)]
    passed = 0
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        reader = TelnetReader()
        given = 0
        for each in pieces:
            reader.feed(each)
            while (token := reader.next()) is not None:
                if isinstance(token, Data):
                    given += len(token.octets)
        if not given:
            raise RuntimeError("no data came out of the reader")
        passed += len(octets)
    return passed / took / 1e6
