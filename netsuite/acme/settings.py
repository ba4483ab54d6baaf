"""Settings of certificates by ACME."""

from __future__ import annotations

from typing import Annotated

from netsuite.config.sections import Section, setting
from netsuite.config.values import DomainName, written

DirectoryURL = Annotated[
    str,
    written(
        r"https://[^\s/]+/\S*",
        "{!r} is no directory; write its URL, as in https://acme-v02.api.letsencrypt.org/directory",
    ),
]
Contact = Annotated[
    str, written(r"(?:[^\s@,]+@[^\s@,]+)?", "{!r} is no mail address; write one, or leave it empty")
]


class ACMESection(Section):
    """Certificates from an authority that speaks ACME (RFC 8555), got and renewed by itself.

    Each name gets a certificate of its own, NAME.pem in the folder `tls.certificates`; what was
    put there for a name by somebody else stays as it is. Naming any agrees to the authority's
    terms of service.
    """

    names: list[DomainName] = setting(
        [],
        "The names to have a certificate for: such as this host's, and mta-sts.DOMAIN. The "
        "authority must reach this machine under each of them, at port 80 or 443. Empty: ACME is "
        "not used.",
    )
    directory: DirectoryURL = setting(
        "https://acme-v02.api.letsencrypt.org/directory", "The URL of the authority's directory."
    )
    contact: Contact = setting("", "A mail address by which the authority may warn; may be empty.")
    external_account: str = setting(
        "",
        "A file with what an authority of one's customers gives (external account binding): the "
        "key identifier and the HMAC key, in base64url, with a space or a line end between. "
        "Relative to the home directory; empty: none.",
    )
    authorities: str = setting(
        "",
        "A PEM file of authorities that sign the directory's own certificate, as of an authority "
        "inside a company. Relative to the home directory; empty: those that browsers trust.",
    )
    keep_key: bool = setting(
        False,
        "Whether a renewed certificate keeps its key, so that TLSA records (DANE) of the form "
        "3 1 1 stay true.",
    )

    @property
    def enabled(self) -> bool:
        """Return whether it is used."""
        return bool(self.names)
