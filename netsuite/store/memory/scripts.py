"""Sieve scripts of accounts in the memory store."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from netsuite.store.changes import ScriptsChanged
from netsuite.store.errors import NoSuchScript, OverQuota, ScriptActive, ScriptExists
from netsuite.store.memory.records import AccountRecord, Records
from netsuite.store.model import AccountId, ScriptEntry


class MemoryScripts:
    """Implements ``interfaces.ScriptStore`` (ScriptStore)."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def _named(self, account: AccountId, name: str) -> AccountRecord:
        """Return an account that has a script of that name. Raises NoSuchScript."""
        self._records.check_open()
        record = self._records.accounts.get(account)
        if record is None or name not in record.scripts:
            raise NoSuchScript(name)
        return record

    async def scripts(self, account: AccountId) -> Sequence[ScriptEntry]:
        """All, sorted by name."""
        self._records.check_open()
        record = self._records.accounts.get(account)
        return [
            ScriptEntry(name, name == record.active_script, len(text.encode()))
            for name, text in (sorted(record.scripts.items()) if record is not None else ())
            if record is not None
        ]

    async def script(self, account: AccountId, name: str) -> str:
        """Raises NoSuchScript."""
        return self._named(account, name).scripts[name]

    async def active_script(self, account: AccountId) -> str | None:
        """The text of the active one."""
        self._records.check_open()
        record = self._records.accounts.get(account)
        if record is None or record.active_script is None:
            return None
        return record.scripts[record.active_script]

    async def with_active(self) -> Collection[AccountId]:
        """The accounts that have an active script."""
        self._records.check_open()
        accounts = self._records.accounts.items()
        return frozenset(key for key, each in accounts if each.active_script is not None)

    async def put(self, account: AccountId, name: str, text: str, *, most: int) -> None:
        """Make or replace one. Raises OverQuota, NoSuchAccount."""
        record = self._records.account(account)
        if name not in record.scripts and len(record.scripts) >= most:
            raise OverQuota(record.account.name)
        record.scripts[name] = text
        self._records.publish(ScriptsChanged(account))

    async def activate(self, account: AccountId, name: str | None) -> None:
        """Make one active, or none. Raises NoSuchScript."""
        if name is not None:
            self._named(account, name).active_script = name
        else:
            self._records.check_open()
            if account in self._records.accounts:
                self._records.accounts[account].active_script = None
        self._records.publish(ScriptsChanged(account))

    async def rename(self, account: AccountId, name: str, new: str) -> None:
        """Rename one. Raises NoSuchScript, ScriptExists."""
        record = self._named(account, name)
        if new in record.scripts:
            raise ScriptExists(new)
        record.scripts[new] = record.scripts.pop(name)
        if record.active_script == name:
            record.active_script = new
        self._records.publish(ScriptsChanged(account))

    async def delete(self, account: AccountId, name: str) -> None:
        """Remove one. Raises NoSuchScript, ScriptActive."""
        record = self._named(account, name)
        if record.active_script == name:
            raise ScriptActive(name)
        del record.scripts[name]
        self._records.publish(ScriptsChanged(account))
