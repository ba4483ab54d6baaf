"""Logins that stay good: those that are open end when what they stand on is gone.

A login stands on an account that may log in to that service, and on the password that was right.
Whichever process changes one of them, the store's feed tells; then both are read again. What else
changes of an account ends nobody's session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import BadCredentials, Channel
from netsuite.store.changes import AccountChanged, Change, ChangeFeed, Subscription
from netsuite.store.errors import NoSuchAccount, StoreError
from netsuite.store.interfaces import AccountStore
from netsuite.store.model import Account, AccountId, AccountState, Verifiers

#: Members may act as other accounts (an authorization identity of their choice).
PROXY_GROUP: Final = "proxy"
#: How long a store that cannot be read is left in peace.
RETRY_SECONDS: Final = 2.0


def refuse_unusable(account: Account, channel: Channel) -> None:
    """Raise BadCredentials when an account is disabled, or not for this protocol."""
    if account.state is not AccountState.ACTIVE:
        raise BadCredentials("the account is disabled")
    if account.protocols is not None and channel.protocol not in account.protocols:
        raise BadCredentials(f"the account may not use {channel.protocol}")


def refuse_acting(account: Account, wanted: str) -> None:
    """Raise BadCredentials when an account may not act as others."""
    if PROXY_GROUP not in account.groups:
        raise BadCredentials(f"{account.name} may not act as {wanted!r}")


def mark(part: str | bytes | None) -> int:
    """Return by what a part of verifiers is known again. Each part is by itself: a password that is
    only hashed anew keeps the other parts, and whoever came by one of those."""
    return hash(part)


def _are_marked(kept: Verifiers, marks: frozenset[int]) -> bool:
    """Return whether a part of verifiers has one of the marks."""
    return (
        mark(kept.argon2) in marks
        or any(mark(each.stored_key) in marks for each in kept.scram.values())
        or (kept.cram_md5 is not None and mark(kept.cram_md5) in marks)
    )


@dataclass(slots=True)
class Proof:
    """What a login was let in for; filled in by the checker that lets it.

    Args:
        accounts: whose password it was; then as whom they act, where that is another. None at all
            where a checker of somebody else's has let it in.
        marks: of what is kept of the password; none where it was no password, or is kept elsewhere.
    """

    accounts: tuple[AccountId, ...] = ()
    marks: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class Standing:
    """What one login stands on.

    Args:
        logins: all that are open.
        heard: how many changes of accounts had been heard of before it was looked at.
    """

    logins: OpenLogins
    proof: Proof
    channel: Channel
    heard: int
    revoked: Callable[[], None] = field(default=lambda: None)

    def watch(self, revoked: Callable[[], None]) -> Callable[[], None]:
        """Call a function once the login is not good any more; return what ends that."""
        self.revoked = revoked
        return self.logins.add(self)

    def accept(self, verifiers: Verifiers) -> None:
        """Accept a password, too, that whoever has logged in is about to set."""
        self.proof.marks |= {mark(verifiers.argon2)}


class OpenLogins:
    """The logins of this process that somebody holds open.

    Args:
        clock: for the time until an unreadable store is asked again.
    """

    log = Logger()

    def __init__(self, accounts: AccountStore, changes: ChangeFeed, clock: IReactorTime) -> None:
        self._accounts = accounts
        self._feed = changes
        self._clock = clock
        #: How many changes of accounts were heard of.
        self.heard = 0
        self._by_account: dict[AccountId, set[Standing]] = {}
        self._changed: dict[AccountId, None] = {}  # to be looked at, in their order
        self._turn: IDelayedCall | None = None
        self._looking: Deferred[None] | None = None
        self._changes: Subscription | None = None

    def open(self) -> None:
        """Listen to what changes."""
        if self._changes is None:
            self._changes = self._feed.watch_accounts(self._heard)

    def close(self) -> None:
        """Listen no longer."""
        if self._changes is not None:
            self._changes.cancel()
            self._changes = None
        self._changed.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._looking is not None:
            self._looking.cancel()

    def add(self, standing: Standing) -> Callable[[], None]:
        """Add a login; return what takes it away again."""
        accounts = standing.proof.accounts
        for account in accounts:
            self._by_account.setdefault(account, set()).add(standing)
        if standing.heard != self.heard:  # what it stands on may have gone while it was looked at
            self._look_at(accounts)

        def remove() -> None:
            for account in accounts:
                known = self._by_account.get(account, set())
                known.discard(standing)
                if not known:
                    self._by_account.pop(account, None)

        return remove

    def _heard(self, change: Change) -> None:
        if isinstance(change, AccountChanged):
            self.heard += 1
            if change.account in self._by_account:
                self._look_at((change.account,))

    def _look_at(self, accounts: Iterable[AccountId]) -> None:
        self._changed.update(dict.fromkeys(accounts))
        if self._changed and self._turn is None and self._looking is None:
            self._turn = self._clock.callLater(0, self._look)  # the feed may not be kept waiting

    # -- looking -------------------------------------------------------------------------------

    def _look(self) -> None:
        self._turn = None
        self._looking = ensureDeferred(self._look_at_all())
        self._looking.addErrback(self._broken)
        self._looking.addBoth(self._looked)

    def _looked(self, _: object) -> None:
        self._looking = None
        if self._changes is not None:
            self._look_at(())

    def _broken(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self.log.failure("looking whether logins are still good", failure)

    async def _look_at_all(self) -> None:
        """Look at one account after the other: of ten thousand that are disabled at once, each
        takes a fraction of a millisecond."""
        while self._changed:
            account = next(iter(self._changed))
            del self._changed[account]  # what changes from here on is looked at again
            try:
                await self._look_at_one(account)
            except StoreError as error:
                self.log.warn("logins cannot be looked at: {error!r}", error=error)
                self._changed[account] = None
                await deferLater(self._clock, RETRY_SECONDS)

    async def _look_at_one(self, account: AccountId) -> None:
        for standing in list(self._by_account.get(account, ())):
            try:
                await self._judge(standing)
            except BadCredentials as error:
                if standing not in self._by_account.get(account, ()):  # it has ended meanwhile
                    continue
                self.log.info(
                    "a login to {protocol} from {address} is over: {error}",
                    protocol=standing.channel.protocol,
                    address=standing.channel.address or "a local socket",
                    error=error.reason,
                )
                standing.revoked()

    async def _judge(self, standing: Standing) -> None:
        """Raise BadCredentials where a login would not be let in now."""
        proof, found = standing.proof, []
        try:
            for each in proof.accounts:
                found.append(await self._accounts.account_by_id(each))
        except NoSuchAccount:
            raise BadCredentials("the account is gone") from None
        for account in found:
            refuse_unusable(account, standing.channel)
        for other in found[1:]:
            refuse_acting(found[0], other.name)
        if not proof.marks:
            return
        prover = found[0].id
        own = await self._accounts.verifiers(prover)
        if own is not None and _are_marked(own, proof.marks):
            return
        further = await self._accounts.app_passwords(prover)
        if not any(_are_marked(each.verifiers, proof.marks) for each in further):
            raise BadCredentials("the password has changed")
