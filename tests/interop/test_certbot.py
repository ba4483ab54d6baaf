"""Certbot beside us: its challenge in our public folder, its live folder linked into ours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from netsuite.testing.certificates import authority
from netsuite.testing.daemon import Daemon
from tests.interop.pebble import free_port, pebble
from tests.interop.postfix import waited
from tests.interop.programs import program
from tests.interop.test_pebble import issuer

NAME = "mail.example.test"


def test_webroot(tmp_path: Path) -> None:
    """Its certificate is used without a restart, and ACME of ours leaves the name alone."""
    certbot = program("certbot")
    port = free_port()
    root = authority.write(tmp_path / "authorities.pem")
    with Daemon(tmp_path / "home") as daemon:
        home = daemon.home
        ports = {"http_port": daemon.ports["http"], "tls_port": daemon.tls_ports["http"]}
        with pebble(tmp_path, port, **ports, bad_nonces=0):
            folders = {"config": "etc", "work": "work", "logs": "logs"}
            done = subprocess.run(
                [
                    *(certbot, "certonly", "--webroot", "-n", "--agree-tos"),
                    "--register-unsafely-without-email",
                    *("-w", str(home / "files/public"), "-d", NAME),
                    *("--server", f"https://localhost:{port}/dir"),
                    *(f"--{name}-dir={tmp_path / each}" for name, each in folders.items()),
                ],
                env={**os.environ, "REQUESTS_CA_BUNDLE": str(root)},
                capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            (home / "tls" / NAME).symlink_to(tmp_path / "etc/live" / NAME)
            assert waited(lambda: "Pebble" in issuer(daemon.tls_ports["imap"], NAME))
    settings = [f'acme.names=["{NAME}"]', f'acme.directory="https://localhost:{port}/dir"']
    with Daemon(tmp_path / "home", *settings) as daemon:
        assert waited(lambda: "was put there by somebody else" in daemon.log())
        assert "Pebble" in issuer(daemon.tls_ports["imap"], NAME)
