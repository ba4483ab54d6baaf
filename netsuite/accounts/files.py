"""The facets of files: an account's home with the site in it, the public site, a public home.

Who may do what is decided in one place, ``permissions.FilePermissions``; every method of every
facet asks it first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime
from typing import Final

from netsuite.accounts.arrivals import Arrivals, ArrivedFile
from netsuite.accounts.file_rules import ALL
from netsuite.accounts.interfaces import FileAccess, Permission, Permissions
from netsuite.accounts.permissions import Area, FilePermissions
from netsuite.accounts.places import ADMIN_GROUP
from netsuite.store import errors
from netsuite.store.changes import AccountChanged, Change
from netsuite.store.interfaces import Store
from netsuite.store.model import Account, AccountState
from netsuite.store.tree import (
    PLAIN_UPLOAD,
    Entry,
    EntryKind,
    FileHomes,
    HomeTree,
    OpenFile,
    Space,
    TreePath,
    Upload,
    UploadRequest,
)

#: Under this name an account sees the public site; a file of its own of that name is hidden.
SITE: Final = "site"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: to *path* of a tree; ``owner`` is an account, empty for the site."""

    area: Area
    owner: str
    tree: HomeTree
    path: TreePath


class _UploadOver:
    """What uploads that stand on another one share."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self.write = upload.write

    @property
    def octets(self) -> int:
        """The file's size so far."""
        return self._upload.octets


class ToldUpload(_UploadOver):
    """Implements ``tree.Upload``, and tells those who asked for what is uploaded."""

    def __init__(self, upload: Upload, arrivals: Arrivals, file: ArrivedFile) -> None:
        super().__init__(upload)
        self._arrivals = arrivals
        self._file = file
        self.abort = upload.abort

    async def commit(
        self,
        *,
        modified: datetime | None = None,
        may_replace: Callable[[], Awaitable[object]] | None = None,
    ) -> Entry:
        """Make it durable and give it its name; then tell of it."""
        commit = self._upload.commit(modified=modified, may_replace=may_replace)
        return await self._arrivals.file_committed(commit, self._file)


class WholeUpload(_UploadOver):
    """Implements ``tree.Upload``, for who could not go on with a part: none of it is kept."""

    async def commit(
        self,
        *,
        modified: datetime | None = None,
        may_replace: Callable[[], Awaitable[object]] | None = None,
    ) -> Entry:
        """Make it durable and give it its name, which nothing has."""
        if may_replace is not None:  # it says whether the file is known to be whole
            try:
                await may_replace()
            except BaseException:
                await self.abort()
                raise
        return await self._upload.commit(modified=modified)

    async def abort(self, *, keep_partial: bool = False) -> None:
        """Throw it away."""
        await self._upload.abort()


