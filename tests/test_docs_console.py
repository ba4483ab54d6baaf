"""The page on the console: its commands are run, its settings read, its pictures there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from twisted.internet.task import Clock

from netsuite.config.check import problems
from netsuite.config.load import load, read
from netsuite.console.layout import PLACES
from netsuite.console.pages.account import SERVICES
from tests.cli.commands import done

DOCS = Path(__file__).resolve().parent.parent / "docs/howto"
PAGE = (DOCS / "console.rst").read_text()


def blocks(language: str) -> list[str]:
    """Return the page's blocks of a language, without their indentation."""
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", PAGE)
    return [re.sub("^   ", "", each, flags=re.M) for each in found]


def test_commands(tmp_path: Path) -> None:
    """What is typed is said back so. SSH to another machine is not run here."""
    home = tmp_path / "home"
    home.mkdir()
    done(home, "account", "add", "ann", "--password-stdin")
    typed = 0
    for block in blocks("console"):
        command, _, said = block.strip().partition("\n")
        words = command.split()
        if words[1] == "ssh":
            continue
        assert words[:4] == ["$", "netsuite", "--home", "/var/lib/netsuite"]
        assert done(home, *words[4:]).strip() == said
        typed += 1
    assert typed == 1


def test_settings(tmp_path: Path) -> None:
    """The configuration is one, and a start would take it."""
    (text,) = blocks("toml")
    path = tmp_path / "netsuite.toml"
    path.write_text(text)
    assert not problems(read(path), tmp_path, Clock())
    for name in tomllib.loads(text)["console"]:
        assert name in type(load(path).console).model_fields
    for name in ("login_idle_seconds", "login_seconds", "enabled", "proxies"):
        assert name in PAGE
        assert name in type(load(path).console).model_fields


def test_pages() -> None:
    """Each page there is has its line."""
    for name, _ in PLACES:
        assert re.search(rf"^{name} +\w", PAGE, re.M), name
    assert "console" in SERVICES


def test_pictures() -> None:
    """They are there, small, and said in words."""
    named = re.findall(r"\.\. image:: (\S+)\n   :alt: \S", PAGE)
    assert len(named) == len(re.findall(r"\.\. image::", PAGE)) == 4
    for each in named:
        octets = (DOCS / each).read_bytes()
        assert octets.startswith(b"\x89PNG")
        assert len(octets) < 100_000
