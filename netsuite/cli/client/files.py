"""Files to be sent: opened, measured, read in pieces; messages with their line ends mended."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from netsuite.cli.client.problems import FileTrouble
from netsuite.cli.client.progress import Progress

PIECE_OCTETS: Final = 65_536
#: A spooled message is kept in memory up to this, and in a temporary file beyond.
SPOOL_OCTETS: Final = 1024 * 1024
STANDARD: Final = "-"


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file to be sent; ``-`` is standard input. Raises FileTrouble."""
    if name == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise FileTrouble(f"{name} cannot be read: {error.strerror}") from None
    with file:
        yield file


def size_of(file: BinaryIO) -> int | None:
    """Return a file's size in octets; None for a pipe or a device."""
    facts = os.fstat(file.fileno())
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


async def pieces_of(
    file: IO[bytes], progress: Progress, *, octets: int | None = None
) -> AsyncIterator[bytes]:
    """Return a file's octets as they are asked for.

    Args:
        progress: told of what has passed.
        octets: how many there were when it was announced: more are not returned.

    Raises:
        FileTrouble: it cannot be read, or has become shorter.
    """
    left = octets
    while left is None or left > 0:
        try:
            piece = file.read(PIECE_OCTETS if left is None else min(left, PIECE_OCTETS))
        except OSError as error:
            raise FileTrouble(f"the file cannot be read: {error.strerror}") from None
        if not piece:
            break
        if left is not None:
            left -= len(piece)
        yield piece
        progress.advance(len(piece))
    if left:
        raise FileTrouble("the file has become shorter while it was sent")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message or article ready to be sent, its line ends CRLF.

    Args:
        ascii: whether it has no octet beyond 127.
    """

    file: IO[bytes]
    octets: int
    ascii: bool


@contextlib.contextmanager
def letter(name: str) -> Iterator[Letter]:
    """Read a message; bare line ends become CRLF, as every mail and news protocol wants them.

    Raises:
        FileTrouble: it cannot be read, or is empty.
    """
    from netsuite.smtp.dialog import canonical_lines

    with opened(name) as file, tempfile.SpooledTemporaryFile(SPOOL_OCTETS) as spool:
        held = b""
        plain = True
        try:
            while piece := file.read(PIECE_OCTETS):
                plain = plain and piece.isascii()
                octets, held = canonical_lines(held + piece)
                spool.write(octets)
        except OSError as error:
            raise FileTrouble(f"{name} cannot be read: {error.strerror}") from None
        if held:
            spool.write(b"\r\n")
        count = spool.tell()
        if not count:
            raise FileTrouble(f"there is nothing in {name}")
        spool.seek(0)
        yield Letter(spool, count, plain)
