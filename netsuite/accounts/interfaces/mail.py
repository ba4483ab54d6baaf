"""Mail as accounts have it: mailboxes, the maildrop, submitting; and how it comes to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from netsuite.store import model
from netsuite.store.changes import Listener, Subscription
from netsuite.store.interfaces import Draft
from netsuite.store.query import Query


class MailAccess(Protocol):
    """An account's mail: its own folders, and the public ones under the public namespace.

    Names are full names as the client knows them: own folders by their name (``INBOX``,
    ``Sent``, ``Lists/python``), public ones below ``Public/``, groups as ``Public/comp.lang``.
    Every method that names or returns a ``Folder`` has it with that full name. Errors are the
    store's.
    """

    name: str
    public_prefix: str

    async def folders(self) -> Sequence[model.Folder]:
        """Every folder the account may see, ``subscribed`` set, sorted by name."""

    async def subscriptions(self) -> frozenset[str]:
        """Subscribed names, whether such folders exist or not."""

    async def subscribe(self, name: str, subscribed: bool) -> None:
        """Change a subscription."""

    async def folder(self, name: str) -> model.Folder:
        """Raises NoSuchFolder."""

    async def status(self, name: str) -> model.Status:
        """Raises NoSuchFolder."""

    async def create(self, name: str, special_use: model.SpecialUse | None = None) -> model.Folder:
        """Raises FolderExists, BadFolderName, NotPermitted."""

    async def delete(self, name: str) -> None:
        """Raises NoSuchFolder, NotPermitted."""

    async def rename(self, old: str, new: str) -> None:
        """Raises NoSuchFolder, FolderExists, BadFolderName, NotPermitted."""

    def writable(self, folder: model.Folder) -> bool:
        """Whether the account may add to, expunge from and set shared flags in it."""

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def append(
        self, name: str, draft: Draft, flags: frozenset[str], internal_date: datetime | None
    ) -> model.Placed:
        """Commit a draft to a folder. Raises NoSuchFolder, NotPermitted, OverQuota."""

    async def usage(self) -> model.Usage:
        """The account's quota."""

    def watch(self, listener: Listener) -> Subscription:
        """Hear of folders made, renamed, gone, subscribed."""

    def watch_folder(self, folder: model.FolderId, listener: Listener) -> Subscription:
        """Hear what happens in a folder."""

    # On an opened folder, by its id; as MailStore's methods of the same names, as this account.
    async def folder_status(self, folder: model.FolderId) -> model.Status: ...
    async def uids(self, folder: model.FolderId) -> Sequence[int]: ...
    async def claim_recent(self, folder: model.FolderId) -> int: ...
    async def messages(
        self, folder: model.FolderId, uids: Sequence[int] | None
    ) -> Sequence[model.Message]: ...
    async def described(
        self, folder: model.FolderId, uids: Sequence[int]
    ) -> Sequence[model.Described]: ...
    async def content(self, content: model.ContentId) -> bytes: ...
    async def contents(
        self, contents: Sequence[model.ContentId]
    ) -> dict[model.ContentId, bytes]: ...
    def read(
        self, content: model.ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]: ...
    async def search(self, folder: model.FolderId, query: Query) -> Sequence[int]: ...
    async def store_flags(
        self,
        folder: model.FolderId,
        uids: Sequence[int],
        action: model.FlagAction,
        flags: frozenset[str],
        *,
        unchanged_since: int | None = None,
    ) -> model.FlagsStored: ...
    async def copy(
        self, folder: model.FolderId, uids: Sequence[int], target: str
    ) -> model.Copied: ...
    async def move(
        self, folder: model.FolderId, uids: Sequence[int], target: str
    ) -> model.Copied: ...
    async def expunge(
        self, folder: model.FolderId, uids: Sequence[int] | None
    ) -> Sequence[int]: ...
    async def changes_since(
        self, folder: model.FolderId, modseq: int
    ) -> tuple[Sequence[model.Message], Sequence[int]]: ...


@dataclass(frozen=True, slots=True)
class DropItem:
    """One message of a maildrop; ``uidl`` is unique and stable (RFC 1939, 7)."""

    octets: int
    uidl: str


class MaildropInUse(Exception):
    """Another session holds the maildrop (RFC 2449, 8.1.1: IN-USE)."""


class Maildrop(Protocol):
    """An account's INBOX as POP3 sees it: locked, numbered once from 0, changed at the end."""

    name: str

    async def open(self) -> Sequence[DropItem]:
        """Lock and number it. Raises MaildropInUse."""

    def read(self, number: int) -> AsyncIterator[bytes]:
        """Stream a message. Raises NoSuchMessage when another session expunged it."""

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove messages, durably, all or none."""

    def release(self) -> None:
        """Give the lock back; may be called twice."""


class Submitter(Protocol):
    """An account that may send mail: the facet SMTP's AUTH asks for."""

    name: str

    def may_send_as(self, address: str) -> bool:
        """Whether the reverse path is one of the account's own addresses."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where mail for one address goes: local folders, and addresses elsewhere."""

    address: str
    folders: tuple[model.FolderId, ...]
    onward: tuple[str, ...] = ()


class NotOurs(Exception):
    """The domain is not one this suite receives for."""


class Resolver(Protocol):
    """The resolver of where mail goes: domains, aliases, catch-all, ``user+detail``."""

    async def resolve(self, local: str, domain: str) -> Recipient:
        """Return where mail for an address goes.

        Args:
            local: the local part, its quoting undone.
            domain: the domain; empty for a bare ``postmaster`` (RFC 5321, 4.5.1).

        Raises:
            NotOurs: the domain is not received for.
            NoSuchAccount: nobody has that address.
            OverQuota: the only mailbox it goes to has no room.
            Busy: mail for it is put off.
        """


class Delivery(Protocol):
    """The delivery of messages to recipients that were resolved."""

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def deliver(
        self, draft: Draft, recipients: Sequence[Recipient], sender: str, account: str | None
    ) -> None:
        """Make it durable for all recipients, or for none; each folder gets it once.

        Args:
            draft: the content; it is committed.
            recipients: as they were resolved.
            sender: the reverse path; empty for the null path.
            account: who submitted it, None without a login.
        """
