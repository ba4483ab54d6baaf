"""Settings of the FTP service."""

from __future__ import annotations

import ipaddress
import re
from functools import cached_property
from typing import Annotated, Final

from pydantic import AfterValidator

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, DomainName, PublicDirectory, Seconds
from netsuite.connection.settings import ServiceSettings

_ports: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def _range_of(ports: str) -> tuple[int, int] | None:
    """Return the first and the last of a range of ports; None where it is none."""
    match = _ports.fullmatch(ports)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first, last) if 0 < first <= last < 65_536 else None


def _is_range(ports: str) -> str:
    if ports and _range_of(ports) is None:
        raise ValueError(
            "must be a range of ports from 1 to 65535, the smaller first, as 50000-50100, "
            f"or empty, not {ports!r}"
        )
    return ports


def _is_ipv4(address: str) -> str:
    try:
        if address:
            ipaddress.IPv4Address(address)
    except ValueError:
        raise ValueError(
            f"must be an IPv4 address, as 192.0.2.1, or empty, not {address!r}"
        ) from None
    return address


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
        "so that nobody else can take its place. Most clients do; Python's FTP_TLS does not, curl "
        "does not for several files in one call under TLS 1.3, and rclone not with several "
        "connections at once.",
    )
    require_tls_end: bool = setting(
        True,
        "Whether a file received under TLS counts as whole only where the client has ended TLS "
        "(close_notify). Many just close; without this their files are taken as they came, and "
        "whoever can cut a connection can cut a file. One that is reset is cut in any case.",
    )
    passive_ports: Annotated[str, AfterValidator(_is_range)] = setting(
        "",
        "The ports listened on for data connections, such as 50000-50100; empty: any that is "
        "free. A firewall has to let them in.",
    )
    masquerade_address: Annotated[str, AfterValidator(_is_ipv4)] = setting(
        "",
        "The IPv4 address that PASV tells clients, where they reach this host by another than "
        "its own; empty: its own. EPSV needs none.",
    )
    active: bool = setting(True, "Whether the server connects to clients for data (PORT, EPRT).")
    passive: bool = setting(
        True, "Whether clients may connect to the server for data (PASV, EPSV)."
    )
    connect_seconds: Seconds = setting(
        30.0,
        "How long a data connection may take to be made, and its TLS handshake likewise.",
        unit="seconds",
        live=True,
    )
    stalled_seconds: Seconds = setting(
        120.0, "How long a transfer may make no progress.", unit="seconds", live=True
    )
    login_attempts: int = setting(
        5,
        "Wrong passwords after which a connection is closed (RFC 2577, 5).",
        unit="passwords",
        ge=1,
        live=True,
    )
    octets_per_second: Count = setting(
        0,
        "How fast all transfers together may be, either way; 0: as fast as they go. Those under "
        "way get equal shares.",
        unit="octets per second",
        live=True,
    )
    octets_per_second_per_account: Count = setting(
        0,
        "How fast the transfers of one account together may be; `anonymous` is one; 0: any.",
        unit="octets per second",
        live=True,
    )
    octets_per_second_of: dict[str, Count] = setting(
        {},
        "The same for single accounts, by their names: it takes the place of "
        "`octets_per_second_per_account`; 0: any.",
        unit="octets per second",
        live=True,
    )
    octets_per_second_per_session: Count = setting(
        0,
        "How fast the transfers of one session may be; 0: any.",
        unit="octets per second",
        live=True,
    )
    compression: bool = setting(
        True, "Whether transfers may be deflated on their way (MODE Z).", live=True
    )
    hosts: dict[DomainName, PublicDirectory] = setting(
        {},
        "Names that clients may call this server by (HOST, RFC 7151) beside those of the site, "
        "each with the directory of the public site that anonymous users see as their root then; "
        "empty: all of it.",
        live=True,
    )
    transfer_log: str = setting(
        "log/ftp-transfers.log",
        "The transfer log, in the format of wu-ftpd's xferlog: a line for each file fetched, "
        "stored or removed; relative to the home directory, empty for none. It may be moved away "
        "at any time.",
    )

    @cached_property
    def passive_range(self) -> tuple[int, int] | None:
        """The first and the last port to listen on for data; None for any."""
        return _range_of(self.passive_ports)
