"""The facets of what stands beside an account's messages: rights, annotations, quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netsuite.accounts.places import ADMIN_GROUP, Places
from netsuite.store import model, rights
from netsuite.store.errors import NoSuchAccount, NoSuchFolder, NotPermitted
from netsuite.store.interfaces import Store

#: On public folders everybody keeps these: what is there can be read as news, without rights.
_ANYBODYS = rights.READ
#: Any of them, and ``l``, let one have annotations (RFC 5464, 3.3).
_ANNOTATING = "rswip"


class AccountSharing:
    """Implements ``interfaces.SharingAccess``."""

    def __init__(self, store: Store, places: Places) -> None:
        self._rights = store.rights
        self._accounts = store.accounts
        self._places = places

    async def _administered(self, name: str) -> model.Folder:
        return await self._places.folder(name, "a")

    async def mine(self, name: str) -> str:
        """Return the account's rights. Raises NoSuchFolder."""
        folder = await self._places.folder(name)
        if not any(each in folder.rights for each in rights.TELLING):
            raise NoSuchFolder(name)
        return folder.rights

    async def _keeper(self, folder: model.Folder) -> str:
        """Return the identifier of whoever has all rights, whatever is said."""
        if folder.owner is None:
            return rights.GROUP + ADMIN_GROUP
        return (await self._accounts.account_by_id(folder.owner)).name

    async def rows(self, name: str) -> Mapping[str, str]:
        """Return who has which rights. Raises NoSuchFolder, NotPermitted."""
        folder = await self._administered(name)
        kept = await self._rights.rows(folder.id)
        found = {await self._keeper(folder): rights.ALL}
        found |= {
            who: letters
            for who, letters in rights.in_force(kept, public=folder.owner is None).items()
            if letters
        }
        return found

    async def grantable(self, name: str, who: str) -> tuple[str, str]:
        """Return the rights that an identifier has in any case, and those it may be given."""
        folder = await self._administered(name)
        return await self._bounds(folder, await self._known(who))

    async def _bounds(self, folder: model.Folder, who: str) -> tuple[str, str]:
        always = ""
        if who == await self._keeper(folder):
            always = rights.ALL
        elif folder.owner is None and who == rights.ANYONE:
            always = _ANYBODYS
        may = "".join(each for each in rights.ALL if each not in always)
        if folder.owner is None and who[:1] == rights.NEGATIVE:
            may = "".join(each for each in may if each not in _ANYBODYS)
        return always, may

    async def _known(self, who: str) -> str:
        """Return an identifier as it is kept. Raises NoSuchAccount."""
        sign = rights.NEGATIVE if who[:1] == rights.NEGATIVE else ""
        bare = who[len(sign) :]
        if bare.startswith("group=") and bare != "group=":
            bare = rights.GROUP + bare.removeprefix("group=")
        if bare.lower() in (rights.ANYONE, rights.AUTHENTICATED):
            return sign + bare.lower()
        if bare[:1] == rights.GROUP and len(bare) > 1 and bare.isprintable():
            return sign + bare
        return sign + (await self._accounts.account(bare)).name

    async def change(
        self, name: str, who: str, action: model.FlagAction | None, letters: str
    ) -> None:
        """Change rights; None takes all that an identifier has been given.

        Raises:
            NoSuchFolder: it is not there for the account.
            NoSuchAccount: nobody is meant by the identifier.
            NotPermitted: the account may not, or these rights are given or kept by nobody.
        """
        folder = await self._administered(name)
        try:
            who = await self._known(who)
        except NoSuchAccount:
            if action is not None:
                raise
            return  # what nobody has was taken
        always, may = await self._bounds(folder, who)
        action, letters = action or model.FlagAction.REPLACE, rights.ordered(letters)
        if action is model.FlagAction.ADD:
            wrong = set(letters) - set(may) - set(always)
        elif action is model.FlagAction.REMOVE:
            wrong = set(letters) & set(always)
        else:
            wrong = set(letters) - set(may) - set(always) | set(always) - set(letters)
        if wrong:
            raise NotPermitted(f"{who}: {''.join(sorted(wrong))}")
        if always != rights.ALL:
            await self._rights.change(folder.id, who, action, letters)


class AccountAnnotations:
    """Implements ``interfaces.AnnotationAccess``."""

    def __init__(self, store: Store, places: Places) -> None:
        self._annotations = store.annotations
        self._places = places

    async def _place(self, name: str | None) -> model.FolderId | None:
        if name is None:
            return None
        folder = await self._places.folder(name, "l")
        if not any(each in folder.rights for each in _ANNOTATING):
            raise NotPermitted(name)
        return folder.id

    async def entries(self, name: str | None) -> Mapping[str, bytes]:
        """Return all that the account sees, sorted. Raises NoSuchFolder, NotPermitted."""
        place = await self._place(name)
        return await self._annotations.entries(place, self._places.account.id)

    async def annotate(
        self, name: str | None, values: Mapping[str, bytes | None], *, most: int
    ) -> None:
        """As ``AnnotationStore.annotate``. Raises NotPermitted."""
        shared = any(not each.startswith("/private/") for each in values)
        if name is None and shared and not self._places.is_admin:
            raise NotPermitted("the server's entries")
        place = await self._place(name)
        if name is not None and shared:
            # What all see changes as messages' flags do.
            granted = (await self._places.folder(name)).rights
            if "w" not in granted:
                raise NotPermitted(name)
        await self._annotations.annotate(place, self._places.account.id, values, most=most)


class AccountQuotas:
    """Implements ``interfaces.QuotaAccess``. The root of an account's folders is its name."""

    def __init__(self, store: Store, places: Places) -> None:
        self._mail = store.mail
        self._accounts = store.accounts
        self._places = places

    async def roots(self, name: str) -> Sequence[str]:
        """Return the roots of a mailbox, which need not be there. Raises NotPermitted."""
        place = await self._places.located(name)
        if place.owner is None:
            return ()
        if not self._places.keeps(place.owner):
            await self._places.folder(name, "r")
        return ((await self._accounts.account_by_id(place.owner)).name,)

    async def _owner(self, root: str) -> model.Account:
        account = self._places.account
        if root != account.name and not self._places.is_admin:
            raise NotPermitted(root)
        try:
            return await self._accounts.account(root)
        except NoSuchAccount:
            raise NoSuchFolder(root) from None

    async def usage(self, root: str) -> model.Usage:
        """Return what is used. Raises NotPermitted; NoSuchFolder: there is no such root."""
        return await self._mail.usage((await self._owner(root)).id)

    async def usage_of_owner(self, name: str) -> model.Usage | None:
        """Return what the owner of a mailbox uses; None for a public one. Raises NoSuchFolder,
        NotPermitted."""
        place = await self._places.located(name)
        return None if place.owner is None else await self._mail.usage(place.owner)

    @property
    def may_limit(self) -> bool:
        """Return whether the account may set limits."""
        return self._places.is_admin

    async def limit(self, root: str, octets: int | None, messages: int | None) -> None:
        """Set what may be used. Raises NotPermitted, NoSuchFolder."""
        if not self.may_limit:
            raise NotPermitted(root)
        owner = await self._owner(root)
        await self._accounts.update_account(owner.id, quota_octets=octets, quota_messages=messages)
