"""The resolver of mail addresses: domains, aliases, catch-all, ``user+detail``, postmaster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import idna
from twisted.internet.interfaces import IReactorTime

from netsuite.accounts.interfaces import AccountDisabled, NotCarried, NotOurs, Recipient
from netsuite.message.address import Address
from netsuite.store.changes import Change, Subscription
from netsuite.store.errors import NoSuchAccount, OverQuota
from netsuite.store.interfaces import Store
from netsuite.store.model import INBOX, Account, AccountState, FolderId

#: How old the list of aliases may be. The feed tells of changes, also of other processes, but
#: theirs a moment late; so an address that is not known makes it read again at once, too.
ALIAS_SECONDS: Final = 60.0
#: An alias may stand for aliases so many times over.
_ALIAS_DEPTH: Final = 10
_REMEMBERED: Final = 10_000
POSTMASTER: Final = "postmaster"
ABUSE: Final = "abuse"  # RFC 2142, 4: there is always somebody
#: How long a mailbox that was too full takes no message that comes without its size.
CROWDED_SECONDS: Final = 2 * 3600.0


def same_domain(domain: str) -> str:
    """Return the form under which domains are compared: A-labels, in lower case (RFC 5890)."""
    lowered = domain.lower().rstrip(".")
    if lowered.isascii():
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode("ascii")
    except idna.IDNAError:
        return lowered


class OwnAddresses:
    """The addresses an account may send from; ``first`` is the one its name makes."""

    def __init__(
        self,
        first: str,
        locals_: Iterable[str],
        whole: Iterable[str],
        domains: frozenset[str],
        separator: str,
    ) -> None:
        self.first = first
        self._locals = frozenset(locals_)
        self._whole = frozenset(whole)
        self._domains = domains
        self._separator = separator

    def has(self, address: str) -> bool:
        """Return whether *address* is one of them, with a detail or without."""
        local, at, domain = address.rpartition("@")
        if not at:
            return False
        local, domain = local.lower(), same_domain(domain)
        if domain not in self._domains:
            return False
        base = local.partition(self._separator)[0] if self._separator else local
        return not {local, base}.isdisjoint(self._locals) or not {
            f"{local}@{domain}",
            f"{base}@{domain}",
        }.isdisjoint(self._whole)


class AccountSubmitter:
    """Implements ``interfaces.Submitter`` (Submitter)."""

    def __init__(self, account: Account, own: OwnAddresses) -> None:
        self.name = account.name
        self.address = own.first
        self._own = own

    def may_send_as(self, address: str) -> bool:
        """Return whether the reverse path is the account's own; the null path (a notification's) is
        everybody's (RFC 5321, 4.5.5)."""
        return not address or self._own.has(address)


#: Local part and domain of an address to the targets it stands for; None for not known.
Finder: TypeAlias = Callable[[str, str], Awaitable[Sequence[str] | None]]


