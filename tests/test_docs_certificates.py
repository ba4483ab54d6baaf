"""The commands and settings of the manual's page on certificates."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from pathlib import Path

import pytest

from netsuite.acme.setup import kinds
from netsuite.config.load import load
from tests.cli.commands import done
from tests.interop.programs import program

PAGE = Path(__file__).resolve().parent.parent / "docs/howto/certificates.rst"
HOME = "/var/lib/netsuite"


def blocks(kind: str) -> list[str]:
    """Return the page's blocks of a kind, without their indentation."""
    pattern = rf"^\.\. code-block:: {kind}\n((?:\n|[ ]+.*\n)+)"
    return [textwrap.dedent(found) for found in re.findall(pattern, PAGE.read_text(), re.MULTILINE)]


@pytest.mark.parametrize("settings", blocks("toml"))
def test_settings(tmp_path: Path, settings: str) -> None:
    """Each block is a configuration that is understood."""
    path = tmp_path / "netsuite.toml"
    path.write_text(settings)
    read = load(path)
    assert read.acme.enabled or kinds(read) == ["http-01", "tls-alpn-01"]


def test_commands(tmp_path: Path) -> None:
    """Each works, in its order; what openssl made is what is shown for its names."""
    program("openssl")
    home = tmp_path / "home"
    home.mkdir()
    lines = [line for each in blocks("console") for line in re.findall(r"^\$ (.*)$", each, re.M)]
    assert len(lines) == 8
    printed = ""
    for line in lines:
        words = shlex.split(line.replace(HOME, str(home)))
        if words[0] == "netsuite":
            printed = done(home, *words[3:])
        else:
            command = line.replace(HOME, str(home))
            subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True)
    assert re.search(
        r"^mail\.example\.org +mail\.example\.org, imap\.example\.org.* Example root .* you$",
        printed,
        re.M,
    ), printed


def test_what_the_page_quotes() -> None:
    """What the page says the log says, it does."""
    from netsuite.acme.advice import HTTP, explain

    text = " ".join(PAGE.read_text().split())
    assert explain("connection", "Timeout during connect", "mail.example.org", HTTP) in text
