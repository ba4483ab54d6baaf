"""Settings of certificates by ACME."""

from __future__ import annotations

from netsuite.config.sections import Section, setting
from netsuite.config.values import DomainName


class ACMESection(Section):
    """Certificates from an authority that speaks ACME (RFC 8555), got and renewed by itself."""

    names: list[DomainName] = setting(
        [], "The names to have a certificate for. Empty: ACME is not used."
    )
    directory: str = setting(
        "https://acme-v02.api.letsencrypt.org/directory", "The URL of the authority's directory."
    )
    contact: str = setting("", "A mail address by which the authority may warn; may be empty.")

    @property
    def enabled(self) -> bool:
        """Whether it is used."""
        return bool(self.names)
