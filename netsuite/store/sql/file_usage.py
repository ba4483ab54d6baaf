"""The tally of files on SQL: columns of the account, and a row for each process at work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from typing import Final, NamedTuple

import sqlalchemy as sa

from netsuite.store.errors import NoSuchAccount
from netsuite.store.file_usage import NO_FILES, Claimed, FileAmount, FileUsage, granted_of
from netsuite.store.model import AccountId
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import Database, DatabaseSession, translated
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import PassingCall

_A: Final = t.account.c
_W: Final = t.file_work.c
_LIMITED: Final = sa.select(_A.id, _A.name).where(
    sa.or_(_A.quota_file_octets.is_not(None), _A.quota_files.is_not(None))
)
_USED: Final = sa.select(
    _A.file_octets, _A.files, _A.quota_file_octets, _A.quota_files
).where(_A.id == sa.bindparam("account"))  # fmt: skip
_CLAIMS: Final = sa.select(_W.process, _W.octets, _W.files).where(
    _W.account == sa.bindparam("account")
)
_THIS: Final = sa.and_(
    _W.account == sa.bindparam("of_account"), _W.process == sa.bindparam("of_process")
)
_INSERT: Final = sa.insert(t.file_work)
_MARKED: Final = sa.select(_W.octets).where(_THIS)
_CLAIM: Final = (
    sa.update(t.file_work)
    .values(
        octets=_W.octets + sa.bindparam("more_octets", type_=sa.BigInteger),
        files=_W.files + sa.bindparam("more_files", type_=sa.BigInteger),
    )
    .where(_THIS)
)
_DROP: Final = sa.delete(t.file_work).where(_THIS)
# NULL stays NULL: it is to be counted.
_ADD: Final = (
    sa.update(t.account)
    .values(
        file_octets=_A.file_octets + sa.bindparam("more_octets", type_=sa.BigInteger),
        files=_A.files + sa.bindparam("more_files", type_=sa.BigInteger),
    )
    .where(_A.id == sa.bindparam("of_account"))
)
_SET: Final = (
    sa.update(t.account)
    .values(file_octets=sa.bindparam("now_octets"), files=sa.bindparam("now_files"))
    .where(_A.id == sa.bindparam("of_account"))
)
_TALLIES: Final = (
    sa.select(_A.id, _A.name, _A.file_octets, _A.files)
    .where(
        _A.file_octets.is_not(None),
        _A.files.is_not(None),
        sa.not_(sa.exists().where(_W.account == _A.id)),
    )
    .order_by(_A.name)
)
UNCOUNT: Final = (
    sa.update(t.account)
    .values(file_octets=sa.null(), files=sa.null())
    .where(_A.id == sa.bindparam("of_account"))
)


def _read(session: DatabaseSession, account: AccountId) -> FileUsage:
    octets, files, quota_octets, quota_files = session.found(NoSuchAccount, _USED, account=account)
    claims = session.all(_CLAIMS, account=account)
    return FileUsage(
        None if octets is None or files is None else FileAmount(octets, files),
        sum((FileAmount(*amounts) for _, *amounts in claims), NO_FILES),
        quota_octets,
        quota_files,
        frozenset(process for process, *_ in claims),
    )


class Tally(NamedTuple):
    """The tally of an account that no process is at work on."""

    account: int
    name: str
    amount: FileAmount


def tallies(database: Database) -> Sequence[Tally]:
    """Return those that have to be right now. Raises StoreError."""
    try:
        with closing(database.session()) as session:
            rows = session.all(_TALLIES)
    except Exception as error:
        raise translated(error, database) from error
    return [
        Tally(account, name, FileAmount(octets, files)) for account, name, octets, files in rows
    ]


def set_tally(database: Database, account: int, amount: FileAmount) -> None:
    """Note what was counted, while nobody has the store open. Raises StoreError."""
    try:
        with closing(database.session()) as session:
            session.begin_writing()
            values = {"now_octets": amount.octets, "now_files": amount.files}
            session.run(_SET, **values, of_account=account)
            session.execute("COMMIT")
    except Exception as error:
        raise translated(error, database) from error


class SQLFileUsage:
    """Implements ``file_usage.FileUsageStore``.

    A mark waits for the disk, once for many files. What comes after may be lost with the power: the
    mark says then that the files have to be counted.
    """

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def with_quota(self) -> Mapping[AccountId, str]:
        """Return the accounts that have a quota of files, with their names."""
        rows = await self._shared.read(lambda session: session.all(_LIMITED), inline=False)
        return {AccountId(account): name for account, name in rows}

    async def usage(self, account: AccountId) -> FileUsage:
        """Return what an account has."""
        return await self._shared.read_together(lambda s: _read(s, account), inline=True)

    async def mark(self, account: AccountId, process: str) -> None:
        """Note, durably, that a process is about to change files of an account."""

        def mark(transaction: Transaction) -> None:
            session = transaction.session
            session.found(NoSuchAccount, _USED, account=account)
            if session.one(_MARKED, of_account=account, of_process=process) is None:
                session.many(_INSERT, [(account, process, 0, 0)])

        await self._shared.write(mark)

    async def claim(
        self, account: AccountId, process: str, need: FileAmount, more: FileAmount
    ) -> Claimed:
        """Claim room for files."""

        def claim(transaction: Transaction) -> Claimed:
            usage = _read(transaction.session, account)
            granted = None if usage.used is None else granted_of(usage, need, more)
            if granted is not None:
                transaction.session.run(
                    _CLAIM,
                    more_octets=granted.octets,
                    more_files=granted.files,
                    of_account=account,
                    of_process=process,
                )
            return Claimed(granted, usage)

        self._shared.check_open()
        return await self._shared.writer.submit(PassingCall(claim))

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

        def settle(transaction: Transaction) -> None:
            session = transaction.session
            mine = {"of_account": account, "of_process": process}
            if uncounted:
                session.run(UNCOUNT, of_account=account)
            elif changed != NO_FILES:
                session.run(
                    _ADD,
                    more_octets=changed.octets,
                    more_files=changed.files,
                    of_account=account,
                )
            if done:
                session.run(_DROP, **mine)
            elif unused != NO_FILES:
                session.run(_CLAIM, more_octets=-unused.octets, more_files=-unused.files, **mine)

        self._shared.check_open()
        await self._shared.writer.submit(PassingCall(settle))

    async def set_counted(
        self, account: AccountId, counted: FileAmount, dead: Collection[str]
    ) -> None:
        """Note what was counted, and forget processes."""

        def note(transaction: Transaction) -> None:
            session = transaction.session
            if _read(session, account).has_quota:
                session.run(
                    _SET,
                    now_octets=counted.octets,
                    now_files=counted.files,
                    of_account=account,
                )
            for process in dead:
                session.run(_DROP, of_account=account, of_process=process)

        self._shared.check_open()
        await self._shared.writer.submit(PassingCall(note))
