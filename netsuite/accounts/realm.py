"""The one realm: an account's name and a facet's interface to the facet itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.cred.portal import IRealm
from twisted.internet.defer import Deferred, ensureDeferred
from zope.interface import implementer

from netsuite.accounts import interfaces
from netsuite.accounts.arrivals import Arrivals
from netsuite.accounts.files import AccountFiles, CurrentAccounts
from netsuite.accounts.mail import AccountMail, AccountMaildrop
from netsuite.accounts.news import AccountNews, StoreNewsroom
from netsuite.accounts.passwords import Hashing
from netsuite.accounts.permissions import FilePermissions
from netsuite.accounts.resolver import AccountSubmitter, RecipientResolver
from netsuite.accounts.scripts import LIMITS, AccountScripts, ScriptLimits
from netsuite.accounts.shell import AccountShell
from netsuite.store.interfaces import Store
from netsuite.store.model import Account
from netsuite.store.tree import FileHomes

#: Makes a facet, and says what to do when its user leaves.
FacetMaker = Callable[[Account], Awaitable[tuple[object, Callable[[], None]]]]


@implementer(IRealm)
class AccountRealm:
    """Gives accounts' facets.

    Args:
        resolver: knows what addresses are an account's own.
        files: the trees of files; None: there is no such facet.
        newsroom: what all read of the news; None for one of its own.
        hashing: for changes of passwords; None: there is no facet of a shell.
        cram_md5: whether what CRAM-MD5 needs is kept of new passwords.
        scripts: how many an account may have, and how large.
        permissions: who may do what with files; None: as where there are no rules.
        arrivals: told of uploads.
    """

    def __init__(
        self,
        store: Store,
        resolver: RecipientResolver,
        files: FileHomes | None = None,
        newsroom: StoreNewsroom | None = None,
        *,
        hashing: Hashing | None = None,
        cram_md5: bool = False,
        scripts: ScriptLimits = LIMITS,
        permissions: FilePermissions | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._homes = files
        self._newsroom = newsroom or StoreNewsroom(store)
        self._hashing = hashing
        self._cram_md5 = cram_md5
        self._script_limits = scripts
        self._permissions = permissions
        self._arrivals = arrivals
        #: Interface to maker; a composer may add facets of its own.
        self.makers: dict[type, FacetMaker] = {
            interfaces.MailAccess: self._mail,
            interfaces.Maildrop: self._maildrop,
            interfaces.ScriptAccess: self._scripts,
            interfaces.Submitter: self._submitter,
            interfaces.NewsAccess: self._news,
        }
        if files is not None:
            self._current = CurrentAccounts(store)
            self.makers[interfaces.FileAccess] = self._files
        if files is not None and hashing is not None:
            self.makers[interfaces.ShellAccess] = self._shell

    def requestAvatar(  # noqa: N802 - Twisted's name
        self,
        avatarId: bytes | tuple[()],  # noqa: N803
        mind: object,
        *wanted: type,
    ) -> Deferred[tuple[type, Any, Callable[[], None]]]:
        """Return the first facet of *wanted* there is (IRealm)."""
        name = avatarId.decode() if isinstance(avatarId, bytes) else ""
        protocol = mind.protocol if isinstance(mind, interfaces.Channel) else ""
        return ensureDeferred(self._facet(name, wanted, protocol))

    async def _facet(
        self, name: str, wanted: tuple[type, ...], protocol: str
    ) -> tuple[type, Any, Callable[[], None]]:
        for interface in wanted:
            if interface in self.makers:
                account = await self._store.accounts.account(name)
                avatar, logout = await self.makers[interface](account)
                if isinstance(avatar, AccountFiles):
                    avatar.protocol = protocol
                return interface, avatar, logout
        raise NotImplementedError(f"no facet for {wanted}")

    async def _mail(self, account: Account) -> tuple[object, Callable[[], None]]:
        return AccountMail(self._store, account), _nothing

    async def _maildrop(self, account: Account) -> tuple[object, Callable[[], None]]:
        maildrop = AccountMaildrop(self._store, account)
        return maildrop, maildrop.release

    async def _scripts(self, account: Account) -> tuple[object, Callable[[], None]]:
        return AccountScripts(self._store.scripts, account, self._script_limits), _nothing

    async def _submitter(self, account: Account) -> tuple[object, Callable[[], None]]:
        own = await self._resolver.addresses_of(account)
        return AccountSubmitter(account, own), _nothing

    async def _files(self, account: Account) -> tuple[object, Callable[[], None]]:
        assert self._homes is not None
        home = await self._homes.home(account.name)
        facet = AccountFiles(
            self._store,
            account,
            home,
            self._homes.public,
            accounts=self._current,
            decides=self._permissions,
            arrivals=self._arrivals,
        )
        return facet, _nothing

    async def _news(self, account: Account) -> tuple[object, Callable[[], None]]:
        return AccountNews(self._store, self._newsroom, account), _nothing

    async def _shell(self, account: Account) -> tuple[object, Callable[[], None]]:
        assert self._hashing is not None
        files, _ = await self._files(account)
        assert isinstance(files, AccountFiles)
        shell = AccountShell(
            account,
            self._store.accounts,
            self._hashing,
            mail=AccountMail(self._store, account),
            news=AccountNews(self._store, self._newsroom, account),
            files=files,
            cram_md5=self._cram_md5,
        )
        return shell, _nothing


def _nothing() -> None:
    """Nothing is to be done when this facet's user leaves."""
