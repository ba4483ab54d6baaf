"""Every door of a daemon, for a client that knows nothing but sockets and the standard library."""

from __future__ import annotations

import base64
import ftplib
import http.client
import imaplib
import poplib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Final

from netsuite.testing.daemon import Daemon
from tests import sockets

UNVERIFIED: Final = ssl._create_unverified_context()
SECONDS: Final = 20


class Lines(sockets.Lines):
    """A connection of lines, without their ends."""

    def __init__(self, port: int) -> None:
        super().__init__(port, SECONDS)

    def hear(self) -> bytes:
        """Read a line, without its end."""
        return super().hear().rstrip(b"\r\n")

    def ask(self, line: str) -> bytes:
        """Say a line, read one."""
        self.say(line)
        return self.hear()

    def body(self) -> bytes:
        """Read a dot-stuffed body."""
        lines = []
        while (line := self.hear()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in lines)


def _imap(daemon: Daemon, user: str, password: str) -> bool:
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=SECONDS) as client:
        try:
            client.login(user, password)
        except imaplib.IMAP4.error:
            return False
        return True


def _pop3(daemon: Daemon, user: str, password: str) -> bool:
    client = poplib.POP3("127.0.0.1", daemon.ports["pop3"], timeout=SECONDS)
    try:
        client.user(user)
        client.pass_(password)
    except poplib.error_proto:
        return False
    finally:
        client.close()
    return True


def _submission(daemon: Daemon, user: str, password: str) -> bool:
    port = daemon.tls_ports["submission"]
    with smtplib.SMTP_SSL("127.0.0.1", port, timeout=SECONDS, context=UNVERIFIED) as client:
        try:
            client.login(user, password)
        except smtplib.SMTPAuthenticationError:
            return False
        return True


def _ftp(daemon: Daemon, user: str, password: str) -> bool:
    client = ftplib.FTP()
    client.connect("127.0.0.1", daemon.ports["ftp"], SECONDS)
    try:
        client.login(user, password)
    except (ftplib.error_perm, ftplib.error_temp):
        return False
    finally:
        client.close()
    return True


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header fields of an HTTP login."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def _http(daemon: Daemon, user: str, password: str) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", daemon.ports["http"], timeout=SECONDS)
    try:
        path = f"/~{user}/door-{user}.txt"
        client.request("PUT", path, b"x", headers=basic(user, password))
        return client.getresponse().status in (200, 201, 204)
    finally:
        client.close()


def _nntp(daemon: Daemon, user: str, password: str) -> bool:
    with Lines(daemon.ports["nntp"]) as client:
        client.hear()
        client.ask(f"AUTHINFO USER {user}")
        return client.ask(f"AUTHINFO PASS {password}").startswith(b"281")


def _telnet(daemon: Daemon, user: str, password: str) -> bool:
    with socket.create_connection(("127.0.0.1", daemon.ports["telnet"]), SECONDS) as client:
        heard = _until(client, b"ogin: ", b"")
        client.sendall(user.encode() + b"\r\n")
        heard = _until(client, b"assword: ", heard)
        client.sendall(password.encode() + b"\r\n")
        heard = _until(client, rb"\$ |> |ncorrect|rong|later|closed", heard)
        return re.search(rb"ncorrect|rong|later|closed", heard) is None


def _until(client: socket.socket, pattern: bytes, heard: bytes) -> bytes:
    heard = b""
    while not re.search(pattern, heard):
        octets = client.recv(4096)
        if not octets:
            return heard + b"closed"
        heard += octets
    return heard


def at_the_shell(daemon: Daemon, user: str, *commands: str) -> bytes:
    """Log in by Telnet, say commands one after the other; return all that was shown."""
    with socket.create_connection(("127.0.0.1", daemon.ports["telnet"]), SECONDS) as client:
        shown = _until(client, b"ogin: ", b"")
        for line in (user, "netsuite", *commands, "quit"):
            client.sendall(line.encode() + b"\r\n")
        while octets := client.recv(65536):
            shown += octets
        return shown


#: Service to a function that says whether one can log in through it.
DOORS: Final[Mapping[str, Callable[[Daemon, str, str], bool]]] = {
    "imap": _imap,
    "pop3": _pop3,
    "submission": _submission,
    "ftp": _ftp,
    "http": _http,
    "nntp": _nntp,
    "telnet": _telnet,
}
