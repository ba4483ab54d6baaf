"""Debian's telnet, netcat, telnetlib and the netsuite command against a real daemon."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import COMMAND
from tests.interop.programs import program

SECONDS = 20.0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon."""
    with Daemon(tmp_path_factory.mktemp("telnet"), plugin="netsuite-telnet") as running:
        yield running


class OnTerminal:
    """A program on a terminal of its own."""

    def __init__(self, *command: str, rows: int = 0) -> None:
        master, slave = pty.openpty()
        if rows:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        self.master = master
        self.heard = b""
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # else no key is a signal
        )  # fmt: skip
        os.close(slave)

    def until(self, marker: bytes) -> bytes:
        """Return what is shown, up to and with a marker."""
        end = time.monotonic() + SECONDS
        while marker not in self.heard:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{marker!r} did not come: {self.heard!r}"
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            assert piece, f"{marker!r} did not come: {self.heard!r}"
            self.heard += piece
        at = self.heard.index(marker) + len(marker)
        shown, self.heard = self.heard[:at], self.heard[at:]
        return shown

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def end(self) -> None:
        """Take the program away."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self.master)


@pytest.fixture
def telnet(daemon: Daemon) -> Iterator[OnTerminal]:
    """Return Debian's telnet, logged in."""
    terminal = OnTerminal(program("telnet"), "127.0.0.1", str(daemon.ports["telnet"]), rows=8)
    try:
        terminal.until(b"login: ")
        terminal.type(b"alicx\x7fe\r")
        shown = terminal.until(b"Password: ")
        assert b"alicx\x08 \x08e\r\n" in shown
        terminal.type(b"netsuite\r")
        shown = terminal.until(b"alice:/> ")
        assert b"Welcome, alice" in shown
        assert b"netsuite" not in shown
        yield terminal
    finally:
        terminal.end()


def test_telnet(telnet: OnTerminal) -> None:
    """The client that everybody has: keys are echoed once, edited, pages as high as the window."""
    telnet.type(b"pwf\x7fd\r")
    assert telnet.until(b"alice:/> ") == b"pwf\x08 \x08d\r\n/\r\nalice:/> "
    telnet.type(b"\x1b[A\r")
    assert telnet.until(b"alice:/> ").endswith(b"pwd\r\n/\r\nalice:/> ")
    telnet.type(b"help\r")
    page = telnet.until(b"--More--")
    assert page.count(b"\r\n") == 8  # the command's own, and seven lines
    telnet.type(b" ")
    telnet.until(b"--More--")
    telnet.type(b"q")
    telnet.until(b"alice:/> ")
    telnet.type(b"half a line\x03")
    telnet.until(b"^C\r\nalice:/> ")
    telnet.type(b"quit\r")
    telnet.until(b"Goodbye.")
    assert telnet.process.wait(SECONDS) in (0, 1)


def test_telnet_functions(telnet: OnTerminal) -> None:
    """AYT, IP, EC, EL, AO with its Synch (urgent data) do what they are for, and lose nothing."""
    for command, marker in (
        (b"send ayt\r", b"[Yes]"), (b"send ip\r", b"^C"), (b"send synch\r", b""),
        (b"send ao\r", b""), (b"send brk\r", b"^C"), (b"send nop\r", b""),
    ):  # fmt: skip
        telnet.type(b"\x1d")
        telnet.until(b"telnet> ")
        telnet.type(command)
        if marker:
            telnet.until(marker)
        telnet.type(b"\x15pwd\r")
        telnet.until(b"pwd\r\n/\r\n")
        telnet.until(b"> ")


def test_telnet_binary(daemon: Daemon) -> None:
    """``telnet -8`` agrees on BINARY both ways, and sees UTF-8."""
    # On other ports than 23 it begins to negotiate only when the port has a minus before it.
    terminal = OnTerminal(
        program("telnet", "-8"), "-8", "--", "127.0.0.1", f"-{daemon.ports['telnet']}"
    )
    try:
        terminal.until(b"login: ")
        terminal.type(b"alice\r")
        terminal.until(b"Password: ")
        terminal.type(b"netsuite\r")
        terminal.until(b"alice:/> ")
        terminal.type(b"mail\r")
        assert "Café on Thursday?".encode() in terminal.until(b"alice:/> ")
        terminal.type("cat ü\r".encode())
        assert "cat ü\r\nü: There is no such".encode() in terminal.until(b"alice:/> ")
    finally:
        terminal.end()


