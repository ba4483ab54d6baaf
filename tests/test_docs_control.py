"""docs/howto/control.rst: its commands do what they say, and its protocol is as it is shown."""

from __future__ import annotations

import json
import re
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.control.commands import Commands
from netsuite.testing.daemon import Daemon
from tests.cli.commands import run

PAGE = (Path(__file__).resolve().parent.parent / "docs/howto/control.rst").read_text()
_COMMAND = re.compile(r"^   \$ netsuite (.*)$", re.MULTILINE)
_SAID = re.compile(r"^   ([<>]) (\{.*\})$", re.MULTILINE)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("control")) as running:
        yield running


def log_in(daemon: Daemon) -> socket.socket:
    """Return an IMAP session of alice's."""
    client = socket.create_connection(("127.0.0.1", daemon.ports["imap"]), 10)
    client.sendall(b"1 LOGIN alice netsuite\r\n")
    heard = b""
    while b"1 OK" not in heard:
        heard += client.recv(4096)
    return client


def test_protocol(daemon: Daemon) -> None:
    """What is said there is answered so; and the table names every command."""
    with log_in(daemon), socket.socket(socket.AF_UNIX) as control:
        control.settimeout(10)
        control.connect(str(daemon.home / "control.sock"))
        with control.makefile("r") as answers:
            for side, line in _SAID.findall(PAGE):
                if side == ">":
                    control.sendall(line.encode() + b"\n")
                else:
                    assert json.loads(answers.readline()) == json.loads(line)
    table = PAGE.partition("``do``")[2].partition("Requests are")[0]
    names = re.findall(r"^(\w+)\b", table, re.MULTILINE)
    assert set(names) == {name for name in vars(Commands) if not name.startswith("_")}


def test_every_command(daemon: Daemon) -> None:
    """They work in an order in which each has something to say; the last stops the daemon."""
    commands = _COMMAND.findall(PAGE)
    commands.sort(key=lambda command: command == "stop")
    assert len(commands) >= 9
    printed = {}
    with log_in(daemon):
        for command in commands:
            code, printed[command] = run(daemon.home, *shlex.split(command))
            assert code == 0, (command, printed[command])
    assert f"imap://127.0.0.1:{daemon.ports['imap']}/" in printed["status"]
    assert "Login" in printed["sessions"]
    (session,) = json.loads(printed["sessions --account alice --json"])
    assert session["account"] == "alice"
    assert len(printed["log -n 5"].splitlines()) == 5
    assert "no live setting has changed" in printed["reload"]
    assert printed["kick --account alice"] == "1 session ended\n"
    assert printed["stop"] == "stopped\n"
    assert daemon.process.wait(10) == 0
    code, line = run(daemon.home, "status")
    assert (code, line.count("\n")) == (1, 1)
    assert "no daemon runs over" in line
