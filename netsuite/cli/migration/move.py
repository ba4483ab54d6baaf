"""An account that is to be moved, as a command line or a file says it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Move:
    """An account to be moved.

    Args:
        user: whose mail it is there.
        account: whose it becomes here.
        login: who logs in for that, and the password.
    """

    user: str
    account: str
    login: tuple[str, str] = field(repr=False)
