"""The facet of the console: an account may have it that is in the group of administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netsuite.accounts.interfaces import BadCredentials
from netsuite.accounts.mail import ADMIN_GROUP
from netsuite.store.model import Account, AccountState

#: The service's name: accounts that may not use it cannot log in to it.
SERVICE = "console"


@dataclass(frozen=True, slots=True)
class ConsoleAccess:
    """An account that may use the console."""

    account: Account

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name


def is_administrator(account: Account) -> bool:
    """Return whether an account may use the console now."""
    return (
        account.state is AccountState.ACTIVE
        and ADMIN_GROUP in account.groups
        and (account.protocols is None or SERVICE in account.protocols)
    )


async def console_access(account: Account) -> tuple[object, Callable[[], None]]:
    """Make the facet; of ``AccountRealm.makers``. Raises BadCredentials."""
    if not is_administrator(account):
        raise BadCredentials(f"the account is not in the group {ADMIN_GROUP}")
    return ConsoleAccess(account), _nothing


def _nothing() -> None:
    """Nothing is to be done when an administrator leaves."""
