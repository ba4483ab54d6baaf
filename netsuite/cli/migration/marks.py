"""Marks of messages: numbers by which one is known again under another UID, or in another folder.

Of the fields of its header that no server changes; Message-ID alone would not do for the many
messages that have none, or that of a draft before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Final

from netsuite.imap.commands.fetch import BodySection, SectionText
from netsuite.message.headers import find, header_end

FIELDS: Final = (b"Message-ID", b"Date", b"From", b"Subject")
#: What a server is asked for to make one.
MARK_FIELDS: Final = BodySection(text=SectionText.FIELDS, fields=FIELDS, peek=True)
#: A header is looked at as far as this.
HEADER_OCTETS: Final = 256 * 1024


def mark_of(header: bytes, octets: int) -> int:
    """Return the mark of a message.

    Args:
        header: or the beginning of the message, or those fields of it.
        octets: the message's size, which counts where it has no Message-ID.
    """
    header = header[: header_end(header)]
    values = [find(header, name) for name in FIELDS]
    if values[0] is None:
        values.append(b"%d" % octets)
    text = b"\n".join(b" ".join((value or b"").split()) for value in values)
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


class Beginning:
    """Lets pieces pass, and keeps those of the header."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self.octets = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            if len(self.octets) < HEADER_OCTETS:
                self.octets += piece
            yield piece
