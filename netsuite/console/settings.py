"""Settings of the web console."""

from __future__ import annotations

from netsuite.config.sections import Section, setting


class ConsoleSection(Section):
    """The web console, where accounts of the group `admin` look after the daemon."""

    enabled: bool = setting(True, "Whether `twistd netsuite` starts it.")
    listen: list[str] = setting(
        ["tcp:8090:interface=127.0.0.1"],
        "Where to listen: endpoint strings. Off loopback use `listen_tls`.",
    )
    listen_tls: list[str] = setting([], "Where to listen with TLS: endpoint strings.")
