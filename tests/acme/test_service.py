"""The service of ACME, as settings make it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netsuite.acme.renewal import Renewal
from netsuite.acme.service import make_acme
from netsuite.config.load import ConfigError, load
from netsuite.home import SiteError
from netsuite.site import Site
from netsuite.testing.fabric import Fabric


@pytest.mark.parametrize(
    "wrong",
    [
        'acme.names=["*.example.org"]',
        'acme.directory="http://authority.test/directory"',
        'acme.directory="authority.test"',
        'acme.contact="a b@example.org"',
        'acme.contact="ann"',
    ],
)
def test_settings(wrong: str) -> None:
    """What an authority would refuse is refused when it is read."""
    with pytest.raises(ConfigError):
        load(None, [wrong])


def site(tmp_path: Path, *settings: str) -> Site:
    """Return a site whose reactor never runs."""
    reactor: Any = Fabric()
    return Site(tmp_path, settings=load(None, settings), reactor=reactor)


def test_made(tmp_path: Path) -> None:
    """Names are those of the DNS; answers are given in this process, whoever has the role."""
    made = site(tmp_path, 'acme.names=["Mail.example.org", "b\u00fccher.example.org"]')
    service = make_acme(made)
    assert isinstance(service, Renewal)
    assert service.names == ["mail.example.org", "xn--bcher-kva.example.org"]
    assert service.name == "acme"


def test_needs_certificates(tmp_path: Path) -> None:
    """Without TLS there is nothing to get a certificate for."""
    with pytest.raises(SiteError, match=r"tls\.enabled"):
        make_acme(site(tmp_path, 'acme.names=["a.example.org"]', "tls.enabled=false"))
