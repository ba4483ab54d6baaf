"""Accounts of the memory store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import EllipsisType
from typing import Any, Final

from netsuite.store import names
from netsuite.store.changes import (
    AccountChanged,
    AliasesChanged,
    Change,
    FolderCreated,
    FolderDeleted,
)
from netsuite.store.errors import AccountExists, NoSuchAccount
from netsuite.store.memory.folders import make_folder, remove_rows
from netsuite.store.memory.world import Person, World
from netsuite.store.model import (
    INBOX,
    Account,
    AccountId,
    AccountState,
    AppPassword,
    FolderKind,
    Login,
    SpecialUse,
    Verifiers,
)

LOGINS_KEPT: Final = 100_000


class MemoryAccounts:
    """Accounts, their verifiers, aliases, and the audit log."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _changed(self, person: Person) -> None:
        self._world.publish(AccountChanged(person.account.id, person.account.name))

    def _named(self, name: str) -> Person | None:
        for person in self._world.people.values():
            if person.account.name == name:
                return person
        return None

    async def account(self, name: str) -> Account:
        """Raises NoSuchAccount."""
        self._world.check_open()
        person = self._named(name.lower())
        if person is None:
            raise NoSuchAccount(name)
        return person.account

    async def account_by_id(self, account: AccountId) -> Account:
        """Raises NoSuchAccount."""
        return self._world.person(account).account

    async def accounts(self) -> Sequence[Account]:
        """All, sorted by name."""
        self._world.check_open()
        return sorted((p.account for p in self._world.people.values()), key=lambda a: a.name)

    async def add_account(
        self,
        name: str,
        verifiers: Verifiers | None,
        *,
        display_name: str = "",
        folders: Iterable[tuple[str, SpecialUse | None]] = (),
    ) -> Account:
        """Make an account with its INBOX and the folders given, in one step."""
        world = self._world
        world.check_open()
        name = name.lower()
        if self._named(name) is not None or name in world.aliases:
            raise AccountExists(name)
        wanted = names.first_folders([(INBOX, None), *folders])
        account = Account(AccountId(world.next_id()), name, display_name=display_name)
        world.people[account.id] = Person(account, verifiers)
        changes: list[Change] = [AccountChanged(account.id, name)]
        for folder_name, special_use in wanted.items():
            box = make_folder(world, account.id, folder_name, FolderKind.MAILBOX, special_use)
            changes.append(FolderCreated(box.folder.id, account.id, folder_name))
        world.publish(*changes)
        return account

    async def remove_account(self, account: AccountId) -> None:
        """Remove an account with its folders and messages."""
        world = self._world
        person = world.person(account)
        changes: list[Change] = []
        for box in sorted(world.boxes.values(), key=lambda b: b.folder.name):
            if box.folder.owner == account:
                remove_rows(world, box)
                del world.boxes[box.folder.id]
                changes.append(FolderDeleted(box.folder.id, account, box.folder.name))
            for row in box.rows.values():
                row.own.pop(account, None)
        del world.people[account]
        world.drop_unused()
        world.publish(*changes, AccountChanged(account, person.account.name))

    async def update_account(
        self,
        account: AccountId,
        *,
        state: AccountState | None = None,
        display_name: str | None = None,
        protocols: frozenset[str] | None | EllipsisType = ...,
        quota_octets: int | None | EllipsisType = ...,
        quota_messages: int | None | EllipsisType = ...,
        groups: frozenset[str] | None = None,
    ) -> Account:
        """Change what is given (``...``: leave; None where allowed: no limit)."""
        person = self._world.person(account)
        given: dict[str, Any] = {
            name: value
            for name, value in (
                ("state", state),
                ("display_name", display_name),
                ("groups", groups),
            )
            if value is not None
        } | {
            name: value
            for name, value in (
                ("protocols", protocols),
                ("quota_octets", quota_octets),
                ("quota_messages", quota_messages),
            )
            if value is not ...
        }
        person.account = replace(person.account, **given)
        self._changed(person)
        return person.account

    async def verifiers(self, account: AccountId) -> Verifiers | None:
        """Of the main password; None when it has none."""
        return self._world.person(account).verifiers

    async def set_verifiers(self, account: AccountId, verifiers: Verifiers | None) -> None:
        """Change the main password."""
        person = self._world.person(account)
        person.verifiers = verifiers
        self._changed(person)

    async def app_passwords(self, account: AccountId) -> Sequence[AppPassword]:
        """All, oldest first."""
        return tuple(self._world.person(account).app_passwords.values())

    async def add_app_password(
        self,
        account: AccountId,
        label: str,
        verifiers: Verifiers,
        protocols: frozenset[str] | None = None,
    ) -> AppPassword:
        """Add one."""
        person = self._world.person(account)
        added = AppPassword(self._world.next_id(), label, verifiers, protocols, self._world.now())
        person.app_passwords[added.id] = added
        self._changed(person)
        return added

    async def remove_app_password(self, account: AccountId, app_password: int) -> None:
        """Take one away."""
        person = self._world.person(account)
        if person.app_passwords.pop(app_password, None) is not None:
            self._changed(person)

    async def used_app_password(self, app_password: int) -> None:
        """Note that it was used now."""
        self._world.check_open()
        for person in self._world.people.values():
            known = person.app_passwords.get(app_password)
            if known is not None:
                person.app_passwords[known.id] = replace(known, last_used=self._world.now())

    async def aliases(self) -> Mapping[str, tuple[str, ...]]:
        """Alias to targets."""
        self._world.check_open()
        return dict(sorted(self._world.aliases.items()))

    async def set_alias(self, alias: str, targets: Sequence[str]) -> None:
        """Make or replace an alias; no targets removes it. Raises AccountExists."""
        world = self._world
        world.check_open()
        alias = alias.lower()
        if not targets:
            world.aliases.pop(alias, None)
        elif self._named(alias) is not None:
            raise AccountExists(alias)
        else:
            world.aliases[alias] = tuple(targets)
        world.publish(AliasesChanged())

    async def record_login(self, login: Login) -> None:
        """Append to the audit log."""
        self._world.check_open()
        self._world.logins.append(login)
        del self._world.logins[:-LOGINS_KEPT]

    async def logins(self, account: str | None = None, limit: int = 100) -> Sequence[Login]:
        """The newest lines of the audit log, newest first."""
        self._world.check_open()
        newest = (
            login
            for login in reversed(self._world.logins)
            if account is None or login.account == account
        )
        return [login for login, _ in zip(newest, range(limit), strict=False)]
