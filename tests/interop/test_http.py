"""HTTP between our daemon and strangers: curl, http.client, xmlrpc.client; ours and theirs."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import ssl
import threading
import xmlrpc.client
from pathlib import Path

import pytest
from twisted.internet import reactor

from netsuite.connection.errors import TLSFailure
from netsuite.http.client import HTTPClient
from netsuite.http.xmlrpc.client import XMLRPCClient
from netsuite.testing.daemon import Daemon
from netsuite.tls import client_options
from tests.interop.programs import program, run

BIG = bytes(range(256)) * 20_000  # 5 MB
ALPN = [b"http/1.1"]
UNVERIFIED = ssl._create_unverified_context()


@pytest.fixture(scope="module", autouse=True)
def _files(daemon: Daemon) -> None:
    """Put some files into the public site."""
    public = daemon.home / "files" / "public"
    (public / "big.bin").write_bytes(BIG)
    (public / "small.txt").write_text("small\n")


def curl(*arguments: object) -> str:
    """Run curl; return what it prints."""
    tls = any(str(each).startswith("https:") for each in arguments)
    found = program("curl", "https" if tls else "http")
    return run(found, "--silent", "--show-error", "--max-time", "30", *arguments)


def url(daemon: Daemon, path: str, *, tls: bool = False) -> str:
    """Return a URL of the daemon's."""
    if tls:
        return f"https://127.0.0.1:{daemon.tls_ports['http']}{path}"
    return f"http://127.0.0.1:{daemon.ports['http']}{path}"


@pytest.mark.parametrize("tls", [False, True])
def test_curl_down(daemon: Daemon, tmp_path: Path, tls: bool) -> None:
    """curl fetches a file whole, resumes one, and takes ranges, over TLS too."""
    into = tmp_path / "big.bin"
    curl("-k", "-o", into, url(daemon, "/big.bin", tls=tls))
    assert into.read_bytes() == BIG
    into.write_bytes(BIG[:1_000_001])
    curl("-k", "-C", "-", "-o", into, url(daemon, "/big.bin", tls=tls))
    assert into.read_bytes() == BIG
    parts = curl("-k", "-r", "0-3,4000000-4000003", "-D", "-", "-o", tmp_path / "parts",
                 url(daemon, "/big.bin", tls=tls))  # fmt: skip
    assert "206 Partial Content" in parts
    assert (tmp_path / "parts").read_bytes().count(BIG[:4]) == 2


def test_curl_up(daemon: Daemon, tmp_path: Path) -> None:
    """curl puts a file, with and without its length, with Expect, and deletes it."""
    source = tmp_path / "up.bin"
    source.write_bytes(BIG)
    where = url(daemon, "/~alice/up.bin")
    login = ("-u", "alice:netsuite")
    show = ("-o", "/dev/null", "-w", "%{http_code}")
    assert curl(*login, *show, "-T", source, where) == "201"
    assert curl(*login, *show, "-T", source, "-H", "Transfer-Encoding: chunked", where) == "204"
    assert curl(*show, "-T", source, where) == "401"
    assert curl("-u", "bob:netsuite", *show, "-T", source, where) == "403"
    curl("-o", tmp_path / "down.bin", where)
    assert (tmp_path / "down.bin").read_bytes() == BIG
    tag = curl("-I", where).lower().partition("etag: ")[2].split()[0]
    assert curl(*show, "-H", f"If-None-Match: {tag}", where) == "304"
    assert curl(*login, *show, "-X", "DELETE", where) == "204"
    assert curl(*show, where) == "404"


def test_curl_old(daemon: Daemon) -> None:
    """HTTP/1.0, path tricks and a connection used twice."""
    assert curl("-0", url(daemon, "/small.txt")) == "small\n"
    show = ("-o", "/dev/null", "-w", "%{http_code} ")
    assert curl(*show, "--path-as-is", url(daemon, "/../../etc/passwd")) == "400 "
    small = url(daemon, "/small.txt")
    assert curl("-w", "%{num_connects} ", small, small) == "small\n1 small\n0 "


