"""Our own Telnet client, on a terminal, with other people's servers: what is typed is seen."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.cli.commands import COMMAND
from tests.interop.programs import program
from tests.interop.test_telnet import OnTerminal

SECONDS = 20.0

#: What a telnetd runs in place of login(1), which wants accounts of the machine: it asks as that
#: does, and is a shell then.
LOGIN = """\
#!/bin/sh
printf 'login: '
read -r name
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\\nWelcome %s (%s), on %s\\n' "$name" "$password" "$TERM"
PS1='ready> ' exec sh
"""


class SuperServer:
    """What inetd does: a program for each connection, with it as input and output."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._running: list[subprocess.Popen[bytes]] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                its = connection.fileno()
                self._running.append(
                    subprocess.Popen(
                        self._command,
                        stdin=its,
                        stdout=its,
                        stderr=its,
                        # Who runs the tests may have it ignored, and it would stay so.
                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                    )
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """End it, and what it runs."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._running:
            if each.poll() is None:
                each.terminate()
            each.wait(10)


@pytest.fixture
def login(tmp_path: Path) -> Path:
    """Return a program that asks for a name and a password, and is a shell then."""
    path = tmp_path / "login"
    path.write_text(LOGIN)
    path.chmod(0o755)
    return path


def connected(port: int, rows: int = 24) -> OnTerminal:
    """Return our command, on a terminal, connected."""
    terminal = OnTerminal(*COMMAND, "telnet", f"127.0.0.1:{port}", rows=rows)
    terminal.until(b"for commands.\r\n")
    return terminal


def typed(terminal: OnTerminal, keys: bytes, shown: bytes) -> None:
    """Type keys one by one, and see each of them before the line's end is typed."""
    for key in keys:
        terminal.type(bytes([key]))
    terminal.until(shown)


def logged_in(terminal: OnTerminal) -> None:
    """Log in as one does; the name is seen and the password is not."""
    terminal.until(b"login: ")
    typed(terminal, b"alicx\x7fe", b"e")
    terminal.type(b"\r")
    terminal.until(b"Password: ")
    terminal.type(b"secret\r")
    before = terminal.until(b"Welcome alice (secret), on ")
    assert before.count(b"secret") == 1
    terminal.until(b"ready> ")


@pytest.fixture
def inetutils(login: Path) -> Iterator[OnTerminal]:
    """Return our command, connected to GNU's telnetd, of BSD's line."""
    with SuperServer(program("telnetd"), "--no-hostinfo", f"--exec-login={login}") as server:
        terminal = connected(server.port)
        yield terminal
        terminal.end()


def test_inetutils_telnetd(inetutils: OnTerminal) -> None:
    """With a telnetd of BSD's line, keys are seen, edited, interrupt; sizes and types arrive."""
    terminal = inetutils
    logged_in(terminal)
    terminal.type(b"stty size; echo $TERM\r")
    shown = terminal.until(b"xterm\r\n").lower()
    assert b"24 80" in shown
    terminal.until(b"ready> ")
    terminal.type(b"echo gr\xc3\xbc\xc3\x9fe\r")
    assert terminal.until(b"ready> ").count("grüße".encode()) == 2
    terminal.type(b"sh -c 'echo begun; sleep 60'\r")
    terminal.until(b"begun\r\n")
    terminal.type(b"\x03")
    terminal.until(b"^C")
    terminal.type(b"echo still $((6 * 7))\r")  # the prompt may be flushed with what was under way
    terminal.until(b"still 42\r\n")
    terminal.until(b"ready> ")
    terminal.type(b"\x1d")
    terminal.until(b"netsuite telnet> ")
    terminal.type(b"mode line\n")
    typed(terminal, b"echo in lines", b"echo in lines")
    terminal.type(b"\r")
    terminal.until(b"in lines\r")
    assert terminal.until(b"ready> ").count(b"ready> ") == 1
    terminal.type(b"exit\r")
    terminal.until(b"Connection closed by")


def test_inetutils_line_mode(login: Path) -> None:
    """Where it has the client edit lines (LINEMODE), they are edited on the terminal."""
    with SuperServer(
        program("telnetd"), "--no-hostinfo", "--linemode", f"--exec-login={login}"
    ) as server:
        terminal = connected(server.port)
        try:
            terminal.until(b"login: ")
            terminal.type(b"\x1d")
            terminal.until(b"netsuite telnet> ")
            terminal.type(b"status\n")
            assert b"line mode: EDIT TRAPSIG\r\n" in terminal.until(b"netsuite telnet> ")
            terminal.type(b"\n")
            typed(terminal, b"alicx\x7fe", b"alicx\x08 \x08e")
            terminal.type(b"\r")
            terminal.until(b"Password: ")
            terminal.type(b"secret\r")
            terminal.until(b"Welcome alice (secret), on xterm")
            terminal.until(b"ready> ")
            terminal.type(b"exit\r")
            terminal.until(b"Connection closed by")
        finally:
            terminal.end()


def test_busybox_telnetd(login: Path) -> None:
    """With busybox's telnetd, which every small device has."""
    busybox = program("busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True).stdout.split()
    if "telnetd" not in applets:
        pytest.skip("this busybox has no telnetd (Debian's busybox-static has)")
    with SuperServer(busybox, "telnetd", "-i", "-l", str(login)) as server:
        seen_and_done(server.port)


@pytest.fixture
def telnetlib3() -> Iterator[int]:
    """Return the port of telnetlib3's server, with the shell that it has."""
    beside = Path(sys.executable).with_name("telnetlib3-server")
    command = str(beside) if beside.exists() else program("telnetlib3-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [command, "127.0.0.1", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        listens(port)
        yield port
    finally:
        running.terminate()
        running.wait(10)


def test_telnetlib3_server(telnetlib3: int) -> None:
    """With telnetlib3's server, which negotiates much: keys are seen, and erased."""
    terminal = connected(telnetlib3)
    try:
        terminal.until(b"tel:sh> ")
        typed(terminal, b"helpp", b"helpp")
        terminal.type(b"\x7f\r")
        terminal.until(b"quit")
        terminal.until(b"tel:sh> ")
        terminal.type(b"quit\r")
        terminal.until(b"Connection closed by")
    finally:
        terminal.end()


def listens(port: int) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "nobody listens"
            time.sleep(0.05)
        else:
            return


def seen_and_done(port: int) -> None:
    """Log in, and have a command done: all but the password is seen, umlauts too."""
    terminal = connected(port)
    try:
        logged_in(terminal)
        typed(terminal, "echo grüße".encode(), "echo grüße".encode())
        terminal.type(b"\r")
        terminal.until("grüße\r\n".encode())
        terminal.until(b"ready> ")
        terminal.type(b"stty size\r")
        terminal.until(b"24 80")
        terminal.until(b"ready> ")
        terminal.type(b"exit\r")
        terminal.until(b"Connection closed by")
    finally:
        terminal.end()
