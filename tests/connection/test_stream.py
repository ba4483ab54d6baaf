"""Bodies as streams, and what can be sent as one."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from netsuite.connection.stream import Count, Stream, TooLarge, pieces_of, size_of
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run


class Source:
    """Pieces that come when they are asked for; notes when they are left."""

    def __init__(self, pieces: Iterable[bytes], total: int | None = None) -> None:
        self.given = 0
        self.left = False
        self._pieces = pieces
        self._total = total

    async def read(self, count: Count) -> AsyncGenerator[bytes, None]:
        """Give the pieces."""
        count.total = self._total
        try:
            for piece in self._pieces:
                self.given += 1
                yield piece
        finally:
            self.left = True


class Streams(SynchronousTestCase):
    """A body as it comes."""

    def test_whole(self) -> None:
        """All of it, with progress told at each piece."""
        told: list[tuple[int, int | None]] = []
        stream = Stream(Source([b"ab", b"c"], 3).read, lambda *step: told.append(step))
        self.assertEqual((0, None), (stream.octets, stream.total))
        self.assertEqual(b"abc", run(stream.whole()))
        self.assertEqual([(2, 3), (3, 3)], told)
        self.assertEqual((3, 3), (stream.octets, stream.total))
        self.assertEqual(b"", run(stream.whole()))

    def test_too_large(self) -> None:
        """No more is taken than is allowed."""
        source = Source([b"ab"] * 1000)
        with self.assertRaises(TooLarge):
            run(Stream(source.read).whole(5))
        self.assertEqual((3, True), (source.given, source.left))

    def test_a_sink_that_is_slow(self) -> None:
        """Nothing is asked for before what came is written."""
        source = Source([b"a", b"b", b"c"])
        waiting: list[Deferred[None]] = []

        class Slow:
            def write(self, octets: bytes) -> Deferred[None]:
                waiting.append(Deferred())
                return waiting[-1]

        done = Deferred.fromCoroutine(Stream(source.read).into(Slow()))
        for count in (1, 2, 3):
            self.assertEqual((count, count), (source.given, len(waiting)))
            waiting[-1].callback(None)
        self.assertEqual(3, self.successResultOf(done))

    def test_a_sink_that_is_full(self) -> None:
        """What a sink raises is raised, and the body is left."""
        source = Source([b"a", b"b"])

        class Full:
            def write(self, octets: bytes) -> int:
                raise OSError("full")

        with self.assertRaises(OSError):
            run(Stream(source.read).into(Full()))
        self.assertEqual((1, True), (source.given, source.left))

    def test_left(self) -> None:
        """Who breaks off, and who lets go, leaves it."""
        source = Source([b"a", b"b"])

        async def first() -> bytes:
            async for piece in Stream(source.read):
                return piece
            return b""

        self.assertEqual(b"a", run(first()))
        self.assertEqual((1, True), (source.given, source.left))


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _all(source: Any, told: list[tuple[int, int | None]]) -> list[bytes]:
    return [each async for each in pieces_of(source, lambda *step: told.append(step))]


@pytest.mark.parametrize(
    ("make", "total"),
    [
        (lambda: b"abc", 3),
        (lambda: bytearray(b"abc"), 3),
        (lambda: memoryview(b"abc"), 3),
        (lambda: io.BytesIO(b"abc"), 3),
        (lambda: [b"a", b"", bytearray(b"bc")], None),
        (lambda: iter([b"ab", b"c"]), None),
        (lambda: _pieces(b"ab", b"c"), None),
    ],
)
def test_what_can_be_sent(make: Any, total: int | None) -> None:
    """From everything come its octets, and as many as are known."""
    told: list[tuple[int, int | None]] = []
    assert size_of(make()) == total
    pieces = run(_all(make(), told))
    assert b"".join(pieces) == b"abc"
    assert all(type(each) is bytes and each for each in pieces)
    assert told[-1] == (3, total)


def test_files(tmp_path: Path) -> None:
    """Of a file what is ahead; a pipe tells no size."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 20_000)
    with path.open("rb") as file:
        file.seek(10)
        assert size_of(file) == 199_990
        pieces = run(_all(file, []))
        assert [len(each) for each in pieces] == [65_536, 65_536, 65_536, 3382]
    reading, writing = os.pipe()
    os.write(writing, b"abc")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert size_of(pipe) is None
        assert run(_all(pipe, [])) == [b"abc"]


@pytest.mark.parametrize("wrong", ["text", 5, None, ["text"], io.StringIO("text"), [1, 2]])
def test_what_cannot_be_sent(wrong: Any) -> None:
    """Text and other things are told apart at once, or with their first piece."""
    with pytest.raises(TypeError):
        run(_all(wrong, []))
