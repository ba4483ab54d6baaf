"""Answers that are no values: bodies that come from elsewhere while they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from netsuite.http.commands import Response, ResponseHead
from netsuite.store.tree import OpenFile


@dataclass(frozen=True, slots=True)
class Streamed:
    """A body that is made while it is sent, no faster than it is read.

    Args:
        head: with the length where it is known.
        chunks: gives the body; closed (``aclose``) when it is not wanted to its end.
    """

    head: ResponseHead
    chunks: AsyncIterable[bytes]


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
        file: closed when the answer is complete.
        parts: one after the other.
        after: octets behind the last one.
    """

    head: ResponseHead
    file: OpenFile
    parts: tuple[FilePart, ...]
    after: bytes = b""


Answer: TypeAlias = Response | Streamed | SentFile
#: What handlers give: an answer, or something to await for it.
Given: TypeAlias = Answer | Awaitable[Answer]
Handler: TypeAlias = Callable[..., Given]
