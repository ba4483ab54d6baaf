"""docs/howto/monitor.rst: its settings are those there are, and its commands do what they show."""

from __future__ import annotations

import json
import re
import shutil
import smtplib
import subprocess
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.config.load import load
from netsuite.testing.daemon import Daemon
from tests.cli.commands import done
from tests.servers import free_port

PAGE = (Path(__file__).resolve().parent.parent / "docs/howto/monitor.rst").read_text()
_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)", re.MULTILINE)


def blocks(language: str) -> list[str]:
    """Return the page's blocks of a language."""
    found = [(name, textwrap.dedent(text)) for name, text in _BLOCK.findall(PAGE)]
    return [text.strip() + "\n" for name, text in found if name == language]


def shown(command: str) -> list[str]:
    """Return the lines that the page shows below a command."""
    for block in blocks("console"):
        lines = iter(block.splitlines())
        for line in lines:
            if line == f"$ {command}":
                answer = []
                for each in lines:
                    if each.startswith("$ "):
                        break
                    answer.append(each)
                return answer
    raise AssertionError(f"the page does not show {command}")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Run a daemon whose read logs are as the page has them, in text."""
    home = tmp_path_factory.mktemp("monitor")
    settings = [f"health.listen=['tcp:{free_port()}:interface=127.0.0.1']"]
    with Daemon(home, 'imap.read_log="log/imap-read.log"', *settings) as running:
        running.ports["health"] = int(settings[0].split(":")[1])
        yield running


def test_settings(tmp_path: Path) -> None:
    """The file they make together is one that is taken."""
    path = tmp_path / "netsuite.toml"
    path.write_text("".join(blocks("toml")))
    settings = load(path)
    assert settings.health.listen == ["tcp:9464:interface=127.0.0.1"]
    assert settings.log.form == "json"
    assert settings.imap.read_log
    assert settings.pop3.read_log


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(daemon: Daemon) -> None:
    """As a shell runs it."""
    for command in (
        "curl -s http://127.0.0.1:9464/healthz",
        "curl -s http://127.0.0.1:9464/readyz",
        "curl -s http://127.0.0.1:9464/metrics | grep netsuite_connections_accepted",
    ):
        wanted = shown(command)
        here = command.replace("9464", str(daemon.ports["health"]))
        answer = subprocess.run(["sh", "-c", here], capture_output=True, text=True, timeout=30)
        lines = answer.stdout.splitlines()
        for line in wanted:
            if line != "...":
                begins = line.rpartition(" ")[0]
                assert any(each.startswith(begins) for each in lines), (line, lines)


def test_one_message(daemon: Daemon) -> None:
    """The lines have the form that the page shows."""
    with smtplib.SMTP("127.0.0.1", daemon.ports["submission"]) as client:
        client.login("alice", "netsuite")
        client.sendmail("alice@example.test", ["bob@example.test"], b"Subject: x\r\n\r\nx\r\n")
    log, end = daemon.home / "log/submission.log", time.monotonic() + 20
    while not log.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    (line, *_) = shown("grep -h 69f31a.1 log/*.log")
    form = re.escape(line)
    for example, pattern in (
        (r"2026\-03\-01T12:00:05\+00:00", r"\S+"),
        (r"192\.0\.2\.9", r"127\.0\.0\.1"),
        (r"69f31a\.1", r"[0-9a-f.]+"),
        (r"octets=120", r"octets=\d+"),
        (r"example\.org", r"example\.test"),
        (r"example\.net", r"example\.test"),
        (r'"250\ 2\.0\.0\ Delivered"', r'"250 .*"'),
    ):
        form = form.replace(example, pattern)
    assert re.match(form, log.read_text().splitlines()[0]), (form, log.read_text())


def test_json() -> None:
    """What the page shows of a line is the beginning of an object."""
    (line,) = shown("tail -n 1 log/smtp.log")
    assert json.loads(line.replace(", ...}", "}"))["session"] == "smtp-1"


def test_audit(daemon: Daemon) -> None:
    """It shows what an administrator has done, in the columns of the page."""
    done(daemon.home, "account", "disable", "bob")
    titles, line = done(daemon.home, "audit", "--limit", "1").splitlines()
    assert titles.split() == shown("netsuite audit --limit 3")[0].split()
    assert line.endswith("bob is now disabled")
