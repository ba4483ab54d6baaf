"""Folders of the memory store: made, renamed, removed, subscribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netsuite.store import names
from netsuite.store.changes import (
    Change,
    FolderCreated,
    FolderDeleted,
    FolderRenamed,
    MessagesAdded,
    MessagesExpunged,
    SubscriptionChanged,
)
from netsuite.store.errors import BadFolderName, FolderExists, NoSuchFolder, NotPermitted
from netsuite.store.memory.world import Box, World
from netsuite.store.model import (
    INBOX,
    SEEN,
    AccountId,
    Folder,
    FolderId,
    FolderKind,
    SpecialUse,
    Status,
)


def make_folder(
    world: World,
    owner: AccountId | None,
    name: str,
    kind: FolderKind,
    special_use: SpecialUse | None = None,
    description: str = "",
    postable: bool = True,
    moderator: str | None = None,
) -> Box:
    """Put a new folder into the world."""
    folder = Folder(
        id=FolderId(world.next_id()),
        owner=owner,
        name=name,
        kind=kind,
        uid_validity=world.next_uid_validity(),
        uid_next=1,
        highest_modseq=1,
        recent_from=1,
        messages=0,
        octets=0,
        special_use=special_use,
        description=description,
        created=world.now(),
        moderator=moderator,
        postable=postable,
    )
    box = world.boxes[folder.id] = Box(folder)
    return box


def remove_rows(world: World, box: Box) -> None:
    """Empty a folder that is about to go."""
    for uid in list(box.order):
        box.take(uid, 0)


class MemoryFolders:
    """The folder methods of the mail store."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._locked: set[FolderId] = set()

    async def folders(self, account: AccountId | None) -> Sequence[Folder]:
        """All folders of the account, or all public ones, sorted by name."""
        self._world.check_open()
        owned = [b.now() for b in self._world.boxes.values() if b.folder.owner == account]
        return sorted(owned, key=lambda folder: folder.name)

    async def folder(self, owner: AccountId | None, name: str) -> Folder:
        """One folder by name; INBOX in any case. Raises NoSuchFolder."""
        self._world.check_open()
        box = self._world.find(owner, names.looked_up(name, private=owner is not None))
        if box is None:
            raise NoSuchFolder(name)
        return box.now()

    async def folder_by_id(self, folder: FolderId) -> Folder:
        """One folder by id. Raises NoSuchFolder."""
        return self._world.box(folder).now()

    async def status(self, folder: FolderId, account: AccountId | None) -> Status:
        """Counts as *account* sees them. Raises NoSuchFolder."""
        box = self._world.box(folder)
        messages = [row.seen_by(account, box.public) for row in box.present(None)]
        unseen = [message for message in messages if SEEN not in message.flags]
        deleted = [message for message in messages if "\\Deleted" in message.flags]
        return Status(
            folder=box.now(),
            unseen=len(unseen),
            deleted=len(deleted),
            deleted_octets=sum(message.octets for message in deleted),
            first_unseen_uid=unseen[0].uid if unseen else None,
        )

    async def create_folder(
        self,
        owner: AccountId | None,
        name: str,
        *,
        kind: FolderKind = FolderKind.MAILBOX,
        special_use: SpecialUse | None = None,
        description: str = "",
        postable: bool = True,
        moderator: str | None = None,
    ) -> Folder:
        """Make a folder and the missing ones above it (mailboxes only)."""
        world = self._world
        world.check_open()
        name = names.checked(name, private=owner is not None)
        if owner is not None:
            world.person(owner)
        if world.find(owner, name) is not None:
            raise FolderExists(name)
        changes: list[Change] = []
        if kind is FolderKind.MAILBOX:
            changes += self._make_above(owner, name)
        box = make_folder(world, owner, name, kind, special_use, description, postable, moderator)
        changes.append(FolderCreated(box.folder.id, owner, name))
        world.publish(*changes)
        return box.now()

    def _make_above(self, owner: AccountId | None, name: str) -> list[Change]:
        changes: list[Change] = []
        for parent in names.above(name):
            if self._world.find(owner, parent) is None:
                box = make_folder(self._world, owner, parent, FolderKind.MAILBOX)
                changes.append(FolderCreated(box.folder.id, owner, parent))
        return changes

    async def delete_folder(self, folder: FolderId) -> None:
        """Remove a folder and its messages; folders below it stay."""
        world = self._world
        box = world.box(folder)
        if box.folder.owner is not None and box.folder.name == INBOX:
            raise NotPermitted("INBOX cannot be deleted")
        remove_rows(world, box)
        del world.boxes[folder]
        self._locked.discard(folder)
        world.drop_unused()
        world.publish(FolderDeleted(folder, box.folder.owner, box.folder.name))

    async def rename_folder(self, folder: FolderId, name: str) -> None:
        """Rename it and those below it; INBOX instead gives its messages away."""
        world = self._world
        box = world.box(folder)
        owner, old = box.folder.owner, box.folder.name
        name = names.checked(name, private=owner is not None)
        if world.find(owner, name) is not None:
            raise FolderExists(name)
        if owner is not None and old == INBOX:
            self._rename_inbox(box, name)
            return
        if names.is_below(name, old):
            raise BadFolderName("below itself")
        below = (
            other
            for other in world.boxes.values()
            if other.folder.owner == owner and names.is_below(other.folder.name, old)
        )
        moved = [box, *sorted(below, key=lambda other: other.folder.name)]
        renamed = [names.checked(name + b.folder.name[len(old) :], private=False) for b in moved]
        for new in renamed:
            if world.find(owner, new) is not None:
                raise FolderExists(new)
        changes = [] if box.folder.kind is FolderKind.GROUP else self._make_above(owner, name)
        for other, new in zip(moved, renamed, strict=True):
            changes.append(FolderRenamed(other.folder.id, owner, other.folder.name, new))
            other.folder = replace(other.folder, name=new)
        world.publish(*changes)

    def _rename_inbox(self, inbox: Box, name: str) -> None:
        world, owner = self._world, inbox.folder.owner
        changes = self._make_above(owner, name)
        target = make_folder(world, owner, name, FolderKind.MAILBOX)
        changes.append(FolderCreated(target.folder.id, owner, name))
        uids = tuple(inbox.order)
        if uids:
            modseq, gone = target.advance(), inbox.advance()
            for uid in uids:
                row = inbox.rows[uid]
                target.put(replace(row, uid=target.uid_next, modseq=modseq, saved=world.now()))
                inbox.take(uid, gone)
            flags = tuple(row.flags for row in target.present(None))
            changes.append(MessagesAdded(target.folder.id, modseq, tuple(target.order), flags))
            changes.append(MessagesExpunged(inbox.folder.id, gone, uids))
        world.publish(*changes)

    async def subscriptions(self, account: AccountId) -> frozenset[str]:
        """The names the account has subscribed, of folders that exist or not."""
        return frozenset(self._world.person(account).subscriptions)

    async def subscribe(self, account: AccountId, name: str, subscribed: bool) -> None:
        """Add or take away a subscription."""
        name = names.looked_up(name, private=True)
        subscriptions = self._world.person(account).subscriptions
        if (name in subscriptions) is subscribed:
            return
        if subscribed:
            subscriptions.add(name)
        else:
            subscriptions.remove(name)
        self._world.publish(SubscriptionChanged(account, name, subscribed))

    def lock_maildrop(self, folder: FolderId) -> bool:
        """Take the exclusive POP3 lock of a folder; False when it is taken (RFC 1939, 4)."""
        self._world.check_open()
        if folder in self._locked:
            return False
        self._locked.add(folder)
        return True

    def unlock_maildrop(self, folder: FolderId) -> None:
        """Give it back."""
        self._locked.discard(folder)
