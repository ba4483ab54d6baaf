"""The facets of files: an account's home with the site in it, the public site, a public home.

Who may do what is decided in one place, ``allowed``; every method of every facet asks it first.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from netsuite.accounts.interfaces import FileAccess
from netsuite.accounts.mail import ADMIN_GROUP
from netsuite.store import errors
from netsuite.store.changes import AccountChanged, Change
from netsuite.store.interfaces import Store
from netsuite.store.model import Account, AccountState
from netsuite.store.tree import (
    PLAIN_UPLOAD,
    Entry,
    FileHomes,
    HomeTree,
    OpenFile,
    Space,
    TreePath,
    Upload,
    UploadRequest,
)

#: Its members, and administrators, may change the public site.
WEB_GROUP: Final = "web"
#: Under this name an account sees the public site; a file of its own of that name is hidden.
SITE: Final = "site"
#: The one name with a dot in front that everybody may see (RFC 8615).
WELL_KNOWN: Final = ".well-known"


class Area(enum.Enum):
    """Which part of all files a path is in."""

    SITE = "the public site"
    HOME = "an account's home"
    SHOWN = "what an account shows to everybody"


class Action(enum.Enum):
    """What somebody wants to do."""

    SEE = "look at it, read it"
    CHANGE = "write, make, rename or remove it"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: to *path* of a tree; ``owner`` is an account, empty for the site."""

    area: Area
    owner: str
    tree: HomeTree
    path: TreePath


def allowed(who: Account | None, place: Place, action: Action) -> bool:
    """Return whether somebody (None: anybody) may do something somewhere: only here is it decided.

    Everybody sees the public site and what accounts show, but no name with a dot in front: what
    editors, version control and other servers keep there is not for everybody.
    """
    if who is None:
        return action is Action.SEE and place.area is not Area.HOME and not _is_hidden(place.path)
    if who.state is not AccountState.ACTIVE:
        return False
    if place.area is Area.SITE:
        return action is Action.SEE or not who.groups.isdisjoint((WEB_GROUP, ADMIN_GROUP))
    if place.area is Area.HOME:
        return who.name == place.owner
    return action is Action.SEE


def _is_hidden(path: TreePath) -> bool:
    return any(name.startswith(".") and name != WELL_KNOWN for name in path)


def authorize(who: Account | None, place: Place, action: Action) -> None:
    """Refuse what is not allowed.

    Raises:
        NoSuchFile: it may not even be seen by anybody.
        NotPermitted: anything else that is not allowed.
    """
    if allowed(who, place, action):
        return
    if who is None and not allowed(who, place, Action.SEE):
        raise errors.NoSuchFile("not for everybody")
    raise errors.NotPermitted(f"{action.name} {place.area.value}")


