"""The domains of a message's authors: who is answered for by DKIM and DMARC."""

from __future__ import annotations

from collections.abc import Sequence

import idna

from netsuite.message.address import parse_address_list
from netsuite.smtp.policy.canonical import HeaderFields


def author_domains(header: HeaderFields) -> Sequence[str] | None:
    """Return the domains in From, as A-labels in lower case; none where it names none.

    Returns:
        None where there is no From, or more than one (RFC 7489, 6.6.1).
    """
    named = header.named(b"from")
    if len(named) != 1:
        return None
    found: dict[str, None] = {}
    for each in parse_address_list(named[0].value):
        if each.domain is not None:
            found[a_labels(each.domain.decode("utf-8", "replace"))] = None
    return list(found)


def a_labels(domain: str) -> str:
    """Return a domain as the DNS has it; one that cannot be is given back."""
    domain = domain.rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain
