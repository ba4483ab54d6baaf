"""Accounts, verifiers, aliases and the audit log on SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import EllipsisType
from typing import Any, Final

import sqlalchemy as sa

from netsuite.store import folder_names, model
from netsuite.store.changes import AccountChanged, AliasesChanged
from netsuite.store.errors import AccountExists, NoSuchAccount
from netsuite.store.model import AccountId
from netsuite.store.sql import folders as sql_folders
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession
from netsuite.store.sql.file_locks import drop_locks
from netsuite.store.sql.file_usage import UNCOUNT
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.rows import (
    SELECT_ACCOUNT,
    SELECT_APP_PASSWORD,
    SELECT_LOGIN,
    account_of,
    app_password_of,
    login_of,
    login_row,
    verifiers_json,
    verifiers_of,
    words_json,
)
from netsuite.store.sql.sharing import drop_rights
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import GrowingCall

_A: Final = t.account.c
_P: Final = t.app_password.c
_L: Final = t.login.c
_NAMED: Final = SELECT_ACCOUNT.where(_A.name == sa.bindparam("name"))
_BY_ID: Final = SELECT_ACCOUNT.where(_A.id == sa.bindparam("account"))
_INSERT: Final = sa.insert(t.account)
_ALIASES: Final = sa.select(t.alias.c.name, t.alias.c.targets)
_ALIAS: Final = _ALIASES.where(t.alias.c.name == sa.bindparam("name"))
_INSERT_ALIAS: Final = sa.insert(t.alias)
_DROP_ALIAS: Final = sa.delete(t.alias).where(t.alias.c.name == sa.bindparam("name"))
_DROP: Final = tuple(
    sa.delete(table).where(column == sa.bindparam("account"))
    for table, column in (
        (t.app_password, _P.account),
        (t.subscription, t.subscription.c.account),
        (t.state, t.state.c.account),
        (t.script, t.script.c.account),
        (t.annotation, t.annotation.c.account),
        (t.file_work, t.file_work.c.account),
        (t.account, _A.id),
    )
)
_UPDATE: Final = (
    sa.update(t.account)
    .values(
        state=sa.bindparam("state"),
        display_name=sa.bindparam("display_name"),
        protocols=sa.bindparam("protocols"),
        quota_octets=sa.bindparam("quota_octets"),
        quota_messages=sa.bindparam("quota_messages"),
        groups=sa.bindparam("groups"),
        quota_file_octets=sa.bindparam("quota_file_octets"),
        quota_files=sa.bindparam("quota_files"),
    )
    .where(_A.id == sa.bindparam("of_account"))
)
_VERIFIERS: Final = sa.select(_A.verifiers).where(_A.id == sa.bindparam("account"))
_SET_VERIFIERS: Final = (
    sa.update(t.account)
    .values(verifiers=sa.bindparam("verifiers"))
    .where(_A.id == sa.bindparam("of_account"))
)
_APP_PASSWORDS: Final = SELECT_APP_PASSWORD.where(_P.account == sa.bindparam("account")).order_by(
    _P.id
)
_INSERT_APP_PASSWORD: Final = sa.insert(t.app_password)
_DROP_APP_PASSWORD: Final = sa.delete(t.app_password).where(
    _P.account == sa.bindparam("account"), _P.id == sa.bindparam("id")
)
_USE_APP_PASSWORD: Final = (
    sa.update(t.app_password)
    .values(used_at=sa.bindparam("used_at"))
    .where(_P.id == sa.bindparam("of_id"))
)
_INSERT_LOGIN: Final = sa.insert(t.login)
# Administration stays: whoever can have logins refused could else push it out.
_TRIM_LOGINS: Final = sa.delete(t.login).where(
    _L.id <= sa.bindparam("last"), *(_L.protocol != way for way in sorted(model.ADMINISTRATION))
)
_LOGINS: Final = SELECT_LOGIN.order_by(_L.id.desc()).limit(sa.bindparam("most"))
_LOGINS_OF: Final = _LOGINS.where(_L.account == sa.bindparam("account"))

LOGINS_KEPT: Final = 100_000
#: More lines than that do not wait in memory for the next tick.
LOGINS_WAITING: Final = 500


def read_account(session: DatabaseSession, account: int) -> model.Account:
    """Read one account. Raises NoSuchAccount."""
    return account_of(session.found(NoSuchAccount, _BY_ID, account=account))


def _page(
    statement: sa.Select[Any],
    name: sa.ColumnElement[str],
    other: sa.ColumnElement[str],
    in_name: str,
    in_other: str,
    after: str,
    limit: int | None,
) -> tuple[sa.Select[Any], dict[str, object]]:
    """Return a statement for a page of some rows, and the values of its parameters.

    Args:
        name: the column that they are sorted by.
        other: the column that is looked at, too.
        in_name: what is looked for in the first.
        in_other: what is looked for in the second.
    """
    values: dict[str, object] = {}
    if in_name:
        found: list[sa.ColumnElement[bool]] = []
        for column, text in ((name, in_name), (sa.func.lower(other), in_other)):
            key = f"like_{len(found)}"
            found.append(column.like(sa.bindparam(key, type_=sa.Text), escape="\\"))
            values[key] = f"%{_literal(text.lower())}%"
        statement = statement.where(sa.or_(*found))
    if after:
        statement = statement.where(name > sa.bindparam("after"))
        values["after"] = after
    if limit is not None:
        statement = statement.order_by(name).limit(limit)
    return statement, values


def _literal(text: str) -> str:
    """Return a text as LIKE finds it and nothing else."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _changed(transaction: Transaction, account: model.Account) -> None:
    transaction.changes.append(AccountChanged(account.id, account.name))


