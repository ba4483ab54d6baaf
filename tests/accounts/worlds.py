"""A small site in memory: accounts, their authenticator, a resolver, hashing on the spot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred, maybeDeferred

from netsuite.accounts.authentication import AccountAuthenticator
from netsuite.accounts.checkers import LoginNames, PasswordCache, PasswordChecker, ProvenNameChecker
from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.interfaces import Channel
from netsuite.accounts.passwords import Hashing, make_verifiers
from netsuite.accounts.realm import AccountRealm
from netsuite.accounts.resolver import RecipientResolver
from netsuite.accounts.throttle import Throttle
from netsuite.store.memory import MemoryStore
from netsuite.store.model import Account, Verifiers
from netsuite.testing.fabric import Fabric

DOMAIN = "example.test"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TLS = Channel("imap", address="192.0.2.7", secure=True, host="mx.example.test")
CLEAR = Channel("imap", address="192.0.2.7", host="mx.example.test")
LOCAL = Channel("imap", address="127.0.0.1", local=True, host="mx.example.test")


@cache
def verifiers_of(password: str, *, cram_md5: bool = False) -> Verifiers:
    """Make verifiers once; hashing is slow on purpose."""
    return make_verifiers(password, cram_md5=cram_md5)


class World:
    """Collaborators wired as a site wires them."""

    def __init__(self, **authenticator: Any) -> None:
        self.clock = Fabric(record=True)
        self.store = MemoryStore()
        self.hashed = 0
        self.resolver = RecipientResolver(self.store, self.clock, domains=[DOMAIN])
        self.delivery = StoreDelivery(self.store, self.resolver, now=lambda: NOW)
        self.realm = AccountRealm(self.store, self.resolver)
        names = LoginNames((DOMAIN,))
        self.right = PasswordCache(self.clock, 60.0, self.store.changes)
        checker = PasswordChecker(
            self.store.accounts, Hashing(self._run), right=self.right, names=names
        )
        portal = Portal(self.realm, [checker, ProvenNameChecker(self.store.accounts, names)])
        self.throttle = Throttle(self.clock, free_guesses=3, slowest_seconds=60)
        self.authenticator = AccountAuthenticator(
            portal,
            self.store.accounts,
            self.throttle,
            names=names,
            secret=b"s" * 32,
            **authenticator,
        )

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        self.hashed += 1
        return maybeDeferred(function, *arguments)

    async def account(self, name: str, password: str = "secret", **changes: Any) -> Account:
        """Make an account."""
        made = await self.store.accounts.add_account(name, verifiers_of(password))
        return await self.store.accounts.update_account(made.id, **changes) if changes else made
