"""The commands of the manual's page on mail servers, run in a fresh home."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.commands import done

PAGE = Path(__file__).resolve().parent.parent / "docs/howto/mail-server.rst"
_BLOCK = re.compile(r"^\.\. code-block:: console\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
_COMMAND = re.compile(r"^   \$ netsuite (.*)$", re.MULTILINE)


def commands() -> list[list[str]]:
    """Return what the page has one type, after ``netsuite``."""
    text = PAGE.read_text()
    return [
        shlex.split(command)
        for block in _BLOCK.finditer(text)
        for command in _COMMAND.findall(block[1])
    ]


def test_every_command(tmp_path: Path) -> None:
    """They work in the order in which they stand there."""
    printed = {" ".join(words): done(tmp_path, *words) for words in commands()}
    assert len(printed) >= 9
    assert "into the mailbox ann@example.org" in printed["queue why ann@example.org"]
    assert "0 of 0 items" in printed["queue list"]
    assert "example.org." in printed["dns example.org"]
