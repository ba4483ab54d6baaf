"""The leases of what is on its way: which items they are, kept ours as long as they are tried."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from twisted.logger import Logger

from netsuite.smtp.delivery.lifecycle import Tried
from netsuite.store.errors import StoreError
from netsuite.store.interfaces import QueueStore
from netsuite.store.outgoing import LeaseLost, QueueItem


class Leases:
    """The items that are being tried, each on the lease it has now.

    Args:
        seconds: how long a lease is claimed, and renewed, for.
    """

    log = Logger()

    def __init__(self, queue: QueueStore, seconds: float) -> None:
        self.seconds = seconds
        self._queue = queue
        self._tried: dict[int, Tried] = {}
        self._lost: set[int] = set()

    def __len__(self) -> int:
        return len(self._tried)

    def add(self, tried: Sequence[Tried]) -> None:
        """Accept items that are to be tried."""
        self._tried.update((each.item.id, each) for each in tried)

    def remove(self, items: Sequence[QueueItem]) -> None:
        """Forget items that are not tried any more."""
        for each in items:
            self._tried.pop(each.id, None)
            self._lost.discard(each.id)

    def adopt(self, claimed: Sequence[QueueItem]) -> Sequence[QueueItem]:
        """Note new leases of what is being tried already; return the others.

        A lease of ours ends under way where the clock was set, the machine slept, or the store
        could not be written for a while: what is on its way must not be sent once more.
        """
        fresh = []
        for item in claimed:
            tried = self._tried.get(item.id)
            if tried is None:
                fresh.append(item)
            else:
                tried.claimed_again(item)
                self._lost.discard(item.id)
        return fresh

    async def renew(self) -> None:
        """Have all leases go on."""
        leases: dict[int, list[int]] = {}
        for tried in self._tried.values():
            if tried.item.id not in self._lost:
                leases.setdefault(tried.item.lease, []).append(tried.item.id)
        for lease, items in leases.items():
            try:
                await self._renew(lease, items)
            except StoreError as error:
                self.log.error("leases cannot be renewed: {error}", error=error)
            except Exception:
                self.log.failure("renewing leases")

    async def _renew(self, lease: int, items: Sequence[int]) -> None:
        """Have a lease go on for those of its items that are still ours: others have been settled
        this moment, or an operator has removed them."""
        while items:
            try:
                await self._queue.renew(lease, items, self.seconds)
                return
            except LeaseLost as error:
                self._lose(lease, error.items)
                rest = [each for each in items if each not in error.items]
                if len(rest) == len(items):
                    raise
                items = rest

    def _lose(self, lease: int, items: Collection[int]) -> None:
        ours = [
            number
            for number in items
            if (tried := self._tried.get(number)) is not None and tried.item.lease == lease
        ]
        if ours:
            self._lost.update(ours)
            self.log.warn("{items} were removed, or may be delivered twice", items=ours)
