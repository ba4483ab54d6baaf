"""Content codings taken off, piece by piece, never more at once than a piece (RFC 9110, 8.4.1)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

#: A bomb of a kilobyte can hold a megabyte; so much of it is made at once.
PIECE_OCTETS: Final = 65_536
ACCEPTED: Final = "gzip, deflate"

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS


class BadCoding(Exception):
    """The content is not in the coding it is said to be in, or ends too early."""


class Decoder:
    """Takes one coding off: ``gzip`` or ``deflate``."""

    def __init__(self, coding: str) -> None:
        self._gzip = coding == "gzip"
        self._unpacked: Any = None
        self._ended = False

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """Return what some octets hold, in pieces. Raises BadCoding."""
        while octets:
            if self._unpacked is None:
                if self._ended and not self._gzip:
                    raise BadCoding("octets behind the end")
                self._unpacked = zlib.decompressobj(self._bits(octets))
                self._ended = False
            try:
                piece = self._unpacked.decompress(octets, PIECE_OCTETS)
            except zlib.error:
                raise BadCoding("not in its coding") from None
            if piece:
                yield piece
            octets = self._unpacked.unconsumed_tail
            if not octets and len(piece) == PIECE_OCTETS:
                # Its input is used up, and it may hold more all the same.
                while piece := self._unpacked.decompress(b"", PIECE_OCTETS):
                    yield piece
            if self._unpacked.eof:
                octets = self._unpacked.unused_data  # gzip may have several members
                self._unpacked = None
                self._ended = True

    def _bits(self, octets: bytes) -> int:
        if self._gzip:
            return _GZIP
        # deflate is zlib's format (8.4.1.2); some send it without zlib's header.
        first = octets[0]
        return _ZLIB if first & 0x0F == 8 and first >> 4 <= 7 else _RAW

    def finish(self) -> None:
        """The content is whole. Raises BadCoding when it is not."""
        if not self._ended or self._unpacked is not None:
            raise BadCoding("it ends too early")


def decoder_for(codings: list[str]) -> Decoder | None:
    """Return what takes a Content-Encoding off; None where there is none, or one we do not know:
    then the content is given as it is, with its field."""
    if len(codings) != 1:
        return None
    coding = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}.get(codings[0])
    return Decoder(coding) if coding else None
