"""MODE Z's stream: both ways, at every cut, and what is none."""

from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as st

from netsuite.ftp.deflate import (
    INFLATED_OCTETS,
    BadDeflate,
    Deflater,
    EndMissing,
    Inflater,
    level_of,
)
from netsuite.testing.cases import SynchronousTestCase


def inflated(*pieces: bytes) -> bytes:
    """Return the file of a stream that comes in pieces, and has come whole."""
    inflater = Inflater()
    file = b""
    for piece in pieces:
        inflater.receive(piece)
        file += b"".join(inflater.steps())
    inflater.finish()
    return file


class Streams(SynchronousTestCase):
    """A file and its stream."""

    @given(st.lists(st.binary(max_size=200), max_size=6), st.integers(0, 9))
    def test_both_ways(self, pieces: list[bytes], level: int) -> None:
        """Another's zlib reads ours, and what we make we read, at every cut."""
        deflater = Deflater(level)
        stream = b"".join(map(deflater.feed, pieces)) + deflater.finish()
        file = b"".join(pieces)
        self.assertEqual(file, zlib.decompress(stream))
        for cut in range(len(stream) + 1):
            self.assertEqual(file, inflated(stream[:cut], stream[cut:]))

    def test_bomb(self) -> None:
        """A few octets that become very many do so in steps."""
        stream = zlib.compress(bytes(50 << 20), 9)
        self.assertLess(len(stream), 60_000)
        inflater = Inflater()
        inflater.receive(stream)
        sizes = [len(octets) for octets in inflater.steps()]
        self.assertEqual(50 << 20, sum(sizes))
        self.assertLessEqual(max(sizes), INFLATED_OCTETS)
        inflater.finish()

    def test_cut(self) -> None:
        """A stream without its end is no file, but for none at all, which is an empty one."""
        stream = zlib.compress(b"all of it" * 20)
        for cut in range(1, len(stream)):
            self.assertRaises(EndMissing, inflated, stream[:cut])
        self.assertEqual(b"", inflated())

    def test_bad(self) -> None:
        """What is no stream, has another checksum, or goes on behind its end is refused."""
        stream = zlib.compress(b"all of it" * 20)
        for octets in (b"plain text", stream[:-1] + b"\0", stream + b"x", b"\x1f\x8b\x08" + stream):
            self.assertRaises(BadDeflate, inflated, octets)
            self.assertRaises(BadDeflate, inflated, *(bytes([octet]) for octet in octets))


class Options(SynchronousTestCase):
    """What OPTS MODE says."""

    def test_levels(self) -> None:
        """Levels are 0 to 9; the one engine and method there are may be named."""
        for options, wanted in (
            ("Z", 6), ("Z LEVEL 9", 9), ("z level 0", 0), ("Z ENGINE ZLIB LEVEL 3 METHOD 8", 3),
            ("Z METHOD DEFLATE", 6), ("Z LEVEL 10", None), ("Z LEVEL", None), ("Z LEVEL x", None),
            ("Z ENGINE GZIP", None), ("Z METHOD 9", None), ("S", None), ("", None),
            ("Z  LEVEL 9", None), ("Z LEVEL -1", None), ("Z LEVEL \u0663", None),
        ):  # fmt: skip
            self.assertEqual(wanted, level_of(options, 6), options)
