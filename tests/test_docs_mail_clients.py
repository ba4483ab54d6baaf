"""The commands, settings and URLs of the manual's page on mail programs."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from pathlib import Path

import pytest

from netsuite.autoconfig import routes
from netsuite.autoconfig.policy import policy_of
from netsuite.config.load import load
from tests.cli.commands import done
from tests.interop.programs import program

PAGE = Path(__file__).resolve().parent.parent / "docs/howto/mail-clients.rst"


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
    assert "[mta_sts]" not in settings or "mode: enforce" in policy_of(read)


def test_commands(tmp_path: Path) -> None:
    """The records that are printed are those that the page speaks of."""
    done(tmp_path, "init", "--hostname", "mail.example.org", "--domain", "example.org")
    (line,) = [
        each for block in blocks("console") for each in re.findall(r"^\$ (.*)$", block, re.M)
    ]
    printed = done(tmp_path, *shlex.split(line)[3:])
    for record in (
        "autoconfig.example.org. IN CNAME mail.example.org.",
        "autodiscover.example.org. IN CNAME mail.example.org.",
        "mta-sts.example.org. IN CNAME mail.example.org.",
        "_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.",
        "_submissions._tcp.example.org. IN SRV 0 1 465 mail.example.org.",
    ):
        assert record in printed


def test_urls() -> None:
    """The paths of the table are those that are answered."""
    text = PAGE.read_text()
    paths = (routes.MOZILLA, routes.MOZILLA_AT_HOST, routes.APPLE, routes.MTA_STS)
    for path in (*paths, routes.AUTODISCOVER[0]):
        assert path in text


def test_muttrc(tmp_path: Path) -> None:
    """Mutt understands what it is told, and would go to the right place."""
    mutt = program("mutt", "IMAP")
    (settings,) = blocks("none")
    path = tmp_path / "muttrc"
    path.write_text(settings)
    command = [mutt, "-n", "-F", str(path), "-Q", "spoolfile", "-Q", "smtp_url"]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout == ('spoolfile="=INBOX"\nsmtp_url="smtps://ann@mail.example.org:465/"\n')