# Its length is the interface's: one short method for each of FileAccess's.
class Access(FileAccess):
    """Implements ``interfaces.FileAccess``; what it gives access to is its subclass's."""

    #: By which it is used, for those who are told of uploads; empty where it is not known.
    protocol = ""
    #: Names with a dot in front that are seen though nobody has logged in: for a server that reads
    #: them itself, and shows them to nobody.
    dot_names: Collection[str] = ()

    def __init__(
        self, name: str, decides: FilePermissions | None, arrivals: Arrivals | None = None
    ) -> None:
        self.name = name
        self._decides = decides or FilePermissions()
        self._arrivals = arrivals

    def _place(self, path: TreePath) -> Place:
        """Say where a path leads."""
        raise NotImplementedError

    def _who(self) -> Account | None:
        """Say who it is, as last known."""
        return None

    async def _who_now(self) -> Account | None:
        """Say who it is, as of now."""
        return None

    def _permissions(self, place: Place) -> Permissions:
        return self._decides.permissions(
            self._who(), place.area, place.owner, place.path, self.dot_names
        )

    @property
    def is_administrator(self) -> bool:
        """Whether it is an administrator's."""
        who = self._who()
        return who is not None and ADMIN_GROUP in who.groups

    def permissions(self, path: TreePath) -> Permissions:
        """Return what the account may do with what is there."""
        return self._permissions(self._place(path))

    def permissions_within(self, path: TreePath) -> Callable[[str], Permissions]:
        """Return what tells of a name in a directory what may be done with what has it."""
        is_special = self._tells_special(path, self._place(path))
        others: list[Permissions] = []  # as the first name that is like all the others has them

        def of(name: str) -> Permissions:
            if is_special(name):
                return self.permissions((*path, name))
            if not others:
                others.append(self.permissions((*path, name)))
            return others[0]

        return of

    def _tells_special(self, path: TreePath, place: Place) -> Callable[[str], bool]:
        """Return what tells whether other things may be done with a name than with most others in
        a directory.

        Args:
            place: where the path leads.
        """
        special = self._decides.special_names(place.area, place.owner, place.path)
        if self._who() is None:
            return lambda name: name in special or name.startswith(".")
        return special.__contains__

    async def _asked(
        self, path: TreePath, *wanted: Permission, link_itself: bool = False
    ) -> tuple[Place, Permissions]:
        """Return where a path leads, and what may be done there; of a link, that is where it leads
        to, if anything may be done with the link.

        Args:
            link_itself: whether a link that has the last name is meant, not what it leads to.

        Raises:
            NoSuchFile: nothing may be done there.
            NotPermitted: nothing of what is wanted may.
        """
        who = await self._who_now()
        place = self._place(path)
        found = self._permissions(place)
        if found and place.tree.follows_links:
            path = await place.tree.resolved(place.path, last=not link_itself)
            if path != place.path:
                place = changed(place, path=path)
                found = self._permissions(place)
        if found.isdisjoint(wanted):
            self._refuse(who, found)
        return place, found

    def _refuse(self, who: Account | None, found: Permissions) -> None:
        if not found and (who is None or who.state is AccountState.ACTIVE):
            raise errors.NoSuchFile("not for everybody")
        raise errors.NotPermitted("not for this account")

    # -- looking -------------------------------------------------------------------------------

    async def entry(self, path: TreePath) -> Entry:
        """Look one up. Where nothing may be listed or read but something else be done, that is for
        directories only, so that they can be entered."""
        place, found = await self._asked(path, *ALL)
        entry = await place.tree.entry(place.path)
        if found.isdisjoint(("list", "read")) and entry.kind is not EntryKind.DIRECTORY:
            raise errors.NoSuchFile("what is there is not told")
        return self._named(path, entry)

    def _named(self, path: TreePath, entry: Entry) -> Entry:
        return entry.named(path[-1] if path else "")

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order; without what may not be seen."""
        place, _ = await self._asked(path, "list")
        is_special = self._tells_special(path, place)
        async for piece in place.tree.listing(place.path):
            seen = [
                entry
                for entry in piece
                if not is_special(entry.name)
                # Of where links on the path lead to: rules are about that.
                or self._permissions(changed(place, path=(*place.path, entry.name)))
            ]
            if seen:
                yield seen
        for name in await place.tree.links(place.path):
            with suppress(errors.NoSuchFile, errors.NotPermitted):
                yield [await self.entry((*path, name))]

    async def open(self, path: TreePath) -> OpenFile:
        """Open a file for reading."""
        place, _ = await self._asked(path, "read")
        return await place.tree.open(place.path)

    # -- changing ------------------------------------------------------------------------------

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> Upload:
        """Begin a file. What may be done is asked now, not again at the commit."""
        place, found = await self._asked(path, "store", "replace", "append")
        if not found >= {"store", "replace", "append"}:
            request = await self._permitted(place, request, found)
        upload = await place.tree.upload(place.path, request)
        if self._arrivals is not None and self._arrivals.files:
            who = self._who()
            by = None if who is None else who.name
            file = ArrivedFile(place.owner or None, place.path, place.tree, by, self.protocol)
            upload = ToldUpload(upload, self._arrivals, file)
        return WholeUpload(upload) if found.isdisjoint(("replace", "append")) else upload

    async def _permitted(
        self, place: Place, request: UploadRequest, found: Permissions
    ) -> UploadRequest:
        """Return what is asked of an upload, so that no more is done than may be.

        Raises:
            NotPermitted: nothing of it may be done.
        """
        goes_on = request.append or bool(request.resume_at)
        if not goes_on:
            if "replace" not in found and "store" in found:
                return changed(request, only_new=True)
            if "store" in found:
                return request
        there = await self._there(place)
        if there is None and "store" not in found:
            raise errors.NotPermitted("nothing new")
        if request.append:
            if "append" in found:
                return request
            if "store" in found:
                return changed(request, append=False, only_new=True)
        elif there is None:
            return request  # there is nothing to resume behind
        elif "replace" in found:
            return changed(request, if_validator=request.if_validator or there.validator)
        elif "append" in found and request.resume_at == there.octets:
            return changed(request, append=True, resume_at=None, if_validator=there.validator)
        raise errors.NotPermitted("not to be replaced")

    async def _there(self, place: Place) -> Entry | None:
        try:
            return await place.tree.entry(place.path)
        except errors.NoSuchFile:
            return None

    async def make_directory(self, path: TreePath) -> Entry:
        """Make a directory."""
        place, _ = await self._asked(path, "make", link_itself=True)
        return await place.tree.make_directory(place.path)

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file."""
        place, _ = await self._asked(path, "remove", link_itself=True)
        await place.tree.remove_file(place.path)

    async def remove_directory(self, path: TreePath) -> None:
        """Remove an empty directory."""
        place, _ = await self._asked(path, "remove", link_itself=True)
        await place.tree.remove_directory(place.path)

    async def rename(self, old: TreePath, new: TreePath, *, replace: bool = True) -> None:
        """Rename or move, also between the home and the site."""
        source, _ = await self._asked(old, "rename", link_itself=True)
        target, found = await self._asked(new, "store", "make", link_itself=True)
        if not found >= {"store", "make"}:
            entry = await source.tree.entry(source.path)
            # A directory may have files in it, now or by then.
            if entry.kind is EntryKind.DIRECTORY or "store" not in found:
                raise errors.NotPermitted("nothing of the kind is to be made there")
        replace = replace and "replace" in found
        await source.tree.move_to(source.path, target.tree, target.path, replace=replace)

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification."""
        place, _ = await self._asked(path, "replace")
        return self._named(path, await place.tree.set_modified(place.path, modified))

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits."""
        place, _ = await self._asked(path, "replace")
        return self._named(path, await place.tree.set_mode(place.path, mode))

    async def space(self, path: TreePath) -> Space:
        """Return what may still be stored there; it is told to who may store something there."""
        place, _ = await self._asked(path, "store", "replace", "append")
        return await place.tree.space(place.path)


