"""Settings of what mail programs and mail hosts find here by HTTP."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from netsuite.config.sections import Section, setting
from netsuite.config.values import DomainName

_DAY = 86_400


class AutoconfigSection(Section):
    """How mail programs that ask by HTTP set themselves up (autoconfig, Autodiscover, profiles).

    Servers that listen off loopback are named, those under TLS and those with STARTTLS.
    """

    enabled: bool = setting(True, "Whether HTTP answers mail programs that ask.", live=True)
    hosts: dict[DomainName, DomainName] = setting(
        {},
        "By domain, the host that its mail programs are to use; site.hostname for all others.",
        live=True,
    )
    user_name: Literal["address", "local"] = setting(
        "address",
        "What users log in with: their whole address, or what stands before the @. Both are "
        "accepted here.",
        live=True,
    )


class MTASTSSection(Section):
    """How other hosts are told, by HTTPS, to insist on TLS for our domains' mail (RFC 8461).

    The policy stands at https://mta-sts.DOMAIN/.well-known/mta-sts.txt.
    """

    mode: Literal["off", "none", "testing", "enforce"] = setting(
        "testing",
        "`testing`: hosts report failures, and bring mail all the same; `enforce`: they bring none "
        "without TLS and a certificate that is trusted; `none`: there is no policy any more; "
        "`off`: nothing is published here.",
        live=True,
    )
    mx: list[DomainName] = setting(
        [],
        "The hosts that take mail for the domains: all that their MX records name. Empty: "
        "site.hostname.",
        live=True,
    )

    @cached_property
    def max_age_seconds(self) -> int:
        """How long hosts keep the policy: longer, the more it protects; briefly, where it is to be
        forgotten (RFC 8461, 8.3)."""
        return {"enforce": 30 * _DAY, "testing": 7 * _DAY}.get(self.mode, _DAY)
