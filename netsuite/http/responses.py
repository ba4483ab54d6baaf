"""Responses: whole ones of a text or a value, and those whose bodies come from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from json import dumps
from typing import Final, TypeAlias

from netsuite.http.commands import Response, ResponseHead
from netsuite.http.exchange import Exchange
from netsuite.store.tree import OpenFile


@dataclass(frozen=True, slots=True)
class Streamed:
    """A body that is made while it is sent, no faster than it is read.

    Args:
        head: with the length where it is known.
        chunks: gives the body; closed (``aclose``) when it is not wanted to its end.
        first: of the body, before that: what cannot be read is known before the head is said.
    """

    head: ResponseHead
    chunks: AsyncIterable[bytes]
    first: bytes = b""

    async def say_body(self, exchange: Exchange) -> None:
        """Send the body."""
        if self.first:
            exchange.say_chunk(self.first)
        await exchange.say_chunks(self.chunks)

    async def dismiss(self) -> None:
        """Release what the body comes from."""
        close = getattr(self.chunks, "aclose", None)
        if close is not None:
            await close()


class Chunks:
    """A body as it comes; somebody is told when no more of it is wanted, also where none was.

    Args:
        chunks: gives it.
        over: told once.
    """

    def __init__(self, chunks: AsyncGenerator[bytes, None], over: Callable[[], object]) -> None:
        self._chunks = chunks
        self._over = over

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return it piece by piece."""
        return self._chunks

    async def aclose(self) -> None:
        """Want no more of it."""
        await self._chunks.aclose()
        self._over()


@dataclass(frozen=True, slots=True)
class FilePart:
    """Octets, then some of a file."""

    before: bytes
    offset: int
    octets: int


@dataclass(frozen=True, slots=True)
class SentFile:
    """A body that is parts of a file; the kernel copies them where it can.

    Args:
        head: with the length of all parts.
        file: closed when the response is complete.
        parts: one after the other.
        after: octets behind the last one.
    """

    head: ResponseHead
    file: OpenFile
    parts: tuple[FilePart, ...]
    after: bytes = b""

    async def say_body(self, exchange: Exchange) -> None:
        """Send the body."""
        for part in self.parts:
            if part.before:
                exchange.say_chunk(part.before)
            await exchange.say_file(self.file, part.offset, part.octets)
        if self.after:
            exchange.say_chunk(self.after)

    async def dismiss(self) -> None:
        """Release what the body comes from."""
        self.file.close()


#: Fields that are ours to say; the rest of what somebody else says is passed on.
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})


def passed_on(
    fields: Iterable[tuple[str, str]],
) -> tuple[tuple[tuple[str, str], ...], int | None]:
    """Return those of somebody else's fields that are passed on, and the length they announce."""
    kept = []
    length = None
    for name, value in fields:
        lower = name.lower()
        if lower == "content-length" and value.isascii() and value.isdigit():
            length = int(value)
        if lower not in _OURS:
            kept.append((name, value))
    return tuple(kept), length


#: What handlers return.
AnyResponse: TypeAlias = Response | Streamed | SentFile


def text(body: str, status: int = 200, *fields: tuple[str, str]) -> Response:
    """Return a response that is a text."""
    return _whole("text/plain; charset=utf-8", body, status, fields)


def html(body: str, status: int = 200, *fields: tuple[str, str]) -> Response:
    """Return a response that is a page."""
    return _whole("text/html; charset=utf-8", body, status, fields)


def json(value: object, status: int = 200, *fields: tuple[str, str]) -> Response:
    """Return a response that is a value. Raises TypeError, ValueError where JSON has no such."""
    return _whole("application/json", dumps(value, allow_nan=False), status, fields)


def _whole(kind: str, body: str, status: int, fields: tuple[tuple[str, str], ...]) -> Response:
    return Response(status, (("Content-Type", kind), *fields), body.encode())
