"""What is sent: a message from octets, a file or a stream, in pieces, and in chunks."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from email.message import Message as ParsedMessage
from email.utils import getaddresses
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from netsuite.connection.writer import OUTPUT_OCTETS, pieces
from netsuite.message.headers import header_end
from netsuite.smtp.dialog import canonical_lines
from netsuite.wire.reader import CRLF

#: A message: octets, a file's path, an open file, a stream, or one of ``email``'s.
Message: TypeAlias = bytes | os.PathLike[str] | BinaryIO | AsyncIterable[bytes] | ParsedMessage
#: A message as a connection takes it.
Body: TypeAlias = bytes | AsyncIterable[bytes]

#: So much of a message is looked at for what its header needs.
HEADER_OCTETS: Final = 65_536


class NotSevenBit(Exception):
    """An octet beyond 127 in what must have none; half of the message may have been sent."""


@dataclass(frozen=True, slots=True)
class Content:
    """A message ready to be sent.

    Args:
        octets: how large it is; None for not known.
        utf8: whether its header needs SMTPUTF8 (RFC 6531); False for a stream, of which nothing is
            known before it flows.
    """

    body: Body
    octets: int | None = None
    utf8: bool = False


@contextlib.contextmanager
def content_of(message: Message) -> Iterator[Content]:
    """Return a message ready to be sent; a path's file is open meanwhile. Raises OSError."""
    if isinstance(message, os.PathLike):
        with Path(message).open("rb") as file:
            yield _of_file(file)
        return
    if isinstance(message, ParsedMessage):
        message = _printed(message)
    if isinstance(message, bytes):
        yield Content(message, len(message), needs_utf8(message[:HEADER_OCTETS]))
    elif isinstance(message, AsyncIterable):
        yield Content(message)
    else:
        yield _of_file(message)


def envelope_of(message: Message) -> tuple[str, Sequence[str]]:
    """Return the sender and the recipients that the header of one of ``email``'s messages names:
    Sender, or else the first of From; To, Cc and Bcc.

    Raises:
        ValueError: it is another kind of message, or its header does not say.
    """
    if not isinstance(message, ParsedMessage):
        raise ValueError("sender and recipients are not said, and only email's messages tell them")

    def addresses(*names: str) -> list[str]:
        values = [str(value) for name in names for value in message.get_all(name, [])]
        return [address for _, address in getaddresses(values) if address]

    senders = addresses("Sender") or addresses("From")
    recipients = list(dict.fromkeys(addresses("To", "Cc", "Bcc")))
    if not senders or not recipients:
        raise ValueError("the header names no sender, or no recipient")
    return senders[0], recipients


def _printed(message: ParsedMessage) -> bytes:
    """Print a message of ``email``'s; Bcc is for nobody to read (RFC 5322, 3.6.3)."""
    copied = copy(message)
    del copied["Bcc"], copied["Resent-Bcc"]
    return copied.as_bytes(policy=copied.policy.clone(linesep="\r\n"))


def _of_file(file: BinaryIO) -> Content:
    begun = file.read(HEADER_OCTETS)
    octets: int | None = len(begun)
    if len(begun) == HEADER_OCTETS:
        facts = os.fstat(file.fileno())
        octets = None
        if stat.S_ISREG(facts.st_mode):
            octets = facts.st_size - file.tell() + len(begun)
    return Content(_read(begun, file), octets, needs_utf8(begun))


async def _read(begun: bytes, file: BinaryIO) -> AsyncIterator[bytes]:
    piece = begun
    while piece:
        yield piece
        piece = file.read(OUTPUT_OCTETS)


def needs_utf8(octets: bytes) -> bool:
    """Return whether a header has UTF-8 in it; other octets beyond 127 are nothing that any
    extension could help."""
    header = octets[: header_end(octets)]
    header = header[: header.rfind(b"\n") + 1]  # not within a character, where there is more
    if header.isascii():
        return False
    try:
        header.decode()
    except UnicodeDecodeError:
        return False
    return True


async def seven_bit(body: Body) -> AsyncIterator[bytes]:
    """Return a body piece by piece. Raises NotSevenBit where there is more than ASCII in it."""
    async for octets in pieces(body):
        if not octets.isascii():
            raise NotSevenBit
        yield octets


async def chunks_of(body: Body, octets: int, *, binary: bool) -> AsyncIterator[tuple[bytes, bool]]:
    """Return a body in chunks of a size, and of each whether it is the last.

    Args:
        binary: whether line ends are left as they are (RFC 3030, 3), or made CRLF.
    """
    waiting = held = b""
    async for piece in pieces(body):
        if not binary:
            piece, held = canonical_lines(held + piece)
        waiting += piece
        whole = max(len(waiting) - 1, 0) // octets
        for start in range(0, whole * octets, octets):
            yield waiting[start : start + octets], False
        waiting = waiting[whole * octets :]
    yield waiting + (CRLF if held else b""), True
