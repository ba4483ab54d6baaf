"""Everybody's mailbox: mail for any address is taken, and an account made for its local part."""

from __future__ import annotations

from collections.abc import Callable

from netsuite.message.address import parse_address
from netsuite.smtp.policy.interface import Facts, Policy, Verdict
from netsuite.store.interfaces import Store


def account_of(address: str) -> str:
    """Return the name of the account whose mail goes to an address: what stands before its ``@``
    and ``+``, in lower case. What is no address is the name itself."""
    parsed = parse_address(address)
    return address if parsed is None else parsed.local.lower().partition("+")[0]


class TakesAnybody(Policy):
    """Has every address be somebody here: an account is made of each recipient that comes, and of
    each domain one of ours; but of those that can be none, as ``ann@[127.0.0.1]``.

    Args:
        store: where accounts are.
        add_domain: makes a domain one of ours.
        add_account: makes an account.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        add_domain: Callable[[str], None],
        add_account: Callable[[str], object],
    ) -> None:
        self._store = store
        self._add_domain = add_domain
        self._add_account = add_account

    async def recipient(self, facts: Facts) -> Verdict:
        """Make the recipient's account, where there is none."""
        address = parse_address(facts.recipient)
        local = facts.recipient.lower() if address is None else address.local.lower()
        domain = "" if address is None else address.domain.lower()
        if domain.startswith("["):
            return None
        if domain:
            self._add_domain(domain)
        name = local.partition("+")[0] if domain else local
        aliases = await self._store().accounts.aliases()
        known = not aliases.keys().isdisjoint((name, f"{local}@{domain}"))
        if name and not known:
            self._add_account(name)
        return None
