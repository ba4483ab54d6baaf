"""Quotas of files: which accounts have one, and what one upload takes of it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from netsuite.store.changes import AccountChanged, Change, Subscription
from netsuite.store.errors import NoSuchAccount, StoreError
from netsuite.store.file_usage import NO_FILES, FileAmount
from netsuite.store.files.account_locks import AccountLocks
from netsuite.store.files.account_tally import AccountTally, Surroundings
from netsuite.store.files.errors import store_error
from netsuite.store.interfaces import Store
from netsuite.store.model import AccountId
from netsuite.store.tree import Space, TreePath, UploadRequest

_TOKEN_OCTETS: Final = 8
#: The file of the locks, beside the trees.
LOCKS: Final = "locks"


async def _not_counted(name: str) -> FileAmount:
    raise StoreError("no tree has been named to count in")


class FileQuotas:
    """The tallies of all accounts that have a quota of files, in this process.

    Args:
        store: where accounts and their tallies are.
        locks: the file of the locks; None where there are no other processes.
        durable: whether each change is on the disk when it is told to be done.
        token: this process's, of hexadecimal digits; None for a random one.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        *,
        locks: Path | None = None,
        durable: bool = True,
        token: str | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._locks = locks
        self._durable = durable
        self._token = token or secrets.token_hex(_TOKEN_OCTETS)
        #: Counts an account's files, by its name.
        self.count: Callable[[str], Awaitable[FileAmount]] = _not_counted
        self._shared: Surroundings | None = None
        self._subscription: Subscription | None = None
        self._limited: dict[str, AccountTally] = {}
        # One that has lost its quota may get another while something is under way.
        self._known: dict[AccountId, AccountTally] = {}

    async def start(self) -> None:
        """Learn which accounts have a quota; the directory of the locks is there. Raises
        StoreError."""
        try:
            locks = AccountLocks(None if self._locks is None else str(self._locks), self._token)
        except OSError as error:
            raise store_error(error) from error
        self._shared = Surroundings(
            self._store.file_usage,
            locks,
            self._clock,
            self._token,
            lambda name: self.count(name),
            self._durable,
        )
        self._subscription = self._store.changes.watch_accounts(self._heard)
        for account, name in (await self._store.file_usage.with_quota()).items():
            self._limit(account, name)

    async def stop(self) -> None:
        """Settle what has changed, and give everything back."""
        if self._subscription is not None:
            self._subscription.cancel()
        for tally in self._known.values():
            # What cannot be settled is counted again.
            with suppress(StoreError):
                await tally.close()
        self._known.clear()
        self._limited.clear()
        if self._shared is not None:
            self._shared.locks.close()
            self._shared = None

    def _heard(self, change: Change) -> None:
        if isinstance(change, AccountChanged):
            Deferred.fromCoroutine(self._look_again(change.account, change.name)).addErrback(
                lambda failure: self.log.failure("reading a quota", failure)
            )

    async def _look_again(self, account: AccountId, name: str) -> None:
        try:
            if account in self._known:  # what was granted was so by the old quota
                await self._known[account].settle()
            has_quota = (await self._store.file_usage.usage(account)).has_quota
        except NoSuchAccount:
            has_quota = False
        except StoreError:  # it is closing, or what is wrong with it is in the log
            return
        if has_quota:
            self._limit(account, name)
        elif name in self._limited and self._limited[name] is self._known.get(account):
            del self._limited[name]

    def _limit(self, account: AccountId, name: str) -> None:
        if self._shared is not None:
            if account not in self._known:
                self._known[account] = AccountTally(self._shared, account, name)
            self._limited[name] = self._known[account]

    # -- for trees -----------------------------------------------------------------------------

    def of(self, path: TreePath) -> AccountTally | None:
        """Return the tally that a path in the tree of all homes counts for; None for none."""
        return self._limited.get(path[0]) if len(path) > 1 else None

    def growth(self, path: TreePath, octets_at: Callable[[], Awaitable[int | None]]) -> Growth:
        """Return what an upload to a path takes of a quota."""
        return Growth(lambda: self.of(path), octets_at)

    async def within(self, path: TreePath, space: Space) -> Space:
        """Return what may be stored at a path where the disk has that much space."""
        tally = self._limited.get(path[0]) if path else None
        if tally is None:
            return space
        octets, files = await tally.left()
        return Space(_least(space.octets_left, octets), _least(space.files_left, files))


