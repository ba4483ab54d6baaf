"""Sieve scripts of accounts on SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.store.changes import ScriptsChanged
from netsuite.store.errors import NoSuchScript, OverQuota, ScriptActive, ScriptExists
from netsuite.store.model import AccountId, ScriptEntry
from netsuite.store.sql import schema as t
from netsuite.store.sql.accounts import read_account
from netsuite.store.sql.database import DatabaseSession
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.transaction import Transaction

_S: Final = t.script.c
_OF: Final = _S.account == sa.bindparam("of_account")
_THIS: Final = sa.and_(_OF, _S.name == sa.bindparam("of_name"))
_ALL: Final = sa.select(_S.name, _S.active, _S.content).where(_OF).order_by(_S.name)
_ONE: Final = sa.select(_S.content, _S.active).where(_THIS)
_ACTIVE: Final = sa.select(_S.content).where(_OF, _S.active == 1)
_ACCOUNTS: Final = sa.select(_S.account).where(_S.active == 1)
_COUNT: Final = sa.select(sa.func.count()).select_from(t.script).where(_OF)
_INSERT: Final = sa.insert(t.script)
_REPLACE: Final = sa.update(t.script).values(content=sa.bindparam("new_content")).where(_THIS)
_RENAME: Final = sa.update(t.script).values(name=sa.bindparam("new_name")).where(_THIS)
_DELETE: Final = sa.delete(t.script).where(_THIS)
_SET: Final = (
    sa.update(t.script)
    .values(active=sa.case((_S.name == sa.bindparam("chosen"), 1), else_=0))
    .where(_OF)
)
_CLEAR: Final = sa.update(t.script).values(active=0).where(_OF)


class SQLScripts:
    """Implements ``interfaces.ScriptStore`` (ScriptStore)."""

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def scripts(self, account: AccountId) -> Sequence[ScriptEntry]:
        """All, sorted by name."""

        def read(session: DatabaseSession) -> list[ScriptEntry]:
            rows = session.all(_ALL, of_account=account)
            return [
                ScriptEntry(name, bool(active), len(content.encode()))
                for name, active, content in rows
            ]

        return sorted(await self._shared.read(read, inline=True), key=lambda each: each.name)

    async def script(self, account: AccountId, name: str) -> str:
        """Raises NoSuchScript."""
        content, _ = await self._shared.read(
            lambda s: s.found(NoSuchScript, _ONE, of_account=account, of_name=name), inline=True
        )
        return str(content)

    async def active_script(self, account: AccountId) -> str | None:
        """The text of the active one."""
        row = await self._shared.read(lambda s: s.one(_ACTIVE, of_account=account), inline=True)
        return None if row is None else str(row[0])

    async def with_active(self) -> Collection[AccountId]:
        """The accounts that have an active script."""
        rows = await self._shared.read(lambda s: s.all(_ACCOUNTS), inline=False)
        return frozenset(AccountId(row[0]) for row in rows)

    async def put(self, account: AccountId, name: str, text: str, *, most: int) -> None:
        """Make or replace one. Raises OverQuota, NoSuchAccount."""

        def put(transaction: Transaction) -> None:
            session = transaction.session
            known = read_account(session, account)
            row = session.one(_ONE, of_account=account, of_name=name)
            if row is not None:
                session.run(_REPLACE, new_content=text, of_account=account, of_name=name)
            elif session.single(_COUNT, of_account=account)[0] >= most:
                raise OverQuota(known.name)
            else:
                session.many(_INSERT, [(account, name, text, 0)])
            transaction.changes.append(ScriptsChanged(account))

        await self._shared.write(put, grows=True)

    async def activate(self, account: AccountId, name: str | None) -> None:
        """Make one active, or none. Raises NoSuchScript."""

        def activate(transaction: Transaction) -> None:
            session = transaction.session
            if name is None:
                session.run(_CLEAR, of_account=account)
            else:
                session.found(NoSuchScript, _ONE, of_account=account, of_name=name)
                session.run(_SET, chosen=name, of_account=account)
            transaction.changes.append(ScriptsChanged(account))

        await self._shared.write(activate)

    async def rename(self, account: AccountId, name: str, new: str) -> None:
        """Rename one. Raises NoSuchScript, ScriptExists."""

        def rename(transaction: Transaction) -> None:
            session = transaction.session
            session.found(NoSuchScript, _ONE, of_account=account, of_name=name)
            if session.one(_ONE, of_account=account, of_name=new) is not None:
                raise ScriptExists(new)
            session.run(_RENAME, new_name=new, of_account=account, of_name=name)
            transaction.changes.append(ScriptsChanged(account))

        await self._shared.write(rename)

    async def delete(self, account: AccountId, name: str) -> None:
        """Remove one. Raises NoSuchScript, ScriptActive."""

        def delete(transaction: Transaction) -> None:
            session = transaction.session
            _, active = session.found(NoSuchScript, _ONE, of_account=account, of_name=name)
            if active:
                raise ScriptActive(name)
            session.run(_DELETE, of_account=account, of_name=name)
            transaction.changes.append(ScriptsChanged(account))

        await self._shared.write(delete)
