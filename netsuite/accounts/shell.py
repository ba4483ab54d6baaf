"""The facet of an account's shell: its mail, news and files in one, its name and password, and the
way out for mail that is written there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final

from netsuite.accounts.files import AccountFiles
from netsuite.accounts.interfaces import (
    AccountDisabled,
    Administration,
    Delivery,
    NotCarried,
    NotOurs,
    Person,
    Recipient,
    Rejected,
    Resolver,
    Sending,
    Standing,
    UnfitPassword,
    Unsendable,
    WrongPassword,
)
from netsuite.accounts.mail import AccountMail
from netsuite.accounts.news import AccountNews
from netsuite.accounts.passwords import Hashing
from netsuite.accounts.resolver import OwnAddresses
from netsuite.message.address import parse_address
from netsuite.message.build import return_path
from netsuite.message.words import fold
from netsuite.sasl.prepare import Unpreparable
from netsuite.store.errors import Busy, NoSuchAccount, OverQuota, StoreError
from netsuite.store.interfaces import AccountStore, Draft
from netsuite.store.model import Account
from netsuite.store.outgoing import Envelope
from netsuite.wire.dates import format_message_date, now

#: What a recipient is refused for, and how that is said; the first that fits.
_REFUSALS: Final[Sequence[tuple[type[Exception], str]]] = (
    (NoSuchAccount, "there is nobody of that name here"),
    (NotOurs, "mail for other hosts is not taken here"),
    (OverQuota, "the mailbox is full"),
    (AccountDisabled, "the mailbox is closed for now"),
    (NotCarried, "mail for other hosts is not carried from here for now"),
    (Busy, "that cannot be found out just now; try again later"),
)
#: Names of accounts that are looked through for those that begin so.
_LOOKED_THROUGH: Final = 1000


class AccountSending:
    """Implements ``interfaces.Sending``: resolves and delivers as submission by SMTP does.

    Args:
        limits: returns how many octets and recipients a message may have by now.
        moment: returns the present one.
    """

    def __init__(
        self,
        account: Account,
        own: OwnAddresses,
        resolver: Resolver,
        delivery: Delivery,
        *,
        host: str,
        limits: Callable[[], tuple[int, int]],
        moment: Callable[[], datetime] = now,
    ) -> None:
        self.address = own.first
        self.host = host
        self._name = account.name
        self._own = own
        self._resolver = resolver
        self._delivery = delivery
        self._limits = limits
        self._moment = moment

    @property
    def largest_octets(self) -> int:
        """What a message may have."""
        return self._limits()[0]

    @property
    def most_recipients(self) -> int:
        """Whom a message may go to."""
        return self._limits()[1]

    def is_own(self, address: str) -> bool:
        """Return whether an address is one of the account's own."""
        return self._own.has(address)

    async def check(self, address: str) -> None:
        """Check whether mail for an address would be taken. Raises Unsendable, StoreError."""
        await self._resolved(address)

    async def _resolved(self, address: str) -> Recipient:
        parsed = parse_address(address)
        if parsed is None:
            raise Unsendable(f"{address} is no address")
        try:
            return await self._resolver.resolve(parsed.local, parsed.domain, relay=True)
        except (StoreError, NotOurs, AccountDisabled) as error:
            for kind, words in _REFUSALS:
                if isinstance(error, kind):
                    raise Unsendable(f"{address}: {words}") from None
            raise

    async def send(
        self, pieces: AsyncIterator[bytes], recipients: Sequence[str], *, identifier: str
    ) -> None:
        """Make a message durable for all its recipients, or for none. Raises Unsendable,
        StoreError."""
        largest, most = self._limits()
        if not recipients:
            raise Unsendable("it is for nobody")
        if len(recipients) > most:
            raise Unsendable(f"it is for more than {most}")
        resolved: dict[str, Recipient] = {}
        for address in recipients:
            to = await self._resolved(address)
            resolved.setdefault(to.address, to)
        draft = self._delivery.draft()
        try:
            ascii_only = await self._write(draft, pieces, recipients, identifier, largest)
            envelope = Envelope(
                self.address,
                "" if ascii_only else "8BITMIME",
                utf8=not all(each.isascii() for each in (self.address, *recipients)),
            )
            await self._delivery.deliver(
                draft, list(resolved.values()), envelope, account=self._name
            )
        except BaseException as error:
            await draft.abort()
            if isinstance(error, Rejected):
                raise Unsendable(f"it was refused: {error.reason}") from None
            if isinstance(error, OverQuota):
                raise Unsendable("a mailbox that it is for is full") from None
            raise

    async def _write(
        self,
        draft: Draft,
        pieces: AsyncIterator[bytes],
        recipients: Sequence[str],
        identifier: str,
        largest: int,
    ) -> bool:
        """Write a message behind its trace; return whether it is all ASCII. Raises Unsendable."""
        octets, ascii_only = 0, True
        work = draft.write(return_path(self.address) + self._stamp(recipients, identifier))
        if work is not None:
            await work
        async for piece in pieces:
            octets += len(piece)
            ascii_only = ascii_only and piece.isascii()
            if octets > largest:
                raise Unsendable(f"it is larger than {largest} octets")
            work = draft.write(piece)
            if work is not None:
                await work
        return ascii_only

    def _stamp(self, recipients: Sequence[str], identifier: str) -> bytes:
        """Return the trace field. It tells nothing of where the user is, as no field of what is
        written on a machine does (RFC 5321, 4.4, is of what came by SMTP)."""
        to = f" for <{recipients[0]}>" if len(recipients) == 1 else ""
        date = format_message_date(self._moment()).decode("ascii")
        value = f"by {self.host} (netsuite shell) id {identifier}{to}; {date}"
        return fold(b"Received", value.encode("utf-8", "replace"))


class AccountShell:
    """Implements ``interfaces.ShellAccess``; ``sending``, ``administration`` and ``urls`` are put
    in by who has them (``control.shells``)."""

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
        self.real_name = account.display_name or account.name
        self.mail = mail
        self.news = news
        self.files = files
        self.sending: Sending | None = None
        self.administration: Administration | None = None
        self.urls: Callable[[], Sequence[str]] = tuple
        self._account = account
        self._accounts = accounts
        self._hashing = hashing
        self._cram_md5 = cram_md5

    async def rename(self, real_name: str) -> None:
        """Change the name that people read."""
        await self._accounts.update_account(self._account.id, display_name=real_name)
        self.real_name = real_name or self.name

    async def person(self, name: str) -> Person:
        """Return somebody who has an account here. Raises NoSuchAccount."""
        account = await self._accounts.account(name.lower())
        domain = self.sending.address.rpartition("@")[2] if self.sending is not None else ""
        address = f"{account.name}@{domain}" if domain else ""
        return Person(account.name, account.display_name, address)

    async def names(self, beginning: str, *, limit: int) -> Sequence[str]:
        """Return the names of accounts that begin so."""
        beginning = beginning.lower()
        found = await self._accounts.accounts(containing=beginning, limit=_LOOKED_THROUGH)
        return [each.name for each in found if each.name.startswith(beginning)][:limit]

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