CLIENTS = {
    "telnet": ("telnet", "127.0.0.1", "{port}"),
    "plink": ("plink", "-telnet", "-P", "{port}", "127.0.0.1"),
    "busybox": ("busybox", "telnet", "127.0.0.1", "{port}"),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_terminal_can_show(daemon: Daemon, name: str) -> None:
    """Whatever a client negotiates, on a terminal of today nothing becomes a question mark; what
    is typed is edited character by character."""
    first, *words = CLIENTS[name]
    port = str(daemon.ports["telnet"])
    terminal = OnTerminal(program(first), *(word.format(port=port) for word in words), rows=24)
    try:
        terminal.until(b"login: ")
        terminal.type(b"alice\r")
        terminal.until(b"Password: ")
        terminal.type(b"netsuite\r")
        assert b"netsuite" not in terminal.until(b"alice:/> ")
        terminal.type(b"mail\r")
        assert "Café on Thursday?".encode() in terminal.until(b"alice:/> ")
        terminal.type("ls äü\x7f\r".encode())
        assert "ls äü\b \b\r\n".encode() in terminal.until(b"alice:/> ")
        terminal.type(b"quit\r")
        terminal.until(b"Goodbye.")
    finally:
        terminal.end()


def test_program(tmp_path: Path) -> None:
    """A program in place of the shell has the window, its changes, and the keys that interrupt."""
    words = 'stty size; echo "$NETSUITE_ACCOUNT $TERM"; sleep 60; read x; stty size; exit'
    owner = ['telnet.program_user="nobody"'] if os.geteuid() == 0 else []
    command = f"telnet.program={['/bin/sh', '-c', f'trap : INT; {words}']!r}"
    with Daemon(tmp_path, command, *owner, plugin="netsuite-telnet") as running:
        terminal = netsuite(running, rows=8)
        try:
            terminal.until(b"login: ")
            terminal.type(b"alice\r")
            terminal.until(b"Password: ")
            terminal.type(b"netsuite\r")
            terminal.until(b"8 80\r\nalice xterm\r\n")
            fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 60, 0, 0))
            os.kill(terminal.process.pid, signal.SIGWINCH)
            time.sleep(0.3)
            terminal.type(b"\x03")
            terminal.until(b"^C")
            terminal.type(b"\r")
            terminal.until(b"5 60\r\n")
            terminal.until(b"Connection closed by")
        finally:
            terminal.end()


@pytest.mark.parametrize("who", ["telnet", "netsuite"])
def test_line_mode(tmp_path: Path, who: str) -> None:
    """Clients that are asked to edit lines do: a line comes whole, a password is not shown, and a
    page still takes single keys."""
    with Daemon(tmp_path, "telnet.linemode=true", plugin="netsuite-telnet") as running:
        terminal = (
            netsuite(running, rows=8)
            if who == "netsuite"
            else OnTerminal(program("telnet"), "127.0.0.1", str(running.ports["telnet"]), rows=8)
        )
        try:
            terminal.until(b"login: ")
            time.sleep(0.5)  # what is typed before the mode is there is shown by nobody
            terminal.type(b"alicx")
            terminal.until(b"alicx")
            terminal.type(b"\x7fe\r")
            terminal.until(b"Password: ")
            until_silent(terminal)
            terminal.type(b"netsuite\r")
            assert b"netsuite" not in terminal.until(b"alice:/> ")
            terminal.type(b"gr\xc3\xbcn\x7f\x7f\x7f\x7fpwd\r")  # the terminal edits octets
            terminal.until(b"alice:/> ")
            terminal.type(b"help\r")
            terminal.until(b"--More--")
            time.sleep(0.3)  # the mode for keys is on its way
            terminal.type(b"q")
            terminal.until(b"alice:/> ")
            terminal.type(b"half a line")
            terminal.until(b"half a line")
            terminal.type(b"\x03")
            terminal.until(b"alice:/> ")
            terminal.type(b"quit\r")
            terminal.until(b"Goodbye.")
        finally:
            terminal.end()


SCRIPT = b"alice\nnetsuite\nls\nnews list example.talk\nquit\n"


def test_netcat(daemon: Daemon) -> None:
    """A script on netcat needs no waiting and sees everything."""
    done = subprocess.run(
        [program("nc"), "127.0.0.1", str(daemon.ports["telnet"])],
        input=SCRIPT, capture_output=True, timeout=SECONDS,
    )  # fmt: skip
    assert b"public/\r\n" in done.stdout
    assert done.stdout.endswith(b"alice:/> Goodbye.\r\n")


