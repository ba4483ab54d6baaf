"""What was seen at a host's ports, and what is to be said of it; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from netsuite.cli.client.capabilities import CLEAR, SECURE
from netsuite.cli.client.tls_examination import TLSSeen

#: Certificates are renewed before that.
SOON: Final = timedelta(days=14)
_OLD: Final = frozenset({"TLSv1", "TLSv1.1"})
#: What offers to go on under TLS.
_UPGRADED: Final = frozenset({"ftp", "smtp", "pop3", "nntp", "imap"})
#: Mechanisms, and commands, that show the password to who listens.
_SHOWING: Final = frozenset({"PLAIN", "LOGIN", "USER", "AUTH=PLAIN", "AUTH=LOGIN"})
_AUTH: Final = {"smtp": ("AUTH",), "pop3": ("SASL", "USER"), "nntp": ("AUTHINFO", "SASL")}


@dataclass(slots=True)
class Offer:
    """One port.

    Args:
        name: of what is there by standard.
        service: the client that speaks it.
        tls: whether TLS begins with the first octet.
        state: ``open``, ``closed``, or ``no answer``.
        trouble: why nothing was learnt; empty where something was.
        stages: what the server says that it can, by the stage of the session.
        seen: of its TLS; None where there is none.
        versions: of TLS that it speaks, where that was tried.
    """

    name: str
    service: str
    port: int
    tls: bool = False
    state: str = "closed"
    greeting: str = ""
    trouble: str = ""
    stages: dict[str, Sequence[str]] = field(default_factory=dict)
    seen: TLSSeen | None = None
    versions: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether somebody listens."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Advice:
    """What should be changed.

    Args:
        names: of the ports that it is about.
    """

    text: str
    names: Sequence[str]


def advice(offers: Sequence[Offer], now: datetime) -> list[Advice]:
    """Return what should be changed, each thing once."""
    said: dict[str, list[str]] = {}
    for offer in offers:
        if offer.is_open:
            for text in _of(offer, offers, now):
                said.setdefault(text, []).append(offer.name)
    return [Advice(text, names) for text, names in said.items()]


def _of(offer: Offer, offers: Sequence[Offer], now: datetime) -> Iterator[str]:
    if offer.trouble:
        yield f"it does not answer as it should: {offer.trouble}"
    yield from _of_certificate(offer, now)
    old = [each for each in offer.versions if each in _OLD]
    if old:
        yield f"it speaks {' and '.join(old)}, which can be broken: begin with TLSv1.2"
    if offer.tls and offer.versions and "TLSv1.3" not in offer.versions:
        yield "it does not speak TLSv1.3"
    if offer.service in _UPGRADED and not offer.tls and not offer.trouble:
        if SECURE not in offer.stages:
            yield "it offers no TLS: what is said can be read on the way, and changed"
        if shows_passwords(offer):
            yield "it takes passwords in the clear: have it want TLS first"
    if offer.service == "telnet" and not offer.tls:
        yield "passwords pass in the clear: use telnets, or SSH"
    if offer.service == "http" and not offer.trouble:
        yield from _of_web(offer, offers)


def _of_certificate(offer: Offer, now: datetime) -> Iterator[str]:
    certificate = None if offer.seen is None else offer.seen.certificate
    if certificate is None:
        return
    if certificate.problem:
        yield f"clients refuse the certificate: {certificate.problem}"
    left = certificate.ends - now
    if left < timedelta():
        yield f"the certificate ended {-left.days} days ago"
    elif left < SOON:
        yield f"the certificate ends in {left.days} days"


def shows_passwords(offer: Offer) -> bool:
    """Return whether a login that others could read is offered before TLS."""
    lines = [line.upper().split() for line in offer.stages.get(CLEAR, ())]
    if offer.service == "imap":
        words = {word for line in lines for word in line}
        return bool(words) and "LOGINDISABLED" not in words
    for name, *parameters in (line for line in lines if line):
        if name in _AUTH.get(offer.service, ()) and _SHOWING.intersection([name, *parameters]):
            return True
    return False


def _of_web(offer: Offer, offers: Sequence[Offer]) -> Iterator[str]:
    fields = [line.lower() for lines in offer.stages.values() for line in lines]
    if offer.tls:
        if not any(each.startswith("strict-transport-security:") for each in fields):
            yield "it does not tell browsers to stay with https (Strict-Transport-Security)"
    elif any(each.name == "https" and each.is_open for each in offers) and not any(
        each.startswith("location: https:") for each in fields
    ):
        yield "it does not lead to https"
