"""The manual's page on installing: what the README has one type, and commands that there are.

``tests/suite/test_install.py`` types it on fresh machines.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from netsuite.cli import main
from netsuite.cli.system import OTHERS, PLACES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/howto/install.rst"


def blocks() -> list[list[str]]:
    """Return the commands of each block of the page, without what stands before them."""
    found = re.findall(
        r"^\.\. code-block:: console\n((?:\n|[ ]+.*\n)+)", PAGE.read_text(), re.MULTILINE
    )
    return [re.findall(r"^   [#$] (.*)$", each, re.MULTILINE) for each in found]


def test_as_the_readme() -> None:
    """The way in an environment of its own is the README's."""
    section = (ROOT / "README.md").read_text().partition("## Run it for real")[2]
    readme = re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert blocks()[0] == re.findall(r"^# (.*)$", readme[0], re.MULTILINE)


@pytest.mark.parametrize(
    "line", sorted({each for block in blocks() for each in block if each.startswith("netsuite ")})
)
def test_commands_are_there(line: str) -> None:
    """Each command of the page is one, and has the options that are named."""
    words = line.split()[1:]
    if words[0] == "--home":
        words = words[2:]
    command: click.Command | None = main
    while isinstance(command, click.Group) and words:
        command = command.get_command(click.Context(command), words.pop(0))
    assert command is not None, line
    options = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_place_is_told() -> None:
    """Where files are written stands on the page."""
    text = PAGE.read_text()
    for place in [*PLACES.values(), *OTHERS.values()]:
        folder = place.split("/")[0]
        assert folder in text or folder.removesuffix(".d") in text, place


def test_packages_know_no_wheel() -> None:
    """What only `make deb` needs is in no wheel; what `install-system` writes is."""
    data = (ROOT / "setup.cfg").read_text()
    assert "netsuite.packaging = system/*" in data
    assert "debian" not in data
