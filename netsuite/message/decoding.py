"""Content transfer encodings undone piece by piece, as far as that goes (RFC 2045, 6).

What comes out depends on the octets alone, not on how they were cut, and nothing raises: foreign
octets in base64 are passed over, and what is no escape in quoted-printable stays.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

_FOREIGN: Final = re.compile(rb"[^A-Za-z0-9+/]+")
#: So much of a line without its end is kept before some of it is decoded.
_LINE_OCTETS: Final = 65_536


class Decoder(Protocol):
    """Takes coded octets, gives decoded ones."""

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; return what can be decoded by now."""

    def finish(self) -> bytes:
        """Return what is left."""


class Identity:
    """Nothing to undo: 7bit, 8bit, binary."""

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; return them."""
        return octets

    def finish(self) -> bytes:
        """Return nothing."""
        return b""


class Base64:
    """base64; padding ends nothing, since lists of messages put texts one after the other."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; return what can be decoded by now."""
        clean = self._rest + _FOREIGN.sub(b"", octets)
        whole = len(clean) - len(clean) % 4
        self._rest = clean[whole:]
        return binascii.a2b_base64(clean[:whole])

    def finish(self) -> bytes:
        """Return what is left: six bits alone make no octet."""
        rest, self._rest = self._rest, b""
        return b"" if len(rest) < 2 else binascii.a2b_base64(rest + b"=" * (4 - len(rest)))


class QuotedPrintable:
    """quoted-printable, line by line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; return what can be decoded by now."""
        octets = self._rest + octets
        end = octets.rfind(b"\n") + 1
        if len(octets) - end > _LINE_OCTETS:
            escape = octets.rfind(b"=", end)
            end = escape if escape > end else len(octets) - 1
        self._rest = octets[end:]
        return binascii.a2b_qp(octets[:end])

    def finish(self) -> bytes:
        """Return what is left."""
        rest, self._rest = self._rest, b""
        return binascii.a2b_qp(rest)


_DECODERS: Final[Mapping[bytes, Callable[[], Decoder]]] = {
    b"7bit": Identity,
    b"8bit": Identity,
    b"binary": Identity,
    b"base64": Base64,
    b"quoted-printable": QuotedPrintable,
}


def decoder(encoding: bytes) -> Decoder | None:
    """Return a new decoder of an encoding, by its name in lower case; None for an unknown one."""
    make = _DECODERS.get(encoding)
    return None if make is None else make()
