"""The certificates: for which names each is good, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from netsuite.certificates import EXPIRY_NOTICE, Pair
from netsuite.console.layout import badge, table, when
from netsuite.console.markup import Content, element, markup
from netsuite.console.visit import Page, Route, Visit


async def show(visit: Visit) -> Page:
    """Show the certificates in use."""
    certificates = visit.site.certificates
    if certificates is None:
        return Page("Certificates", element("p", "TLS is off: tls.enabled is false."))
    now = datetime.now(UTC)
    body = markup(
        table(
            ("File", "Names", "By", "Good until", "Left"),
            [
                (name, ", ".join(pair.names) or "-", _issuer(pair), when(pair.not_after),
                 time_left(pair.not_after - now))
                for name, pair in sorted(certificates.pairs().items())
            ],
            empty="There is none.",
        ),
        element(
            "p",
            f"Files in {certificates.folder}; changed ones are noticed by themselves."
            if certificates.folder
            else "Made for this process; there is no folder of them.",
        ),
    )  # fmt: skip
    return Page("Certificates", body)


def _issuer(pair: Pair) -> str:
    leaf = pair.chain[0]
    return "itself" if leaf.issuer == leaf.subject else leaf.issuer.rfc4514_string()


def time_left(left: timedelta) -> Content:
    """Return how long a certificate is good for."""
    if left <= timedelta(0):
        return badge("expired", "bad")
    return badge(f"{left.days} days", "late" if left < EXPIRY_NOTICE else "good")


ROUTES: Final = (Route("/certificates", show),)
