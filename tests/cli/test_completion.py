"""Completion of words at TAB: what a shell is given, and what bash makes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from netsuite.cli import main
from netsuite.cli.completion import VARIABLE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(shell: str) -> None:
    """Each shell gets a script that asks the command; one that has none is refused."""
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"{VARIABLE}={shell}_complete" in result.output
    assert CliRunner().invoke(main, ["completion", "csh"]).exit_code == 2


def completed(tmp_path: Path, line: str) -> list[str]:
    """Return what bash completes the last word of a line to, as at TAB."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    program = tmp_path / "netsuite"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.argv[0] = 'netsuite'\n"
        "from netsuite.cli import main\nmain()\n"
    )
    program.chmod(0o755)
    words = line.split(" ")
    script = (
        'eval "$(netsuite completion bash)"\n'
        f"COMP_WORDS=({' '.join(repr(each) for each in words)})\n"
        f"COMP_CWORD={len(words) - 1}\n"
        "_netsuite_completion netsuite\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    paths = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *sys.path])
    done = subprocess.run(
        [bash, "--norc", "-c", script], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_bash(tmp_path: Path) -> None:
    """Commands, those below one, options and choices are completed."""
    assert {"mkdir", "mirror", "migrate"} <= set(completed(tmp_path, "netsuite m"))
    assert completed(tmp_path, "netsuite capab") == ["capabilities"]
    assert "--recursive" in completed(tmp_path, "netsuite rm --r")
    assert completed(tmp_path, "netsuite account ad") == ["add"]
    assert completed(tmp_path, "netsuite completion z") == ["zsh"]
