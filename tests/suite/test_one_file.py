"""One file, every view: the same octets, validator and refusals behind every door."""

from __future__ import annotations

import ftplib
import http.client
import io

import pytest

from netsuite.testing.daemon import Daemon
from tests.suite.doors import Lines, at_the_shell, basic

OCTETS = bytes(range(256)) * 300


def ftp(daemon: Daemon, user: str = "alice") -> ftplib.FTP:
    """Log in by FTP."""
    client = ftplib.FTP()
    client.connect("127.0.0.1", daemon.ports["ftp"], 20)
    if user:
        client.login(user, "netsuite")
    else:
        client.login()
    return client


def by_http(
    daemon: Daemon, method: str, path: str, body: bytes | None = None, user: str = ""
) -> tuple[int, bytes, str]:
    """Ask by HTTP; return status, body and ETag."""
    client = http.client.HTTPConnection("127.0.0.1", daemon.ports["http"], timeout=20)
    try:
        client.request(method, path, body, headers=basic(user, "netsuite") if user else {})
        answer = client.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag", "")
    finally:
        client.close()


def by_gopher(daemon: Daemon, selector: str) -> bytes:
    """Ask by Gopher; return all there is."""
    with Lines(daemon.ports["gopher"]) as client:
        client.socket.sendall(selector.encode() + b"\r\n")
        return client.file.read()


def by_ftp(client: ftplib.FTP, path: str) -> bytes:
    """Fetch by FTP."""
    got = io.BytesIO()
    client.retrbinary(f"RETR {path}", got.write)
    return got.getvalue()


def test_put_by_ftp(daemon: Daemon) -> None:
    """What FTP stored is the same by HTTP and Gopher, and changes for all at once."""
    client = ftp(daemon)
    client.storbinary("STOR /public/octets.bin", io.BytesIO(OCTETS))
    status, body, first = by_http(daemon, "GET", "/~alice/octets.bin")
    assert (status, body) == (200, OCTETS)
    assert by_gopher(daemon, "/~alice/octets.bin") == OCTETS
    assert by_ftp(client, "/public/octets.bin") == OCTETS
    assert client.size("/public/octets.bin") == len(OCTETS)
    assert by_http(daemon, "GET", "/~alice/octets.bin")[2] == first
    client.storbinary("STOR /public/octets.bin", io.BytesIO(OCTETS[:1000]))
    status, body, second = by_http(daemon, "GET", "/~alice/octets.bin")
    assert (status, body) == (200, OCTETS[:1000])
    assert second != first
    client.storbinary("STOR /public/text.txt", io.BytesIO(b"seen by all\r\n"))
    assert b"seen by all\r\n" in at_the_shell(daemon, "alice", "cat public/text.txt")
    assert by_gopher(daemon, "/~alice/text.txt") == b"seen by all\r\n.\r\n"
    client.delete("/public/octets.bin")
    assert by_http(daemon, "GET", "/~alice/octets.bin")[0] == 404
    assert by_gopher(daemon, "/~alice/octets.bin").startswith(b"3")
    client.close()


def test_put_by_http(daemon: Daemon) -> None:
    """What HTTP stored is the same by FTP and Gopher; its ETag is the one GET gives."""
    status, _, _ = by_http(daemon, "PUT", "/~alice/page.bin", OCTETS, "alice")
    assert status == 201
    client = ftp(daemon)
    assert by_ftp(client, "/public/page.bin") == OCTETS
    client.close()
    assert by_gopher(daemon, "/~alice/page.bin") == OCTETS
    assert by_http(daemon, "PUT", "/~alice/page.bin", b"new", "alice")[0] in (200, 204)
    assert by_http(daemon, "GET", "/~alice/page.bin")[1] == b"new"
    assert by_http(daemon, "DELETE", "/~alice/page.bin", None, "alice")[0] == 204
    assert by_gopher(daemon, "/~alice/page.bin").startswith(b"3")


def test_refusals(daemon: Daemon) -> None:
    """What one may not read or write is refused behind every door, and nothing changes."""
    alice = ftp(daemon)
    alice.storbinary("STOR /private.txt", io.BytesIO(b"secret"))
    shown = at_the_shell(daemon, "bob", "cat /private.txt", "cat ../alice/private.txt",
                         "cat /home/alice/private.txt", "cd /site", "ls ..")  # fmt: skip
    assert b"secret" not in shown
    for path in ("/~alice/private.txt", "/~alice/../private.txt", "/home/alice/private.txt",
                 "/~alice/%2e%2e/private.txt"):  # fmt: skip
        assert by_http(daemon, "GET", path)[0] in (400, 404), path
        assert b"secret" not in by_gopher(daemon, path)
    bob, anonymous = ftp(daemon, "bob"), ftp(daemon, "")
    for client in (bob, anonymous):
        for path in ("/private.txt", "/alice/private.txt", "/../alice/private.txt",
                     "/home/alice/private.txt"):  # fmt: skip
            with pytest.raises(ftplib.error_perm):
                by_ftp(client, path)
    with pytest.raises(ftplib.error_perm):
        anonymous.storbinary("STOR /mine.txt", io.BytesIO(b"x"))
    with pytest.raises(ftplib.error_perm):
        bob.storbinary("STOR /site/mine.txt", io.BytesIO(b"x"))
    assert by_http(daemon, "PUT", "/mine.txt", b"x")[0] == 401
    assert by_http(daemon, "PUT", "/mine.txt", b"x", "bob")[0] == 403
    assert by_http(daemon, "PUT", "/~alice/mine.txt", b"x", "bob")[0] == 403
    assert by_http(daemon, "GET", "/mine.txt")[0] == 404
    assert by_gopher(daemon, "/mine.txt").startswith(b"3")
    for client in (alice, bob, anonymous):
        client.close()
