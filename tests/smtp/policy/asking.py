"""Clients and facts for the tests of single policies."""

from __future__ import annotations

from typing import Any

from netsuite.connection.peer import Peer
from netsuite.smtp.policy.interface import Client, Facts

OUTSIDE = "192.0.2.7"


def facts(
    address: str = OUTSIDE,
    *,
    sender: str = "x@y.test",
    recipient: str = "ann@example.org",
    local: bool = False,
    **client: Any,
) -> Facts:
    """Return what is known of a client when it names a recipient."""
    peer = Peer(address, 4000, local=local)
    client = {"helo": "mail.y.test", **client}
    return Facts(Client(peer=peer, **client), sender, recipient)
