"""Locks by which the processes that change files of accounts keep out of a count's way.

They are octets of a file beside the files, which is where all processes that see the files see it.
The system gives them back when a process dies, so they also tell who is alive.
"""

from __future__ import annotations

from typing import Final

from netsuite.store.model import AccountId
from netsuite.store.octet_locks import OctetLocks

#: From there on each process has an octet of its own for as long as it lives.
_ALIVE: Final = 1 << 60
_TOKENS: Final = 1 << 60


def _octet_of(token: str) -> int:
    """Return the octet of a process, by its token of hexadecimal digits."""
    return _ALIVE + int(token, 16) % _TOKENS


class AccountLocks:
    """What one process holds.

    An account has two octets. Who changes its files shares the first; who counts them has it alone.
    Who waits for that holds the second meanwhile, so that others do not come in before.

    Args:
        path: of the file; None where there are no other processes.
        token: this process's.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: str | None, token: str) -> None:
        self._token = token
        self._file = None if path is None else OctetLocks(path)
        if self._file is not None:
            self._file.take(_octet_of(token))

    def close(self) -> None:
        """Give all back; what asks afterwards is at its end, and is let."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def is_alive(self, token: str) -> bool:
        """Return whether the process of a token lives."""
        if self._file is None:
            return token == self._token
        return token == self._token or self._file.is_held(_octet_of(token))

    def is_alone(self) -> bool:
        """Return whether no other process lives."""
        return self._file is None or not self._file.is_held(_ALIVE, _TOKENS)

    def share(self, account: AccountId) -> bool:
        """Begin to change files of an account; False while somebody counts them, or waits for
        that."""
        if self._file is None:
            return True
        if self.is_wanted(account):
            return False
        return self._file.share(2 * account)

    def is_wanted(self, account: AccountId) -> bool:
        """Return whether somebody else counts, or waits for that."""
        return self._file is not None and self._file.is_held(2 * account + 1)

    def take(self, account: AccountId) -> bool:
        """Have the account's files for oneself; False, and it waits for it, while somebody changes
        them. Nothing may be shared when it is asked for first."""
        if self._file is None:
            return True
        return self._file.take(2 * account + 1) and self._file.take(2 * account)

    def release(self, account: AccountId) -> None:
        """Give back what was shared or taken, or wait for nothing any more."""
        if self._file is not None:
            self._file.release(2 * account)
            self._file.release(2 * account + 1)
