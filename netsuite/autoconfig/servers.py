"""The servers that mail programs of a domain are told of: where they listen, and with which TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twisted.internet.address import IPv4Address, IPv6Address

from netsuite.config.endpoints import listening_address
from netsuite.config.schema import Settings
from netsuite.connection.listening import ListeningService
from netsuite.connection.settings import ServiceSettings

#: Of services that mail programs know, the protocol that they call it by.
PROTOCOLS: Final = {"imap": "imap", "pop3": "pop3", "submission": "smtp"}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a service listens.

    Args:
        tls: with TLS from the first octet; else with STARTTLS.
    """

    service: str
    tls: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Server:
    """A server that a mail program may use.

    Args:
        protocol: ``imap``, ``pop3`` or ``smtp``.
        tls: with TLS from the first octet; else with STARTTLS.
    """

    protocol: str
    host: str
    port: int
    tls: bool


def configured(settings: Settings) -> Sequence[Place]:
    """Return where settings say that services listen for mail programs."""
    found = []
    for service in PROTOCOLS:
        section: ServiceSettings = getattr(settings, service)
        for tls, strings in ((True, section.listen_tls), (False, section.listen)):
            for each in strings if section.enabled and settings.tls.enabled else ():
                address = listening_address(each, Path())
                if isinstance(address, tuple):
                    found.append(Place(service, tls, *address))
    return found


def bound(services: Iterable[object]) -> Sequence[Place]:
    """Return where services of this process do listen."""
    found = []
    for service in services:
        if isinstance(service, ListeningService) and service.name in PROTOCOLS:
            for opening, port in service.bound:
                where = port.getHost()
                if isinstance(where, IPv4Address | IPv6Address):
                    found.append(Place(str(service.name), opening.tls, where.host, where.port))
    return found


def reachable(places: Iterable[Place]) -> Sequence[Place]:
    """Return those that others than this machine reach; of each service and kind of TLS one, and
    that with TLS from the first octet first (RFC 8314, 3)."""
    best: dict[tuple[str, bool], Place] = {}
    for place in sorted(places, key=lambda each: each.port):
        if not _is_loopback(place.host):
            best.setdefault((place.service, place.tls), place)
    return [
        best[service, tls]
        for service in PROTOCOLS
        for tls in (True, False)
        if (service, tls) in best
    ]


def servers(places: Iterable[Place], host: str) -> Sequence[Server]:
    """Return the servers of a host, the best of each protocol first."""
    return [
        Server(PROTOCOLS[each.service], host, each.port, each.tls) for each in reachable(places)
    ]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
