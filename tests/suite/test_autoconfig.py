"""What mail programs and mail hosts find at a running daemon, by HTTP and HTTPS."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

from netsuite.testing.daemon import Daemon


def get(daemon: Daemon, path: str, host: str, *, tls: bool) -> tuple[int, bytes]:
    """Return status and body of an answer."""
    if tls:
        context = ssl.create_default_context(cafile=str(daemon.home / "tls/default.pem"))
        context.check_hostname = False  # the name is said in Host alone
        port = daemon.tls_ports["http"]
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", port, context=context, timeout=20
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", daemon.ports["http"], timeout=20)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_running(tmp_path: Path) -> None:
    """The policy is published for the domain alone; of servers that only this machine reaches
    nothing is told, and a file of the site's own is."""
    with Daemon(tmp_path) as daemon:
        for tls in (False, True):
            path, host = "/.well-known/mta-sts.txt", "mta-sts.example.test"
            assert get(daemon, path, host, tls=tls) == (
                200,
                b"version: STSv1\r\nmode: testing\r\nmx: localhost\r\nmax_age: 604800\r\n",
            )
            assert get(daemon, path, "mta-sts.example.org", tls=tls)[0] == 404
        path = "/.well-known/autoconfig/mail/config-v1.1.xml"
        assert get(daemon, path, "example.test", tls=False)[0] == 404
        file = tmp_path / "files/public" / path.lstrip("/")
        file.parent.mkdir(parents=True)
        file.write_text("<mine/>")
        assert get(daemon, path, "example.test", tls=False) == (200, b"<mine/>")
