"""Blocking sockets: the plainest clients there are."""

from __future__ import annotations

import io
import socket
from typing import Self


class Connection:
    """A connection to a port of this machine, closed behind a ``with`` block.

    Args:
        seconds: until something is wrong.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close."""
        self.socket.close()


class Lines(Connection):
    """A connection that says and hears lines.

    Args:
        piece: octets that are read at once.
    """

    def __init__(self, port: int, seconds: float, piece: int = io.DEFAULT_BUFFER_SIZE) -> None:
        super().__init__(port, seconds)
        file = self.socket.makefile("rb", piece)
        assert isinstance(file, io.BufferedReader)
        self.file = file

    def close(self) -> None:
        self.file.close()
        super().close()

    def hear(self) -> bytes:
        """Read one line, its end included."""
        line = self.file.readline()
        if not line:
            raise ConnectionError("the server closed the connection")
        return line

    def say(self, line: str) -> None:
        """Send one line."""
        self.socket.sendall(line.encode() + b"\r\n")
