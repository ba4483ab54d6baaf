"""The tally of files in the memory store."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from netsuite.store.file_usage import NO_FILES, Claimed, FileAmount, FileUsage, granted_of
from netsuite.store.memory.records import Records
from netsuite.store.model import AccountId


class MemoryFileUsage:
    """Implements ``file_usage.FileUsageStore``."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def with_quota(self) -> Mapping[AccountId, str]:
        """Return the accounts that have a quota of files, with their names."""
        self._records.check_open()
        return {
            account: record.account.name
            for account, record in self._records.accounts.items()
            if self._usage(account).has_quota
        }

    def _usage(self, account: AccountId) -> FileUsage:
        record = self._records.account(account)
        return FileUsage(
            record.files,
            sum(record.file_claims.values(), NO_FILES),
            record.account.quota_file_octets,
            record.account.quota_files,
            frozenset(record.file_claims),
        )

    async def usage(self, account: AccountId) -> FileUsage:
        """Return what an account has."""
        return self._usage(account)

    async def mark(self, account: AccountId, process: str) -> None:
        """Note that a process is about to change files of an account."""
        self._records.account(account).file_claims.setdefault(process, NO_FILES)

    async def claim(
        self, account: AccountId, process: str, need: FileAmount, more: FileAmount
    ) -> Claimed:
        """Claim room for files."""
        usage = self._usage(account)
        granted = None if usage.used is None else granted_of(usage, need, more)
        if granted is not None:
            claims = self._records.account(account).file_claims
            claims[process] = claims.get(process, NO_FILES) + granted
        return Claimed(granted, usage)

    async def settle(
        self,
        account: AccountId,
        process: str,
        changed: FileAmount,
        unused: FileAmount,
        *,
        done: bool = False,
        uncounted: bool = False,
    ) -> None:
        """Put what a process has changed into the tally."""
        self._records.check_open()
        record = self._records.accounts.get(account)
        if record is None:
            return
        if uncounted:
            record.files = None
        elif record.files is not None:
            record.files += changed
        if done:
            record.file_claims.pop(process, None)
        elif process in record.file_claims:
            record.file_claims[process] -= unused

    async def set_counted(
        self, account: AccountId, counted: FileAmount, dead: Collection[str]
    ) -> None:
        """Note what was counted, and forget processes."""
        record = self._records.account(account)
        if self._usage(account).has_quota:
            record.files = counted
        for process in dead:
            record.file_claims.pop(process, None)
