"""The service of ACME, as settings make it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netsuite.acme.advice import HTTP, TLS
from netsuite.acme.renewal import Renewal
from netsuite.acme.service import external_account, kinds, make_acme
from netsuite.config.load import ConfigError, load
from netsuite.home import SiteError
from netsuite.site import Site
from netsuite.testing.fabric import Fabric


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ((), [HTTP, TLS]),
        (('http.listen=["tcp6:80"]', 'http.listen_tls=["tcp6:443"]'), [HTTP, TLS]),
        (('http.listen=["tcp:port=80"]',), [HTTP, TLS]),
        (('http.listen_tls=["tcp6:443"]',), [TLS, HTTP]),
        (("http.listen=[]",), [TLS]),
        (('http.listen=["tcp:80"]', "tls.enabled=false"), [HTTP]),
        (("http.enabled=false", 'imap.listen_tls=["tcp:443:interface=192.0.2.1"]'), [TLS]),
        (('http.listen=["tcp:8080"]', 'imap.listen_tls=["tcp:993"]'), [HTTP, TLS]),
    ],
)
def test_kinds(settings: tuple[str, ...], found: list[str]) -> None:
    """First the challenge whose port a service listens at, then one that may be led here."""
    assert kinds(load(None, settings)) == found


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


def test_external_account(tmp_path: Path) -> None:
    """Two words, however they are set out; the file is read when it is needed."""
    path = tmp_path / "account"
    read = external_account(path)
    with pytest.raises(OSError, match="No such file"):
        read()
    for text in ("kid key", "kid\nkey\n", "  kid\tkey  "):
        path.write_text(text)
        assert read() == ("kid", "key")
    for text in ("", "kid", "kid key more"):
        path.write_text(text)
        with pytest.raises(ValueError, match="nothing else"):
            read()


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
