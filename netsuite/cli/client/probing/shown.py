"""What a probe has seen, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC

import click

from netsuite.cli.client.listing import Listing
from netsuite.cli.client.probing.offers import Advice, Offer
from netsuite.cli.client.problems import printable
from netsuite.cli.client.tls_examination import Certificate


def show(offers: Sequence[Offer], said: Sequence[Advice]) -> None:
    """Print the ports, the certificates and the advice."""
    rows = [
        (each.name, each.port, each.state, _tls(each), each.trouble or each.greeting)
        for each in offers
        if each.state != "closed"
    ]
    Listing(("service", "port", "state", "tls", "says"), rows).show()
    closed = [f"{each.name} {each.port}" for each in offers if each.state == "closed"]
    if closed:
        click.echo(f"\nClosed: {', '.join(closed)}")
    for certificate, names in _certificates(offers).items():
        click.echo(f"\nCertificate of {', '.join(names)}")
        for line in _lines(certificate):
            click.echo(printable(f"  {line}"))
    if said:
        click.echo("\nAdvice")
        for each in said:
            click.echo(printable(f"  {', '.join(each.names)}: {each.text}"))


def _tls(offer: Offer) -> str:
    """Return the versions that are spoken, or the one that was agreed on."""
    if offer.versions:
        return " ".join(each.removeprefix("TLSv") for each in offer.versions)
    if offer.seen is None:
        return ""
    return f"{offer.seen.version.removeprefix('TLSv')}, asked for"


def _certificates(offers: Sequence[Offer]) -> dict[Certificate, list[str]]:
    found: dict[Certificate, list[str]] = {}
    for each in offers:
        if each.seen is not None and each.seen.certificate is not None:
            found.setdefault(each.seen.certificate, []).append(each.name)
    return found


def _lines(certificate: Certificate) -> list[str]:
    begins, ends = (each.astimezone(UTC) for each in (certificate.begins, certificate.ends))
    return [
        f"for     {', '.join(certificate.names) or certificate.subject}",
        f"issuer  {certificate.issuer}",
        f"valid   {begins:%Y-%m-%d} to {ends:%Y-%m-%d}",
        f"trust   {certificate.problem or 'clients take it'}",
    ]


def show_json(host: str, offers: Sequence[Offer], said: Sequence[Advice]) -> None:
    """Print it as one JSON object."""
    told = {
        "host": host,
        "ports": [_told(each) for each in offers],
        "advice": [{"text": each.text, "services": list(each.names)} for each in said],
    }
    click.echo(json.dumps(told, indent=2))


def _told(offer: Offer) -> dict[str, object]:
    told: dict[str, object] = {
        "service": offer.name,
        "port": offer.port,
        "state": offer.state,
        "greeting": offer.greeting,
        "trouble": offer.trouble,
        "capabilities": {name: list(lines) for name, lines in offer.stages.items()},
        "tls": None,
    }
    seen = offer.seen
    if seen is None:
        return told
    certificate = seen.certificate
    told["tls"] = {
        "first-octet": offer.tls,
        "version": seen.version,
        "cipher": seen.cipher,
        "alpn": seen.alpn,
        "versions": offer.versions,
        "certificate": None if certificate is None else {
            "names": list(certificate.names),
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "begins": certificate.begins.astimezone(UTC).isoformat(),
            "ends": certificate.ends.astimezone(UTC).isoformat(),
            "trusted": not certificate.problem,
            "problem": certificate.problem,
            "self-signed": certificate.self_signed,
        },
    }  # fmt: skip
    return told
