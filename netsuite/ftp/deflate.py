"""MODE Z: a file as one stream of zlib, in bounded pieces (draft-preston-ftpext-deflate)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

#: zlib's own choice.
LEVEL: Final = 6
#: What a piece of the stream may become at a time, however small that is: a bomb takes no memory.
INFLATED_OCTETS: Final = 262_144

# OPTS MODE Z with pairs of a setting and its value                           draft, 3.2
_options: Final = re.compile(r"Z((?: [A-Z]+ [A-Z0-9]+)*)", re.IGNORECASE)


class BadDeflate(Exception):
    """What came is not a stream of zlib, or its checksum is another."""


class EndMissing(Exception):
    """The stream has no end: the rest did not come."""


def level_of(options: str, level: int) -> int | None:
    """Read the options of OPTS MODE; None for what is not offered.

    Args:
        options: behind MODE: ``Z``, then settings and values; ``ENGINE ZLIB``, ``METHOD 8`` (or
            DEFLATE) and ``LEVEL`` of 0 to 9 are known.
        level: the one there is.
    """
    match = _options.fullmatch(options)
    if match is None:
        return None
    words = match[1].upper().split()
    for name, value in zip(words[::2], words[1::2], strict=True):
        if name == "LEVEL" and len(value) == 1 and value.isdigit():
            level = int(value)
        elif (name, value) not in (("ENGINE", "ZLIB"), ("METHOD", "8"), ("METHOD", "DEFLATE")):
            return None
    return level


class Deflater:
    """Makes the stream of a file."""

    __slots__ = ("_zlib",)

    def __init__(self, level: int = LEVEL) -> None:
        self._zlib = zlib.compressobj(level)

    def feed(self, octets: bytes) -> bytes:
        """Take octets of the file; return what there is of the stream."""
        return self._zlib.compress(octets)

    def finish(self) -> bytes:
        """Return the rest of the stream."""
        return self._zlib.flush()


class Inflater:
    """Reads the file from its stream."""

    __slots__ = ("_begun", "_more", "_tail", "_zlib")

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj()
        self._tail = b""
        self._more = False
        self._begun = False

    def receive(self, octets: bytes) -> None:
        """Take octets of the stream; ``step`` returns what they are."""
        self._begun = True
        self._tail = self._tail + octets if self._tail else octets
        self._more = True

    @property
    def more(self) -> bool:
        """Whether ``step`` has more to return."""
        return self._more

    def step(self) -> bytes:
        """Return some of the file, ``INFLATED_OCTETS`` at most. Raises BadDeflate."""
        try:
            octets = self._zlib.decompress(self._tail, INFLATED_OCTETS)
        except zlib.error as error:
            raise BadDeflate(str(error)) from None
        self._tail = self._zlib.unconsumed_tail
        self._more = bool(self._tail) or len(octets) == INFLATED_OCTETS
        if self._zlib.eof:
            self._more = False
            if self._zlib.unused_data:
                raise BadDeflate("something follows the end")
        return octets

    def steps(self) -> Iterator[bytes]:
        """Return all that there is of the file so far. Raises BadDeflate."""
        while self._more:
            yield self.step()

    def finish(self) -> None:
        """Accept that no more comes; of an empty file nothing need have come. Raises EndMissing."""
        if self._begun and not self._zlib.eof:
            raise EndMissing("the stream has no end")
