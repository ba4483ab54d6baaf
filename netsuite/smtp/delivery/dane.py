"""DANE for SMTP (RFC 7672): certificates that the DNS vouches for, where it is validated."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from netsuite.dns import DNS, TLSA, NoSuchName

#: Certificate usages that mail uses (RFC 7672, 3.1): a trust anchor of the domain's own, and the
#: certificate of the host itself. PKIX-TA and PKIX-EE are of no use to it (3.1.3).
_DANE_TA: Final = 2
_DANE_EE: Final = 3
_FULL, _PUBLIC_KEY = 0, 1


async def associations(dns: DNS, host: str, port: int) -> Sequence[TLSA] | None:
    """Return what may vouch for a host's certificate.

    Returns:
        None where DANE does not apply: there is nothing, or it was not validated. An empty
        sequence where there is only what nobody can use: TLS is needed, with any certificate
        (RFC 7672, 2.2).

    Raises:
        LookupFailed: it cannot be known now, so the host must not be talked to (2.1.2).
    """
    try:
        answer = await dns.tlsa(f"_{port}._tcp.{host}")
    except NoSuchName:
        return None
    if not answer.records or not answer.authenticated:
        return None
    return [each for each in answer.records if _is_usable(each)]


def _is_usable(association: TLSA) -> bool:
    sizes = {0: None, 1: 32, 2: 64}
    if association.usage not in (_DANE_TA, _DANE_EE) or association.selector not in (0, 1):
        return False
    if association.matching not in sizes:
        return False
    size = sizes[association.matching]
    return len(association.data) == size if size is not None else bool(association.data)


def vouches(found: Sequence[TLSA], chain: Sequence[x509.Certificate], names: Sequence[str]) -> bool:
    """Return whether one of the associations vouches for a certificate.

    Args:
        chain: as the host has sent it, its own certificate first.
        names: of which the certificate must have one, where a trust anchor vouches for it; the
            domain's and the host's (RFC 7672, 3.2.3).
    """
    if not chain:
        return False
    for association in found:
        if association.usage == _DANE_EE:
            # Neither the name nor the time count: the DNS vouches for this one (3.1.1).
            if _matches(association, chain[0]):
                return True
        elif any(
            _matches(association, anchor) and _leads_to(chain[: depth + 1], names)
            for depth, anchor in enumerate(chain)
        ):
            return True
    return False


def _matches(association: TLSA, certificate: x509.Certificate) -> bool:
    if association.selector == _FULL:
        octets = certificate.public_bytes(Encoding.DER)
    else:
        key = certificate.public_key()
        octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if association.matching == 1:
        octets = hashlib.sha256(octets).digest()
    elif association.matching == 2:
        octets = hashlib.sha512(octets).digest()
    return octets == association.data


def _leads_to(chain: Sequence[x509.Certificate], names: Sequence[str]) -> bool:
    """Return whether a chain is what it says, to the anchor at its end, for one of the names."""
    now = datetime.now(UTC)
    leaf = chain[0]
    for certificate, issuer in pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except Exception:  # a wrong signature, or a key of a kind that signs nothing
            return False
    day = timedelta(days=1)  # clocks differ
    if not leaf.not_valid_before_utc - day <= now <= leaf.not_valid_after_utc:
        return False
    return any(_is_for(leaf, name) for name in names)


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return False
    wanted = name.lower().rstrip(".")
    for each in extension.value.get_values_for_type(x509.DNSName):
        has = each.lower()
        if has == wanted or (
            has.startswith("*.") and wanted.partition(".")[2] == has[2:] and "." in has[2:]
        ):
            return True
    return False
