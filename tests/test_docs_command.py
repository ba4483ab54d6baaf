"""The commands that docs/howto/client.rst shows, run as they stand.

Names of hosts, and the demo's ports, lead to servers of two suites, on whose certificates the
command relies; a password that would be typed is in the command.
"""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from netsuite.testing import BlockingSuite, authority, serve

PAGE = Path(__file__).resolve().parent.parent / "docs" / "howto" / "client.rst"
BLOCK = re.compile(r"^\.\. code-block:: console\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
SECONDS = 60

#: The command, for which names of hosts and ports lead elsewhere.
COMMAND = """
import json, os, sys
from pathlib import Path
from twisted.internet import endpoints
from netsuite import tls
ports, pem = json.loads(os.environ["DOCS_PORTS"]), Path(os.environ["DOCS_PEM"])
options = tls.client_options
def led(kind):
    def here(reactor, host, port, *also, **named):
        assert host.endswith("example.org") or host == "127.0.0.1", host
        return kind(reactor, "127.0.0.1", ports.get(str(port), port), *also, **named)
    return here
def trusted(host, **named):
    return options("localhost", **{**named, "authorities": pem})
tls.client_options = trusted
endpoints.HostnameEndpoint = led(endpoints.HostnameEndpoint)
endpoints.TCP4ClientEndpoint = led(endpoints.TCP4ClientEndpoint)
from netsuite.cli import main
main(sys.argv[1:], prog_name="netsuite")
"""
#: The services behind ports; the demo's are those of the second suite.
ORG = {
    "21": "ftp", "23": "telnet", "25": "smtp", "70": "gopher", "80": "http", "110": "pop3",
    "119": "nntp", "143": "imap", "587": "submission", "2323": "telnet",
}  # fmt: skip
ORG_TLS = {
    "443": "http",
    "563": "nntp",
    "990": "ftp",
    "992": "telnet",
    "993": "imap",
    "995": "pop3",
}
DEMO = {"8021": "ftp", "8023": "telnet", "8025": "smtp", "8143": "imap"}


@dataclass(frozen=True, slots=True)
class Example:
    """A command as the page shows it, and what it shows that the command says.

    Args:
        code: that it ends with, where the page has that.
    """

    line: str
    said: tuple[str, ...] = ()
    code: int = 0


def examples() -> Iterator[Example]:
    """Return what the page shows."""
    for block in BLOCK.findall(PAGE.read_text()):
        found: list[Example] = []
        text = re.sub(r"\\\n\s+", "", block)
        for line in (each.strip() for each in text.splitlines() if each.strip()):
            if line.startswith("$ "):
                found.append(Example(line[2:]))
            else:
                found[-1] = Example(found[-1].line, (*found[-1].said, line))
        for each, after in zip(found, [*found[1:], Example("")], strict=True):
            if "netsuite " in each.line:
                code = int(after.said[0]) if after.line == "echo $?" else 0
                yield Example(each.line, each.said, code)


#: What is shown twice is run once, with what it is shown to say.
EXAMPLES = list({each.line: each for each in examples()}.values())
_WATCHES = [each for each in EXAMPLES if "netsuite watch" in each.line]


@pytest.fixture(scope="module")
def org() -> Iterator[BlockingSuite]:
    """The servers of example.org."""
    with serve(domain="example.org") as suite:
        for _ in range(7):
            suite.mailbox("ann", "secret").deliver(subject="One")
        suite.mailbox("ann").deliver(subject="A draft", folder="Drafts")
        suite.group("comp.lang.python").post(subject="A question")
        suite.files()["big.iso"] = "A large file."
        suite.files()["pub/photos/2026/beach.jpg"] = "A photo."
        suite.files("ann")["public/old.html"] = "An old page."
        suite.files("ann")["a.txt"] = "A file."
        suite.mailbox("ann").deliver(subject="Long ago", folder="Old/2019")
        suite.mailbox("ann").deliver(subject="Of no use", folder="Trash")
        yield suite


@pytest.fixture(scope="module")
def demo() -> Iterator[BlockingSuite]:
    """A suite like the demo."""
    with serve("smtp", "imap", "telnet", "ftp", anybody=False) as suite:
        for _ in range(7):
            suite.mailbox("alice", "netsuite").deliver(subject="One")
        yield suite


@pytest.fixture
def world(
    org: BlockingSuite, demo: BlockingSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Put the files that the commands send into a directory of its own."""
    ports = {port: org[name].port for port, name in ORG.items()}
    ports |= {port: org[name].tls_port for port, name in ORG_TLS.items()}
    ports |= {port: demo[name].port for port, name in DEMO.items()}
    monkeypatch.setenv("DOCS_PORTS", json.dumps(ports))
    monkeypatch.setenv("DOCS_PEM", str(authority.write(tmp_path / "authority.pem")))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "netsuite").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(COMMAND)} "$@"\n'
    )
    (tmp_path / "netsuite").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    letter = "From: ann@example.org\nSubject: Hello\n\nHow are you?\n"
    Path("letter.eml").write_text(letter)
    Path("notes.txt").write_text("Remember.\n")
    Path("article.txt").write_text(f"Newsgroups: comp.lang.python\n{letter}")
    for directory in (
        ".local/share/bash-completion/completions",
        ".zfunc",
        ".config/fish/completions",
    ):
        Path(directory).mkdir(parents=True)
    Path("site").mkdir()
    Path("site/index.html").write_text("A page.")
    return tmp_path


def as_typed(example: Example) -> str:
    """Return a command with the password that it would ask for."""
    return re.sub(r"-u ann\b(?!:)", "-u ann:secret", example.line)


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each not in _WATCHES], ids=lambda each: each.line[:60]
)
def test_example(world: Path, example: Example) -> None:
    """It ends as it should, and says what is shown of it."""
    done = subprocess.run(
        ["/bin/sh", "-c", as_typed(example)],
        input="ann\nsecret\nquit\n", capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == example.code, (done.stdout, done.stderr)
    said = (done.stdout + done.stderr).splitlines()
    for line in example.said:
        assert line in said or line.startswith("Connected to "), said


@pytest.mark.parametrize("example", _WATCHES, ids=lambda each: each.line[:60])
def test_watch(world: Path, org: BlockingSuite, demo: BlockingSuite, example: Example) -> None:
    """A line for each change, until Ctrl-C."""
    by_ftp = "ftp://" in example.line
    watching = subprocess.Popen(
        shlex.split(as_typed(example)), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        suite, name = (demo, "alice") if "alice" in example.line else (org, "ann")
        box = suite.mailbox(name)
        assert watching.stdout is not None
        lines: list[str] = []
        end = time.monotonic() + SECONDS
        while not lines:  # until it is heard: nothing says when the watch begins
            assert time.monotonic() < end, "nothing was heard"
            if by_ftp:
                demo.files()[f"{time.monotonic()}.txt"] = "One more."
            else:
                box.deliver(subject="Eight")
            lines += _next(watching)
        if by_ftp:
            assert json.loads(lines[0])["event"] == "new"
        else:
            assert re.fullmatch(r"new \d+", lines[0])
        os.killpg(watching.pid, signal.SIGINT)
        assert watching.wait(SECONDS) == 130
    finally:
        watching.kill()
        watching.communicate()


def _next(watching: subprocess.Popen[str]) -> list[str]:
    """Return the line that has come, if one comes within a moment."""
    assert watching.stdout is not None
    ready, _, _ = select.select([watching.stdout], [], [], 0.5)
    return [watching.stdout.readline().strip()] if ready else []


def test_the_page_is_read() -> None:
    """There are examples, some with what they say."""
    assert len(EXAMPLES) >= 15
    assert any(each.said for each in EXAMPLES)
    assert any(each.code for each in EXAMPLES)
