"""Commands of mailboxes: open, make, name, list and count them (RFC 3501, 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netsuite.imap.client.results import ListedMailbox, united
from netsuite.imap.client.selected import SelectedMailbox
from netsuite.imap.client.session import Session
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.metadata import MetadataData
from netsuite.imap.commands.responses import Condition, Response
from netsuite.imap.commands.rights import MyRightsData


class FolderCommands(Session):
    """Commands of mailboxes."""

    async def select(
        self, mailbox: str, *, condstore: bool = False, resync: ask.Resync | None = None
    ) -> SelectedMailbox:
        """Open a mailbox.

        Args:
            condstore: have mod-sequences told (RFC 7162, 3.1.8).
            resync: what is known of it still; ``vanished`` and ``changed`` tell what has become of
                that (3.2.5). ``enable("QRESYNC")`` comes before.
        """
        return await self._open(mailbox, ask.Select(mailbox, condstore, resync))

    async def examine(
        self, mailbox: str, *, condstore: bool = False, resync: ask.Resync | None = None
    ) -> SelectedMailbox:
        """Open a mailbox for reading only; as ``select``."""
        return await self._open(mailbox, ask.Examine(mailbox, condstore, resync))

    async def _open(self, name: str, request: ask.Request) -> SelectedMailbox:
        self.mailbox = None
        completed = await self.commands.run(request)
        read_only = completed.code is not None and completed.code.name == "READ-ONLY"
        mailbox = SelectedMailbox(name, read_only)
        data = _behind_closed(completed.data)
        for response in data:
            mailbox.news(response)
        mailbox.vanished = united(each for each in data if isinstance(each, said.Vanished))
        mailbox.changed = tuple(each for each in data if isinstance(each, FetchData))
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
        """Remove a subscription."""
        await self.commands.run(ask.Unsubscribe(mailbox))

    async def list(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List mailboxes."""
        return (await self.commands.run(ask.List(reference, (pattern,)))).data_of(said.Listed)

    async def list_extended(
        self,
        *patterns: str,
        reference: str = "",
        select: Iterable[str] = (),
        returns: Iterable[str] = (),
        status: Iterable[str] = (),
        annotations: Iterable[str] = (),
    ) -> Sequence[ListedMailbox]:
        """List mailboxes, and more than that of each, in one command (RFC 5258).

        Args:
            patterns: none for all.
            select: only those: ``SUBSCRIBED``, ``SPECIAL-USE``, with ``RECURSIVEMATCH``.
            returns: ``SUBSCRIBED``, ``CHILDREN``, ``SPECIAL-USE``, ``MYRIGHTS``.
            status: items to count, as for ``status``.
            annotations: entries.
        """
        self.require("LIST-EXTENDED")
        request = ask.List(
            reference,
            patterns or ("*",),
            frozenset(each.upper() for each in select),
            frozenset(each.upper() for each in returns),
            tuple(each.upper() for each in status),
            extended=True,
            metadata=tuple(annotations),
        )
        completed = await self.commands.run(request)
        counts = {each.mailbox: dict(each.values) for each in completed.data_of(said.StatusData)}
        rights = {each.mailbox: each.rights for each in completed.data_of(MyRightsData)}
        values: dict[str, dict[str, bytes | None]] = {}
        for each in completed.data_of(MetadataData):
            values.setdefault(each.mailbox, {}).update(each.values)
        return [
            ListedMailbox(
                listed,
                counts.get(listed.mailbox),
                rights.get(listed.mailbox),
                values.get(listed.mailbox, {}),
            )
            for listed in completed.data_of(said.Listed)
        ]

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


def _behind_closed(data: Sequence[Response]) -> Sequence[Response]:
    """Return what is told of the mailbox that is opened, not of the one before (RFC 7162,
    3.2.11)."""
    for place, response in enumerate(data):
        code = response.code if isinstance(response, Condition) else None
        if code is not None and code.name == "CLOSED":
            return data[place + 1 :]
    return data
