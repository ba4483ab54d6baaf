"""Tag=value lists, as DKIM's signatures and keys and DMARC's records are. See RFC 6376, 3.2."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

# RFC 6376, 3.2: tag-name = ALPHA *ALNUMPUNC; tval = 1*VALCHAR, between them white space.
_name: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_value: Final = re.compile(r"[\x21-\x3a\x3c-\x7e \t\r\n]*")
_space: Final = re.compile(r"[ \t\r\n]+")
WSP: Final = " \t\r\n"


def parse_tags(text: str) -> dict[str, str]:
    """Return the tags of a list in their order, white space around names and values taken off.

    Raises:
        ValueError: it is none; a tag stands twice.
    """
    found: dict[str, str] = {}
    specs = text.split(";")
    if not specs[-1].strip(WSP):
        specs.pop()
    for spec in specs:
        name, equals, value = spec.partition("=")
        name, value = name.strip(WSP), value.strip(WSP)
        if not equals or not _name.fullmatch(name) or not _value.fullmatch(value):
            raise ValueError(f"no tag: {spec[:40]!r}")
        if name in found:
            raise ValueError(f"the tag {name} stands twice")
        found[name] = value
    return found


def without_space(value: str) -> str:
    """Return a value with the white space within it taken out."""
    return _space.sub("", value)


def decode_base64(value: str) -> bytes:
    """Decode, whatever white space is within. Raises ValueError."""
    try:
        return base64.b64decode(without_space(value), validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
