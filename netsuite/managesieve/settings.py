"""Settings of the ManageSieve service."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Seconds
from netsuite.connection.settings import ServiceSettings, live_seconds
from netsuite.sieve.limits import SCRIPT_OCTETS


class Settings(ServiceSettings):
    """Sieve scripts of accounts, to put and to make active (RFC 5804)."""

    listen: list[str] = setting(loopback(4190), "Where to listen, with STARTTLS.")
    listen_tls: list[str] = setting([], "Where to listen under TLS; there is no usual port.")
    idle_seconds: Seconds = live_seconds(
        1800.0,
        "How long a connection may say nothing; RFC 5804, 1.8 wants at least 30 minutes.",
        ge=1800,
    )
    scripts: Count = setting(
        50, "How many scripts an account may have.", unit="scripts", ge=1, le=1000
    )
    script_octets: Count = setting(
        65_536, "The largest script.", unit="octets", ge=1024, le=SCRIPT_OCTETS
    )
