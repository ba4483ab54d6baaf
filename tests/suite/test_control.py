"""A running daemon and the commands that look into it, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon, DidNotStart
from tests.cli.commands import COMMAND, done, heed_interrupts, refused, run
from tests.suite.fleet import Fleet


class Client:
    """A session of an account's."""

    def __init__(self, port: int, *lines: bytes, answer: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.heard = b""
        for line in lines:
            self.socket.sendall(line + b"\r\n")
        self.wait(answer)

    def wait(self, text: bytes) -> None:
        """Wait until something is said; ``b""``: the end."""
        self.socket.settimeout(20)
        while not text or text not in self.heard:
            octets = self.socket.recv(4096)
            self.heard += octets
            if not octets:
                assert not text, self.heard
                return

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()


def imap(port: int, account: str = "alice", password: str = "netsuite") -> Client:
    return Client(port, f"1 LOGIN {account} {password}".encode(), answer=b"1 OK")


@contextlib.contextmanager
def running(home: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command that goes on until it is interrupted."""
    command = subprocess.Popen(
        [*COMMAND, "--home", str(home), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    try:
        yield command
    finally:
        if command.poll() is None:
            command.kill()
        command.wait()
        if command.stdout is not None:
            command.stdout.close()


def until(found: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("control"), "accounts.free_guesses=1000") as running:
        yield running


def test_mode(daemon: Daemon) -> None:
    """Nobody but its owner may open the socket."""
    found = (daemon.home / "control.sock").stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_account_changed(daemon: Daemon) -> None:
    """What another process changes of an account ends its sessions here, and nobody else's."""
    with imap(daemon.ports["imap"]) as alice, imap(daemon.ports["imap"], "bob") as bob:
        done(daemon.home, "account", "quota", "alice", "1000000000")
        done(daemon.home, "account", "passwd", "alice", "--password-stdin", stdin="other one\n")
        alice.wait(b"* BYE [AUTHORIZATIONFAILED]")
        alice.wait(b"")
        bob.socket.sendall(b"2 NOOP\r\n")
        bob.wait(b"2 OK")
        done(daemon.home, "account", "disable", "bob")
        bob.wait(b"* BYE [AUTHORIZATIONFAILED]")
    done(daemon.home, "account", "enable", "bob")
    done(daemon.home, "account", "passwd", "alice", "--password-stdin", stdin="netsuite\n")


def test_trace(daemon: Daemon) -> None:
    """A trace shows what is said, without the password, and ends with ^C."""
    lines: list[dict[str, str]] = []
    with running(daemon.home, "trace", "bob", "--json") as trace:
        assert trace.stdout is not None
        while "1 LOGIN ***" not in [line["text"] for line in lines]:
            with imap(daemon.ports["imap"], "bob") as bob:
                bob.socket.sendall(b"2 NOOP\r\n")
                bob.wait(b"2 OK")
            ready, _, _ = select.select([trace.stdout], [], [], 1.0)
            while ready and (not lines or lines[-1]["side"] != "-"):
                lines.append(json.loads(trace.stdout.readline()))
        trace.send_signal(signal.SIGINT)
        assert trace.wait(20) != 0
    text = json.dumps(lines)
    assert "2 NOOP" in text
    assert "netsuite" not in text.replace("netsuite at your service", "")


def test_log(daemon: Daemon) -> None:
    """The log is followed as it is written."""
    imap(daemon.ports["imap"]).socket.close()
    with running(daemon.home, "log", "-f", "-n", "100") as log:
        assert log.stdout is not None
        for account in ("alice", "bob"):
            while f"logged in: '{account}'" not in (line := log.stdout.readline()):
                assert line
            imap(daemon.ports["imap"], "bob").socket.close()


def test_top(daemon: Daemon) -> None:
    """It wants a terminal, and says so."""
    assert "netsuite sessions --json" in refused(daemon.home, "top")


def test_hostile(daemon: Daemon) -> None:
    """What is no request is answered with an error, and nothing dies."""
    for octets in (b"\0" * 200_000, b'{"netsuite":1}\n' * 1000, b"[" * 60_000 + b"\n", b"GET /"):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(daemon.home / "control.sock"))
            with contextlib.suppress(OSError):
                control.sendall(octets)
                control.shutdown(socket.SHUT_WR)
                while control.recv(65_536):
                    pass
    assert json.loads(done(daemon.home, "status", "--json"))[0]["ready"] is True


def test_reload_says_what_is_wrong(daemon: Daemon) -> None:
    """A wrong file changes nothing, which the command says, and its exit code."""
    (daemon.home / "netsuite.toml").write_text("[imap]\nidle_seconds = 'long'\n")
    code, printed = run(daemon.home, "reload")
    (daemon.home / "netsuite.toml").unlink()
    assert code == 1
    assert "was not read again" in printed
    (daemon.home / "netsuite.toml").write_text("[imap]\nidle_seconds = 3000\n")
    code, printed = run(daemon.home, "reload")
    (daemon.home / "netsuite.toml").unlink()
    assert (code, "imap.idle_seconds" in printed) == (0, True)


def test_kick_nobody(daemon: Daemon) -> None:
    """Where there is nobody to kick the exit code says so; and whom has to be said."""
    assert run(daemon.home, "kick", "imap-99999") == (1, "0 sessions ended\n")
    assert "say which" in refused(daemon.home, "kick")


def test_dead_and_living(tmp_path: Path) -> None:
    """The socket that a killed daemon has left is replaced; that of a living one is not, and the
    second daemon says why it does not start. One that runs alone has its own."""
    Daemon(tmp_path).kill()
    assert (tmp_path / "control.sock").exists()
    assert "no daemon runs" in refused(tmp_path, "status")
    with Daemon(tmp_path) as daemon:
        done(tmp_path, "status")
        with pytest.raises(DidNotStart, match=r"a daemon listens on .*control\.sock already"):
            Daemon(tmp_path, "lmtp.enabled=false")
        with Daemon(tmp_path, plugin="netsuite-imap") as alone:
            assert (tmp_path / "control-imap.sock").exists()
            processes = json.loads(done(tmp_path, "status", "--json"))
            assert [each["pid"] for each in processes] == [daemon.process.pid, alone.process.pid]
            with imap(alone.ports["imap"]), imap(daemon.ports["imap"]):
                assert done(tmp_path, "kick", "--account", "alice") == "2 sessions ended\n"
    assert not (tmp_path / "control.sock").exists()


def test_workers(tmp_path: Path) -> None:
    """With workers, all are asked; what changes of an account ends its sessions in each."""
    home = tmp_path / "home"
    home.mkdir()
    done(home, "account", "add", "ann", "--password-stdin", stdin="secret\n")
    with Fleet(home, ["imap"]) as fleet:
        port = fleet.ports["imap"]
        clients = [imap(port, "ann", "secret") for _ in range(8)]
        processes = json.loads(done(home, "status", "--json"))
        assert {each["worker"] for each in processes} == {1, 2}
        sessions = json.loads(done(home, "sessions", "--account", "ann", "--json"))
        assert len({each["session"] for each in sessions}) == len(clients)
        done(home, "account", "disable", "ann")
        for client in clients:
            client.wait(b"* BYE [AUTHORIZATIONFAILED]")
            client.socket.close()
        until(lambda: json.loads(done(home, "sessions", "--json")) == [])
        assert done(home, "stop") == "stopped\n"
        assert fleet.process.wait(20) == 0
        assert not os.path.exists(home / "control.sock")
