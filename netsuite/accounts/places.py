"""Folders as one account knows them: by their full names, with what it may do with them.

Its own have their names, public ones stand below ``Public/``, those of other accounts below
``Other Users/NAME/``. Owners have all rights on their folders, and members of the group ``admin``
on public ones, whatever else is said (RFC 4314, 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from netsuite.store import model, rights
from netsuite.store.errors import (
    BadFolderName,
    NoSuchAccount,
    NoSuchFolder,
    NotPermitted,
    OnlyFoldersBelow,
)
from netsuite.store.interfaces import Store
from netsuite.store.model import NAMESPACES, OTHERS, PUBLIC, SEPARATOR, AccountId, FolderId

#: Members have all rights on public folders.
ADMIN_GROUP: Final = "admin"


class Place(NamedTuple):
    """Where a full name leads.

    Args:
        owner: None for the public folders.
        prefix: what stands before the store's name.
        name: the store's.
    """

    owner: AccountId | None
    prefix: str
    name: str


class Places:
    """All folders that an account may see."""

    public_prefix = PUBLIC + SEPARATOR
    others_prefix = OTHERS + SEPARATOR

    def __init__(self, store: Store, account: model.Account) -> None:
        self.account = account
        self.is_admin = ADMIN_GROUP in account.groups
        self._mail = store.mail
        self._rights = store.rights
        self._accounts = store.accounts
        self._own: set[FolderId] = set()  # those that were met: no folder changes its owner
        self._owners: dict[AccountId, str] = {}  # the names of others

    # -- names ---------------------------------------------------------------------------------

    async def located(self, name: str) -> Place:
        """Return where a full name leads. Raises NoSuchFolder."""
        if name.startswith(self.public_prefix):
            return Place(None, self.public_prefix, name[len(self.public_prefix) :])
        if not name.startswith(self.others_prefix):
            return Place(self.account.id, "", name)
        owner_name, _, inner = name[len(self.others_prefix) :].partition(SEPARATOR)
        if not inner:
            raise NoSuchFolder(name)
        try:
            owner = await self._accounts.account(owner_name)
        except NoSuchAccount:
            raise NoSuchFolder(name) from None
        if owner.id == self.account.id:
            raise NoSuchFolder(name)  # one's own have one name
        self._owners[owner.id] = owner.name
        return Place(owner.id, f"{self.others_prefix}{owner.name}{SEPARATOR}", inner)

    def check_new(self, name: str) -> None:
        """Check that a name is not one of those that namespaces have. Raises BadFolderName."""
        bare = name.rstrip(SEPARATOR)
        if bare in NAMESPACES or (
            bare.startswith(self.others_prefix) and SEPARATOR not in bare[len(self.others_prefix) :]
        ):
            raise BadFolderName(f"{bare} is a namespace")

    def shown(self, folder: model.Folder, prefix: str, granted: str) -> model.Folder:
        """Return a folder with its full name, and with what the account may do."""
        own = folder.owner == self.account.id
        return replace(
            folder,
            name=prefix + folder.name,
            rights=granted,
            # RFC 6154 speaks of the uses one's own mailboxes have.
            special_use=folder.special_use if own or folder.owner is None else None,
        )

    async def prefix_of(self, folder: model.Folder) -> str:
        """Return what stands before a folder's name. Raises NoSuchFolder."""
        if folder.owner == self.account.id:
            return ""
        if folder.owner is None:
            return self.public_prefix
        if folder.owner not in self._owners:
            try:
                owner = await self._accounts.account_by_id(folder.owner)
            except NoSuchAccount:
                raise NoSuchFolder(folder.name) from None
            self._owners[owner.id] = owner.name
        return f"{self.others_prefix}{self._owners[folder.owner]}{SEPARATOR}"

    # -- rights --------------------------------------------------------------------------------

    def keeps(self, owner: AccountId | None) -> bool:
        """Return whether the account has all rights on whatever an owner has (None: is public)."""
        return self.is_admin if owner is None else owner == self.account.id

    async def granted(self, folder: model.Folder) -> str:
        """Return the account's rights on a folder of the store."""
        if self.keeps(folder.owner):
            if folder.owner is not None:
                self._own.add(folder.id)
            return rights.ALL
        return self._by_rows(await self._rights.rows(folder.id), folder)

    def _by_rows(self, rows: Mapping[str, str], folder: model.Folder) -> str:
        return rights.granted(rows, self.account, public=folder.owner is None)

    def is_own(self, folder: FolderId) -> bool:
        """Return whether it is known that a folder is the account's."""
        return folder in self._own

    async def granted_by_id(self, folder: FolderId) -> str:
        """Return the account's rights on a folder. Raises NoSuchFolder."""
        if folder in self._own:
            return rights.ALL
        return await self.granted(await self._mail.folder_by_id(folder))

    async def allow(self, folder: FolderId, needed: str) -> str:
        """Return the account's rights on a folder. Raises NoSuchFolder, NotPermitted."""
        granted = await self.granted_by_id(folder)
        if granted != rights.ALL:
            _check(granted, needed, f"folder {folder}")
        return granted

    # -- folders -------------------------------------------------------------------------------

    async def folder(self, name: str, needed: str = "") -> model.Folder:
        """Return a folder by its full name.

        Raises:
            NoSuchFolder: it is not there, or the account may not even see it.
            NotPermitted: it may, and has not all the rights that are needed.
        """
        place = await self.located(name)
        found = await self._mail.folder(place.owner, place.name)
        granted = await self.granted(found)
        if granted != rights.ALL:
            _check(granted, needed, name)
        return self.shown(found, place.prefix, granted)

    async def folder_by_id(self, folder: FolderId) -> model.Folder:
        """Return a folder that the account may see. Raises NoSuchFolder, NotPermitted."""
        found = await self._mail.folder_by_id(folder)
        granted = await self.granted(found)
        _check(granted, "l", f"folder {folder}")
        return self.shown(found, await self.prefix_of(found), granted)

    async def folders(self, subscribed: frozenset[str]) -> Sequence[model.Folder]:
        """Return all folders the account may see, sorted."""
        account = self.account
        own = await self._mail.folders(account.id)
        found = [
            replace(each, subscribed=each.name in subscribed, rights=rights.ALL) for each in own
        ]
        public = await self._mail.folders(None)
        rows = {} if self.is_admin or not public else await self._rights.rows_of_public()
        for each in public:
            granted = rights.ALL if self.is_admin else self._by_rows(rows.get(each.id, {}), each)
            if "l" in granted:
                found.append(self._listed(each, self.public_prefix, granted, subscribed))
        for shared in await self._rights.shared(rights.identifiers(account), account.id):
            each = shared.folder
            granted = self._by_rows(shared.rows, each)
            if "l" in granted and each.owner is not None:
                self._owners[each.owner] = shared.owner_name
                prefix = f"{self.others_prefix}{shared.owner_name}{SEPARATOR}"
                found.append(self._listed(each, prefix, granted, subscribed))
        return sorted(found, key=lambda each: each.name)

    def _listed(
        self, folder: model.Folder, prefix: str, granted: str, subscribed: frozenset[str]
    ) -> model.Folder:
        shown = self.shown(folder, prefix, granted)
        return replace(shown, subscribed=True) if shown.name in subscribed else shown

    async def check_parent(self, place: Place) -> None:
        """Check that the account may make a folder: that it has ``k`` on the nearest one above, and
        at the top, that it keeps all (RFC 4314, 4: CREATE). Raises NotPermitted."""
        if self.keeps(place.owner):
            return
        above = place.name
        while SEPARATOR in above:
            above = above.rpartition(SEPARATOR)[0]
            try:
                parent = await self._mail.folder(place.owner, above)
            except NoSuchFolder:
                continue
            if "k" in await self.granted(parent):
                return
            break
        raise NotPermitted(place.prefix + place.name)

    async def folder_to_delete(self, name: str) -> model.Folder:
        """Return a folder. Raises NoSuchFolder, NotPermitted; OnlyFoldersBelow where nothing but
        folders below it has that name (RFC 3501, 6.3.4)."""
        try:
            return await self.folder(name, "x")
        except NoSuchFolder:
            place = await self.located(name)
            start = place.name + SEPARATOR
            if self.keeps(place.owner) and any(
                each.name.startswith(start) for each in await self._mail.folders(place.owner)
            ):
                raise OnlyFoldersBelow(name) from None
            raise

    async def rename(self, old: str, new: str) -> None:
        """Rename what has a full name, with all below it.

        Raises:
            NoSuchFolder, FolderExists, BadFolderName: as ``MailStore.rename_named``.
            NotPermitted: the account may not, or the new place is another owner's.
        """
        self.check_new(new)
        here = await self.located(old)
        if not self.keeps(here.owner):
            await self.folder(old, "x")
        try:
            there = await self.located(new)
        except NoSuchFolder:
            raise NotPermitted(new) from None
        if there.owner != here.owner:
            raise NotPermitted("a folder stays with its owner")
        await self.check_parent(there)
        shown = here.prefix or f"{self.others_prefix}{self.account.name}{SEPARATOR}"
        await self._mail.rename_named(here.owner, here.name, there.name, shown=shown)


def _check(granted: str, needed: str, what: str) -> None:
    """Check that nothing that is needed is missing; a folder without rights is not there."""
    if all(each in granted for each in needed) and granted:
        return
    raise NotPermitted(what) if "l" in granted else NoSuchFolder(what)
