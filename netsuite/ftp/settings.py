"""Settings of the FTP service."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Seconds
from netsuite.connection.settings import ServiceSettings


class Settings(ServiceSettings):
    """Files to fetch and store (RFC 959)."""

    listen: list[str] = setting(loopback(21), "Where to listen, with AUTH TLS.")
    listen_tls: list[str] = setting(loopback(990), "Where to listen under TLS.")
    anonymous: bool = setting(
        True, "Whether anonymous and ftp may log in without a password, to read the public site."
    )
    require_tls: bool = setting(
        False, "Whether nobody may log in, and nothing be transferred, without TLS."
    )
    require_session_reuse: bool = setting(
        True,
        "Whether a data connection under TLS must resume the session of its control connection, "
        "so that nobody else can take its place. curl, lftp and FileZilla do; Python's ftplib "
        "does not.",
    )
    passive_ports: str = setting(
        "",
        "The ports listened on for data connections, such as 50000-50100; empty: any that is "
        "free. A firewall has to let them in.",
        pattern="^([0-9]{1,5}(-[0-9]{1,5})?)?$",
    )
    masquerade_address: str = setting(
        "",
        "The IPv4 address that PASV tells clients, where they reach this host by another than "
        "its own; empty: its own. EPSV needs none.",
        pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3})?$",
    )
    active: bool = setting(True, "Whether the server connects to clients for data (PORT, EPRT).")
    passive: bool = setting(
        True, "Whether clients may connect to the server for data (PASV, EPSV)."
    )
    connect_seconds: Seconds = setting(
        30.0,
        "How long a data connection may take to be made, and its TLS handshake likewise.",
        unit="seconds",
    )
    stalled_seconds: Seconds = setting(
        120.0, "How long a transfer may make no progress.", unit="seconds"
    )
    transfer_log: str = setting(
        "log/ftp-transfers.log",
        "The transfer log, in the format of wu-ftpd's xferlog: a line for each file fetched, "
        "stored or removed; relative to the home directory, empty for none. It may be moved away "
        "at any time.",
    )
