"""BINARY and BINARY.SIZE: parts without their transfer encodings (RFC 3516).

A small part is decoded in memory. A large one is read twice: once to learn how many octets it has,
since a literal begins with their number, and once to send them as they are decoded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Protocol

from netsuite.imap.commands.fetch import BinarySection
from netsuite.imap.grammar.fetch import format_shown_section
from netsuite.imap.grammar.fetch_response import binary_item
from netsuite.imap.sections import OctetRange, find_part
from netsuite.message.decoding import Decoder, Identity, decoder
from netsuite.message.structure import Part

_COMPOSITE: Final = frozenset({b"multipart", b"message"})


class Message(Protocol):
    """What is known of a message."""

    octets: int

    @property
    def root(self) -> Part:
        """Its part tree."""


class Binary:
    """A decoded section that is asked for, with its name as the response has it."""

    __slots__ = ("begins_text", "name", "spec")

    #: A whole range is read, whatever of it is shown.
    filters = False

    def __init__(self, spec: BinarySection) -> None:
        self.spec = spec
        self.name = format_shown_section(spec)
        self.begins_text = not spec.size and not spec.start

    def _part(self, message: Message) -> Part | None:
        return find_part(message.root, self.spec.part)

    def range(self, message: Message) -> OctetRange | None:
        """Return the octets to read; None for a part the message does not have."""
        if not self.spec.part:
            return OctetRange(0, message.octets)
        part = self._part(message)
        return None if part is None else OctetRange(part.body_start, part.body_end)

    def decoder(self, message: Message) -> Decoder | None:
        """Return a new decoder of the section; None where nothing is known of its encoding."""
        part = self._part(message) if self.spec.part else None
        if part is None or part.type[0] in _COMPOSITE:
            return Identity()
        return decoder(part.encoding)

    def item(self, message: Message, octets: bytes | None) -> tuple[bytes, bytes]:
        """Return the section printed, from the octets of the range: what stands before its
        content, and that."""
        if octets is not None:
            undone = self.decoder(message) or Identity()
            octets = undone.feed(octets) + undone.finish()
        if self.spec.size:
            return b"%b %d" % (self.name, len(octets or b"")), b""
        if octets is not None and self.spec.start is not None:
            octets = octets[self.spec.start : self.spec.start + (self.spec.octets or 0)]
        return binary_item(self.name, octets)

    async def measured(
        self, message: Message, chunks: AsyncIterator[bytes]
    ) -> tuple[bytes, int | None]:
        """Read a large section once; return its item up to where its octets stand, and how many
        they are. None stands for none: the item is whole."""
        octets, has_nul = 0, False
        async for piece in self.decoded(message, chunks):
            octets += len(piece)
            has_nul = has_nul or b"\0" in piece
        if self.spec.size:
            return b"%b %d" % (self.name, octets), None
        return b"%b %b{%d}\r\n" % (self.name, b"~" if has_nul else b"", octets), octets

    async def decoded(self, message: Message, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Return what is wanted of the section, decoded, piece by piece."""
        undone = self.decoder(message) or Identity()
        place, start = 0, self.spec.start or 0
        stop = None if self.spec.start is None else start + (self.spec.octets or 0)
        ended = False
        while not ended:
            chunk = await anext(chunks, None)
            ended = chunk is None
            piece = undone.finish() if chunk is None else undone.feed(chunk)
            low = max(start - place, 0)
            wanted = piece[low : None if stop is None else max(stop - place, 0)]
            place += len(piece)
            if wanted:
                yield wanted
