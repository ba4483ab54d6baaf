"""A proxy before PostgreSQL that reads what is asked: it cuts the line, or changes a statement."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

#: Given a statement, returns another one, or raises one of those below.
Judge = Callable[[str], str]


class CutBefore(Exception):
    """The line is lost before the statement has come to the server."""


class CutAfter(Exception):
    """The line is lost when the statement was done, before its answer has come to the client."""


class Proxy:
    """It listens on a Unix socket in a directory of its own, and judges simple and prepared
    statements; ``judge`` may be set at any time.

    Args:
        server: the directory of the server's socket.
    """

    def __init__(self, server: Path) -> None:
        self.judge: Judge = lambda sql: sql
        self.home = Path(tempfile.mkdtemp(prefix="pg-proxy-"))
        self._server = str(server / ".s.PGSQL.5432")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.home / ".s.PGSQL.5432"))
        self._socket.listen()
        self._lines: set[_Line] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop, and cut all lines."""
        self.away = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.cut()
        shutil.rmtree(self.home, ignore_errors=True)

    def cut(self) -> None:
        """Cut all lines."""
        for line in tuple(self._lines):
            line.cut()

    #: Whether nobody is let through.
    away = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                if self.away:
                    raise ConnectionRefusedError
                server.connect(self._server)
            except OSError:
                client.close()
                server.close()
                continue
            line = _Line(self, client, server)
            self._lines.add(line)
            threading.Thread(target=line.ask, daemon=True).start()
            threading.Thread(target=line.answer, daemon=True).start()

    def forget(self, line: _Line) -> None:
        """Drop a line that was cut."""
        self._lines.discard(line)


class _Line:
    """One client's connection, and ours to the server."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._cut_when_done = False

    def cut(self) -> None:
        """End both."""
        self._proxy.forget(self)
        for each in (self._client, self._server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def ask(self) -> None:
        """Pass on what the client says."""
        try:
            size = self._read(self._client, 4)
            self._server.sendall(size + self._read(self._client, int.from_bytes(size) - 4))
            while True:
                head = self._read(self._client, 5)
                body = self._read(self._client, int.from_bytes(head[1:]) - 4)
                self._server.sendall(self._judged(head[:1], body))
        except (OSError, EOFError, CutBefore):
            self.cut()

    def _judged(self, kind: bytes, body: bytes) -> bytes:
        if kind == b"Q":
            body = self._judge(body[:-1]) + b"\0"
        elif kind == b"P":
            name, sql, rest = body.split(b"\0", 2)
            body = b"\0".join([name, self._judge(sql), rest])
        return kind + (len(body) + 4).to_bytes(4) + body

    def _judge(self, sql: bytes) -> bytes:
        try:
            return self._proxy.judge(sql.decode()).encode()
        except CutAfter:
            self._cut_when_done = True
            return sql

    def answer(self) -> None:
        """Pass on what the server says."""
        try:
            while True:
                head = self._read(self._server, 5)
                body = self._read(self._server, int.from_bytes(head[1:]) - 4)
                if not self._cut_when_done:
                    self._client.sendall(head + body)
                elif head[:1] == b"Z":  # it waits for the next
                    break
        except (OSError, EOFError):
            pass
        self.cut()

    def _read(self, file: socket.socket, octets: int) -> bytes:
        read = b""
        while len(read) < octets:
            piece = file.recv(octets - len(read))
            if not piece:
                raise EOFError
            read += piece
        return read
