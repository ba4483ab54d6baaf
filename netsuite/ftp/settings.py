"""What one FTP service is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an FTP service.

    Args:
        host: the name it goes by.
        software: what the greeting calls it.
        anonymous: whether ``anonymous`` and ``ftp`` may come in without a password.
        require_tls: whether nobody, anonymous or not, comes in without TLS, and data connections
            must be protected.
        require_session_reuse: whether a protected data connection must resume the TLS session of
            its control connection.
        active: whether PORT and EPRT are taken.
        passive: whether PASV and EPSV are.
        passive_ports: first and last port to listen on; None for any.
        masquerade_address: the IPv4 address that PASV names instead of our own; empty for our own.
        connect_seconds: how long a data connection may take to be made, its handshake likewise.
        stalled_seconds: how long a transfer may make no progress.
        login_attempts: wrong passwords after which the connection is closed.
    """

    host: str
    software: str = "netsuite"
    anonymous: bool = True
    require_tls: bool = False
    require_session_reuse: bool = True
    active: bool = True
    passive: bool = True
    passive_ports: tuple[int, int] | None = None
    masquerade_address: str = ""
    connect_seconds: float = 30.0
    stalled_seconds: float = 120.0
    login_attempts: int = 5
