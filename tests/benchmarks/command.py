"""The netsuite command beside curl: a large file by HTTP and FTP, many messages by IMAP, and how
soon it says its first octet."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from netsuite.testing.daemon import Daemon
from tests.benchmarks.report import Report

FILE_OCTETS: Final = 1024 * 1024 * 1024
MESSAGES: Final = 5000
ROUNDS: Final = 3
STARTS: Final = 9
#: Of curl's speed.
FILE_GOAL: Final = 0.8
MESSAGES_GOAL: Final = 2.0
START_GOAL_MS: Final = 200
_COMMAND: Final = (sys.executable, "-c", "from netsuite.cli import main; main()")
_LOGIN: Final = ("-u", "alice:netsuite")
_LINE: Final = b"what somebody writes in a letter, a line of it, of eighty octets with its ends\n"


def measure(report: Report) -> None:
    """Measure in turns, the best of some rounds; without curl there is nothing to compare with."""
    curl = shutil.which("curl")
    if curl is None:
        report.leave_out("curl", FileNotFoundError("it is not installed"))
        return
    with tempfile.TemporaryDirectory() as place, Daemon(Path(place) / "home") as daemon:
        # As where it is installed, and not where every start compiles anew.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": f"{place}/compiled"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        _files(report, daemon, curl, environment)
        _messages(report, daemon, curl, Path(place), environment)
        _start(report, environment)


def _files(report: Report, daemon: Daemon, curl: str, environment: Mapping[str, str]) -> None:
    path = daemon.home / "files/public/large"
    with path.open("wb") as file:
        file.truncate(FILE_OCTETS)
    for scheme in ("http", "ftp"):
        url = f"{scheme}://127.0.0.1:{daemon.ports[scheme]}/large"
        _beside(
            report,
            f"1 GB by {scheme.upper()}, fetched by the command",
            [*_COMMAND, "get", "-q", "-o", os.devnull, url],
            [curl, "-s", "-o", os.devnull, url],
            FILE_GOAL,
            environment,
        )
    path.unlink()


def _messages(
    report: Report, daemon: Daemon, curl: str, place: Path, environment: Mapping[str, str]
) -> None:
    mbox = place / "mbox"
    with mbox.open("wb") as file:
        for number in range(MESSAGES):
            file.write(b"From a@example.test Thu Jan  1 00:00:00 2026\n")
            file.write(b"From: a@example.test\nSubject: message %d\n\n" % number)
            file.write(_LINE * 50 + b"\n")
    importing = ("--home", str(daemon.home), "import", "--account", "alice", "--folder", "Many")
    subprocess.run([*_COMMAND, *importing, str(mbox)], check=True, capture_output=True)
    url = f"imap://127.0.0.1:{daemon.ports['imap']}/Many;UID="
    fetched = place / "fetched"
    _beside(
        report,
        f"{MESSAGES:,} messages by IMAP, a file each",
        [*_COMMAND, "get", "-q", *_LOGIN, "-o", f"{fetched}/", f"{url}1:*"],
        [curl, "-s", *_LOGIN, f"{url}[1-{MESSAGES}]", "-o", f"{fetched}/#1.eml"],
        MESSAGES_GOAL,
        environment,
        before=lambda: _emptied(fetched),
    )


def _emptied(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()


def _beside(
    report: Report,
    what: str,
    ours: Sequence[str],
    curls: Sequence[str],
    goal: float,
    environment: Mapping[str, str],
    before: Callable[[], None] = lambda: None,
) -> None:
    """Run both in turns; judge by the ratio of the best."""
    best = {"netsuite": float("inf"), "curl": float("inf")}
    for _ in range(ROUNDS):
        for name, words in (("netsuite", ours), ("curl", curls)):
            before()
            began = time.perf_counter()
            subprocess.run(words, check=True, env=environment)
            best[name] = min(best[name], time.perf_counter() - began)
    ratio = best["curl"] / best["netsuite"]
    report.row(what, "curl", f"{best['curl']:.2f} s")
    report.judge(
        what,
        "netsuite",
        f"{best['netsuite']:.2f} s, {ratio:.2f} times curl's speed",
        reached=ratio >= goal,
        goal=f">= {goal:g} times",
    )


def _start(report: Report, environment: Mapping[str, str]) -> None:
    """Measure from the start of the command until its first octet, and of Python and Twisted's
    reactor alone until then."""
    took, bare = [], []
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [*_COMMAND, "get", "-s", f"http://127.0.0.1:{server.getsockname()[1]}/"]
        for _ in range(STARTS):
            began = time.perf_counter()
            with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL):
                peer, _ = server.accept()
                with peer:
                    peer.recv(1)
                    took.append(time.perf_counter() - began)
            began = time.perf_counter()
            script = "from twisted.internet import reactor"
            subprocess.run([sys.executable, "-c", script], env=environment, check=True)
            bare.append(time.perf_counter() - began)
    what = "The command's start to its first octet"
    report.row(what, "Twisted's reactor alone", f"{min(bare) * 1000:.0f} ms")
    milliseconds = min(took) * 1000
    report.judge(
        what,
        "netsuite",
        f"{milliseconds:.0f} ms",
        reached=milliseconds < START_GOAL_MS,
        goal=f"< {START_GOAL_MS} ms",
    )
