"""Which servers mail programs are told of."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from netsuite.autoconfig.servers import Place, Server, bound, configured, reachable, servers
from netsuite.config.load import load
from netsuite.connection.listening import ListeningService, Opening

INIT = (
    'imap.listen=["tcp6:143"]', 'imap.listen_tls=["tcp6:993"]',
    'pop3.listen=["tcp:110"]', 'pop3.listen_tls=["tcp:995:interface=192.0.2.1"]',
    'submission.listen=["tcp6:587"]', 'submission.listen_tls=["tcp6:465"]',
)  # fmt: skip


def found(*settings: str) -> list[tuple[str, bool, int]]:
    """Return of each server its protocol, whether TLS comes first, and its port."""
    made = servers(configured(load(None, settings)), "mail.test")
    assert {each.host for each in made} <= {"mail.test"}
    return [(each.protocol, each.tls, each.port) for each in made]


def test_as_init_writes() -> None:
    """Of each protocol that with TLS from the first octet comes first."""
    assert found(*INIT) == [
        ("imap", True, 993),
        ("imap", False, 143),
        ("pop3", True, 995),
        ("pop3", False, 110),
        ("smtp", True, 465),
        ("smtp", False, 587),
    ]


def test_loopback() -> None:
    """What nobody else reaches is not told, as of a home without configuration."""
    assert found() == []
    assert found('imap.listen=["tcp:143:interface=127.1.2.3"]') == []
    assert found('imap.listen=["tcp6:143:interface=\\\\:\\\\:1"]') == []
    assert found('imap.listen=["tcp:143:interface=localhost"]') == []
    assert (
        found('imap.listen=["unix:imap.sock"]', 'imap.listen_tls=["systemd:domain=INET:index=0"]')
        == []
    )


@pytest.mark.parametrize(
    ("settings", "protocols"),
    [
        (("imap.enabled=false",), {"pop3", "smtp"}),
        (("submission.enabled=false", "pop3.enabled=false"), {"imap"}),
        (("tls.enabled=false",), set()),  # no password is taken there
    ],
)
def test_off(settings: tuple[str, ...], protocols: set[str]) -> None:
    """A service that is off, or whose TLS is, is not told."""
    assert {protocol for protocol, _, _ in found(*INIT, *settings)} == protocols


def test_best() -> None:
    """Of several ports of a kind it is the lowest that others reach."""
    listening = 'imap.listen_tls=["tcp:993:interface=127.0.0.1", "tcp:9993", "tcp:1993"]'
    assert found(listening) == [("imap", True, 1993)]


def service(name: str, *where: tuple[bool, object]) -> ListeningService:
    factory: Any = None
    made = ListeningService(name, (), factory)
    for tls, address in where:
        endpoint: Any = None
        port: Any = type("Port", (), {"getHost": lambda self, address=address: address})()
        made.bound.append((Opening("tcp:0", endpoint, factory, tls), port))
    return made


def test_bound() -> None:
    """Services of this process say where they do listen, on ports that the kernel chose."""
    places = bound(
        [
            object(),
            service("http", (False, IPv4Address("TCP", "192.0.2.1", 80))),
            service(
                "imap",
                (True, IPv6Address("TCP", "::", 40_001)),
                (False, IPv4Address("TCP", "127.0.0.1", 40_002)),
                (False, UNIXAddress(b"/x")),
            ),
        ]
    )
    assert places == [
        Place("imap", True, "::", 40_001),
        Place("imap", False, "127.0.0.1", 40_002),
    ]
    assert reachable(places) == places[:1]
    assert servers(places, "mail.test") == [Server("imap", "mail.test", 40_001, True)]


def test_zone() -> None:
    """An address with a zone is judged by the address."""
    assert reachable([Place("imap", True, "::1%lo", 1)]) == []
    assert reachable([Place("imap", True, "fe80::1%eth0", 1)]) != []
