"""The words of each protocol for what goes wrong: one module a protocol, and what they share."""