def test_socket(daemon: Daemon) -> None:
    """A mere socket, which closes its half at once; under TLS too."""
    with socket.create_connection(("127.0.0.1", daemon.ports["telnet"]), SECONDS) as client:
        client.sendall(SCRIPT)
        client.shutdown(socket.SHUT_WR)
        assert _all(client).endswith(b"Goodbye.\r\n")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", daemon.tls_ports["telnet"]), SECONDS) as plain,
        context.wrap_socket(plain) as client,
    ):
        client.sendall(SCRIPT)
        assert _all(client).endswith(b"Goodbye.\r\n")


def _all(client: socket.socket) -> bytes:
    heard = b""
    while piece := client.recv(65536):
        heard += piece
    return heard


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 has no telnetlib")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_telnetlib(daemon: Daemon) -> None:
    """The standard library's client, which refuses every option."""
    import telnetlib

    with telnetlib.Telnet("127.0.0.1", daemon.ports["telnet"], SECONDS) as client:
        client.read_until(b"login: ", SECONDS)
        client.write(b"alice\r\n")
        client.read_until(b"Password: ", SECONDS)
        client.write(b"netsuite\r\n")
        client.read_until(b"alice:/> ", SECONDS)
        client.write(b"cat /site/welcome.txt\r\n")
        index, _, text = client.expect([re.compile(b"nothing"), re.compile(rb"alice:/> ")], SECONDS)
        assert index == 1
        assert text.startswith(b"Welcome. This file")
        client.write(b"quit\r\n")
        assert client.read_all().endswith(b"Goodbye.\r\n")


def test_our_own(daemon: Daemon, tmp_path: Path) -> None:
    """Our client, in a program of its own, clear and under TLS."""
    path = tmp_path / "program.py"
    path.write_text(OURS)
    for port, secure in ((daemon.ports["telnet"], ""), (daemon.tls_ports["telnet"], "tls")):
        done = subprocess.run(
            [sys.executable, str(path), str(port), secure],
            capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        assert done.stdout.splitlines() == ["/", "('utf-8', True)", "Goodbye."], done.stderr


OURS = """
import sys
from twisted.internet import reactor
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.task import react
from netsuite import tls
from netsuite.telnet.client import connect
from netsuite.telnet.commands import Option
from netsuite.telnet.options import Side

async def main(reactor, port, secure):
    context = tls.client_options("localhost", insecure=True) if secure else None
    client = await connect(
        HostnameEndpoint(reactor, "127.0.0.1", int(port)), clock=reactor, tls_context=context
    )
    await client.login("alice", "netsuite")
    await client.write_line("pwd")
    print((await client.read_until("> ")).splitlines()[1])
    print((client.dialog.charset, client.dialog.is_on(Side.HIM, Option.ECHO)))
    await client.write_line("quit")
    print((await client.read_all()).splitlines()[-1])
    await client.closed()

react(main, sys.argv[1:])
"""


def netsuite(daemon: Daemon, *words: str, rows: int = 24) -> OnTerminal:
    """Return our own command on a terminal."""
    place = f"127.0.0.1:{daemon.ports['telnet']}"
    return OnTerminal(*COMMAND, "telnet", *words, place, rows=rows)


def settings(terminal: OnTerminal) -> list[Any]:
    """Return how a terminal is set."""
    return termios.tcgetattr(terminal.master)


def until_silent(terminal: OnTerminal) -> None:
    """Wait until a terminal shows nothing of what is typed by itself."""
    end = time.monotonic() + SECONDS
    while settings(terminal)[3] & termios.ECHO:
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def ours(daemon: Daemon) -> Iterator[OnTerminal]:
    """Return netsuite telnet, logged in."""
    terminal = netsuite(daemon, rows=8)
    try:
        terminal.until(b"Ctrl-] for commands.")
        terminal.until(b"login: ")
        terminal.type(b"alicx\x7fe\r")
        assert b"alicx\x08 \x08e\r\n" in terminal.until(b"Password: ")
        terminal.type(b"netsuite\r")
        assert b"netsuite" not in terminal.until(b"alice:/> ")
        yield terminal
    finally:
        terminal.end()


def test_netsuite_telnet(daemon: Daemon, ours: OnTerminal) -> None:
    """Our own client: keys go through one by one, pages are as high as the window, also after it
    has been resized, Ctrl-C and Ctrl-Z are the server's, and the terminal is left as it was."""
    fresh = netsuite(daemon)
    try:
        before = settings(fresh)
        ours.type(b"pwf\x7fd\r")
        assert ours.until(b"alice:/> ") == b"pwf\x08 \x08d\r\n/\r\nalice:/> "
        ours.type(b"help\r")
        assert ours.until(b"--More--").count(b"\r\n") == 8
        ours.type(b"q")
        ours.until(b"alice:/> ")
        fcntl.ioctl(ours.master, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 80, 0, 0))
        os.kill(ours.process.pid, signal.SIGWINCH)
        ours.type(b"\x1d")
        ours.until(b"netsuite telnet> ")
        ours.type(b"status\n")
        assert b"ECHO: the server" in ours.until(b"netsuite telnet> ")
        ours.type(b"\n")
        ours.until(b"\r\n")
        until_silent(ours)
        ours.type(b"help\r")
        assert ours.until(b"--More--").count(b"\r\n") == 5
        ours.type(b"q")
        ours.until(b"alice:/> ")
        ours.type(b"half a line\x03")
        ours.until(b"^C\r\nalice:/> ")
        assert settings(ours) != before
        ours.type(b"quit\r")
        ours.until(b"Connection closed by 127.0.0.1")
        assert ours.process.wait(SECONDS) == 0
        assert settings(ours) == before
    finally:
        fresh.end()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 130), (signal.SIGHUP, 130)]
)  # fmt: skip
def test_netsuite_telnet_is_ended(ours: OnTerminal, number: int, code: int) -> None:
    """A signal that ends it leaves a terminal that shows what is typed."""
    assert not settings(ours)[3] & termios.ECHO
    os.kill(ours.process.pid, number)
    ours.until(b"\r\nnetsuite: interrupted")
    assert ours.process.wait(SECONDS) == code
    found = settings(ours)[3]
    assert found & termios.ECHO
    assert found & termios.ICANON


