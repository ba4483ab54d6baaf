"""Commands that bring messages (RFC 3501, 6.3.11)."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from netsuite.connection.stream import Progress, Source, pieces_of, size_of
from netsuite.imap.client.messages import MessageCommands, numbers_of
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.append import Append, Piece, Replace, whole


@dataclass(frozen=True, slots=True)
class MessageToAppend:
    """A message that is to be brought into a mailbox.

    Args:
        content: all of it, an open file, or its pieces.
        octets: how many, where it comes in pieces.
        date: when it was received, else now.
        progress: told of what was sent.
    """

    content: Source
    octets: int | None = None
    flags: Iterable[str] = ()
    date: datetime | None = None
    progress: Progress | None = None

    @property
    def size(self) -> int:
        """Its octets. Raises ValueError."""
        size = size_of(self.content)
        if size is None:
            size = self.octets
        if size is None:
            raise ValueError("octets is needed for a message in pieces")
        return size

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Return what APPEND says before its octets."""
        return whole(self.size, frozenset(self.flags), self.date)

    @property
    def body(self) -> AsyncIterator[bytes]:
        """Exactly its octets. Raises ValueError where there are more or less."""
        return _counted(pieces_of(self.content, self.progress), self.size)


class AppendCommands(MessageCommands):
    """Commands that bring messages."""

    async def append(
        self,
        mailbox: str,
        content: Source,
        *,
        octets: int | None = None,
        flags: Iterable[str] = (),
        date: datetime | None = None,
        progress: Progress | None = None,
    ) -> said.CopyUid | None:
        """Put a message into a mailbox.

        Args:
            content: the message, an open file of it, or its pieces.
            octets: how many, where it comes in pieces.
            progress: told of what was sent.

        Returns:
            UIDVALIDITY and UID, where the server tells (UIDPLUS).
        """
        message = MessageToAppend(content, octets, flags, date, progress or self.progress)
        request = Append(mailbox, message.pieces)
        return (await self.commands.run(request, body=message.body)).copy_uid

    async def append_all(
        self, mailbox: str, messages: Sequence[MessageToAppend]
    ) -> said.CopyUid | None:
        """Put messages into a mailbox, all of them or none (MULTIAPPEND: RFC 3502). Raises
        NotOffered; returns as ``append``."""
        self.require("MULTIAPPEND")
        if not messages:
            return None
        first, *others = messages
        completed = await self.commands.run(
            Append(mailbox, first.pieces),
            body=first.body,
            more=[(each.pieces, each.body) for each in others],
        )
        return completed.copy_uid

    async def replace(
        self, number: int, mailbox: str, message: MessageToAppend, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Put a message into a mailbox in place of one of the selected one's, in one step (RFC
        8508). Where the server cannot, it is appended and the other one removed, as ``move`` does.
        Returns as ``append``.

        Args:
            number: of the message that goes.
        """
        if self.offers("REPLACE"):
            request = Replace(numbers_of(number), mailbox, message.pieces, by_uid)
            return (await self.commands.run(request, body=message.body)).copy_uid
        old = numbers_of(number) if by_uid else await self._uids(numbers_of(number))
        placed = await self.append(
            mailbox, message.content, octets=message.size, flags=message.flags, date=message.date
        )
        await self._take_away(old)
        return placed


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
