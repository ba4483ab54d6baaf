"""Commands that bring messages (RFC 3501, 6.3.11)."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import datetime

from netsuite.connection.writer import pieces
from netsuite.imap.client.messages import MessageCommands
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.append import Append, whole


class AppendCommands(MessageCommands):
    """Commands that bring messages."""

    async def append(
        self,
        mailbox: str,
        content: bytes | AsyncIterable[bytes],
        *,
        octets: int | None = None,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> said.CopyUid | None:
        """Put a message into a mailbox.

        Args:
            content: the message, or its pieces.
            octets: how many, where it comes in pieces.

        Returns:
            UIDVALIDITY and UID, where the server tells (UIDPLUS).
        """
        if isinstance(content, bytes):
            octets = len(content)
        if octets is None:
            raise ValueError("octets is needed for a message in pieces")
        request = Append(mailbox, whole(octets, frozenset(flags), date))
        completed = await self.commands.run(request, body=_counted(pieces(content), octets))
        return completed.copy_uid


async def _counted(content: AsyncIterable[bytes], octets: int) -> AsyncIterator[bytes]:
    """Return exactly as many octets as were announced, or end the connection's use."""
    left = octets
    async for piece in content:
        left -= len(piece)
        if left < 0:
            raise ValueError("the message is longer than announced")
        yield piece
    if left:
        raise ValueError("the message is shorter than announced")
