"""Checks of the settings and files that ACME needs, before an authority is asked for anything."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from netsuite import tls
from netsuite.accounts.resolver import same_domain
from netsuite.acme.advice import HTTP, TLS
from netsuite.certificates import BadCertificate
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.settings import ServiceSettings

#: Where authorities look (RFC 8555, 8.3; RFC 8737, 3).
HTTP_PORT: Final = 80
TLS_PORT: Final = 443


def names_of(settings: Settings) -> Sequence[str]:
    """Return the names to have certificates for, as the DNS has them."""
    return list(dict.fromkeys(same_domain(name) for name in settings.acme.names))


def kinds(settings: Settings) -> Sequence[str]:
    """Return the challenges that may be met, the best first: those whose port a service listens
    at; then the others, whose port may lead here from elsewhere."""
    by_http = [settings.http.listen] if settings.http.enabled else []
    services: list[ServiceSettings] = [getattr(settings, name) for name in SERVICES]
    by_tls = [each.listen_tls for each in services if each.enabled and settings.tls.enabled]
    found = [
        (not _has_port(HTTP_PORT, by_http), HTTP, any(by_http)),
        (not _has_port(TLS_PORT, by_tls), TLS, any(by_tls)),
    ]
    return [kind for _, kind, there in sorted(found, key=lambda each: each[0]) if there]


def _has_port(port: int, listening: Sequence[Sequence[str]]) -> bool:
    strings = [each for some in listening for each in some]
    return any(each.split(":")[1:2] in ([str(port)], [f"port={port}"]) for each in strings)


def external_account(path: Path) -> Callable[[], tuple[str, str]]:
    """Return what reads an external account from a file when it is needed."""

    def read() -> tuple[str, str]:
        words = path.read_text("utf-8").split()
        if len(words) != 2:
            raise ValueError(f"{path} has to hold a key identifier and a key, and nothing else")
        identifier, key = words
        return identifier, key

    return read


def problems(settings: Settings, home: Path) -> Iterator[tuple[str, str]]:
    """Return what keeps ACME from working here, each with the setting that is to be changed."""
    section = settings.acme
    if not section.enabled:
        return
    if importlib.util.find_spec("acme") is None:
        yield "acme.names", "ACME needs a library: pip install 'netsuite[acme]'"
    for name in section.names:
        if not same_domain(name).isascii():
            yield "acme.names", f"the DNS can have no name {name!r}"
    if not settings.tls.enabled:
        yield "acme.names", "certificates are of no use without tls.enabled"
    elif not kinds(settings):
        yield "acme.names", "no service listens where an authority could look: set http.listen"
    if section.external_account:
        try:
            external_account(home / section.external_account)()
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            yield "acme.external_account", f"{home / section.external_account}: {said}"
    if section.authorities:
        try:
            tls.client_options("localhost", authorities=home / section.authorities)
        except BadCertificate as error:
            yield "acme.authorities", str(error)