def test_http_client(daemon: Daemon) -> None:
    """The standard library's client keeps its connection through all kinds of answers."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.ports["http"], timeout=20)
    for method, path, status in (
        ("GET", "/small.txt", 200), ("HEAD", "/small.txt", 200), ("GET", "/none", 404),
        ("OPTIONS", "/", 204), ("GET", "/", 200), ("GET", "/big.bin", 200),
    ):  # fmt: skip
        connection.request(method, path)
        sock = connection.sock
        answer = connection.getresponse()
        octets = answer.read()
        assert (answer.status, connection.sock) == (status, sock)
    assert hashlib.sha256(octets).digest() == hashlib.sha256(BIG).digest()
    connection.close()
    secure = http.client.HTTPSConnection(
        "127.0.0.1", daemon.tls_ports["http"], timeout=20, context=UNVERIFIED
    )
    secure.request("GET", "/big.bin")
    assert secure.getresponse().read() == BIG
    secure.close()


def test_xmlrpc_client(daemon: Daemon) -> None:
    """The standard library's XML-RPC client finds its way."""
    with xmlrpc.client.ServerProxy(url(daemon, "/RPC2")) as server:
        methods = server.system.listMethods()
        assert isinstance(methods, list)
        assert "system.multicall" in methods
        assert server.system.methodSignature("system.methodHelp") == [["string", "string"]]
        several = xmlrpc.client.MultiCall(server)
        several.system.getCapabilities()
        several.system.listMethods()
        capabilities = next(iter(several()))
        assert isinstance(capabilities, dict)
        assert capabilities["xmlrpc"]["specVersion"] == 1
        with pytest.raises(xmlrpc.client.Fault) as caught:
            server.none()
        assert caught.value.faultCode == -32601


async def test_our_client(daemon: Daemon) -> None:
    """Our client and our server over sockets: a file both ways, XML-RPC, a kept connection."""
    client = HTTPClient(reactor)
    where = url(daemon, "/~bob/x.bin")
    async with await client.request("PUT", where, body=BIG, login=("bob", "netsuite")) as put:
        assert put.status == 201
    async with await client.get(where) as got:
        assert await got.read() == BIG
    names = await XMLRPCClient(client, url(daemon, "/RPC2")).call("system.listMethods")
    assert "system.listMethods" in names
    await client.close()


class _Old(http.server.BaseHTTPRequestHandler):
    """An answer that only the end of the connection ends, and one that is kept."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/counted":
            self.send_header("Content-Length", str(len(BIG)))
        self.end_headers()
        self.wfile.write(BIG)

    def log_message(self, format: str, *args: object) -> None:
        pass


async def test_their_server() -> None:
    """Our client takes what the standard library's server gives."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Old)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = HTTPClient(reactor)
    try:
        for path in ("/counted", "/uncounted"):
            base = f"http://127.0.0.1:{server.server_address[1]}"
            async with await client.get(base + path) as response:
                assert await response.read() == BIG
    finally:
        await client.close()
        server.shutdown()
        server.server_close()


async def test_our_client_tls(daemon: Daemon) -> None:
    """A certificate nobody has signed is refused, unless the caller says otherwise."""
    where = url(daemon, "/big.bin", tls=True)
    client = HTTPClient(reactor)
    with pytest.raises(TLSFailure) as caught:
        await client.get(where)
    assert caught.value.__cause__ is not None
    await client.close()
    trusting = HTTPClient(
        reactor, tls_context=lambda host: client_options(host, insecure=True, protocols=ALPN)
    )
    async with await trusting.get(where) as response:
        assert await response.read() == BIG
    await trusting.close()
    other = HTTPClient(
        reactor, tls_context=lambda host: client_options(host, insecure=True, protocols=[b"imap"])
    )
    with pytest.raises(TLSFailure):  # ALPACA: meant for another protocol
        await other.get(where)
    await other.close()
