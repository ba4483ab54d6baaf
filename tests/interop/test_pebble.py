"""Certificates from Pebble, by each challenge; it refuses every third nonce."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from netsuite.testing.certificates import authority
from netsuite.testing.daemon import Daemon
from tests.cli.commands import done
from tests.interop.pebble import free_port, pebble
from tests.interop.postfix import waited
from tests.interop.programs import program

NAMES = ["mail.example.test", "mta-sts.example.test"]


def issuer(port: int, name: str) -> str:
    """Return who has signed the certificate that is shown for a name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        octets = secure.getpeercert(binary_form=True)
    assert octets is not None
    return x509.load_der_x509_certificate(octets).issuer.rfc4514_string()


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_issues(tmp_path: Path, challenge: str) -> None:
    """An authority that was not reached is asked again by the command; what it gives is in use on
    every port at once, without a restart."""
    for each in ("pebble", "pebble-challtestsrv"):
        program(each)
    port = free_port()
    authority.write(tmp_path / "authorities.pem")
    settings = [
        f"acme.names={NAMES}",
        f'acme.directory="https://localhost:{port}/dir"',
        f'acme.authorities="{tmp_path}/authorities.pem"',
        'acme.contact="ann@example.test"',
    ]
    if challenge != "http-01":
        settings.append("http.listen=[]")
    with Daemon(tmp_path / "home", *settings) as daemon:
        assert waited(lambda: daemon.log().count("the authority cannot be reached") == len(NAMES))
        ports = {"http_port": daemon.ports.get("http", 1), "tls_port": daemon.tls_ports["http"]}
        with pebble(tmp_path, port, **ports):
            given = [word for each in settings for word in ("--set", each)]
            printed = done(daemon.home, *given, "certificate", "renew")
            assert printed.count("there is a new one") == len(NAMES), printed

            def all_shown() -> bool:
                ports = (daemon.tls_ports["http"], daemon.tls_ports["imap"])
                return all("Pebble" in issuer(port, name) for port in ports for name in NAMES)

            assert waited(all_shown)
        log = (tmp_path / "pebble.log").read_text()
    assert ("validate w/ HTTP" in log) is (challenge == "http-01"), log
    assert oct((tmp_path / "home/tls/acme").stat().st_mode & 0o777) == "0o700"
