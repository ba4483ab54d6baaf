"""The item types of files: by their names, and by their first octets."""

from __future__ import annotations

import mimetypes
from typing import Final

from netsuite.gopher.commands import ItemType

#: Octets to look at where the name says nothing.
LOOK_OCTETS: Final = 1024

_BY_EXTENSION: Final = {
    "gif": ItemType.GIF,
    "hqx": ItemType.BINHEX,
    "uu": ItemType.UUENCODED,
    "uue": ItemType.UUENCODED,
    "html": ItemType.HTML,
    "htm": ItemType.HTML,
    "pdf": ItemType.DOCUMENT,
    "md": ItemType.TEXT,
    "rst": ItemType.TEXT,
}
_BY_MEDIA: Final = {
    "text": ItemType.TEXT,
    "image": ItemType.IMAGE,
    "audio": ItemType.SOUND,
    "video": ItemType.MOVIE,
    "application": ItemType.BINARY,
}
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\x0c\x1b")


def type_of_name(name: str) -> ItemType | None:
    """Return the type that a file's name tells, None when it tells nothing."""
    _, dot, extension = name.lower().rpartition(".")
    if not dot:
        return None
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    media, encoding = mimetypes.guess_type(f"x.{extension}", strict=False)
    if encoding is not None:
        return ItemType.BINARY
    return _BY_MEDIA.get(media.partition("/")[0]) if media else None


def type_of_octets(octets: bytes) -> ItemType:
    """Return the type that a file's first octets tell: text, or not."""
    if any(octet < 0x20 and octet not in _TEXT_CONTROLS for octet in octets[:LOOK_OCTETS]):
        return ItemType.BINARY
    return ItemType.TEXT


def is_text(kind: str) -> bool:
    """Return whether an item of that type ends with a dot on a line of its own (RFC 1436, 3.8)."""
    return kind in (ItemType.TEXT.value, ItemType.UUENCODED.value, ItemType.BINHEX.value)
