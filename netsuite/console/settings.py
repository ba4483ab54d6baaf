"""Settings of the web console."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.config.values import DomainName, Seconds
from netsuite.connection.settings import ServiceSettings, live_seconds


class ConsoleSection(ServiceSettings):
    """The web console, where accounts of the group `admin` look after the daemon."""

    listen: list[str] = setting(
        loopback(90),
        "Where to listen: endpoint strings. Off loopback use `listen_tls`: no password is taken "
        "there without TLS.",
    )
    listen_tls: list[str] = setting(
        [], "Where to listen under TLS (https): endpoint strings, such as tcp:8490."
    )
    hosts: list[DomainName] = setting(
        [],
        "Names that browsers may ask for it by, beside site.hostname and localhost; by an address "
        "they always may. Requests for other names are refused: somebody may have made them lead "
        "here.",
        live=True,
    )
    login_idle_seconds: Seconds = live_seconds(
        1800.0, "How long a login lasts that nobody uses; pages that renew themselves are no use.",
        ge=1,
    )  # fmt: skip
    login_seconds: Seconds = live_seconds(43_200.0, "How long a login lasts at most.", ge=1)
