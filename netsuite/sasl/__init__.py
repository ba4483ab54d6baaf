"""Authentication mechanisms as dialogs, both sides; nonces come in as arguments (RFC 4422)."""

from netsuite.sasl.registry import choose, client, server

__all__ = ["choose", "client", "server"]
