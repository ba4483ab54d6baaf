"""A Pebble of a test's own: Let's Encrypt's authority for tests, and a DNS for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netsuite.testing.certificates import authority
from tests.interop.programs import program


def free_port() -> int:
    """Return a port of loopback that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def pebble(
    folder: Path, port: int, *, http_port: int, tls_port: int, bad_nonces: int = 30
) -> Iterator[None]:
    """Run a Pebble that listens on a port. Skips the test where that cannot be.

    Args:
        http_port, tls_port: where it looks whether challenges are met.
        bad_nonces: of good ones, how many of a hundred it does not take.
    """
    paths = program("pebble"), program("pebble-challtestsrv")
    dns_port, management = free_port(), free_port()
    certificate = authority.certificate("localhost", "127.0.0.1")
    certificate.write(folder / "pebble.pem")
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(folder / "pebble.pem"),
        "privateKey": str(folder / "pebble.pem"),
        "httpPort": http_port,
        "tlsPort": tls_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    answers = ["-defaultIPv6=", "-http01=", "-https01=", "-tlsalpn01="]
    answers += [f"-dns01=127.0.0.1:{dns_port}", f"-management=127.0.0.1:{free_port()}"]
    commands = [
        [paths[1], *answers],
        [paths[0], f"-config={folder / 'pebble.json'}", f"-dnsserver=127.0.0.1:{dns_port}"],
    ]
    environment = {
        **os.environ,
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_WFE_NONCEREJECT": str(bad_nonces),
    }
    running: list[subprocess.Popen[bytes]] = []
    try:
        with (folder / "pebble.log").open("wb") as log:
            running += [
                subprocess.Popen(each, stdout=log, stderr=log, env=environment) for each in commands
            ]
        _wait_for(port, folder / "pebble.log")
        yield
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(10)


def _wait_for(port: int, log: Path) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Pebble does not start: {log.read_text()}")
