"""docs/howto/workers.rst: its commands do what they say, with its configuration."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import run
from tests.suite.fleet import Fleet, home_with_accounts, until

pytestmark = pytest.mark.long
PAGE = (Path(__file__).resolve().parent.parent / "docs/howto/workers.rst").read_text()
_COMMAND = re.compile(r"^   \$ (.*)$", re.MULTILINE)


def test_every_command(tmp_path: Path) -> None:
    """They work on a daemon with the configuration that is shown; the last makes it a new one."""
    home = home_with_accounts(tmp_path, "ann")
    (home / "netsuite.toml").write_text("[daemon]\nworkers = 2\n")
    assert "   [daemon]\n   workers = 2\n" in PAGE
    commands = _COMMAND.findall(PAGE)
    assert commands[-1].startswith("kill -USR2 ")
    with Fleet(home, ["imap"], options=["--pidfile", str(home / "twistd.pid")]) as fleet:
        for command in commands[:-1]:
            program, *words = shlex.split(command)
            assert program == "netsuite"
            code, printed = run(home, *words)
            assert code == 0, printed
            if words == ["status"]:
                assert "imap" in printed
        subprocess.run(commands[-1], shell=True, cwd=home, check=True, timeout=10)
        until(lambda: "has taken over" in fleet.log(), "no new version", 90)
