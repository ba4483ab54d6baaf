"""Many messages copied or moved in several transactions, between which others write.

The first looks whether the quota has room for all of them, and the others do not look again. Where
one fails all the same, what was copied is taken back; what was moved has been (RFC 3501, 6.4.7; RFC
6851, 3.3).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from twisted.logger import Logger

from netsuite.store.errors import MovedInPart, StoreError
from netsuite.store.model import AccountId, Copied, FolderId
from netsuite.store.sql import messages
from netsuite.store.sql.transaction import Transaction

T = TypeVar("T")
_log = Logger()


class Change(Protocol):
    """Does something in a transaction of its own; *grows* where that takes room."""

    def __call__(
        self, function: Callable[[Transaction], T], *, grows: bool = False
    ) -> Awaitable[T]:
        """Return what the function gives, once it is committed. Raises StoreError."""


async def transfer(
    change: Change,
    source: FolderId,
    steps: Iterable[Sequence[int]],
    target: FolderId,
    account: AccountId | None,
    *,
    whole: Sequence[int],
    moving: bool,
    may: str,
) -> Copied:
    """Copy messages, or move them.

    Args:
        steps: their UIDs, by transaction.
        whole: all of them.

    Raises:
        MovedInPart: some were moved before a step failed.
        StoreError: nothing was done.
    """
    validity, sources, put = 0, list[int](), list[int]()
    for number, some in enumerate(steps):
        step = partial(
            messages.copy,
            source=source,
            uids=some,
            destination=target,
            account=account,
            room_for=() if number else whole,
            moving=moving,
            may=may,
        )
        try:
            copied = await change(step, grows=not moving)
        except StoreError as error:
            if moving and put:
                done = Copied(validity, tuple(sources), tuple(put))
                raise MovedInPart(done, error) from error
            await _take_back(change, target, put)
            raise
        validity = copied.uid_validity
        sources += copied.sources
        put += copied.uids
    return Copied(validity, tuple(sources), tuple(put))


async def _take_back(change: Change, target: FolderId, put: Sequence[int]) -> None:
    """Remove copies again, as far as that can be done."""
    if not put:
        return
    step = partial(messages.expunge, folder=target, uids=put, deleted_only=False, at_most=None)
    try:
        await change(step)
    except StoreError as error:
        _log.warn("copies in folder {folder} stay: {why!r}", folder=target, why=error)
