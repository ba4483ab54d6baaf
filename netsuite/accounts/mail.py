"""The facets of an account's mail: folders, its own and those below ``Public/``; the maildrop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from netsuite.accounts.interfaces import DropList, MaildropInUse, NewMail, OpenedLately
from netsuite.accounts.places import ADMIN_GROUP, Places
from netsuite.accounts.sharing import AccountAnnotations, AccountQuotas, AccountSharing
from netsuite.store import changes, model, rights
from netsuite.store.errors import (
    NoSuchFolder,
    NoSuchMessage,
    NotPermitted,
    StorageFull,
    StoreError,
)
from netsuite.store.interfaces import Draft, Store
from netsuite.store.model import ContentId, FolderId
from netsuite.store.query import Query

__all__ = ["ADMIN_GROUP", "AccountMail", "AccountMaildrop"]


#: A message of a maildrop that is no larger is read at once: 100 of 4 KB take 7 milliseconds
#: with RETR, not 29 as by a stream each.
_SMALL_OCTETS: Final = 64 * 1024
#: What is remembered of maildrops that were opened (``RememberedStore``), by account.
OPENED: Final = "maildrop-opened"


# Its length is the interface's: one short method for each of MailAccess's.
class AccountMail:
    """Implements ``interfaces.MailAccess`` (MailAccess)."""

    log = Logger()
    public_prefix = Places.public_prefix
    others_prefix = Places.others_prefix

    def __init__(self, store: Store, account: model.Account) -> None:
        self.name = account.name
        self._mail = store.mail
        self._changes = store.changes
        self._account = account
        self._places = places = Places(store, account)
        self.sharing = AccountSharing(store, places)
        self.annotations = AccountAnnotations(store, places)
        self.quotas = AccountQuotas(store, places)

    # -- folders -------------------------------------------------------------------------------

    async def folders(self) -> Sequence[model.Folder]:
        """Every folder the account may see, ``subscribed`` set, sorted by name."""
        return await self._places.folders(await self.subscriptions())

    async def subscriptions(self) -> frozenset[str]:
        """Subscribed names, whether such folders exist or not."""
        return await self._mail.subscriptions(self._account.id)

    async def subscribe(self, name: str, subscribed: bool) -> None:
        """Change a subscription. Raises BadFolderName for a new one that no folder can have."""
        await self._mail.subscribe(self._account.id, name, subscribed)

    async def folder(self, name: str, needed: str = "") -> model.Folder:
        """Raises NoSuchFolder; NotPermitted where rights that are needed are missing."""
        return await self._places.folder(name, needed)

    async def folder_by_id(self, folder: FolderId) -> model.Folder:
        """Raises NoSuchFolder, NotPermitted."""
        return await self._places.folder_by_id(folder)

    async def status(self, name: str) -> model.Status:
        """Raises NoSuchFolder, NotPermitted."""
        folder = await self.folder(name, "r")
        status = await self._mail.status(folder.id, self._account.id)
        now = replace(status.folder, name=folder.name, rights=folder.rights)
        return replace(status, folder=now)

    async def create(self, name: str, special_use: model.SpecialUse | None = None) -> model.Folder:
        """Raises FolderExists, BadFolderName, NotPermitted."""
        self._places.check_new(name)
        try:
            place = await self._places.located(name)
        except NoSuchFolder:
            raise NotPermitted(name) from None
        await self._places.check_parent(place)
        made = await self._mail.create_folder(place.owner, place.name, special_use=special_use)
        return self._places.shown(made, place.prefix, await self._places.granted(made))

    async def delete(self, name: str) -> FolderId:
        """Returns its id. Raises NoSuchFolder, NotPermitted; OnlyFoldersBelow: nothing but others
        below it is there."""
        folder = await self._places.folder_to_delete(name)
        await self._mail.delete_folder(folder.id)
        return folder.id

    async def rename(self, old: str, new: str) -> None:
        """Raises NoSuchFolder, FolderExists, BadFolderName, NotPermitted."""
        await self._places.rename(old, new)

    def writable(self, folder: model.Folder) -> bool:
        """Return whether the account keeps the folder: it, and nobody else, is told what is
        new in it."""
        return self._places.keeps(folder.owner)

    # -- in ------------------------------------------------------------------------------------

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""
        return self._mail.draft(expected_octets)

    async def append(
        self,
        name: str,
        messages: Sequence[NewMail],
        *,
        instead_of: tuple[FolderId, int] | None = None,
    ) -> Sequence[model.Placed]:
        """Commit drafts to a folder, all or none. Raises NoSuchFolder, NotPermitted, OverQuota,
        NoSuchMessage."""
        folder = await self.folder(name, "i")
        if instead_of is not None:
            await self._places.allow(instead_of[0], "te")
        account = self._account.id
        placed = []
        for each in messages:
            flags = rights.settable(folder.rights, each.flags)
            placement = model.Placement(folder.id, flags, each.internal_date, account)
            placed.append((each.draft, placement))
        if len(placed) > 1 or instead_of is not None:
            return await self._mail.commit_all(placed, instead_of=instead_of)
        ((draft, placement),) = placed
        return await self._mail.commit(draft, [placement])

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
        """Hear what happens in a folder; not what others mark for themselves. One that may not be
        read any more is gone."""
        mine = (None, self._account.id)

        def concerned(change: changes.Change) -> None:
            if isinstance(change, changes.FlagsChanged):
                if change.account not in mine:
                    return
                if change.account is None and not self._places.is_own(folder):
                    change = replace(change, partial=True)  # \\Seen is what its owner has seen
            elif isinstance(change, changes.RightsChanged) and not self._places.is_own(folder):
                checking = Deferred.fromCoroutine(self._check_lost(change, listener))
                checking.addErrback(lambda failure: self.log.failure("looking at rights", failure))
            listener(change)

        return self._changes.watch_folder(folder, concerned)

    async def _check_lost(self, change: changes.RightsChanged, listener: changes.Listener) -> None:
        try:
            await self._places.allow(change.folder, "r")
        except (NoSuchFolder, NotPermitted):
            listener(changes.FolderDeleted(change.folder, change.owner, ""))
        except StoreError as error:
            self.log.info("{name}: rights were not read: {why!r}", name=self.name, why=error)

    # -- an opened folder ----------------------------------------------------------------------

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """As MailStore.uids."""
        await self._places.allow(folder, "r")
        return await self._mail.uids(folder)

    async def opened(self, folder: FolderId, since: int | None = None) -> model.Opened:
        """As MailStore.opened, as this account."""
        await self._places.allow(folder, "r")
        return await self._mail.opened(folder, self._account.id, since)

    async def claim_recent(self, folder: FolderId) -> tuple[int, int]:
        """As MailStore.claim_recent."""
        await self._places.allow(folder, "r")
        return await self._mail.claim_recent(folder)

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None
    ) -> Sequence[model.Message]:
        """As MailStore.messages, as this account."""
        await self._places.allow(folder, "r")
        return await self._mail.messages(folder, uids, self._account.id)

    async def described(self, folder: FolderId, uids: Sequence[int]) -> Sequence[model.Described]:
        """As MailStore.described, as this account."""
        await self._places.allow(folder, "r")
        return await self._mail.described(folder, uids, self._account.id)

    async def columns(
        self, folder: FolderId, uids: Sequence[int], wanted: Collection[model.Column]
    ) -> model.Columns:
        """As MailStore.columns, as this account."""
        await self._places.allow(folder, "r")
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
        await self._places.allow(folder, "r")
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
        """As MailStore.store_flags, as this account. Raises NotPermitted where it may set none of
        the flags."""
        granted = await self._places.granted_by_id(folder)
        shared = any(each in granted for each in "wt")
        may = granted
        if not shared:
            owner = (await self._mail.folder_by_id(folder)).owner
            may = rights.marking(granted, public=owner is None)
        wanted = rights.settable(may, flags)
        if flags and not wanted and action is not model.FlagAction.REPLACE:
            raise NotPermitted(f"flags in folder {folder}")
        if not any(each in may for each in "swt"):
            raise NotPermitted(f"flags in folder {folder}")
        return await self._mail.store_flags(
            folder,
            uids,
            action,
            flags,
            self._account.id,
            unchanged_since=unchanged_since,
            shared=shared,
            may=may,
        )

    async def copy(self, folder: FolderId, uids: Sequence[int], target: str) -> model.Copied:
        """As MailStore.copy. Raises NoSuchFolder, NotPermitted, OverQuota."""
        there = await self.folder(target, "i")
        await self._places.allow(folder, "r")
        return await self._mail.copy(folder, uids, there.id, self._account.id, may=there.rights)

    async def move(self, folder: FolderId, uids: Sequence[int], target: str) -> model.Copied:
        """As MailStore.move. Raises NoSuchFolder, NotPermitted, OverQuota."""
        there = await self.folder(target, "i")
        await self._places.allow(folder, "rte")
        return await self._mail.move(folder, uids, there.id, self._account.id, may=there.rights)

    async def expunge(self, folder: FolderId, uids: Sequence[int] | None) -> Sequence[int]:
        """As MailStore.expunge. Raises NotPermitted."""
        await self._places.allow(folder, "e")
        return await self._mail.expunge(folder, uids)

    async def changes_since(self, folder: FolderId, modseq: int) -> model.Changes:
        """As MailStore.changes_since, as this account."""
        await self._places.allow(folder, "r")
        return await self._mail.changes_since(folder, modseq, self._account.id)


class AccountMaildrop:
    """Implements ``interfaces.Maildrop``: locked, numbered once, changed only at the end."""

    def __init__(self, store: Store, account: model.Account) -> None:
        self.name = account.name
        self._mail = store.mail
        self._remembered = store.remembered
        self._account = account
        self._folder: FolderId | None = None
        self._messages = model.Columns()

    async def open(self, next_at: datetime | None = None) -> DropList:
        """Lock INBOX and number its messages. Raises MaildropInUse, OpenedLately."""
        folder = await self._mail.folder(self._account.id, model.INBOX)
        if not await self._mail.lock_maildrop(folder.id):
            raise MaildropInUse(self.name)
        self._folder = folder.id
        try:
            if next_at is not None and not await self._may_open(next_at):
                raise OpenedLately(self.name)
            uids = await self._mail.uids(folder.id)
            wanted = (model.Column.CONTENT, model.Column.OCTETS)
            found = await self._mail.columns(folder.id, uids, wanted, self._account.id)
        except BaseException:
            self.release()
            raise
        self._messages = found
        # The UID alone could come back with a new UIDVALIDITY; both together never do.
        form = f"{folder.uid_validity:08x}%08x"
        return DropList(found.octets, [form % uid for uid in found.uids])

    async def _may_open(self, next_at: datetime) -> bool:
        try:
            return await self._remembered.claim(OPENED, str(self._account.id), next_at)
        except StorageFull:
            return True  # mail can be fetched where nothing can be written

    def read(self, number: int) -> AsyncIterator[bytes]:
        """Stream a message. Raises NoSuchMessage when another session expunged it."""
        if not 0 <= number < len(self._messages):
            raise NoSuchMessage(f"number {number}")
        content = self._messages.contents[number]
        if self._messages.octets[number] <= _SMALL_OCTETS:
            return self._whole(content)
        return self._mail.read(content)

    async def _whole(self, content: ContentId) -> AsyncIterator[bytes]:
        yield await self._mail.content(content)

    async def received_before(self, numbers: Sequence[int], when: datetime) -> Sequence[int]:
        """Those of some messages that came before a moment, and are still there."""
        if self._folder is None:
            return ()
        number_of = {self._messages.uids[number]: number for number in numbers}
        uids = sorted(number_of)
        found = await self._mail.messages(self._folder, uids, self._account.id)
        return [number_of[each.uid] for each in found if each.internal_date < when]

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove messages, durably, all or none; those gone already are no error."""
        if self._folder is not None and numbers:
            uids = sorted(self._messages.uids[number] for number in numbers)
            await self._mail.expunge(self._folder, uids, deleted_only=False)

    def release(self) -> None:
        """Release the lock; may be called twice."""
        folder, self._folder = self._folder, None
        if folder is not None:
            self._mail.unlock_maildrop(folder)
