"""Settings that every service has."""

from __future__ import annotations

from functools import cached_property, partial

from netsuite.config.sections import Section, setting
from netsuite.config.values import Count, Network, Seconds
from netsuite.connection.deadlines import Timeouts

#: A setting that a reload can change; one that is a time.
live = partial(setting, live=True)
live_seconds = partial(live, unit="seconds")


class ServiceSettings(Section):
    """What every service has."""

    enabled: bool = setting(True, "Whether `twistd netsuite` starts it.")
    listen: list[str] = setting(
        [],
        "Where to listen: Twisted endpoint strings, such as tcp:25 or unix:/run/lmtp.sock, whose "
        "path is relative to the home directory.",
    )
    listen_tls: list[str] = setting(
        [], "Where to listen with TLS from the first octet: endpoint strings as for `listen`."
    )
    proxies: list[Network] = setting(
        [],
        "Addresses or networks of proxies (`unix` for local sockets) that put a PROXY protocol "
        "header (v1 or v2) before each connection; from them a connection without one is "
        "refused.",
    )
    handshake_seconds: Seconds = live_seconds(60.0, "How long a TLS handshake may take.")
    greeting_seconds: Seconds = live_seconds(60.0, "How long the first command may take.")
    idle_seconds: Seconds = live_seconds(
        300.0, "How long a connection may say nothing between commands."
    )
    command_seconds: Seconds = live_seconds(
        120.0, "How long one command may take to arrive whole, and a body to make any progress."
    )
    stalled_seconds: Seconds = live_seconds(
        120.0, "How long a client may take nothing of what it is sent."
    )
    drain_seconds: Seconds = live_seconds(
        10.0, "How long connections may take to end what is under way when the service stops."
    )
    minimum_octets_per_second: Count = live(
        0,
        "What a body, either way, must average after its first minute; 0: anything.",
        unit="octets per second",
    )
    connections: Count = live(
        10_000, "Connections at once; one more is told to come back later.", unit="connections"
    )
    connections_per_address: Count = live(
        200, "Connections at once from one IPv4 address or one IPv6 /64.", unit="connections"
    )
    bad_commands: Count = live(
        20, "Refused or unknown commands after which a connection is closed.", unit="commands"
    )
    transcript: bool = live(
        False, "Whether to log every line said, with passwords masked; for finding faults."
    )

    @cached_property
    def timeouts(self) -> Timeouts:
        """The times of one connection; a setting of 0 is none."""
        return Timeouts(
            handshake_seconds=self.handshake_seconds or None,
            greeting_seconds=self.greeting_seconds or None,
            idle_seconds=self.idle_seconds or None,
            command_seconds=self.command_seconds or None,
            stalled_seconds=self.stalled_seconds or None,
            minimum_octets_per_second=self.minimum_octets_per_second,
        )