class SQLAccounts:
    """Accounts, their verifiers, aliases, and the audit log."""

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def account(self, name: str) -> model.Account:
        """Raises NoSuchAccount."""
        name = name.lower()
        row = None
        if "\x00" not in name and name.isprintable():
            row = await self._shared.read(lambda s: s.one(_NAMED, name=name), inline=True)
        if row is None:
            raise NoSuchAccount(name)
        return account_of(row)

    async def account_by_id(self, account: AccountId) -> model.Account:
        """Raises NoSuchAccount."""
        return await self._shared.read(lambda s: read_account(s, account), inline=True)

    async def accounts(
        self, *, containing: str = "", after: str = "", limit: int | None = None
    ) -> Sequence[model.Account]:
        """All, sorted by name; or a page of some."""
        statement, values = _page(
            SELECT_ACCOUNT, _A.name, _A.display_name, containing, containing, after, limit
        )
        rows = await self._shared.read(lambda s: s.once(statement, **values), inline=False)
        return sorted(map(account_of, rows), key=lambda account: account.name)

    async def add_account(
        self,
        name: str,
        verifiers: model.Verifiers | None,
        *,
        display_name: str = "",
        folders: Iterable[tuple[str, model.SpecialUse | None]] = (),
    ) -> model.Account:
        """Make an account with its INBOX and the folders given, in one step."""
        name = name.lower()
        written = None if verifiers is None else verifiers_json(verifiers)
        wanted = folder_names.first_folders([(model.INBOX, None), *folders])

        def add(transaction: Transaction) -> model.Account:
            session = transaction.session
            if session.one(_NAMED, name=name) or session.one(_ALIAS, name=name):
                raise AccountExists(name)
            account = model.Account(
                AccountId(transaction.next("account")), name, display_name=display_name
            )
            session.many(
                _INSERT,
                [
                    (
                        account.id, name, account.state.value, display_name, None, None, None,
                        "[]", written, 0, 0, None, None, None, None,
                    )
                ],
            )  # fmt: skip
            _changed(transaction, account)
            sql_folders.create_first(transaction, account.id, wanted.items())
            return account

        return await self._shared.write(add)

    async def remove_account(self, account: AccountId) -> None:
        """Remove an account with its folders and messages."""

        def remove(transaction: Transaction) -> None:
            known = read_account(transaction.session, account)
            sql_folders.drop_all(transaction, account)
            transaction.forget_account(account)
            for statement in _DROP:
                transaction.session.run(statement, account=account)
            for who in (known.name, f"-{known.name}"):
                drop_rights(transaction, who)
            drop_locks(transaction, known.name)
            _changed(transaction, known)

        await self._shared.write(remove)

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

        def update(transaction: Transaction) -> model.Account:
            old = read_account(transaction.session, account)
            new = replace(
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
            transaction.flush()
            transaction.session.run(
                _UPDATE,
                state=new.state.value,
                display_name=new.display_name,
                protocols=words_json(new.protocols),
                quota_octets=new.quota_octets,
                quota_messages=new.quota_messages,
                groups=words_json(new.groups),
                quota_file_octets=new.quota_file_octets,
                quota_files=new.quota_files,
                of_account=account,
            )
            if new.quota_file_octets is None and new.quota_files is None:
                transaction.session.run(UNCOUNT, of_account=account)  # nobody counts them any more
            transaction.forget_account(account)
            _changed(transaction, new)
            return new

        return await self._shared.write(update)

    async def verifiers(self, account: AccountId) -> model.Verifiers | None:
        """Of the main password; None when it has none."""
        (written,) = await self._shared.read(
            lambda s: s.found(NoSuchAccount, _VERIFIERS, account=account), inline=True
        )
        return None if written is None else verifiers_of(written)

    async def set_verifiers(self, account: AccountId, verifiers: model.Verifiers | None) -> None:
        """Change the main password."""
        written = None if verifiers is None else verifiers_json(verifiers)

        def change(transaction: Transaction) -> None:
            known = read_account(transaction.session, account)
            transaction.session.run(_SET_VERIFIERS, verifiers=written, of_account=account)
            _changed(transaction, known)

        await self._shared.write(change)

    async def app_passwords(self, account: AccountId) -> Sequence[model.AppPassword]:
        """All, oldest first."""

        def read(session: DatabaseSession) -> list[model.AppPassword]:
            read_account(session, account)
            return [app_password_of(row) for row in session.all(_APP_PASSWORDS, account=account)]

        return await self._shared.read(read, inline=True)

    async def add_app_password(
        self,
        account: AccountId,
        label: str,
        verifiers: model.Verifiers,
        protocols: frozenset[str] | None = None,
    ) -> model.AppPassword:
        """Add one."""

        def add(transaction: Transaction) -> model.AppPassword:
            known = read_account(transaction.session, account)
            row = (
                transaction.next("app_password"), account, label, verifiers_json(verifiers),
                words_json(protocols), transaction.now, None,
            )  # fmt: skip
            transaction.session.many(_INSERT_APP_PASSWORD, [row])
            _changed(transaction, known)
            return app_password_of((row[0], *row[2:]))

        return await self._shared.write(add)

    async def remove_app_password(self, account: AccountId, app_password: int) -> None:
        """Take one away."""

        def remove(transaction: Transaction) -> None:
            known = read_account(transaction.session, account)
            if transaction.session.run(_DROP_APP_PASSWORD, account=account, id=app_password):
                _changed(transaction, known)

        await self._shared.write(remove)

    async def used_app_password(self, app_password: int) -> None:
        """Note that it was used now."""

        def use(transaction: Transaction) -> None:
            transaction.session.run(_USE_APP_PASSWORD, used_at=transaction.now, of_id=app_password)

        await self._shared.write(use)

    async def alias(self, name: str) -> tuple[str, ...]:
        """Return what an alias stands for."""
        name = name.lower()
        if "\x00" in name or not name.isprintable():
            return ()
        row = await self._shared.read(lambda s: s.one(_ALIAS, name=name), inline=True)
        return () if row is None else tuple(json.loads(row[1]))

    async def aliases(
        self,
        *,
        containing: str = "",
        target: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> Mapping[str, tuple[str, ...]]:
        """Alias to targets."""
        columns = t.alias.c
        text = json.dumps(containing.lower())[1:-1]  # as it stands in the column of targets
        statement, values = _page(
            _ALIASES, columns.name, columns.targets, containing, text, after, limit
        )
        if target:  # in its quotes, as an element of the list
            mark = sa.bindparam("target", type_=sa.Text)
            whole = sa.func.lower(columns.targets).like(mark, escape="\\")
            statement = statement.where(whole)
            values["target"] = f"%{_literal(json.dumps(target.lower()))}%"
        rows = await self._shared.read(lambda s: s.once(statement, **values), inline=False)
        return {name: tuple(json.loads(targets)) for name, targets in sorted(rows)}

    async def set_alias(self, alias: str, targets: Sequence[str]) -> None:
        """Make or replace an alias; no targets removes it. Raises AccountExists."""
        alias = alias.lower()

        def change(transaction: Transaction) -> None:
            session = transaction.session
            if targets and session.one(_NAMED, name=alias):
                raise AccountExists(alias)
            session.run(_DROP_ALIAS, name=alias)
            if targets:
                session.many(_INSERT_ALIAS, [(alias, json.dumps(list(targets)))])
            transaction.changes.append(AliasesChanged())

        await self._shared.write(change)

    async def record_login(self, login: model.Login) -> None:
        """Append to the audit log; lines are written together, some time later."""
        self._shared.check_open()
        self._shared.logins.append(login)
        if len(self._shared.logins) >= LOGINS_WAITING:
            await self.write_logins()

    async def write_logins(self) -> None:
        """Write the lines that wait."""
        waiting = self._shared.logins[:]
        self._shared.logins.clear()
        if not waiting:
            return

        def write(transaction: Transaction) -> None:
            first = transaction.next("login", len(waiting))
            rows = [login_row(number, login) for number, login in enumerate(waiting, first)]
            transaction.session.many(_INSERT_LOGIN, rows)
            if first // 1000 != (first + len(waiting)) // 1000:
                transaction.session.run(_TRIM_LOGINS, last=first - LOGINS_KEPT)

        try:
            await self._shared.writer.submit(GrowingCall(write))
        except BaseException:
            self._shared.logins[:0] = waiting
            raise

    async def logins(self, account: str | None = None, limit: int = 100) -> Sequence[model.Login]:
        """The newest lines of the audit log, newest first."""
        self._shared.check_open()
        await self.write_logins()
        statement, values = (_LOGINS, {}) if account is None else (_LOGINS_OF, {"account": account})
        rows = await self._shared.read(
            lambda s: s.all(statement, most=limit, **values), inline=False
        )
        return [login_of(row) for row in rows]
