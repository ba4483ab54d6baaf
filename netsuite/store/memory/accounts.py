"""Accounts of the memory store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import EllipsisType
from typing import Final

from netsuite.store import folder_names, model
from netsuite.store.changes import AccountChanged, AliasesChanged, Change
from netsuite.store.errors import AccountExists, NoSuchAccount
from netsuite.store.memory.records import AccountRecord, Records
from netsuite.store.model import AccountId

LOGINS_KEPT: Final = 100_000


def _drop_annotations(
    annotations: dict[tuple[AccountId | None, str], bytes], account: AccountId
) -> None:
    for key in [key for key in annotations if key[0] == account]:
        del annotations[key]


class MemoryAccounts:
    """Accounts, their verifiers, aliases, and the audit log."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def _changed(self, record: AccountRecord) -> None:
        self._records.publish(AccountChanged(record.account.id, record.account.name))

    def _named(self, name: str) -> AccountRecord | None:
        for record in self._records.accounts.values():
            if record.account.name == name:
                return record
        return None

    async def account(self, name: str) -> model.Account:
        """Raises NoSuchAccount."""
        self._records.check_open()
        record = self._named(name.lower())
        if record is None:
            raise NoSuchAccount(name)
        return record.account

    async def account_by_id(self, account: AccountId) -> model.Account:
        """Raises NoSuchAccount."""
        return self._records.account(account).account

    async def accounts(
        self, *, containing: str = "", after: str = "", limit: int | None = None
    ) -> Sequence[model.Account]:
        """All, sorted by name; or a page of some."""
        self._records.check_open()
        found = sorted(
            (each.account for each in self._records.accounts.values()), key=lambda a: a.name
        )
        wanted = containing.lower()
        return [
            each
            for each in found
            if each.name > after and (wanted in each.name or wanted in each.display_name.lower())
        ][:limit]

    async def add_account(
        self,
        name: str,
        verifiers: model.Verifiers | None,
        *,
        display_name: str = "",
        folders: Iterable[tuple[str, model.SpecialUse | None]] = (),
    ) -> model.Account:
        """Make an account with its INBOX and the folders given, in one step."""
        records = self._records
        records.check_open()
        name = name.lower()
        if self._named(name) is not None or name in records.aliases:
            raise AccountExists(name)
        wanted = folder_names.first_folders([(model.INBOX, None), *folders])
        account = model.Account(AccountId(records.next_id()), name, display_name=display_name)
        records.accounts[account.id] = AccountRecord(account, verifiers)
        changes: list[Change] = [AccountChanged(account.id, name)]
        for folder_name, special_use in wanted.items():
            _, created = records.make_folder(account.id, folder_name, special_use=special_use)
            changes += created
            records.accounts[account.id].subscriptions.add(folder_name)
        records.publish(*changes)
        return account

    async def remove_account(self, account: AccountId) -> None:
        """Remove an account with its folders and messages."""
        records = self._records
        record = records.account(account)
        changes: list[Change] = []
        for folder in sorted(records.folders.values(), key=lambda each: each.folder.name):
            if folder.folder.owner == account:
                changes.append(records.remove_folder(folder))
            for row in folder.rows.values():
                row.own.pop(account, None)
            for who in (record.account.name, f"-{record.account.name}"):
                folder.rights.pop(who, None)
            _drop_annotations(folder.annotations, account)
        _drop_annotations(records.annotations, account)
        del records.accounts[account]
        records.drop_unused()
        records.publish(*changes, AccountChanged(account, record.account.name))

    async def update_account(
        self,
        account: AccountId,
        *,
        state: model.AccountState | None = None,
        display_name: str | None = None,
        protocols: frozenset[str] | None | EllipsisType = ...,
        quota_octets: int | None | EllipsisType = ...,
        quota_messages: int | None | EllipsisType = ...,
        quota_file_octets: int | None | EllipsisType = ...,
        quota_files: int | None | EllipsisType = ...,
        groups: frozenset[str] | None = None,
    ) -> model.Account:
        """Change what is given (``...``: leave; None where allowed: no limit)."""
        record = self._records.account(account)
        old = record.account
        record.account = replace(
            old,
            state=old.state if state is None else state,
            display_name=old.display_name if display_name is None else display_name,
            protocols=old.protocols if protocols is ... else protocols,
            quota_octets=old.quota_octets if quota_octets is ... else quota_octets,
            quota_messages=old.quota_messages if quota_messages is ... else quota_messages,
            groups=old.groups if groups is None else groups,
            quota_file_octets=(
                old.quota_file_octets if quota_file_octets is ... else quota_file_octets
            ),
            quota_files=old.quota_files if quota_files is ... else quota_files,
        )
        if record.account.quota_file_octets is None and record.account.quota_files is None:
            record.files = None  # nobody counts them any more
        self._changed(record)
        return record.account

    async def verifiers(self, account: AccountId) -> model.Verifiers | None:
        """Of the main password; None when it has none."""
        return self._records.account(account).verifiers

    async def set_verifiers(self, account: AccountId, verifiers: model.Verifiers | None) -> None:
        """Change the main password."""
        record = self._records.account(account)
        record.verifiers = verifiers
        self._changed(record)

    async def app_passwords(self, account: AccountId) -> Sequence[model.AppPassword]:
        """All, oldest first."""
        return tuple(self._records.account(account).app_passwords.values())

    async def add_app_password(
        self,
        account: AccountId,
        label: str,
        verifiers: model.Verifiers,
        protocols: frozenset[str] | None = None,
    ) -> model.AppPassword:
        """Add one."""
        record = self._records.account(account)
        added = model.AppPassword(
            self._records.next_id(), label, verifiers, protocols, self._records.now()
        )
        record.app_passwords[added.id] = added
        self._changed(record)
        return added

    async def remove_app_password(self, account: AccountId, app_password: int) -> None:
        """Take one away."""
        record = self._records.account(account)
        if record.app_passwords.pop(app_password, None) is not None:
            self._changed(record)

    async def used_app_password(self, app_password: int) -> None:
        """Note that it was used now."""
        self._records.check_open()
        for record in self._records.accounts.values():
            known = record.app_passwords.get(app_password)
            if known is not None:
                record.app_passwords[known.id] = replace(known, last_used=self._records.now())

    async def alias(self, name: str) -> tuple[str, ...]:
        """Return what an alias stands for."""
        self._records.check_open()
        return self._records.aliases.get(name.lower(), ())

    async def aliases(
        self,
        *,
        containing: str = "",
        target: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> Mapping[str, tuple[str, ...]]:
        """Alias to targets."""
        self._records.check_open()
        wanted = containing.lower()
        found = [
            (name, targets)
            for name, targets in sorted(self._records.aliases.items())
            if name > after
            and any(wanted in each.lower() for each in (name, *targets))
            and (not target or target.lower() in [each.lower() for each in targets])
        ]
        return dict(found[:limit])

    async def set_alias(self, alias: str, targets: Sequence[str]) -> None:
        """Make or replace an alias; no targets removes it. Raises AccountExists."""
        records = self._records
        records.check_open()
        alias = alias.lower()
        if not targets:
            records.aliases.pop(alias, None)
        elif self._named(alias) is not None:
            raise AccountExists(alias)
        else:
            records.aliases[alias] = tuple(targets)
        records.publish(AliasesChanged())

    async def record_login(self, login: model.Login) -> None:
        """Append to the audit log."""
        self._records.check_open()
        self._records.logins.append(login)
        old = self._records.logins[:-LOGINS_KEPT]
        self._records.logins[: len(old)] = [
            each for each in old if each.protocol in model.ADMINISTRATION
        ]

    async def logins(self, account: str | None = None, limit: int = 100) -> Sequence[model.Login]:
        """The newest lines of the audit log, newest first."""
        self._records.check_open()
        newest = (
            login
            for login in reversed(self._records.logins)
            if account is None or login.account == account
        )
        return [login for login, _ in zip(newest, range(limit), strict=False)]
