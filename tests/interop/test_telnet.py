"""Debian's telnet, netcat and the standard library's telnetlib against a real daemon."""

from __future__ import annotations

import os
import pty
import select
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import Daemon

SECONDS = 20.0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Give a demo daemon."""
    with Daemon(tmp_path_factory.mktemp("telnet"), plugin="netsuite-telnet") as running:
        yield running


def program(name: str) -> str:
    """Give a program's path, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


class OnTerminal:
    """A program on a terminal of its own."""

    def __init__(self, *command: str, rows: int = 0) -> None:
        master, slave = pty.openpty()
        if rows:
            import fcntl
            import struct
            import termios

            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        self.master = master
        self.heard = b""
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(slave)

    def until(self, marker: bytes) -> bytes:
        """Give what is shown, up to and with a marker."""
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
    """Give Debian's telnet, logged in."""
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
    terminal = OnTerminal(program("telnet"), "-8", "--", "127.0.0.1", f"-{daemon.ports['telnet']}")
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
        index, _, text = client.expect([b"nothing", rb"alice:/> "], SECONDS)
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
