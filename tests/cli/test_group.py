"""``netsuite group`` and ``netsuite import --group``, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from netsuite.cli import main

MBOX = """\
From a@b Mon Jan  1 00:00:00 2024
From: a@b.c
Message-ID: <m1@x>
Subject: one
Xref: elsewhere g:1

text
>From the start

From a@b Mon Jan  1 00:00:00 2024
From: a@b.c
Message-ID: <m2@x>
Subject: two
Status: RO

text
"""


def run(home: Path, *arguments: object, stdin: str = "") -> tuple[int, str]:
    """Run the command; give exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", "from netsuite.cli import main; main()", "--home", str(home),
         *map(str, arguments)],
        input=stdin, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed, printed
    return done.returncode, printed


@pytest.mark.timeout(120)
def test_groups(tmp_path: Path) -> None:
    """A group is made, filled twice without doubling anything, listed, removed."""
    home, mbox = tmp_path / "home", tmp_path / "old.mbox"
    mbox.write_text(MBOX)
    code, printed = run(home, "account", "add", "ann", "--password-stdin", stdin="pw\n")
    assert code == 0, printed
    assert run(home, "group", "add", "comp.lang.test", "--description", "Try\n it") == (
        0, "made comp.lang.test\n",
    )  # fmt: skip
    assert run(home, "group", "add", "misc.mod", "--moderator", "Ann")[0] == 0
    assert "imported 2 articles" in run(home, "import", "--group", "comp.lang.test", mbox)[1]
    again = run(home, "import", "--group", "comp.lang.test", mbox)[1]
    assert "imported 0 articles into comp.lang.test; 2 were there already" in again
    listed = run(home, "group", "list")[1].splitlines()
    assert listed[1].split(None, 4) == ["comp.lang.test", "2", "2", "yes", "Try it"]
    assert listed[2].split(None, 4)[:5] == ["misc.mod", "0", "0", "by", "ann"]
    out = tmp_path / "out.mbox"
    assert run(home, "export", out, "--folder", "comp.lang.test")[0] == 0
    exported = out.read_text()
    assert "Xref" not in exported
    assert "\n>From the start\n" in exported
    assert "Status: O\n" in exported  # read state is nobody's
    assert run(home, "group", "remove", "comp.lang.test", "--yes")[0] == 0
    assert "no newsgroup" in run(home, "import", "--group", "comp.lang.test", mbox)[1]


def test_refusals(tmp_path: Path) -> None:
    """What is wrong on the command line is told before anything is opened."""
    mbox = tmp_path / "old.mbox"
    mbox.write_text(MBOX)
    for arguments, words, stdin in [
        (["group", "add", "no way"], "is no newsgroup's name", ""),
        (["group", "add", "a..b"], "is no newsgroup's name", ""),
        (["group", "add", "control.x"], "is reserved", ""),
        (["group", "remove", "a.b"], "there is no store", ""),
        (["import", str(mbox)], "--account or --group", ""),
        (["import", str(mbox), "--group", "a", "--account", "b"], "--account or --group", ""),
    ]:
        result = CliRunner().invoke(main, ["--home", str(tmp_path), *arguments], input=stdin)
        assert result.exit_code in (1, 2)
        assert words in result.output
