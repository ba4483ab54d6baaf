"""The facet of an account's shell: its mail, news and files in one, and its password."""

from __future__ import annotations

from netsuite.accounts.files import AccountFiles
from netsuite.accounts.interfaces import Standing, UnfitPassword, WrongPassword
from netsuite.accounts.mail import AccountMail
from netsuite.accounts.news import AccountNews
from netsuite.accounts.passwords import Hashing
from netsuite.sasl.prepare import Unpreparable
from netsuite.store.interfaces import AccountStore
from netsuite.store.model import Account


class AccountShell:
    """Implements ``interfaces.ShellAccess``."""

    def __init__(
        self,
        account: Account,
        accounts: AccountStore,
        hashing: Hashing,
        *,
        mail: AccountMail,
        news: AccountNews,
        files: AccountFiles,
        cram_md5: bool = False,
    ) -> None:
        self.name = account.name
        self.mail = mail
        self.news = news
        self.files = files
        self._account = account
        self._accounts = accounts
        self._hashing = hashing
        self._cram_md5 = cram_md5

    async def change_password(self, old: str, new: str, *, by: Standing | None = None) -> None:
        """Change the main password; logins end, but for the one by which it is changed. Raises
        WrongPassword, UnfitPassword."""
        kept = await self._accounts.verifiers(self._account.id)
        if await self._hashing.matching([kept] if kept else [], old) is None:
            raise WrongPassword
        if not new:
            raise UnfitPassword("A password cannot be empty")
        try:
            made = await self._hashing.make_verifiers(new, cram_md5=self._cram_md5)
        except Unpreparable as error:
            raise UnfitPassword(str(error)) from None
        if by is not None:
            by.accept(made)
        await self._accounts.set_verifiers(self._account.id, made)
