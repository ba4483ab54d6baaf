"""Blocking sockets with line reading: the plainest client there is, for measuring."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from tests import sockets

_PIECE = 1 << 18


class Lines(sockets.Lines):
    """A connection that says and hears lines, with a large buffer and no delay."""

    def __init__(self, port: int) -> None:
        super().__init__(port, 60, _PIECE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, line: str, expected: bytes) -> bytes:
        """Send a line, read one; it must begin as expected."""
        self.say(line)
        answer = self.hear()
        if not answer.startswith(expected):
            raise RuntimeError(f"{line!r} was answered {answer!r}")
        return answer

    def ask_smtp(self, line: str, code: bytes) -> None:
        """Send a line, read a whole SMTP reply; it must have the code."""
        self.say(line)
        self.hear_smtp(code)

    def hear_smtp(self, code: bytes) -> None:
        """Read a whole SMTP reply."""
        while True:
            answer = self.hear()
            if not answer.startswith(code):
                raise RuntimeError(f"expected {code!r}, got {answer!r}")
            if answer[3:4] == b" ":
                return

    def until_tagged(self, tag: bytes) -> Iterator[bytes]:
        """Read lines and literals until the tagged OK of an IMAP command."""
        while True:
            line = self.hear()
            if line.startswith(tag + b" "):
                if not line.startswith(tag + b" OK"):
                    raise RuntimeError(repr(line))
                return
            yield line

    def read_octets(self, octets: int) -> int:
        """Read and drop a counted block; return its size."""
        left = octets
        while left:
            piece = self.file.read(min(left, _PIECE))
            if not piece:
                raise ConnectionError("the server closed the connection")
            left -= len(piece)
        return octets
