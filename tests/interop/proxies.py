"""A proxy of its own kind each: HTTP with CONNECT and absolute-form, and SOCKS 5; for what goes
through proxies."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

#: What a proxy was asked: in its own words, one a connection.
Asked = list[str]


@contextlib.contextmanager
def serving(
    talk: Callable[[socket.socket, Asked], socket.socket | None],
) -> Iterator[tuple[int, Asked]]:
    """Run a proxy; return its port, and what it is asked.

    Args:
        talk: converses with a client, and returns the connection that it wants; None for none.
    """
    asked: Asked = []

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            server = talk(client, asked)
            if server is not None:
                with server:
                    _join(client, server)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=[client], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)


def _join(one: socket.socket, other: socket.socket) -> None:
    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=pass_on, args=[other, one], daemon=True)
    back.start()
    pass_on(one, other)
    back.join()


def http(login: str = "") -> Callable[[socket.socket, Asked], socket.socket | None]:
    """Return an HTTP proxy's part; with a login ``name:password`` that it wants."""

    def talk(client: socket.socket, asked: Asked) -> socket.socket | None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(1)
            if not piece:
                return None
            head += piece
        line, *fields = head.decode("latin-1").split("\r\n")
        asked.append(line)
        proof = base64.b64encode(login.encode()).decode()
        if login and f"Proxy-Authorization: Basic {proof}" not in fields:
            client.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            return None
        method, target, _ = line.split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            server = socket.create_connection((host, int(port)), 10)
            client.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
            return server
        parts = urlsplit(target)
        server = socket.create_connection((parts.hostname, parts.port or 80), 10)
        kept = [each for each in fields if not each.lower().startswith("proxy-")]
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        server.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *kept]).encode("latin-1"))
        return server

    return talk


def socks(client: socket.socket, asked: Asked) -> socket.socket | None:
    """Be a SOCKS 5 proxy."""

    def read(octets: int) -> bytes:
        got = b""
        while len(got) < octets:
            piece = client.recv(octets - len(got))
            if not piece:
                raise ConnectionError
            got += piece
        return got

    read(read(2)[1])
    client.sendall(b"\5\0")
    kind = read(4)[3]
    if kind == 3:
        host = read(read(1)[0]).decode()
    else:
        host = socket.inet_ntop(*((socket.AF_INET, read(4)) if kind == 1 else (
            socket.AF_INET6, read(16)
        )))  # fmt: skip
    port = int.from_bytes(read(2), "big")
    asked.append(f"{host}:{port}")
    server = socket.create_connection((host, port), 10)
    client.sendall(b"\5\0\0\1" + bytes(6))
    return server
