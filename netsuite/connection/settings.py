"""How long and how much a connection may take; every service is given one of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Times in seconds; None turns one off.

    Args:
        greeting_seconds: until the first command, TLS handshake included; and for the handshake
            after STARTTLS.
        idle_seconds: between commands.
        command_seconds: from a command's first octet to its end, and within a body without
            any progress.
        stalled_seconds: without the peer taking any of what we say.
        login_seconds: until somebody has logged in, where the protocol wants that.
        drain_seconds: for a connection to end its command when the service stops.
        linger_seconds: for the peer to take our last words after we closed.
        minimum_octets_per_second: what a body or an answer must average after a first
            minute, both ways; 0 for no floor.
    """

    greeting_seconds: float | None = 60.0
    idle_seconds: float | None = 300.0
    command_seconds: float | None = 120.0
    stalled_seconds: float | None = 120.0
    login_seconds: float | None = None
    drain_seconds: float = 10.0
    linger_seconds: float = 5.0
    minimum_octets_per_second: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts; None turns one off.

    Args:
        connections: to the service at once.
        connections_per_address: from one IPv4 address or IPv6 /64 at once.
        commands_before_login: after which a connection that has not logged in is closed.
        octets_before_login: likewise.
        bad_commands: refused or unknown ones, in all, after which it is closed.
    """

    connections: int | None = 10_000
    connections_per_address: int | None = 200
    commands_before_login: int | None = None
    octets_before_login: int | None = None
    bad_commands: int | None = 20
