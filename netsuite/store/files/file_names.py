"""Names that files may have, and those we keep for ourselves."""

from __future__ import annotations

import unicodedata
from typing import Final

from netsuite.store.errors import BadFileName
from netsuite.store.tree import DEPTH, NAME_OCTETS, TreePath, name_octets, name_of

#: Names that begin so are ours: never shown, never reached.
OURS: Final = b".netsuite-"
#: A file on its way in.
TEMPORARY: Final = OURS + b"upload-"


def checked(path: TreePath, depth: int = DEPTH) -> tuple[bytes, ...]:
    """Return a path's names as they are on disk.

    Unicode stays as it comes: two forms of one character are two names, as on every Unix file
    system, so that each client finds what it stored under the octets it used.

    Raises:
        BadFileName: too deep, or a name that no file can have, or that is one of ours.
    """
    if len(path) > depth:
        raise BadFileName("too deep")
    return tuple(map(checked_name, path))


def checked_name(name: str) -> bytes:
    """Return one name as it is on disk. Raises BadFileName."""
    try:
        octets = name_octets(name)
    except UnicodeEncodeError:
        raise BadFileName("a lone surrogate") from None
    if not octets or octets in (b".", b".."):
        raise BadFileName("empty or a dot name")
    if len(octets) > NAME_OCTETS:
        raise BadFileName("too long")
    if b"/" in octets:
        raise BadFileName("a slash")
    if octets.startswith(OURS):
        raise BadFileName("a name of our own")
    if not name.isprintable() and has_control(name):
        raise BadFileName("a control character")
    if not name.isascii() and name_of(octets) != name:
        # Surrogates that together are UTF-8: another spelling of a name that has one.
        raise BadFileName("surrogates that hide a character")
    return octets


def has_control(name: str) -> bool:
    """Whether a control character (C0, DEL, C1) is in it."""
    return any(unicodedata.category(character) == "Cc" for character in name)


def is_plain(name: str) -> bool:
    """Return whether a name found on disk is certainly to be shown, and as it is."""
    return name.isascii() and name.isprintable() and not name.startswith(".")


def shown(octets: bytes) -> str | None:
    """Return a name found on disk as text, None where it is not to be shown.

    What ``checked_name`` refuses is not shown, since nobody could ask for it.
    """
    if octets.startswith(OURS):
        return None
    name = name_of(octets)
    if not name.isprintable() and has_control(name):
        return None
    return name
