"""Telnet's reader: octets to tokens, clean text and text with commands in it."""

from __future__ import annotations

import statistics
import time
from typing import Final

from netsuite.telnet.commands import Data
from netsuite.telnet.grammar import TelnetReader
from tests.benchmarks.report import Report

GOAL: Final = 200.0
ROUNDS: Final = 5
SECONDS: Final = 0.5
PIECES: Final = (4096, 65_536)
_LINE: Final = b"what a shell prints, a line of it, of eighty characters with its line end ..\r\n"
_CLEAN: Final = _LINE * 26_000
#: An IAC that is data in each line, and a negotiation every fourth.
_MIXED: Final = (_LINE[:40] + b"\xff\xff" + _LINE[40:] + 3 * _LINE + b"\xff\xfd\x06") * 6_500


def measure(report: Report) -> None:
    """Read about 2 MB over and over, in the pieces that a transport brings."""
    for piece in PIECES:
        for what, octets, goal in (("clean", _CLEAN, GOAL), ("with commands", _MIXED, None)):
            rate = statistics.median(_rate(octets, piece) for _ in range(ROUNDS))
            row = f"Telnet reader, {what}, pieces of {piece}"
            if goal is None:
                report.row(row, "netsuite", f"{rate:,.0f} MB/s")
            else:
                report.judge(
                    row,
                    "netsuite",
                    f"{rate:,.0f} MB/s",
                    reached=rate >= goal,
                    goal=f">= {goal:,.0f} MB/s",
                )


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
