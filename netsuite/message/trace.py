"""The identifier that a server of ours has given a message, read back from its Received field."""

from __future__ import annotations

import re
from typing import Final

#: The Received field at the top of a message, below our own Return-Path.
_first: Final = re.compile(
    rb"(?:Return-Path:[^\r\n]*\r\n)?Received:((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE
)
_by: Final = re.compile(rb"\bby\s+(\S+)\s+with\s+\S+\s+id\s+([0-9A-Za-z.]{1,64})(?=[\s;])")
#: What is read of a message for it.
TRACE_OCTETS: Final = 2048


def received_id(octets: bytes, host: str) -> str:
    """Return the id in the Received field that a message begins with, where a host has made it;
    else an empty text.

    Args:
        octets: the message's first; ``TRACE_OCTETS`` are enough.
    """
    field = _first.match(octets[:TRACE_OCTETS])
    found = None if field is None else _by.search(field[1])
    if found is None or found[1].decode("ascii", "replace").lower() != host.lower():
        return ""
    return found[2].decode()
