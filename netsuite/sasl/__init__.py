"""Authentication mechanisms as dialogs, both sides; nonces come in as arguments (RFC 4422)."""
