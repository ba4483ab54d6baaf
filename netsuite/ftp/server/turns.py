"""Turns at hashing: so many files at once, and of one account fewer, so that nobody has to wait for
all that another has asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredSemaphore

#: Files that are hashed at once; more wait for their turn ...
AT_ONCE: Final = 4
#: ... and so do those of an account.
OF_ACCOUNT_AT_ONCE: Final = 2


class HashingTurns:
    """Who may hash a file now, and who waits."""

    def __init__(self) -> None:
        self._everybody = DeferredSemaphore(AT_ONCE)
        self._accounts: WeakValueDictionary[str, DeferredSemaphore] = WeakValueDictionary()

    @property
    def free(self) -> int:
        """How many more files may be hashed at once by now."""
        return self._everybody.tokens

    @asynccontextmanager
    async def turn(self, account: str) -> AsyncIterator[None]:
        """Wait until it is an account's turn; the context is the turn."""
        own = self._accounts.get(account)
        if own is None:
            own = self._accounts[account] = DeferredSemaphore(OF_ACCOUNT_AT_ONCE)
        await own.acquire()
        try:
            await self._everybody.acquire()
            try:
                yield
            finally:
                self._everybody.release()
        finally:
            own.release()
