"""Bodies as streams: what comes, piece by piece or into whatever writes; what goes, from anything.

::

    async for octets in client.read(name):
        ...
    await client.read(name).into(file)
    octets = await client.read(name).whole()
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self, TypeAlias

from netsuite.connection.errors import ClientError
from netsuite.connection.writer import OUTPUT_OCTETS

#: Told of a transfer: octets that have come or gone, and how many there will be; None where nobody
#: says.
Progress: TypeAlias = Callable[[int, int | None], object]

#: A body that is taken as a whole is larger than this only where somebody says so.
WHOLE_OCTETS: Final = 64 * 1024 * 1024


class TooLarge(ClientError):
    """A body is larger than was allowed."""


class Readable(Protocol):
    """An open file, or what is read like one."""

    def read(self, octets: int, /) -> bytes:
        """Return so many octets at most; none at the end."""


class Writable(Protocol):
    """An open file, or what is written like one."""

    def write(self, octets: bytes, /) -> object:
        """Take octets; what is returned is awaited before the next, if it can be."""


#: What can be sent: octets, a file that is open for octets, or what gives them in pieces.
Source: TypeAlias = (
    bytes | bytearray | memoryview | Readable | Iterable[bytes] | AsyncIterable[bytes]
)


@dataclass(slots=True)
class Count:
    """How far a transfer has come.

    Args:
        octets: that have come or gone.
        total: all there will be; None for not known.
        progress: told at each step.
    """

    octets: int = 0
    total: int | None = None
    progress: Progress | None = None

    def add(self, octets: int) -> None:
        """Count more octets, and tell of them."""
        self.octets += octets
        if self.progress is not None:
            self.progress(self.octets, self.total)


class Stream:
    """A body as it comes, once; whoever takes it slowly slows the server down.

    It is asked for when the first of it is. Whoever leaves it before its end closes it, by
    ``aclose``, ``async with``, or by letting go of it; the client's ``read`` says what becomes of
    its connection then.

    Args:
        pieces: makes them; it may set the total of what it is given.
    """

    def __init__(
        self,
        pieces: Callable[[Count], AsyncGenerator[bytes, None]],
        progress: Progress | None = None,
    ) -> None:
        # The pieces know the count and not the stream: so nothing holds a stream that was left.
        self._count = Count(progress=progress)
        self._pieces = pieces(self._count)

    @property
    def octets(self) -> int:
        """How many octets have come."""
        return self._count.octets

    @property
    def total(self) -> int | None:
        """How many there will be; None for not known, or not yet."""
        return self._count.total

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        octets = await self._pieces.__anext__()
        self._count.add(len(octets))
        return octets

    async def into(self, sink: Writable) -> int:
        """Write all of it to a file, or to whatever has ``write``; return how many octets. Raises
        what reading and *sink* raise."""
        async with self:
            async for octets in self:
                work = sink.write(octets)
                if isinstance(work, Awaitable):
                    await work
        return self.octets

    async def whole(self, limit_octets: int = WHOLE_OCTETS) -> bytes:
        """Return all of it. Raises what reading raises, and TooLarge."""
        found: list[bytes] = []
        async with self:
            async for octets in self:
                if self.octets > limit_octets:
                    raise TooLarge(f"more than {limit_octets} octets")
                found.append(octets)
        return b"".join(found)

    async def aclose(self) -> None:
        """Do without the rest."""
        await self._pieces.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def size_of(source: Source) -> int | None:
    """Return how many octets there are to send; None for not known."""
    if isinstance(source, bytes | bytearray | memoryview):
        return memoryview(source).nbytes
    seek = getattr(source, "seek", None)
    tell = getattr(source, "tell", None)
    if seek is None or tell is None:
        return None
    try:
        here: int = tell()
        end: int = seek(0, 2)
        seek(here)
    except (OSError, ValueError):
        return None  # a pipe
    return end - here


def pieces_of(source: Source, progress: Progress | None = None) -> AsyncIterator[bytes]:
    """Return what is to be sent, in pieces, as fast as they are taken.

    Args:
        progress: told of each piece that was taken.

    Raises:
        TypeError: it is text, or nothing that can be sent.
    """
    if isinstance(source, str) or not (
        isinstance(source, bytes | bytearray | memoryview | Iterable | AsyncIterable)
        or hasattr(source, "read")
    ):
        raise TypeError(f"octets can be sent, or what gives them; not {type(source).__name__}")
    return _pieces(source, Count(total=size_of(source), progress=progress))


async def _pieces(source: Source, count: Count) -> AsyncIterator[bytes]:
    async for octets in _each(source):
        if type(octets) is not bytes:
            octets = bytes(memoryview(octets))  # raises TypeError for text
        if octets:
            yield octets
            count.add(len(octets))


async def _each(source: Source) -> AsyncIterator[bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        octets = bytes(source)
        for start in range(0, len(octets), OUTPUT_OCTETS):
            yield octets[start : start + OUTPUT_OCTETS]
    elif isinstance(source, AsyncIterable):
        async for piece in source:
            yield piece
    elif isinstance(source, Iterable) and not hasattr(source, "read"):
        for piece in source:
            yield piece
    else:
        read: Callable[[int], bytes] = getattr(source, "read")  # noqa: B009 - a file is iterable too
        while piece := read(OUTPUT_OCTETS):
            yield piece
