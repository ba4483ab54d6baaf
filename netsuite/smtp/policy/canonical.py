"""Canonical forms of header fields and bodies, for their hashes. See RFC 6376, 3.4."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from netsuite.message.headers import Field, fields, unfold
from netsuite.wire.reader import CRLF

_spaces: Final = re.compile(rb" {2,}")
_WSP: Final = re.compile(rb"[ \t]+")


def relaxed_field(name: bytes, raw: bytes) -> bytes:
    """Return a header field in relaxed form, without its line end (RFC 6376, 3.4.2).

    Args:
        raw: what stands behind the colon, without the line end.
    """
    return name.lower() + b":" + _WSP.sub(b" ", unfold(raw)).strip(b" ")


class HeaderFields:
    """The fields of a header, as signatures choose among them."""

    def __init__(self, header: bytes) -> None:
        self._header = header
        self._found: dict[bytes, list[Field]] = {}
        for each in fields(header):
            self._found.setdefault(each.name.lower(), []).append(each)

    def named(self, name: bytes) -> Sequence[Field]:
        """Return the fields of a name (in lower case), the topmost first."""
        return self._found.get(name, ())

    def chosen(self, names: Iterable[bytes], *, relaxed: bool) -> bytes:
        """Return the canonical form of the fields that ``h=`` names: of each name the last one
        first, and nothing where there are no more (RFC 6376, 5.4.2)."""
        taken: dict[bytes, int] = {}
        lines = []
        for name in names:
            key = name.lower()
            already = taken[key] = taken.get(key, 0) + 1
            there = self._found.get(key, ())
            if already <= len(there):
                each = there[-already]
                if relaxed:
                    lines.append(relaxed_field(each.name, each.raw) + CRLF)
                else:
                    lines.append(self._header[each.start : each.end].removesuffix(CRLF) + CRLF)
        return b"".join(lines)


class BodyHash:
    """The hash of a body that comes piece by piece.

    Args:
        relaxed: else simple.
        limit: octets of the canonical form that are hashed (``l=``); None for all.
    """

    def __init__(self, *, relaxed: bool, limit: int | None = None) -> None:
        self._relaxed = relaxed
        self._left = limit
        self._hash = hashlib.sha256()
        self._held = b""  # white space at the end of a line, perhaps, and half a line end
        self._empty = 0  # lines without anything in them, which may be the last
        #: How large the canonical form is.
        self.octets = 0

    def update(self, piece: bytes) -> None:
        """Accept some of the body."""
        octets = self._held + piece
        if self._relaxed:
            octets = self._reduced(octets)
        end = len(octets)
        if octets.endswith(b"\r"):
            end -= 1
        if self._relaxed and octets.endswith(b" ", 0, end):
            end -= 1
        octets, self._held = octets[:end], octets[end:]
        while octets.endswith(CRLF, 0, end):
            end -= 2
        lines = (len(octets) - end) // 2
        if end:
            self._take(CRLF * self._empty + octets[:end])
            self._empty = 0
        self._empty += lines

    @staticmethod
    def _reduced(octets: bytes) -> bytes:
        # Searches of bytes; a pattern for each run of white space takes five times as long.
        octets = octets.replace(b"\t", b" ")
        if b"  " in octets:
            octets = _spaces.sub(b" ", octets)
        return octets.replace(b" \r\n", CRLF)

    def _take(self, octets: bytes) -> None:
        self.octets += len(octets)
        if self._left is not None:
            octets = octets[: self._left]
            self._left -= len(octets)
        self._hash.update(octets)

    def digest(self) -> bytes:
        """Return the hash; the body ends here."""
        if b"\r" in self._held:
            self._take(CRLF * self._empty + self._held)
        if self.octets or not self._relaxed:
            self._take(CRLF)
        return self._hash.digest()
