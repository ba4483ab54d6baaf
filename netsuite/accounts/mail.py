"""The facets of an account's mail: folders, its own and those below ``Public/``; the maildrop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from netsuite.accounts.interfaces import DropItem, MaildropInUse
from netsuite.store import changes, model
from netsuite.store.errors import BadFolderName, NoSuchMessage, NotPermitted
from netsuite.store.interfaces import Draft, Store
from netsuite.store.model import AccountId, ContentId, FolderId
from netsuite.store.query import Query

#: Members may change public folders: make them, add to them, expunge from them.
ADMIN_GROUP: Final = "admin"
PUBLIC: Final = "Public"


# Its length is the interface's: one short method for each of MailAccess's.
class AccountMail:
    """Implements ``interfaces.MailAccess`` (MailAccess)."""

    public_prefix = f"{PUBLIC}/"

    def __init__(self, store: Store, account: model.Account) -> None:
        self.name = account.name
        self._mail = store.mail
        self._changes = store.changes
        self._account = account
        self._may_change_public = ADMIN_GROUP in account.groups

    # -- names ---------------------------------------------------------------------------------

    def _split(self, name: str) -> tuple[AccountId | None, str]:
        """Return owner and the store's name of a full name."""
        if name.startswith(self.public_prefix):
            return None, name[len(self.public_prefix) :]
        return self._account.id, name

    def _full(self, folder: model.Folder, subscribed: frozenset[str]) -> model.Folder:
        name = folder.name if folder.owner is not None else self.public_prefix + folder.name
        return replace(folder, name=name, subscribed=name in subscribed)

    # -- folders -------------------------------------------------------------------------------

    async def folders(self) -> Sequence[model.Folder]:
        """Every folder the account may see, ``subscribed`` set, sorted by name."""
        subscribed = await self.subscriptions()
        own = await self._mail.folders(self._account.id)
        public = await self._mail.folders(None)
        return sorted(
            (self._full(each, subscribed) for each in [*own, *public]), key=lambda each: each.name
        )

    async def subscriptions(self) -> frozenset[str]:
        """Subscribed names, whether such folders exist or not."""
        return await self._mail.subscriptions(self._account.id)

    async def subscribe(self, name: str, subscribed: bool) -> None:
        """Change a subscription. Raises BadFolderName for a new one with an empty part."""
        if subscribed and not all(name.split(model.SEPARATOR)):
            raise BadFolderName("an empty part")
        await self._mail.subscribe(self._account.id, name, subscribed)

    async def folder(self, name: str) -> model.Folder:
        """Raises NoSuchFolder."""
        owner, inner = self._split(name)
        found = await self._mail.folder(owner, inner)
        return self._full(found, frozenset())

    async def status(self, name: str) -> model.Status:
        """Raises NoSuchFolder."""
        folder = await self.folder(name)
        status = await self._mail.status(folder.id, self._account.id)
        return replace(status, folder=self._full(status.folder, frozenset()))

    async def create(self, name: str, special_use: model.SpecialUse | None = None) -> model.Folder:
        """Raises FolderExists, BadFolderName, NotPermitted."""
        if name.rstrip("/") == PUBLIC:
            raise BadFolderName(f"{PUBLIC} is the public folders' namespace")
        owner, inner = self._split(name)
        if owner is None and not self._may_change_public:
            raise NotPermitted(name)
        made = await self._mail.create_folder(owner, inner, special_use=special_use)
        return self._full(made, frozenset())

    async def delete(self, name: str) -> None:
        """Raises NoSuchFolder, NotPermitted."""
        await self._mail.delete_folder((await self._changeable(name)).id)

    async def rename(self, old: str, new: str) -> None:
        """Raises NoSuchFolder, FolderExists, BadFolderName, NotPermitted."""
        folder = await self._changeable(old)
        owner, inner = self._split(new)
        if owner != folder.owner:
            raise NotPermitted("a folder cannot be moved between namespaces")
        if new.rstrip("/") == PUBLIC:
            raise BadFolderName(f"{PUBLIC} is the public folders' namespace")
        await self._mail.rename_folder(folder.id, inner)

    async def _changeable(self, name: str) -> model.Folder:
        folder = await self.folder(name)
        if not self.writable(folder):
            raise NotPermitted(name)
        return folder

    def writable(self, folder: model.Folder) -> bool:
        """Return whether the account may add to, expunge from and set shared flags in it."""
        return folder.owner == self._account.id or (
            folder.owner is None and self._may_change_public
        )

    # -- in ------------------------------------------------------------------------------------

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""
        return self._mail.draft(expected_octets)

    async def append(
        self, name: str, draft: Draft, flags: frozenset[str], internal_date: datetime | None
    ) -> model.Placed:
        """Commit a draft to a folder. Raises NoSuchFolder, NotPermitted, OverQuota."""
        folder = await self._changeable(name)
        placement = model.Placement(folder.id, flags, internal_date, self._account.id)
        (placed,) = await self._mail.commit(draft, [placement])
        return placed

    async def usage(self) -> model.Usage:
        """The account's quota."""
        return await self._mail.usage(self._account.id)

    # -- changes -------------------------------------------------------------------------------

    def watch(self, listener: changes.Listener) -> changes.Subscription:
        """Hear of folders made, renamed, gone, subscribed, by their full names."""
        return self._changes.watch_account(
            self._account.id, lambda change: listener(self._translated(change))
        )

    def _translated(self, change: changes.Change) -> changes.Change:
        if (
            isinstance(change, changes.FolderCreated | changes.FolderDeleted)
            and change.owner is None
        ):
            return replace(change, name=self.public_prefix + change.name)
        if isinstance(change, changes.FolderRenamed) and change.owner is None:
            prefix = self.public_prefix
            return replace(change, old=prefix + change.old, new=prefix + change.new)
        return change

    def watch_folder(self, folder: FolderId, listener: changes.Listener) -> changes.Subscription:
        """Hear what happens in a folder; not what others mark for themselves."""
        mine = (None, self._account.id)

        def concerned(change: changes.Change) -> None:
            if not isinstance(change, changes.FlagsChanged) or change.account in mine:
                listener(change)

        return self._changes.watch_folder(folder, concerned)

    # -- an opened folder ----------------------------------------------------------------------

    async def _writable_id(self, folder: FolderId) -> None:
        found = await self._mail.folder_by_id(folder)
        if not self.writable(found):
            raise NotPermitted(found.name)

    async def folder_status(self, folder: FolderId) -> model.Status:
        """As MailStore.status, as this account."""
        return await self._mail.status(folder, self._account.id)

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """As MailStore.uids."""
        return await self._mail.uids(folder)

    async def opened(self, folder: FolderId, since: int | None = None) -> model.Opened:
        """As MailStore.opened, as this account."""
        return await self._mail.opened(folder, self._account.id, since)

    async def claim_recent(self, folder: FolderId) -> tuple[int, int]:
        """As MailStore.claim_recent."""
        return await self._mail.claim_recent(folder)

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None
    ) -> Sequence[model.Message]:
        """As MailStore.messages, as this account."""
        return await self._mail.messages(folder, uids, self._account.id)

    async def described(self, folder: FolderId, uids: Sequence[int]) -> Sequence[model.Described]:
        """As MailStore.described, as this account."""
        return await self._mail.described(folder, uids, self._account.id)

    async def columns(
        self, folder: FolderId, uids: Sequence[int], wanted: Collection[model.Column]
    ) -> model.Columns:
        """As MailStore.columns, as this account."""
        return await self._mail.columns(folder, uids, wanted, self._account.id)

    async def content(self, content: ContentId) -> bytes:
        """As MailStore.content."""
        return await self._mail.content(content)

    async def contents(self, contents: Sequence[ContentId]) -> dict[ContentId, bytes]:
        """As MailStore.contents."""
        return dict(await self._mail.contents(contents))

    def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """As MailStore.read."""
        return self._mail.read(content, start, stop)

    async def search(self, folder: FolderId, query: Query) -> Sequence[int]:
        """As MailStore.search, as this account."""
        return await self._mail.search(folder, query, self._account.id)

    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: model.FlagAction,
        flags: frozenset[str],
        *,
        unchanged_since: int | None = None,
    ) -> model.FlagsStored:
        """As MailStore.store_flags, as this account."""
        return await self._mail.store_flags(
            folder,
            uids,
            action,
            flags,
            self._account.id,
            unchanged_since=unchanged_since,
            shared=self._may_change_public,
        )

    async def copy(self, folder: FolderId, uids: Sequence[int], target: str) -> model.Copied:
        """As MailStore.copy. Raises NoSuchFolder, NotPermitted, OverQuota."""
        there = await self._changeable(target)
        return await self._mail.copy(folder, uids, there.id, self._account.id)

    async def move(self, folder: FolderId, uids: Sequence[int], target: str) -> model.Copied:
        """As MailStore.move. Raises NoSuchFolder, NotPermitted, OverQuota."""
        there = await self._changeable(target)
        await self._writable_id(folder)
        return await self._mail.move(folder, uids, there.id, self._account.id)

    async def expunge(self, folder: FolderId, uids: Sequence[int] | None) -> Sequence[int]:
        """As MailStore.expunge. Raises NotPermitted."""
        await self._writable_id(folder)
        return await self._mail.expunge(folder, uids)

    async def changes_since(self, folder: FolderId, modseq: int) -> model.Changes:
        """As MailStore.changes_since, as this account."""
        return await self._mail.changes_since(folder, modseq, self._account.id)


