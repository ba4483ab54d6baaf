"""A client that says exactly what a test tells it to, over a real socket."""

from __future__ import annotations

import ssl

from tests.sockets import Connection

SECONDS = 15.0


class Client(Connection):
    """Octets out, answers in, until what is awaited has come."""

    def __init__(self, port: int, *, tls: bool = False, first: bytes = b"") -> None:
        super().__init__(port, SECONDS)
        if first:
            self.socket.sendall(first)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)

    def ask(self, octets: bytes, until: bytes) -> bytes:
        """Say something; return what is heard up to the line that begins with *until*."""
        self.socket.sendall(octets)
        return self.hear(until)

    def hear(self, until: bytes) -> bytes:
        """Return what is heard up to the whole line that begins with *until*."""
        heard = b""
        while not any(line.startswith(until) for line in heard.split(b"\r\n")[:-1]):
            piece = self.socket.recv(65536)
            assert piece, heard
            heard += piece
        return heard

    def rest(self) -> bytes:
        """Return what is heard until the server closes."""
        heard = b""
        while piece := self.socket.recv(65536):
            heard += piece
        return heard

    def submit(self, message: bytes, *, sender: bytes = b"a@b.example") -> bytes:
        """Send a message to alice as it is, its end included; return the answer to it."""
        self.hear(b"220 ")
        self.ask(b"EHLO x\r\nMAIL FROM:<" + sender + b">\r\nRCPT TO:<alice@example.test>\r\n"
                 b"DATA\r\n", b"354 ")  # fmt: skip
        return self.ask(message, b"")


def fetch_last(port: int) -> bytes:
    """Return alice's newest message, by POP3."""
    with Client(port) as client:
        client.hear(b"+OK")
        client.ask(b"USER alice\r\n", b"+OK")
        client.ask(b"PASS netsuite\r\n", b"+OK")
        number = client.ask(b"STAT\r\n", b"+OK").split()[1]
        client.socket.sendall(b"RETR " + number + b"\r\n")
        heard = b""
        while not heard.endswith(b"\r\n.\r\n"):
            heard += client.socket.recv(65536)
        return heard.split(b"\r\n", 1)[1]
