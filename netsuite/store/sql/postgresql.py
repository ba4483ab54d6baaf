"""PostgreSQL, and what speaks its protocol: connecting, writing transactions, errors.

Nothing here needs what the distributed databases lack: one row is locked where one would take an
advisory lock, no temporary tables, no sequences, no procedures.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import NullPool

from netsuite.store.errors import Busy, StorageFull, StoreError

#: The channel on which processes tell that they have committed.
CHANNEL: Final = "netsuite_change"
#: How long a transaction waits for another process's.
LOCK_SECONDS: Final = 10
#: A process that was stopped in a transaction loses it after so long.
IDLE_SECONDS: Final = 30
#: For libpq, where the store's URL does not say otherwise. A server that is cut off is noticed in
#: half a minute, one that only reads is passed over.
PARAMETERS: Final = {
    "application_name": "netsuite",
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "target_session_attrs": "read-write",
}

_FULL: Final = frozenset({"53100", "58030"})
#: Classes of SQLSTATE that pass: lost connection, rolled back, out of resources, locks, operator
#: intervention. Codes: read only, idle for too long in a transaction.
_PASSING: Final = ("08", "40", "53", "55", "57", "25006", "25P03")
#: Classes and codes after which the connection is no longer of use.
_LOST: Final = ("08", "57P0", "25P03", "25006")
#: Rolled back because of what others did at the same time, for no fault of the transaction.
_AGAIN: Final = frozenset({"40001", "40P01"})
#: A server that says it does not know whether it has committed.
_UNKNOWN: Final = "40003"
#: What a server says that does not know a function or a statement.
_LACKING: Final = frozenset({"0A000", "42601", "42883"})


class Dialect(PGDialect_psycopg):
    """SQLAlchemy's dialect, for servers of any name."""

    supports_statement_cache = True

    def _get_server_version_info(self, connection: object) -> tuple[int, ...]:
        try:
            version: tuple[int, ...] = super()._get_server_version_info(connection)  # type: ignore[no-untyped-call]
        except AssertionError:  # it calls itself otherwise
            version = (13,)
        return version


registry.register("postgresql.netsuite", __name__, "Dialect")


def make_engine(url: URL) -> Engine:
    """Return what connections come from. Raises StoreError without psycopg."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StoreError(
            "a PostgreSQL store needs psycopg: pip install 'netsuite[postgres]'"
        ) from None
    asked = {name: value for name, value in PARAMETERS.items() if name not in url.query}
    return sa.create_engine(
        url.set(drivername="postgresql+netsuite").update_query_dict(asked),
        poolclass=NullPool,
        paramstyle="format",
        use_native_hstore=False,
    )


def beginning(*, durable: bool) -> str:
    """Return the statements that begin a transaction which is the only writing one, of all
    processes, and ask for all counters; one question to the server.

    Args:
        durable: whether its commit waits until it is on the server's disk, as the server is
            configured.
    """
    return (
        "BEGIN ISOLATION LEVEL READ COMMITTED;"
        + ("" if durable else "SET LOCAL synchronous_commit TO OFF;")
        + f"SET LOCAL lock_timeout TO '{LOCK_SECONDS}s';"
        f"SET LOCAL idle_in_transaction_session_timeout TO '{IDLE_SECONDS}s';"
        "SELECT value FROM counter WHERE name = 'commit' FOR UPDATE;"
        "SELECT name, value FROM counter"
    )


def ending(process: str, number: int, now: int, *, notify: bool) -> str:
    """Return the statements that commit, and leave word of it.

    Args:
        process: our token, of hexadecimal digits.
        number: of this commit, of all processes.
        now: microseconds; until some time after that we are known to live.
        notify: whether the others are woken.
    """
    return (
        f"UPDATE counter SET value = {number} WHERE name = 'commit';"
        f"UPDATE process SET commits = {number}, seen_at = {now} WHERE token = '{process}';"
        + (f"NOTIFY {CHANNEL}, '{process}';" if notify else "")
        + "COMMIT"
    )


#: Makes the row that ``beginning`` locks.
MAKE_LOCK: Final = "INSERT INTO counter (name, value) VALUES ('commit', 0) ON CONFLICT DO NOTHING"


# -- errors --------------------------------------------------------------------------------------


def state_of(error: BaseException) -> str | None:
    """Return an error's SQLSTATE; None where the server has not said one, such as when the
    connection was lost; empty for what is no error of the driver's."""
    cause: BaseException = getattr(error, "orig", None) or error
    if not type(cause).__module__.startswith("psycopg"):
        return ""
    state: str | None = getattr(cause, "sqlstate", None)
    return state


def is_lost(error: BaseException) -> bool:
    """Return whether an error has ended the connection, or the server has become one that only
    reads."""
    state = state_of(error)
    return state is None or state.startswith(_LOST)


def is_unknown(error: BaseException) -> bool:
    """Return whether a COMMIT that failed so may have been done all the same."""
    state = state_of(error)
    return state != "25006" and (is_lost(error) or state == _UNKNOWN)


def is_worth_another_try(error: BaseException) -> bool:
    """Return whether what was rolled back may well succeed when it is done again."""
    return state_of(error) in _AGAIN


def is_lacking(error: BaseException) -> bool:
    """Return whether the server says that it does not know such a statement."""
    return state_of(error) in _LACKING


def translated(error: BaseException, place: str) -> StoreError | None:
    """Return an error of the driver's in the store's words; None for one that is no such."""
    state = state_of(error)
    said = f"{place}: {' '.join(str(getattr(error, 'orig', None) or error).split())}"
    if state == "":
        return None
    if state in _FULL:
        return StorageFull(said)
    if state is None or state.startswith(_PASSING):
        return Busy(said)
    return None
