"""Certificates by ACME in a running daemon: one process, and several of which any may be met."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netsuite.acme.advice import HTTP, TLS
from netsuite.testing.certificates import authority
from tests.acme.authority_server import Looks, serving
from tests.cli.commands import done, run
from tests.interop.test_pebble import issuer
from tests.suite.fleet import Fleet, until

pytestmark = pytest.mark.long
NAME = "mail.example.test"


@pytest.mark.parametrize("workers", [0, 2])
def test_certificates(tmp_path: Path, workers: int) -> None:
    """Each challenge is answered by whichever process the authority meets; a failure is told with
    what to change, and tried again when it is mended; what comes is in use in all processes."""
    looks = Looks()
    home = tmp_path / "home"
    authority.write(tmp_path / "roots.pem")
    with serving(tmp_path, looks) as double:
        acme = (
            f'acme.names=["{NAME}"]',
            f'acme.directory="{double.base}/directory"',
            f'acme.authorities="{tmp_path}/roots.pem"',
        )
        anywhere = "http.listen_tls=['tcp:0:interface=127.0.0.1']"
        fleet = Fleet(home, ["http"], *acme, "tls.enabled=true", anywhere, workers=workers)
        with fleet:
            given = tuple(word for each in acme for word in ("--set", each))
            looks.closed = {HTTP, TLS}
            ports = listening(fleet)
            looks.at(*ports)
            until(lambda: fleet.logged("what there is stays in use"), "a failure")
            code, printed = run(home, *given, "certificate", "renew", "--wait", 60)
            assert code == 1
            assert "at port 80" in printed
            for closed in ({HTTP}, {TLS}):
                looks.closed = closed
                looks.looked.clear()
                printed = done(home, *given, "certificate", "renew", NAME)
                assert f"{NAME}: there is a new one" in printed
                assert looks.looked[-1] not in closed
            until(lambda: {issuer(ports[1], NAME) for _ in range(20)} == {"CN=Double"}, "in use")
            assert "acme" in done(home, *given, "certificate", "list")
        for secret in ("PRIVATE", "Traceback"):
            assert secret not in fleet.log()


def listening(fleet: Fleet) -> tuple[int, int]:
    """Return where HTTP listens, in the clear and under TLS."""

    def found() -> list[int]:
        ports = re.findall(r"\] http listens on IPv4Address\(.*port=(\d+)\)", fleet.log())
        return [int(each) for each in dict.fromkeys(ports)]

    until(lambda: len(found()) == 2, "two ports of http")
    plain, tls = found()
    return plain, tls
