"""The client half of the command: fetch, store, list, send and post, by URL."""

from __future__ import annotations

from netsuite.cli.client.commands import get, ls, post, put, send

COMMANDS = (get, put, ls, send, post)

__all__ = ["COMMANDS"]
