"""The authority of tests on a port, by HTTPS, which looks at challenges by real connections."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509

from netsuite.acme.advice import HTTP
from netsuite.testing.certificates import authority
from tests.acme.authority_double import Double
from tests.acme.worlds import IDENTIFIER


class Looks:
    """Looks whether challenges are met, from several connections each, as authorities do.

    Attributes:
        http_port, tls_port: where; nothing is looked at before they are known.
        closed: kinds of challenges that cannot be met.
    """

    connections = 8

    def __init__(self) -> None:
        self.known = threading.Event()
        self.http_port = self.tls_port = 0
        self.closed: set[str] = set()
        self.looked: list[str] = []

    def at(self, http_port: int, tls_port: int) -> None:
        """Say where to look."""
        self.http_port, self.tls_port = http_port, tls_port
        self.known.set()

    def judge(self, kind: str, name: str, token: str, authorization: str) -> str:
        """Return the code of an error; empty where the challenge is met."""
        assert self.known.wait(60)
        self.looked.append(kind)
        if kind in self.closed:
            return "connection"
        for _ in range(self.connections):
            right = self._http(name, token) if kind == HTTP else self._tls(name)
            wanted = authorization.encode()
            if right != (wanted if kind == HTTP else hashlib.sha256(wanted).digest()):
                return "unauthorized"
        return ""

    def _http(self, name: str, token: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        path = f"/.well-known/acme-challenge/{token}"
        try:
            connection.request("GET", path, headers={"Host": name})
            return connection.getresponse().read()
        finally:
            connection.close()

    def _tls(self, name: str) -> bytes:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["acme-tls/1"])
        with (
            socket.create_connection(("127.0.0.1", self.tls_port), 20) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            assert secure.selected_alpn_protocol() == "acme-tls/1"
            octets = secure.getpeercert(binary_form=True)
            assert secure.recv(1) == b""  # it is over with the handshake
        assert octets is not None
        shown = x509.load_der_x509_certificate(octets)
        try:
            proof = shown.extensions.get_extension_for_oid(IDENTIFIER)
        except x509.ExtensionNotFound:
            return b""
        return proof.value.public_bytes()[2:]


@contextmanager
def serving(folder: Path, looks: Looks) -> Iterator[Double]:
    """Run the authority; ``base`` of what it returns is its URL.

    Args:
        folder: for its certificate.
    """
    double = Double(looks.judge)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, fields, said = double.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    path = authority.certificate("localhost").write(folder / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    double.base = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
