"""Settings of what machines ask."""

from __future__ import annotations

from netsuite.config.sections import Section, setting
from netsuite.config.values import Count


class HealthSection(Section):
    """Metrics for Prometheus at `/metrics`, `/healthz` and `/readyz`, by HTTP, for machines."""

    listen: list[str] = setting(
        [],
        "Where to listen: endpoint strings, such as tcp:9464:interface=127.0.0.1. Nothing there "
        "asks for a password: keep it off public addresses. Empty: nowhere.",
    )
    free_octets: Count = setting(
        64 * 1024 * 1024,
        "Where less is free on the disk of the home directory, `/readyz` says no; 0: it does not "
        "look.",
        unit="octets",
        live=True,
    )

    @property
    def enabled(self) -> bool:
        """Whether it listens anywhere."""
        return bool(self.listen)
