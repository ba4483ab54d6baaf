"""``python -m netsuite.testing serve``, in a process, as programs in any language have it."""

from __future__ import annotations

import contextlib
import doctest
import imaplib
import json
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from netsuite.testing import __main__ as command
from netsuite.testing.foreground import write_whole
from tests.cli.commands import heed_interrupts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "control.rst"
#: A block and what is indented below it.
BLOCK: Final = re.compile(r"^\.\. code-block:: console\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
SECONDS: Final = 20
SERVE: Final = (sys.executable, "-m", "netsuite.testing", "serve")


@dataclass
class Served:
    """A process that serves.

    Args:
        ready: what its ready file says.
    """

    process: subprocess.Popen[str]
    ready_file: Path
    ready: dict[str, Any]

    def port(self, service: str, key: str = "port") -> int:
        """Return the port of a service."""
        return int(self.ready["services"][service][key])

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        request = urllib.request.Request(
            self.ready["control"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; return its exit code, and what it has said of what is wrong."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=SECONDS)
        assert not self.ready_file.exists()
        return self.process.returncode, errors


@contextlib.contextmanager
def served(folder: Path, *arguments: str) -> Iterator[Served]:
    """Start a process, and return when it is ready."""
    ready_file = folder / "ready.json"
    process = subprocess.Popen(
        [*SERVE, *arguments, "--ready-file", str(ready_file), "--control", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Stop with Ctrl-C"):
                break
        else:
            raise AssertionError(process.communicate(timeout=SECONDS)[1])
        yield Served(process, ready_file, json.loads(ready_file.read_text()))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process for the tests of this module; each finds it as it was at the start."""
    folder = tmp_path_factory.mktemp("served")
    letter = folder / "content" / "mail" / "ann" / "INBOX" / "1.eml"
    letter.parent.mkdir(parents=True)
    letter.write_text("Subject: loaded\n\nx\n")
    more = ["--load", str(folder / "content"), "--ca-file", str(folder / "ca.pem")]
    with served(folder, "smtp", "imap", *more, "--seed", "7") as found:
        yield found
        assert found.end() == (0, "")


@pytest.fixture(autouse=True)
def _reset(request: pytest.FixtureRequest) -> None:
    if "world" in request.fixturenames:
        world: Served = request.getfixturevalue("world")
        assert world.ask("POST", "reset")[0] == 200


def test_ready_file(world: Served) -> None:
    """It says where everything is, and who has signed the certificates."""
    assert set(world.ready["services"]) == {"smtp", "imap"}
    assert world.ready["pid"] == world.process.pid
    assert world.ready["domain"] == "example.test"
    assert Path(world.ready["ca_file"]).read_text() == world.ready["ca"]
    trusting = ssl.create_default_context(cadata=world.ready["ca"])
    with imaplib.IMAP4_SSL(
        "localhost", world.port("imap", "tls_port"), ssl_context=trusting, timeout=SECONDS
    ) as client:
        client.login("ann", "secret")
        assert client.select() == ("OK", [b"1"])


def test_mail(world: Served) -> None:
    """A program sends mail; it is waited for, told, read by IMAP, and gone after a reset."""
    assert world.ask("POST", "mailboxes", {"name": "bob", "password": "deep"})[0] == 201
    with smtplib.SMTP("127.0.0.1", world.port("smtp"), timeout=SECONDS) as client:
        client.sendmail("shop@example.org", ["bob@example.test"], "Subject: Order 7\r\n\r\nx\r\n")
    status, said = world.ask("GET", "mailboxes/bob/wait?subject=Order%207&timeout=10")
    assert status == 200
    (message,) = said["messages"]
    assert message["envelope"]["sender"] == "shop@example.org"
    with imaplib.IMAP4("127.0.0.1", world.port("imap"), timeout=SECONDS) as reader:
        reader.login("bob", "deep")
        assert reader.select() == ("OK", [b"1"])
    world.ask("POST", "reset")
    status, said = world.ask("GET", "mailboxes")
    assert [each["name"] for each in said["mailboxes"]] == ["ann"]


def test_faults(world: Served) -> None:
    """A program meets a fault, and what it has not met is told."""
    fault = {"kind": "refusing", "command": "RCPT", "code": 451, "times": 2}
    assert world.ask("POST", "services/smtp/faults", fault)[0] == 201
    with smtplib.SMTP("127.0.0.1", world.port("smtp"), timeout=SECONDS) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="451"):
            client.sendmail("shop@example.org", ["ann@example.test"], "x")
        assert world.ask("GET", "unmet")[1]["unmet"] == [
            "smtp: refusing RCPT 451: happened 1 of 2 times"
        ]
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="451"):
            client.sendmail("shop@example.org", ["ann@example.test"], "x")
        assert client.sendmail("shop@example.org", ["ann@example.test"], "x") == {}
    assert world.ask("GET", "unmet")[1]["unmet"] == []


def test_a_wait_in_vain(world: Served) -> None:
    """408 has what there is."""
    status, said = world.ask("GET", "mailboxes/ann/wait?count=2&timeout=0.1")
    assert status == 408
    assert [each["subject"] for each in said["messages"]] == ["loaded"]


def test_documented_session(tmp_path: Path) -> None:
    """What a reader of the page types does what the page says."""
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    first, *blocks = BLOCK.findall(PAGE.read_text())
    ((started, _),) = _commands(first)
    assert started == "python -m netsuite.testing serve smtp imap --control 8900 --port smtp=2525"
    commands = [each for block in blocks for each in _commands(block)]
    assert len(commands) == 14
    checker = doctest.OutputChecker()
    with served(tmp_path, "smtp", "imap") as world:
        control = world.ready["control"].split("/")[2]
        for typed, wanted in commands:
            line = typed.replace("127.0.0.1:8900", control)
            line = line.replace("127.0.0.1:2525", f"127.0.0.1:{world.port('smtp')}")
            done = subprocess.run(
                ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS
            )
            said = done.stdout.replace("\r\n", "\n")
            assert checker.check_output(wanted, said, doctest.ELLIPSIS), (typed, said)
        assert world.end() == (0, "")


def _commands(block: str) -> Iterator[tuple[str, str]]:
    """Return each command of a block, and what it prints."""
    for part in re.split(r"^   \$ ", block, flags=re.MULTILINE)[1:]:
        typed, _, printed = part.partition("\n")
        lines = [line.removeprefix("   ") for line in printed.splitlines() if line.strip()]
        yield typed, "".join(f"{line}\n" for line in lines)


# -- the end -------------------------------------------------------------------------------------


def test_ctrl_c_and_what_is_unmet(tmp_path: Path) -> None:
    """Ctrl-C ends it; a fault that has not happened is told, and seen in the exit code."""
    with served(tmp_path, "smtp", "--refuse-unknown") as world:
        fault = {"kind": "refusing", "command": "RCPT", "times": 1}
        assert world.ask("POST", "services/smtp/faults", fault)[0] == 201
        with smtplib.SMTP("127.0.0.1", world.port("smtp"), timeout=SECONDS) as client:
            client.ehlo()
            assert world.end(signal.SIGINT) == (
                1, "netsuite.testing: unmet: refusing RCPT: happened 0 of 1 times\n",
            )  # fmt: skip


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It does not start, and says why."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments in (("--port", f"smtp={port}"), ("--control", str(port))):
            done = subprocess.run(
                [*SERVE, "smtp", *arguments],
                capture_output=True, text=True, timeout=SECONDS,
            )  # fmt: skip
            assert done.returncode == 1
            assert "Address already in use" in done.stderr
            assert "Traceback" not in done.stderr


def test_a_port_that_is_named(tmp_path: Path) -> None:
    """A service listens where it was told to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(tmp_path, "imap", "--port", f"imap-tls={port}", "--domain", "a.test") as world:
        assert world.port("imap", "tls_port") == port
        assert world.ask("GET", "services")[1]["domain"] == "a.test"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "bogus"], "no service: bogus; there are"),
        (["serve", "smtp", "--port", "imap=1"], "--port imap: no such service is asked for"),
        (["serve", "--port", "lmtp-tls=1"], "--port lmtp-tls: no such service"),
        (["serve", "--port", "smtp"], "SERVICE=PORT, such as smtp=2525, not smtp"),
        (["serve", "--port", "smtp=99999"], "SERVICE=PORT"),
        (["serve", "--set", "a.b=1"], "there is no such setting"),
        (["serve", "--load", "/not/there"], "does not exist"),
        (["serve", "--ready-file", "/not/there/a"], "/not/there is no directory"),
        (["serve", "--control", "x"], "'x' is not a valid integer"),
        (["serve", "--bogus"], "No such option"),
        (["bogus"], "No such command"),
    ],
)
def test_wrong_arguments(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are one line, and exit code 2."""
    monkeypatch.setattr(sys, "argv", ["netsuite.testing", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("python -m netsuite.testing: ")
    assert said in line


def test_help(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a command, there is help; the page has each option."""
    monkeypatch.setattr(sys, "argv", ["netsuite.testing"])
    with pytest.raises(SystemExit):
        command.main()
    assert "serve" in capsys.readouterr().err
    page = PAGE.read_text()
    for option in command.serve.params:
        if option.param_type_name == "option":
            assert f"``{option.opts[0]}" in page


def test_a_file_is_whole(tmp_path: Path) -> None:
    """A file is there when it is whole; nothing is left of one that cannot be."""
    path = tmp_path / "a.json"
    write_whole(path, "one")
    write_whole(path, "two")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["two"]