class AccountMaildrop:
    """Implements ``interfaces.Maildrop``: locked, numbered once, changed only at the end."""

    def __init__(self, store: Store, account: model.Account) -> None:
        self.name = account.name
        self._mail = store.mail
        self._account = account
        self._folder: FolderId | None = None
        self._messages: Sequence[model.Message] = ()

    async def open(self) -> Sequence[DropItem]:
        """Lock INBOX and number its messages. Raises MaildropInUse."""
        folder = await self._mail.folder(self._account.id, model.INBOX)
        if not await self._mail.lock_maildrop(folder.id):
            raise MaildropInUse(self.name)
        self._folder = folder.id
        try:
            self._messages = await self._mail.messages(folder.id, None, self._account.id)
        except BaseException:
            self.release()
            raise
        # The UID alone could come back with a new UIDVALIDITY; both together never do.
        return [
            DropItem(each.octets, f"{folder.uid_validity:08x}{each.uid:08x}")
            for each in self._messages
        ]

    def read(self, number: int) -> AsyncIterator[bytes]:
        """Stream a message. Raises NoSuchMessage when another session expunged it."""
        if not 0 <= number < len(self._messages):
            raise NoSuchMessage(f"number {number}")
        return self._mail.read(self._messages[number].content)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove messages, durably, all or none; those gone already are no error."""
        if self._folder is not None and numbers:
            uids = sorted(self._messages[number].uid for number in numbers)
            await self._mail.expunge(self._folder, uids, deleted_only=False)

    def release(self) -> None:
        """Release the lock; may be called twice."""
        folder, self._folder = self._folder, None
        if folder is not None:
            self._mail.unlock_maildrop(folder)