def test_netsuite_telnet_is_stopped(ours: OnTerminal) -> None:
    """z stops it, with a terminal that a shell can use; going on, keys are the server's again."""
    ours.type(b"\x1d")
    ours.until(b"netsuite telnet> ")
    ours.type(b"z\n")
    _, status = os.waitpid(ours.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert settings(ours)[3] & termios.ECHO
    os.kill(ours.process.pid, signal.SIGCONT)
    until_silent(ours)
    ours.type(b"pwd\r")
    ours.until(b"/\r\nalice:/> ")


def test_netsuite_telnet_through_pipes(daemon: Daemon, tmp_path: Path) -> None:
    """Lines are piped in, what the server shows comes out, and nothing of our own; where nobody
    reads it, that is exit 7."""
    place = f"127.0.0.1:{daemon.ports['telnet']}"
    command = [*COMMAND, "telnet", place]
    done = subprocess.run(
        command, input=b"alice\nnetsuite\nhelp\npwd\n", capture_output=True, timeout=SECONDS
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Welcome, alice" in done.stdout
    assert b"--More--" not in done.stdout
    assert done.stdout.endswith(b"Goodbye.\r\n")
    lines = tmp_path / "lines"
    lines.write_bytes(b"alice\nnetsuite\nquit\n")
    with lines.open("rb") as given, (tmp_path / "shown").open("wb") as shown:
        assert subprocess.run(command, stdin=given, stdout=shown, timeout=SECONDS).returncode == 0
    assert (tmp_path / "shown").read_bytes().endswith(b"Goodbye.\r\n")
    reading, writing = os.pipe()
    os.close(reading)
    with lines.open("rb") as given, os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            command, stdin=given, stdout=nobody, stderr=subprocess.PIPE, timeout=SECONDS
        )
    assert done.returncode == 7
    assert done.stderr.startswith(b"netsuite: standard output cannot be written")
    assert done.stderr.count(b"\n") == 1


def test_netsuite_telnet_under_tls(daemon: Daemon) -> None:
    """telnets: is TLS, with a certificate that is verified."""
    url = f"telnets://127.0.0.1:{daemon.tls_ports['telnet']}"
    done = subprocess.run([*COMMAND, "telnet", url], stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 4
    assert b"certificate" in done.stderr
    authority = str(daemon.home / "tls" / "default.pem")
    done = subprocess.run(
        [*COMMAND, "telnet", url, "--cacert", authority], input=b"alice\nnetsuite\nquit\n",
        capture_output=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"Welcome, alice" in done.stdout