class AnonymousFiles(Access):
    """The public site at ``/``, for everybody."""

    def __init__(
        self,
        public: HomeTree,
        decides: FilePermissions | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        super().__init__("anonymous", decides, arrivals)
        self._public = public

    def _place(self, path: TreePath) -> Place:
        return Place(Area.SITE, "", self._public, path)


class ShownFiles(Access):
    """What an account shows to everybody: the directory ``public`` of its home, for reading."""

    def __init__(
        self, account: str, shown: HomeTree, decides: FilePermissions | None = None
    ) -> None:
        super().__init__(f"~{account}", decides)
        self._account = account
        self._shown = shown

    def _place(self, path: TreePath) -> Place:
        return Place(Area.SHOWN, self._account, self._shown, path)


class CurrentAccounts:
    """Knows accounts as they are now: reads one again when some account has changed.

    One for all facets, since a facet is never told that its user has gone.
    """

    def __init__(self, store: Store) -> None:
        self._accounts = store.accounts
        #: How often some account has changed.
        self.changes = 0
        store.changes.watch_accounts(self._heard)

    def _heard(self, change: Change) -> None:
        if isinstance(change, AccountChanged):
            self.changes += 1

    async def again(self, account: Account) -> Account:
        """Read an account again; one that is no more is as one that is disabled."""
        try:
            return await self._accounts.account_by_id(account.id)
        except errors.NoSuchAccount:
            return changed(account, state=AccountState.DISABLED)


class AccountFiles(Access):
    """An account's home at ``/``, the public site at ``/site``.

    Groups and state are followed: an account that is disabled while it is logged in may do nothing
    from then on.

    Args:
        accounts: knows the account as it is now; who makes many facets shares one.
        decides: who may do what; None: as where there are no rules.
        arrivals: told of uploads.
    """

    def __init__(
        self,
        store: Store,
        account: Account,
        home: HomeTree,
        public: HomeTree,
        *,
        accounts: CurrentAccounts | None = None,
        decides: FilePermissions | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        super().__init__(account.name, decides, arrivals)
        self._accounts = accounts or CurrentAccounts(store)
        self._account = account
        self._home = home
        self._public = public
        # What the realm has read may be old by the time the home is made: so read it again.
        self._known = -1

    def _who(self) -> Account:
        return self._account

    async def _who_now(self) -> Account:
        while self._known != self._accounts.changes:
            number = self._accounts.changes
            self._account = await self._accounts.again(self._account)
            self._known = number
        return self._account

    def _place(self, path: TreePath) -> Place:
        if path and path[0] == SITE:
            return Place(Area.SITE, "", self._public, path[1:])
        return Place(Area.HOME, self.name, self._home, path)

    def _tells_special(self, path: TreePath, place: Place) -> Callable[[str], bool]:
        is_special = super()._tells_special(path, place)
        return is_special if path else lambda name: name == SITE or is_special(name)

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces; the root holds the site, whatever the home has there."""
        if not path and self.permissions((SITE,)):
            yield [await self.entry((SITE,))]
        async for piece in super().listing(path):
            seen = piece if path else [entry for entry in piece if entry.name != SITE]
            if seen:
                yield seen


class HomesOfSite:
    """Implements ``interfaces.SiteFiles``.

    Args:
        decides: who may do what; None: as where there are no rules.
        arrivals: told of uploads.
    """

    def __init__(
        self,
        store: Store,
        homes: FileHomes,
        decides: FilePermissions | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._accounts = store.accounts
        self._homes = homes
        self._decides = decides
        self._arrivals = arrivals

    def anonymous(self, protocol: str = "", *, dot_names: Collection[str] = ()) -> AnonymousFiles:
        """Return the public site."""
        files = AnonymousFiles(self._homes.public, self._decides, self._arrivals)
        files.protocol, files.dot_names = protocol, dot_names
        return files

    async def public_of(self, account: str, *, dot_names: Collection[str] = ()) -> ShownFiles:
        """Return what an account shows to everybody, for reading."""
        try:
            found = await self._accounts.account(account)
            if found.state is not AccountState.ACTIVE:
                raise errors.NoSuchFile("the account is disabled")
            files = ShownFiles(found.name, self._homes.public_of(found.name), self._decides)
            files.dot_names = dot_names
            return files
        except (errors.NoSuchAccount, errors.BadFileName) as error:
            raise errors.NoSuchFile("no such account") from error

    async def shown_accounts(self, limit: int) -> Sequence[str]:
        """Return the names of accounts that show something to everybody."""
        accounts = await self._accounts.accounts(limit=limit)
        active = [each.name for each in accounts if each.state is AccountState.ACTIVE]
        return [name for name in active if await self._shows(name)]

    async def _shows(self, account: str) -> bool:
        try:
            shown = ShownFiles(account, self._homes.public_of(account), self._decides)
            async for entries in shown.listing(()):
                if any(not each.name.startswith(".") for each in entries):
                    return True
        except errors.StoreError:
            pass
        return False