def _least(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


class Growth:
    """What one upload takes of its account's quota, if it has one, until it has its name.

    Room is reserved as if nothing had the name. Only where that is not at hand is it looked how
    large the file is that will be replaced.

    Args:
        tally: returns that of the account by now.
        octets_at: returns the size of the file that has the name by now; None where none has.
    """

    __slots__ = ("_find", "_octets_at", "_reserved", "_tally", "replaced")

    def __init__(
        self,
        tally: Callable[[], AccountTally | None],
        octets_at: Callable[[], Awaitable[int | None]],
    ) -> None:
        self._find = tally
        self._octets_at = octets_at
        self._tally = tally()
        self._reserved = NO_FILES
        #: The least size of the file that it is to replace, where there has to be one.
        self.replaced: int | None = None

    @property
    def is_judged(self) -> bool:
        """Whether its account has a quota."""
        return self._tally is not None

    async def begin(self, request: UploadRequest) -> None:
        """Reserve room for what is announced. Raises OverQuota."""
        if self._tally is None:
            return
        kept = request.resume_at or 0
        if request.append:
            self.replaced = await self._octets_at()
            kept = self.replaced or 0
        await self._cover_now(kept + (request.expected_octets or 0))

    async def _cover_now(self, octets: int) -> None:
        waiting = self.cover(octets)
        if waiting is not None:
            await waiting

    def cover(self, octets: int) -> Awaitable[None] | None:
        """Reserve room for so many octets in all; None where it was there, else an awaitable that
        raises OverQuota where there is none."""
        tally = self._tally
        if tally is None:
            return None
        lacking = self._lacking(octets)
        if lacking != NO_FILES:
            if not tally.try_reserve(lacking):
                return self._look_and_cover(tally, octets)
            self._reserved += lacking
        return None

    async def _look_and_cover(self, tally: AccountTally, octets: int) -> None:
        self.replaced = await self._octets_at()
        lacking = self._lacking(octets)
        if lacking != NO_FILES:
            await tally.reserve(lacking)
            self._reserved += lacking

    def _lacking(self, octets: int) -> FileAmount:
        return (self._takes(octets, self.replaced) - self._reserved).positive

    @staticmethod
    def _takes(octets: int, replaced: int | None) -> FileAmount:
        return FileAmount(octets - (replaced or 0), int(replaced is None))

    async def enter(self, octets: int, *, again: bool = False) -> None:
        """Begin to give it its name; its size is known.

        Args:
            again: whether what it was to replace is not what it was.

        Raises:
            OverQuota: there is no room for it.
        """
        if again:
            self.replaced = None
        if self._tally is None:
            self._tally = self._find()  # it may have got a quota meanwhile
        if self._tally is not None:
            await self._cover_now(octets)
            await self._tally.enter()

    def leave(self, octets: int | None = None, replaced: int | None = None) -> None:
        """It has its name, or will not get one.

        Args:
            octets: its size; None where it has no name.
            replaced: the size of the file that had it.
        """
        tally = self._tally
        if tally is not None:
            reserved, self._reserved = self._reserved, NO_FILES
            changed = NO_FILES if octets is None else self._takes(octets, replaced)
            tally.leave(changed, reserved=reserved)

    def give_back(self) -> None:
        """Nothing comes of it."""
        if self._tally is not None and self._reserved != NO_FILES:
            reserved, self._reserved = self._reserved, NO_FILES
            self._tally.release(reserved)
