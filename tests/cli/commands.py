"""Runs the netsuite command in a process of its own, as its reactor can only run once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(home: Path, *arguments: object, stdin: str = "pw\n") -> tuple[int, str]:
    """Run it; give exit code and what it printed. No traceback is ever printed."""
    done = subprocess.run(
        [sys.executable, "-c", "from netsuite.cli import main; main()", "--home", str(home),
         *map(str, arguments)],
        input=stdin, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed, printed
    return done.returncode, printed


def refused(home: Path, *arguments: object, stdin: str = "pw\n") -> str:
    """Run what must be refused; give its one line."""
    code, printed = run(home, *arguments, stdin=stdin)
    assert code in (1, 2), printed
    (line,) = [
        each.removeprefix("Error: ").removeprefix("netsuite: ")
        for each in printed.splitlines()
        if each.startswith(("Error: ", "netsuite: "))
    ]
    return line


def done(home: Path, *arguments: object, stdin: str = "pw\n") -> str:
    """Run what must succeed; give what it printed."""
    code, printed = run(home, *arguments, stdin=stdin)
    assert code == 0, printed
    return printed