@dataclass(slots=True)
class _Walk:
    """The way from an address through the aliases to what it stands for."""

    aliases: Mapping[str, tuple[str, ...]]
    #: Account names with the detail that came with them, and addresses elsewhere.
    found: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class RecipientResolver:
    """Finds where mail for an address goes (``interfaces.Resolver``).

    Args:
        domains: those received for.
        postmaster: the account that gets postmaster's mail where no alias says otherwise.
        separator: between a user name and a detail; empty for none.
        detail_folders: whether mail for ``user+detail`` goes into the folder of that name, where
            the user has one.
        read_back: returns whom mail for a local part goes to that is a rewritten sender (see
            ``srs``); None where it is none.
        carries_onward: whether somebody empties the queue; otherwise mail for an alias that leads
            elsewhere is put off, not taken and forgotten.
    """

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        *,
        domains: Sequence[str],
        postmaster: str = "",
        separator: str = "+",
        detail_folders: bool = False,
        read_back: Callable[[str], str | None] = lambda local: None,
        carries_onward: bool = True,
    ) -> None:
        self._finders: list[Finder] = []
        self._read_back = read_back
        self.carries_onward = carries_onward
        self._store = store
        self._clock = clock
        self._aliases: Mapping[str, tuple[str, ...]] = {}
        self._read_at: float | None = None
        self._inboxes: dict[str, tuple[Account, FolderId]] = {}
        self._heard_of = 0  # changes that make what was read before them worthless
        #: Addresses that were resolved since the aliases were read, and need no look at a quota.
        self._resolved: dict[tuple[str, str], Recipient] = {}
        self._crowded: dict[str, float] = {}  # until when accounts take nothing of unknown size
        self._changes: Subscription | None = None
        self.open()
        self.configure(
            domains=domains,
            postmaster=postmaster,
            separator=separator,
            detail_folders=detail_folders,
        )

    def configure(
        self,
        *,
        domains: Sequence[str],
        postmaster: str,
        separator: str,
        detail_folders: bool = False,
    ) -> None:
        """Accept what can change while it runs."""
        self.domains = frozenset(same_domain(domain) for domain in domains)
        self._first_domain = domains[0] if domains else ""
        self.postmaster = postmaster.lower()
        self.separator = separator
        self.detail_folders = detail_folders
        self._resolved.clear()

    def add(self, finder: Finder) -> Finder:
        """Add a function that is asked first whom an address of ours stands for; return it.

        ``await finder(local, domain)``, both in lower case, returns names of accounts and
        addresses, as the targets of an alias; none for nobody; and None where it does not know,
        and another finder, or aliases and accounts are asked. It is asked each time.
        """
        self._finders.append(finder)
        self._resolved.clear()
        return finder

    def open(self) -> None:
        """Listen to what changes, again after ``close``; what was found before is forgotten."""
        if self._changes is None:
            self._changes = self._store.changes.watch_accounts(self._heard)
            self._forget()

    def close(self) -> None:
        """Listen no longer."""
        if self._changes is not None:
            self._changes.cancel()
            self._changes = None

    def _heard(self, change: Change) -> None:
        self._forget()

    def _forget(self) -> None:
        self._heard_of += 1
        self._inboxes.clear()
        self._resolved.clear()
        self._crowded.clear()
        self._read_at = None

    def note_full(self, accounts: Iterable[str]) -> None:
        """Accept that a message, whose size was not told before, was too large for mailboxes.

        For a while they take none without its size: the message will come again, and must not
        fail for the others it is for.
        """
        until = self._clock.seconds() + CROWDED_SECONDS
        if len(self._crowded) >= _REMEMBERED:
            self._crowded.clear()
        self._crowded.update(dict.fromkeys(accounts, until))
        self._resolved.clear()

    async def resolve(
        self, local: str, domain: str, *, octets: int = 0, relay: bool = False
    ) -> Recipient:
        """Return where mail for an address goes. Raises as ``Resolver.resolve``.

        Most mail is for few addresses: what was found a moment ago is remembered, until anything
        that bears on it changes.
        """
        found = self._remembered(local, domain)
        if found is not None:
            return found
        ours = same_domain(domain)
        address = str(Address(local, domain)) if domain else local
        if ours and ours not in self.domains:
            if relay and self.carries_onward:
                return Recipient(address, onward=(address,))
            raise NotOurs(domain)
        original = self._read_back(local)
        if original is not None:
            name, _, elsewhere = original.rpartition("@")
            return await self.resolve(name, elsewhere, octets=octets, relay=True)
        heard_of = self._heard_of
        targets = await self._targets(local.lower(), ours)
        found, refusals = await self._recipient(address, targets, octets)
        if refusals and (not (found.folders or found.onward) or not self.carries_onward):
            raise refusals[0]
        if found.onward and not self.carries_onward:
            raise NotCarried(f"{address} leads to other hosts, to which no mail is carried")
        if heard_of == self._heard_of and not refusals and not self._finders:
            self._remember(local, domain, found, targets)
        return found

    async def _recipient(
        self, address: str, targets: Mapping[str, str], octets: int
    ) -> tuple[Recipient, Sequence[Exception]]:
        """Return where mail goes now; and why some of it cannot, which is then put off."""
        folders: dict[FolderId, str] = {}
        onward: list[str] = []
        put_off: list[str] = []
        refusals: list[Exception] = []
        for target, detail in targets.items():
            if "@" in target:
                onward.append(target)
                continue
            mailbox = str(Address(target, self._first_domain))
            detailed = str(Address(f"{target}{self.separator}{detail}", self._first_domain))
            try:
                inbox, folder = await self._folder(target, detail, octets)
                folders[folder] = mailbox if folder == inbox else detailed
            except (OverQuota, AccountDisabled) as error:
                put_off.append(detailed if self._files(detail) else mailbox)
                refusals.append(error)
        by_alias = len(targets) > 1
        return Recipient(address, folders, tuple(onward), tuple(put_off), by_alias), refusals

    def _remembered(self, local: str, domain: str) -> Recipient | None:
        if self._read_at is None or self._clock.seconds() - self._read_at > ALIAS_SECONDS:
            return None
        return self._resolved.get((local, domain))

    def _remember(
        self, local: str, domain: str, found: Recipient, targets: Mapping[str, str]
    ) -> None:
        accounts = [self._inboxes.get(target) for target in targets if "@" not in target]
        if any(known is None or _limited(known[0]) for known in accounts):
            return  # room has to be looked for each time
        if len(self._resolved) >= _REMEMBERED:
            self._resolved.clear()
        self._resolved[local, domain] = found

    async def _targets(self, local: str, domain: str) -> Mapping[str, str]:
        """Return the account names (and addresses elsewhere) that an address stands for, with the
        detail of each."""
        own = await self._found(local, domain) if self._finders else None
        for fresh in (False, True):
            walk = _Walk(await self._read_aliases(fresh=fresh))
            if own is not None:
                for target in own:
                    await self._expand_target(walk, target, domain, _ALIAS_DEPTH)
            else:
                await self._expand(walk, local, domain, _ALIAS_DEPTH)
            if walk.found:
                return walk.found
        raise NoSuchAccount(f"{local}@{domain}")

    async def _found(self, local: str, domain: str) -> Sequence[str] | None:
        """Return what the first finder says that knows an address."""
        for finder in self._finders:
            targets = await finder(local, domain)
            if isinstance(targets, str):  # its letters would be accounts
                raise TypeError(f"{finder!r} returns a text instead of several")
            if targets is not None:
                return targets
        return None

    async def _expand(self, walk: _Walk, local: str, domain: str, depth: int) -> None:
        key = f"{local}@{domain}"
        if key in walk.seen or depth == 0:
            return
        walk.seen.add(key)
        for name, detail in self._names(local, domain):
            if name in walk.aliases:
                for target in walk.aliases[name]:
                    await self._expand_target(walk, target, domain, depth - 1)
                return
            if "@" not in name and await self._exists(name):
                walk.found.setdefault(name, detail)
                return
        if local in (POSTMASTER, ABUSE) and (account := await self._postmaster()):
            walk.found.setdefault(account, "")
            return
        for target in walk.aliases.get(f"@{domain}", ()):
            await self._expand_target(walk, target, domain, depth - 1)

    async def _expand_target(self, walk: _Walk, target: str, domain: str, depth: int) -> None:
        local, at, elsewhere = target.lower().rpartition("@")
        if not at:
            # An account is meant before an alias, so that an alias may have its own
            # account among its targets.
            if await self._exists(target.lower()):
                walk.found.setdefault(target.lower(), "")
            else:
                await self._expand(walk, target.lower(), domain, depth)
        elif same_domain(elsewhere) in self.domains:
            await self._expand(walk, local, same_domain(elsewhere), depth)
        else:
            walk.found.setdefault(target, "")

    def _names(self, local: str, domain: str) -> Iterable[tuple[str, str]]:
        """Return what to look up, the closest first, and the detail that is left of each."""
        yield f"{local}@{domain}", ""
        yield local, ""
        if self.separator and self.separator in local:
            base, _, detail = local.partition(self.separator)
            if base:
                yield f"{base}@{domain}", detail
                yield base, detail

    async def _read_aliases(self, *, fresh: bool) -> Mapping[str, tuple[str, ...]]:
        now = self._clock.seconds()
        if fresh or self._read_at is None or now - self._read_at > ALIAS_SECONDS:
            self._aliases = await self._store.accounts.aliases()
            self._resolved.clear()
            self._read_at = now
        return self._aliases

    async def _exists(self, name: str) -> bool:
        return await self._account(name) is not None

    async def _account(self, name: str) -> tuple[Account, FolderId] | None:
        """Return an account of that name and its INBOX."""
        known = self._inboxes.get(name)
        if known is not None:
            return known
        heard_of = self._heard_of
        try:
            account = await self._store.accounts.account(name)
        except NoSuchAccount:
            return None
        folder = await self._store.mail.folder(account.id, INBOX)
        if heard_of == self._heard_of:
            if len(self._inboxes) >= _REMEMBERED:
                self._inboxes.clear()
            self._inboxes[name] = (account, folder.id)
        return account, folder.id

    async def _postmaster(self) -> str | None:
        if self.postmaster and await self._exists(self.postmaster):
            return self.postmaster
        accounts = await self._store.accounts.accounts()
        return accounts[0].name if accounts else None

    async def mailbox(self, address: str) -> FolderId:
        """Return the folder of a mailbox whose mail was queued; the store will say whether there
        is room."""
        name, detail = await self._of_mailbox(address)
        known = await self._account(name)
        if known is None:
            raise NoSuchAccount(name)
        account, inbox = known
        if account.state is not AccountState.ACTIVE:
            raise AccountDisabled(name)
        return await self._detail_folder(account, detail) or inbox

    async def owner(self, address: str) -> tuple[Account, FolderId] | None:
        """Return the account of a mailbox and its INBOX, by its address; None for nobody's."""
        return await self._account((await self._of_mailbox(address))[0])

    async def _of_mailbox(self, address: str) -> tuple[str, str]:
        """Return the account name in the address of a mailbox, and the detail."""
        local = address.rpartition("@")[0]
        base, _, detail = local.partition(self.separator) if self.separator else (local, "", "")
        return (local, "") if not detail or await self._exists(local) else (base, detail)

    def _files(self, detail: str) -> bool:
        return bool(detail) and self.detail_folders

    async def _detail_folder(self, account: Account, detail: str) -> FolderId | None:
        """Return the folder that mail with a detail goes into; None for the INBOX."""
        if self._files(detail):
            for each in await self._store.mail.folders(account.id):
                if each.name.lower() == detail:
                    return each.id
        return None

    async def filed(self, recipient: Recipient, folder: str) -> Recipient:
        """Return a recipient whose mailboxes get a message into the folder of a name, where they
        have one."""
        folders: dict[FolderId, str] = {}
        for place, mailbox in recipient.folders.items():
            known = await self._account((await self._of_mailbox(mailbox))[0])
            there = [] if known is None else await self._store.mail.folders(known[0].id)
            named = [each.id for each in there if each.name.lower() == folder.lower()]
            folders[named[0] if named else place] = mailbox
        return replace(recipient, folders=folders)

    async def _folder(self, name: str, detail: str, octets: int) -> tuple[FolderId, FolderId]:
        """Return an account's INBOX, and the folder that mail goes into. Raises OverQuota,
        AccountDisabled, NoSuchAccount."""
        known = await self._account(name)
        if known is None:
            raise NoSuchAccount(name)
        account, folder = known
        if account.state is not AccountState.ACTIVE:
            raise AccountDisabled(name)
        if _limited(account):
            usage = await self._store.mail.usage(account.id)
            crowded = not octets and self._crowded.get(name, 0.0) > self._clock.seconds()
            if (
                crowded
                or _full(usage.octets + max(octets, 1), usage.quota_octets)
                or _full(usage.messages + 1, usage.quota_messages)
            ):
                raise OverQuota(name)
        return folder, await self._detail_folder(account, detail) or folder

    async def addresses_of(self, account: Account, *, fresh: bool = True) -> OwnAddresses:
        """Return the addresses an account may send from: its name, and aliases that stand for
        it.

        Args:
            fresh: read them now, though they were a moment ago.
        """
        aliases = await self._read_aliases(fresh=fresh)
        own = {alias for alias, targets in aliases.items() if account.name in targets}
        locals_ = {account.name, *(each for each in own if "@" not in each)}
        whole = {
            f"{each.rpartition('@')[0]}@{same_domain(each.rpartition('@')[2])}"
            for each in own
            if "@" in each and not each.startswith("@")
        }
        first = str(Address(account.name, self._first_domain))
        return OwnAddresses(first, locals_, whole, self.domains, self.separator)


def _limited(account: Account) -> bool:
    return account.quota_octets is not None or account.quota_messages is not None


def _full(used: int, quota: int | None) -> bool:
    return quota is not None and used > quota
