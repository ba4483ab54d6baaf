"""Commands of mailboxes: open, make, name, list and count them (RFC 3501, 6.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netsuite.imap.client.selected import SelectedMailbox
from netsuite.imap.client.session import Session
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said


class FolderCommands(Session):
    """Commands of mailboxes."""

    async def select(self, mailbox: str) -> SelectedMailbox:
        """Open a mailbox."""
        return await self._open(mailbox, ask.Select(mailbox))

    async def examine(self, mailbox: str) -> SelectedMailbox:
        """Open a mailbox for reading only."""
        return await self._open(mailbox, ask.Examine(mailbox))

    async def _open(self, name: str, request: ask.Request) -> SelectedMailbox:
        self.mailbox = None
        completed = await self.commands.run(request)
        read_only = completed.code is not None and completed.code.name == "READ-ONLY"
        mailbox = SelectedMailbox(name, read_only)
        for response in completed.data:
            mailbox.news(response)
        self.mailbox = mailbox
        return mailbox

    async def create(self, mailbox: str, *, special_use: str | None = None) -> None:
        """Create a mailbox."""
        await self.commands.run(ask.Create(mailbox, () if special_use is None else (special_use,)))

    async def delete(self, mailbox: str) -> None:
        """Remove a mailbox."""
        await self.commands.run(ask.Delete(mailbox))

    async def rename(self, old: str, new: str) -> None:
        """Rename a mailbox."""
        await self.commands.run(ask.Rename(old, new))

    async def subscribe(self, mailbox: str) -> None:
        """Subscribe a mailbox."""
        await self.commands.run(ask.Subscribe(mailbox))

    async def unsubscribe(self, mailbox: str) -> None:
        """Take a subscription back."""
        await self.commands.run(ask.Unsubscribe(mailbox))

    async def list(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List mailboxes."""
        return (await self.commands.run(ask.List(reference, (pattern,)))).data_of(said.Listed)

    async def lsub(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List subscribed mailboxes."""
        return (await self.commands.run(ask.Lsub(reference, pattern))).data_of(said.Listed)

    async def namespace(self) -> said.NamespaceData:
        """Ask where the namespaces are."""
        data = (await self.commands.run(ask.Namespace())).data_of(said.NamespaceData)
        return data[0] if data else said.NamespaceData()

    async def status(self, mailbox: str, *items: str) -> Mapping[str, int]:
        """Count; without items, messages."""
        names = tuple(item.upper() for item in items) or ("MESSAGES",)
        data = (await self.commands.run(ask.StatusOf(mailbox, names))).data_of(said.StatusData)
        return {name: number for each in data for name, number in each.values}
