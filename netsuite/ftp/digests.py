"""Hashes of files: the functions that HASH and the X commands know (draft-bryan-ftpext-hash)."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from netsuite.ftp.paths import unquoted


class Hashing(Protocol):
    """A hash being taken."""

    def update(self, octets: bytes, /) -> object:
        """Take octets that follow."""

    def hexdigest(self) -> str:
        """Return the hash of all that was taken, in lower-case hexadecimal."""


class CRC32:
    """The cyclic redundancy check of ISO 3309, as ``cksum -a crc32b`` and zip have it."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value = 0

    def update(self, octets: bytes, /) -> None:
        """Take octets that follow."""
        self._value = zlib.crc32(octets, self._value)

    def hexdigest(self) -> str:
        """Return it, in eight digits."""
        return f"{self._value:08x}"


#: By the name in the registry of hash function textual names; the first is the one chosen at first.
FUNCTIONS: Final[Mapping[str, Callable[[], Hashing]]] = {
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
    "SHA-1": lambda: hashlib.sha1(usedforsecurity=False),
    "MD5": lambda: hashlib.md5(usedforsecurity=False),
    "CRC32": CRC32,
}
DEFAULT: Final = next(iter(FUNCTIONS))

# path [start] [end]; the path may stand in quotes. Nobody wrote it down: with two numbers they are
# the first octet and the one behind the last, with one it is that behind the last.
_ranged: Final = re.compile(r"(.+?)(?: ([0-9]{1,19}))?(?: ([0-9]{1,19}))", re.DOTALL)
_numbers: Final = re.compile(r"(?: ([0-9]{1,19}))?(?: ([0-9]{1,19}))")


def features(chosen: str) -> str:
    """Write FEAT's line of HASH, with a star for what is chosen (draft-bryan-ftpext-hash, 3.1)."""
    return "HASH " + "".join(f"{name}{'*' if name == chosen else ''};" for name in FUNCTIONS)


def ranged(said: str) -> tuple[str, int, int] | None:
    """Read what an X command was asked, as far as it is more than a path.

    Returns:
        The path, the first octet and the one behind the last; None where it is but a path.
    """
    path = unquoted(said)
    if path is not None:
        rest = said[len(path) + path.count('"') + 2 :]
        if not rest:
            return path, 0, -1
        match = _numbers.fullmatch(rest)
        return match and (path, int(match[1] or 0), int(match[2]))
    match = _ranged.fullmatch(said)
    return match and (match[1], int(match[2] or 0), int(match[3]))
