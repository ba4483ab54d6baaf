"""The content of a queued message, read from the store as it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from netsuite.message.build import return_path
from netsuite.message.headers import fields, header_end
from netsuite.store.interfaces import MailStore
from netsuite.store.outgoing import QueueItem

#: Contents up to so many octets are sent as a whole, others in pieces as they are read.
WHOLE_OCTETS: Final = 256 * 1024
#: Read of a content whose header is wanted.
HEADER_OCTETS: Final = 64 * 1024


class Content:
    """The content of a queued message, as it leaves: without the Return-Path of our mailboxes."""

    def __init__(self, mail: MailStore, item: QueueItem) -> None:
        self._mail = mail
        self._content = item.content
        self._stored = item.octets
        self._prefix = return_path(item.envelope.sender)
        self._begins: bool | None = None  # with the prefix
        self._whole: bytes | None = None

    @property
    def octets(self) -> int:
        """How large it is, once some of it has been read; at the most, before."""
        return self._stored - (len(self._prefix) if self._begins else 0)

    async def whole(self, limit: int = WHOLE_OCTETS) -> bytes | None:
        """Return it, None where it is larger than *limit*. Raises NoSuchMessage."""
        if self._whole is None and self._stored <= min(limit, WHOLE_OCTETS):
            stored = await self._mail.content(self._content)
            self._begins = stored.startswith(self._prefix)
            self._whole = stored[len(self._prefix) :] if self._begins else stored
        elif self._whole is None and self._stored <= limit:
            self._whole = b"".join([piece async for piece in self.pieces()])
        return self._whole

    async def header(self) -> bytes:
        """Return what begins with its header. Raises NoSuchMessage."""
        found = b""
        async for piece in self.pieces():
            found += piece
            if len(found) >= HEADER_OCTETS:
                break
        return found

    async def pieces(self) -> AsyncIterator[bytes]:
        """Return it piece by piece. Raises NoSuchMessage."""
        whole = await self.whole()
        if whole is not None:
            yield whole
            return
        if self._begins is None:
            first = self._mail.read(self._content, 0, len(self._prefix))
            self._begins = b"".join([piece async for piece in first]) == self._prefix
        start = len(self._prefix) if self._begins else 0
        async for piece in self._mail.read(self._content, start):
            yield piece

    async def body(self) -> AsyncIterator[bytes]:
        """Return what follows its header, piece by piece. Raises NoSuchMessage."""
        skip = header_end(await self.header())
        async for piece in self.pieces():
            yield piece[skip:]
            skip = max(skip - len(piece), 0)

    async def tls_optional(self) -> bool:
        """Return whether its sender has it sent without TLS rather than not at all: by one field,
        ``TLS-Required: No`` (RFC 8689, 3). Raises NoSuchMessage."""
        found = [
            each.value.lower()
            for each in fields(await self.header())
            if each.name.lower() == b"tls-required"
        ]
        return found == [b"no"]

    async def ascii(self) -> bool:
        """Return whether it holds no 8-bit octet; read to see."""
        async for piece in self.pieces():
            if not piece.isascii():
                return False
        return True
