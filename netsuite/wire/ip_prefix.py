"""The prefix of an address that one peer counts as, where connections and guesses are counted."""

from __future__ import annotations

import ipaddress


def peer_prefix(address: str) -> str:
    """Return what a peer is counted by: its IPv4 address, or its IPv6 /64.

    One IPv6 host is given a whole /64, so that a single address would say nothing of it.

    Args:
        address: an IP address; empty for a local socket, which is given back.
    """
    if ":" not in address:
        return address
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip) >> 64 << 64, 64)))
