"""What one peer counts as: an IPv4 address, or the /64 that one IPv6 host can use whole."""

from __future__ import annotations

import ipaddress


def prefix(address: str) -> str:
    """Give the key that guesses from an address are counted under; empty for a local socket."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip) >> 64 << 64, 64)))
