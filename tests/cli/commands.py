"""Runs the netsuite command in a process of its own, as its reactor can only run once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

#: The netsuite command of this interpreter.
COMMAND: Final = (sys.executable, "-c", "from netsuite.cli import main; main()")


def heed_interrupts() -> None:
    """Let Ctrl-C end a child also where the tests run in the background of a shell, which has
    what runs there ignore it; for ``preexec_fn``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(home: Path, *arguments: object, stdin: str = "pw\n") -> tuple[int, str]:
    """Run it; return exit code and what it printed. No traceback is ever printed."""
    done = subprocess.run(
        [*COMMAND, "--home", str(home), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed, printed
    return done.returncode, printed


def refused(home: Path, *arguments: object, stdin: str = "pw\n") -> str:
    """Run what must be refused; return its one line."""
    code, printed = run(home, *arguments, stdin=stdin)
    assert code in (1, 2), printed
    (line,) = [
        each.removeprefix("Error: ").removeprefix("netsuite: ")
        for each in printed.splitlines()
        if each.startswith(("Error: ", "netsuite: "))
    ]
    return line


def done(home: Path, *arguments: object, stdin: str = "pw\n") -> str:
    """Run what must succeed; return what it printed."""
    code, printed = run(home, *arguments, stdin=stdin)
    assert code == 0, printed
    return printed
