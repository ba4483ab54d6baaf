"""Mirrors: many small files fetched by ``netsuite mirror``, wget and lftp, over FTP and HTTP."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.benchmarks import ftp_peers, servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent

FILES: Final = 10_000
FILE_OCTETS: Final = 1024
#: Files of one directory.
_DIRECTORY: Final = 100
PARALLEL: Final = 4
_ROUNDS: Final = 3
_GOAL: Final = 2.0


@dataclass(slots=True)
class Taken:
    """What one program has taken, round by round.

    Args:
        seconds: from its start to its end.
        processor: of the program itself, in seconds.
    """

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def measure(report: Report) -> None:
    """Measure all; judge the ratios. By turns, so that what else the machine does is done to all;
    the best of the rounds counts."""
    with contextlib.ExitStack() as running:
        ours = running.enter_context(servers.netsuite())
        ports = {"ftp": ours["ftp"].port, "http": ours["http"].port}
        top = ours["ftp"].home / "files" / "public"
        _fill(top / "many")
        places = {f"{scheme}, netsuite's server": f"{scheme}://127.0.0.1:{port}/many/"
                  for scheme, port in ports.items()}  # fmt: skip
        try:
            other = running.enter_context(ftp_peers.vsftpd())
            _fill(other.home / "files" / "many")
            places["ftp, vsftpd"] = f"ftp://127.0.0.1:{other.port}/many/"
        except Absent as error:
            report.leave_out("vsftpd", error)
        target = running.enter_context(servers.folder())
        for what, url in places.items():
            _measure(report, what, url, target)


def _fill(top: Path) -> None:
    for number in range(FILES):
        directory = top / f"d{number // _DIRECTORY}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"f{number}").write_bytes(os.urandom(FILE_OCTETS))


def _measure(report: Report, what: str, url: str, target: Path) -> None:
    """Mirror one tree by each program."""
    programs = {name: command for name, command in _commands(url, target).items()
                if name == "netsuite" or shutil.which(name)}  # fmt: skip
    taken = {name: Taken() for name in programs}
    for _ in range(_ROUNDS):
        for name, command in programs.items():
            shutil.rmtree(target / "made", ignore_errors=True)
            _run(command, taken[name])
            files = [name for _, _, names in os.walk(target / "made") for name in names]
            assert sum("index.html" not in each for each in files) == FILES, (name, len(files))
    title = f"{FILES:,} files of {FILE_OCTETS} octets, {what}"
    best = {name: min(each.seconds) for name, each in taken.items()}
    for name, each in taken.items():
        figure = f"{FILES / best[name]:,.0f}/s, {min(each.processor) / FILES * 1e6:,.0f} us/file"
        if name == "netsuite":
            report.row(title, name, figure)
            continue
        ratio = best[name] / best["netsuite"]
        goal = f">= {_GOAL:g} x {name}"
        report.judge(title, name, f"{figure} ({ratio:.2f} x)", reached=ratio >= _GOAL, goal=goal)


def _commands(url: str, target: Path) -> dict[str, Sequence[str]]:
    made = str(target / "made")
    base, _, path = url.rpartition("/many/")
    return {
        "netsuite": (sys.executable, "-m", "netsuite", "mirror", "--parallel", str(PARALLEL),
                     f"{base}/many{path}", made),
        "wget": ("wget", "-q", "-r", "-np", "-nH", "-P", made, url),
        "lftp": ("lftp", "-e", f"set ftp:ssl-allow no; mirror --parallel={PARALLEL} /many {made}; "
                 "quit", base),
    }  # fmt: skip


def _run(command: Sequence[str], taken: Taken) -> None:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=600)
    taken.seconds.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    taken.processor.append(spent)
