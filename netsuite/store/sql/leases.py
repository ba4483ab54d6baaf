"""Leases of processes in front of one PostgreSQL: a maildrop, or who does what one is to do.

A lease is good for as long as the process that holds it is known to live: each commit says so, and
one that has nothing to commit does so every few seconds. The clocks of the machines may differ by
some seconds. SQLite's processes, all on one machine, lock octets of a file instead.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Final

import sqlalchemy as sa

from netsuite.store.sql import schema as t
from netsuite.store.sql.database import OneOf
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import Unit

#: How often a process says that it lives, and after how long without that it is taken for dead.
RENEW_SECONDS: Final = 10.0
LIVE_SECONDS: Final = 40.0
#: Of processes that ended in no order so much is remembered.
_FORGET_SECONDS: Final = 24 * 3600.0
_MICRO: Final = 1_000_000

#: Who indexes, sweeps and drops what has expired, for all.
TIDYING: Final = "tidying"

_P: Final = t.process.c
_L: Final = t.lease.c
_INSERT_PROCESS: Final = sa.insert(t.process)
_SELF: Final = sa.select(_P.commits).where(_P.token == sa.bindparam("token"))
_LEAVE: Final = sa.delete(t.process).where(_P.token == sa.bindparam("token"))
_DROP_DEAD: Final = sa.delete(t.process).where(_P.seen_at < sa.bindparam("before"))
_HOLDER: Final = (
    sa.select(_L.holder, _P.seen_at)
    .outerjoin_from(t.lease, t.process, _P.token == _L.holder)
    .where(_L.name == sa.bindparam("name"))
)
_INSERT: Final = sa.insert(t.lease)
_DROP: Final = sa.delete(t.lease).where(_L.name == sa.bindparam("name"))
_DROP_MINE: Final = _DROP.where(_L.holder == sa.bindparam("holder"))
_DROP_OTHERS: Final = sa.delete(t.lease).where(
    _L.holder == sa.bindparam("holder"), sa.not_(OneOf(_L.name, "held"))
)


def of_maildrop(folder: int) -> str:
    """Return the name of a folder's lease."""
    return f"maildrop/{folder}"


class _Lease(Unit[bool]):
    """Something about leases. It can be lost: so can the process."""

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process


class Join(_Lease):
    """This process is there, and holds what it says and no more.

    Args:
        held: names of leases; others are given back.
    """

    def __init__(self, process: str, held: Collection[str] = ()) -> None:
        super().__init__(process)
        self._held = held

    def apply(self, transaction: Transaction) -> bool:
        """Say so; the commit itself says that it lives."""
        session = transaction.session
        if session.one(_SELF, token=self._process) is None:
            session.run(_DROP_DEAD, before=transaction.now - int(_FORGET_SECONDS * _MICRO))
            session.many(_INSERT_PROCESS, [(self._process, transaction.now, 0)])
        held = session.database.texts(self._held)
        return session.run(_DROP_OTHERS, holder=self._process, held=held) > 0


class Leave(_Lease):
    """This process has the store open no longer."""

    def apply(self, transaction: Transaction) -> bool:
        """Give all back."""
        session = transaction.session
        session.run(_DROP_OTHERS, holder=self._process, held=session.database.texts(()))
        return session.run(_LEAVE, token=self._process) > 0


class Take(_Lease):
    """A lease is taken, or was ours already; False where another process that lives has it."""

    def __init__(self, process: str, name: str) -> None:
        super().__init__(process)
        self._name = name

    def apply(self, transaction: Transaction) -> bool:
        """Take it."""
        session = transaction.session
        row = session.one(_HOLDER, name=self._name)
        if row is not None:
            holder, seen_at = row
            if holder == self._process:
                return True
            if seen_at is not None and seen_at >= transaction.now - LIVE_SECONDS * _MICRO:
                return False
            session.run(_DROP, name=self._name)
        session.many(_INSERT, [(self._name, self._process)])
        return True


class Release(_Lease):
    """A lease is given back, if it is ours."""

    def __init__(self, process: str, name: str) -> None:
        super().__init__(process)
        self._name = name

    def apply(self, transaction: Transaction) -> bool:
        """Give it back."""
        return transaction.session.run(_DROP_MINE, name=self._name, holder=self._process) > 0