# Its length is the interface's: one short method for each of FileAccess's.
class Access(FileAccess):
    """Implements ``interfaces.FileAccess``; what it gives access to is its subclass's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _place(self, path: TreePath) -> Place:
        """Say where a path leads."""
        raise NotImplementedError

    def _who(self) -> Account | None:
        """Say who it is, as last known."""
        return None

    async def _who_now(self) -> Account | None:
        """Say who it is, as of now."""
        return None

    async def _asked(self, path: TreePath, action: Action) -> Place:
        place = self._place(path)
        authorize(await self._who_now(), place, action)
        return place

    def may_write(self, path: TreePath) -> bool:
        """Whether the account may change what is there."""
        return allowed(self._who(), self._place(path), Action.CHANGE)

    # -- looking -------------------------------------------------------------------------------

    async def entry(self, path: TreePath) -> Entry:
        """Look one up."""
        place = await self._asked(path, Action.SEE)
        entry = await place.tree.entry(place.path)
        return entry if place.path else replace(entry, name=path[-1] if path else "")

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order; without what may not be seen."""
        place = await self._asked(path, Action.SEE)
        who = self._who()
        async for piece in place.tree.listing(place.path):
            seen = [
                entry
                for entry in piece
                if allowed(who, self._place((*path, entry.name)), Action.SEE)
            ]
            if seen:
                yield seen

    async def open(self, path: TreePath) -> OpenFile:
        """Open a file for reading."""
        place = await self._asked(path, Action.SEE)
        return await place.tree.open(place.path)

    # -- changing ------------------------------------------------------------------------------

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> Upload:
        """Begin a file. What may be done is asked now, not again at the commit."""
        place = await self._asked(path, Action.CHANGE)
        return await place.tree.upload(place.path, request)

    async def make_directory(self, path: TreePath) -> Entry:
        """Make a directory."""
        place = await self._asked(path, Action.CHANGE)
        return await place.tree.make_directory(place.path)

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file."""
        place = await self._asked(path, Action.CHANGE)
        await place.tree.remove_file(place.path)

    async def remove_directory(self, path: TreePath) -> None:
        """Remove an empty directory."""
        place = await self._asked(path, Action.CHANGE)
        await place.tree.remove_directory(place.path)

    async def rename(self, old: TreePath, new: TreePath, *, replace: bool = True) -> None:
        """Rename or move, also between the home and the site."""
        source = await self._asked(old, Action.CHANGE)
        target = await self._asked(new, Action.CHANGE)
        await source.tree.move_to(source.path, target.tree, target.path, replace=replace)

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification."""
        place = await self._asked(path, Action.CHANGE)
        entry = await place.tree.set_modified(place.path, modified)
        return entry if place.path else replace(entry, name=path[-1] if path else "")

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits."""
        place = await self._asked(path, Action.CHANGE)
        entry = await place.tree.set_mode(place.path, mode)
        return entry if place.path else replace(entry, name=path[-1] if path else "")

    async def space(self, path: TreePath) -> Space:
        """Return what may still be stored there; it is told to who may store something there."""
        place = await self._asked(path, Action.CHANGE)
        return await place.tree.space(place.path)


class AnonymousFiles(Access):
    """The public site at ``/``, for everybody, for reading."""

    def __init__(self, public: HomeTree) -> None:
        super().__init__("anonymous")
        self._public = public

    def _place(self, path: TreePath) -> Place:
        return Place(Area.SITE, "", self._public, path)


class ShownFiles(Access):
    """What an account shows to everybody: the directory ``public`` of its home, for reading."""

    def __init__(self, account: str, shown: HomeTree) -> None:
        super().__init__(f"~{account}")
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
            return replace(account, state=AccountState.DISABLED)


class AccountFiles(Access):
    """An account's home at ``/``, the public site at ``/site``.

    Groups and state are followed: an account that is disabled while it is logged in may do nothing
    from then on.

    Args:
        accounts: knows the account as it is now; who makes many facets shares one.
    """

    def __init__(
        self,
        store: Store,
        account: Account,
        home: HomeTree,
        public: HomeTree,
        *,
        accounts: CurrentAccounts | None = None,
    ) -> None:
        super().__init__(account.name)
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

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces; the root holds the site, whatever the home has there."""
        if not path:
            yield [await self.entry((SITE,))]
        async for piece in super().listing(path):
            seen = piece if path else [entry for entry in piece if entry.name != SITE]
            if seen:
                yield seen


class HomesOfSite:
    """Implements ``interfaces.SiteFiles``."""

    def __init__(self, store: Store, homes: FileHomes) -> None:
        self._accounts = store.accounts
        self._homes = homes

    def anonymous(self) -> AnonymousFiles:
        """Return the public site, for reading."""
        return AnonymousFiles(self._homes.public)

    async def public_of(self, account: str) -> ShownFiles:
        """Return what an account shows to everybody, for reading."""
        try:
            found = await self._accounts.account(account)
            if found.state is not AccountState.ACTIVE:
                raise errors.NoSuchFile("the account is disabled")
            return ShownFiles(found.name, self._homes.public_of(found.name))
        except (errors.NoSuchAccount, errors.BadFileName) as error:
            raise errors.NoSuchFile("no such account") from error
