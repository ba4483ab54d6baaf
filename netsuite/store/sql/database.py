"""Connections and statements: SQLAlchemy Core compiled once, run on the driver's own cursor.

A statement is an SQLAlchemy expression with named parameters; each dialect compiles it at its first
use, and then it costs what the driver does. Transactions begin and end by statements of our own.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from netsuite.store.errors import Busy, StorageFull, StoreError
from netsuite.store.objects import ObjectStore
from netsuite.store.sql import postgresql

#: What a driver gives: it knows no types, so the one who reads a row has to.
Row: TypeAlias = tuple[Any, ...]

#: How long a connection waits for another process's transaction.
BUSY_SECONDS: Final = 10.0
#: Pages each connection keeps. A large content that passes fills them all, and what is read
#: again lies in the system's cache anyway; but what a transaction changes should fit.
CACHE_KIB: Final = 1024
WRITER_CACHE_KIB: Final = 4 * 1024
#: So long nobody tries again to connect to a server that could not be reached.
REFUSED_SECONDS: Final = 0.5
#: So many rows are inserted with one step of a statement.
ROWS_AT_ONCE: Final = 32

_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY})
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


#: A row of parameters as SQLite takes it, and as psycopg does, with types or without.
_ROW: Final = re.compile(r"\((?:\?|%s(?:::\w+)?)(?:, (?:\?|%s(?:::\w+)?))*\)")


class OneOf(ColumnElement[bool]):
    """``column IN`` a list that is one parameter (see ``Database.numbers`` and ``texts``)."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[int] | ColumnElement[str], name: str) -> None:
        self.column = column
        self.parameter: sa.BindParameter[object] = sa.bindparam(name, type_=sa.types.NullType())


def _compiles_one_of(dialect: str, template: str) -> None:
    # The decorator of SQLAlchemy, which has no types, called for each dialect.
    def compile_one_of(element: OneOf, compiler: SQLCompiler, **keywords: object) -> str:
        column = compiler.process(element.column, **keywords)
        return template.format(column, compiler.process(element.parameter, **keywords))

    compiles(OneOf, dialect)(compile_one_of)


_compiles_one_of("sqlite", "{} IN (SELECT value FROM json_each({}))")
_compiles_one_of("postgresql", "{} = ANY({})")


class Compiled(NamedTuple):
    """A statement as a driver takes it.

    Args:
        sql: its text.
        names: of its parameters, in their order.
        own: those of them whose values the statement brings itself.
    """

    sql: str
    names: tuple[str, ...]
    own: dict[str, object]

    def check_plain(self) -> None:
        """Check that all values of the statement are given by whoever runs it.

        Raises:
            TypeError: it brings values of its own, for which rows of values have no place.
        """
        if self.own:
            raise TypeError(f"a statement for rows brings values of its own: {self.sql}")

    def for_rows(self, count: int) -> str:
        """Return the text of an INSERT for so many rows instead of one.

        Raises:
            TypeError: it is not an INSERT of one row of parameters and nothing more.
        """
        self.check_plain()
        _, _, row = self.sql.rpartition(" VALUES ")
        if not self.names or not _ROW.fullmatch(row) or row.count(",") != len(self.names) - 1:
            raise TypeError(f"not an INSERT of one row of parameters: {self.sql}")
        return self.sql + f", {row}" * (count - 1)


class DatabaseSession:
    """One connection, used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sqlite = database.sqlite
        self._pooled = database.engine.raw_connection()
        connection = self._pooled.driver_connection
        if connection is None:
            raise Busy(f"{database.place}: no connection")
        if not database.sqlite:
            connection.autocommit = True
        #: As the driver gave it.
        self.driver_connection: object = connection
        self._cursor: DBAPICursor = connection.cursor()
        self._generation = database.generation
        self._durable = True  # as connections are configured
        self._closed = False
        self._present = False  # whether it holds a lock of presence
        #: Whether nobody waits any more for what is being read; what takes long asks.
        self.cancelled: Callable[[], bool] = lambda: False

    def close(self) -> None:
        """Close the connection. A lock of presence is given back first: PostgreSQL ends a session
        some time after its client has gone."""
        if self._closed:
            return
        self._closed = True
        if self._present:
            with suppress(Exception):  # a connection that is gone has no locks
                self._cursor.execute("SELECT pg_advisory_unlock_all()")
        self._cursor.close()
        self._pooled.invalidate()

    @property
    def outdated(self) -> bool:
        """Whether it may lead to a server that is no longer the one that is written to."""
        return self._generation != self.database.generation

    # -- transactions

    def begin_writing(self, *, durable: bool = True) -> Mapping[str, int] | None:
        """Begin a transaction that is the only writing one, across all processes.

        Args:
            durable: whether its commit must survive a loss of power by itself. Otherwise the
                system or the server decides when it writes the log; the next commit that must
                last writes the whole log, this transaction's part included.

        Returns:
            All counters, where they came without being asked for.
        """
        if self.sqlite:
            self.database.check_in_place()
            if durable is not self._durable:
                self._cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._cursor.execute("BEGIN IMMEDIATE")
            return None
        self._cursor.execute(postgresql.beginning(durable=durable))
        while self._cursor.nextset():
            pass
        return dict(self._cursor.fetchall())

    def begin_reading(self) -> None:
        """Begin a transaction whose statements all see the same state."""
        self._cursor.execute(
            "BEGIN" if self.sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        )

    def execute(self, sql: str) -> None:
        """Run a bare statement: COMMIT, ROLLBACK, SAVEPOINT ..."""
        self._cursor.execute(sql)

    # -- statements

    def _execute(self, compiled: Compiled, values: dict[str, object]) -> DBAPICursor:
        sql, names, own = compiled
        cursor = self._cursor
        cursor.execute(sql, [values[n] if n in values else own[n] for n in names])
        return cursor

    def all(self, statement: ClauseElement, /, **values: object) -> Sequence[Row]:
        """Run a statement of a module and return its rows."""
        return self._execute(self.database.compiled(statement), values).fetchall()

    def once(self, statement: ClauseElement, /, **values: object) -> Sequence[Row]:
        """Run a statement that was made for this call alone."""
        return self._execute(self.database.compile(statement), values).fetchall()

    def one(self, statement: ClauseElement, /, **values: object) -> Row | None:
        """Run a statement and return its first row."""
        return self._execute(self.database.compiled(statement), values).fetchone()

    def found(self, absent: type[StoreError], statement: ClauseElement, /, **values: object) -> Row:
        """Run a statement and return its first row; raise *absent*, named by the values, where
        there is none."""
        row: Row | None = self._execute(self.database.compiled(statement), values).fetchone()
        if row is None:
            raise absent(", ".join(f"{name} {value}" for name, value in values.items()))
        return row

    def single(self, statement: ClauseElement, /, **values: object) -> Row:
        """Run a statement that gives a row in any case, such as one that counts."""
        row = self.one(statement, **values)
        if row is None:
            raise StoreError(f"{self.database.place}: no row where there is always one")
        return row

    def run(self, statement: ClauseElement, /, **values: object) -> int:
        """Run a statement without rows; return how many rows it touched."""
        return self._execute(self.database.compiled(statement), values).rowcount

    def many(self, statement: ClauseElement, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement for many rows, whose values stand in the statement's order."""
        if rows:
            compiled = self.database.compiled(statement)
            compiled.check_plain()
            self._cursor.executemany(compiled.sql, rows)

    def insert(self, statement: ClauseElement, rows: Sequence[Sequence[object]]) -> None:
        """Insert many small rows, several with one step of the statement.

        SQLite's driver gives the interpreter up and takes it back at each step; row by row, the
        writer and the reactor would wake each other several times a message. PostgreSQL and
        its driver take 1.4 times as long row by row; the driver keeps a hundred statements ready,
        so there the numbers of rows are few.
        """
        start = 0
        while start < len(rows):
            count = min(ROWS_AT_ONCE, len(rows) - start)
            if not self.sqlite:
                count = 1 << (count.bit_length() - 1)
            some = rows[start : start + count]
            sql = self.database.compiled_for_rows(statement, count)
            self._cursor.execute(sql, [value for row in some for value in row])
            start += count

    def lock_presence(self) -> bool:
        """Hold a shared lock in PostgreSQL while connected; return whether nobody else does, which
        a server that has no such locks leaves open."""
        self._present = True
        try:
            self._cursor.execute("SELECT pg_try_advisory_lock(8025, 3)")
        except Exception as error:
            if postgresql.is_lacking(error):
                return False
            raise
        alone: bool = self._cursor.fetchone() == (True,)
        self._cursor.execute("SELECT pg_advisory_lock_shared(8025, 3)")
        if alone:
            self._cursor.execute("SELECT pg_advisory_unlock(8025, 3)")
        return alone

    def rejoin(self) -> None:
        """Hold the lock of ``lock_presence`` again, after the connection was lost. Raises Busy."""
        if self.sqlite:
            return
        self._present = True
        try:
            self._cursor.execute("SELECT pg_try_advisory_lock_shared(8025, 3)")
        except Exception as error:
            if postgresql.is_lacking(error):
                return
            raise
        if self._cursor.fetchone() != (True,):
            raise Busy(f"{self.database.place} is being put back or repaired")

    def take_presence(self) -> bool:
        """Hold the lock of ``lock_presence`` alone; return whether that could be."""
        self._present = True
        self._cursor.execute("SELECT pg_try_advisory_lock(8025, 3)")
        return self._cursor.fetchone() == (True,)

    def enlarge_cache(self) -> None:
        """Keep as much of SQLite's pages as the writer needs."""
        if self.sqlite:
            self._cursor.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")

    def is_intact(self) -> bool:
        """Return whether SQLite finds nothing wrong with its pages."""
        return self.faults("quick_check") == []

    def faults(self, check: str) -> list[str]:
        """Return what SQLite finds wrong, by ``integrity_check`` or ``quick_check``."""
        self._cursor.execute(f"PRAGMA {check}")
        found = [str(row[0]) for row in self._cursor.fetchall()]
        return [] if found == ["ok"] else found

    def pragma(self, name: str) -> int:
        """Return the value of an SQLite pragma that is a number."""
        self._cursor.execute(f"PRAGMA {name}")
        return int(self._cursor.fetchall()[0][0])


class Database:
    """Where connections come from, with statements compiled for it.

    Args:
        objects: where large contents are kept; None: in the database.
    """

    def __init__(self, url: str, objects: ObjectStore | None = None) -> None:
        self.url = parsed(url)
        self.objects = objects
        self.process = ""  # the token of whoever has the store open
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.sqlite else postgresql.make_engine(self.url)
        # Keyed by the statement itself, which keeps it alive: an id could come back.
        self._compiled: dict[ClauseElement, Compiled] = {}
        self._for_rows: dict[tuple[ClauseElement, int], str] = {}
        self._file: tuple[int, int] | None = None  # device and inode of SQLite's file
        #: Rises when a connection was lost: the server may be another one now.
        self.generation = 0
        #: Whether those who listen on PostgreSQL hear (see ``listener``).
        self.notifies = False
        self._refused_until = 0.0
        self._refusal: StoreError | None = None

    def note_place(self) -> None:
        """Remember which file it is, from now on."""
        self._file = self._file_there() if self.sqlite else None

    def forget_place(self) -> None:
        """Take whatever file is there; for a store that is opened again."""
        self._file = None

    def check_in_place(self) -> None:
        """Check that SQLite's file is still where it was, before anything is promised.

        What is written to a file that has been deleted or moved away is lost with the process,
        and SQLite writes on as if nothing had happened.

        Raises:
            StorageFull: it is gone, or another stands in its place.
        """
        if self._file is not None and self._file_there() != self._file:
            raise StorageFull(
                f"{self.url.database} was moved away, deleted or replaced while in use; stop the "
                "daemon, put the file back with its -wal beside it, and start again"
            )

    def _file_there(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.url.database or "")
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def compiled(self, statement: ClauseElement) -> Compiled:
        """Return a statement of a module compiled, as it is from its first use on."""
        known = self._compiled.get(statement)
        if known is None:
            known = self._compiled[statement] = self.compile(statement)
        return known

    def compile(self, statement: ClauseElement) -> Compiled:
        """Return a statement compiled for this call alone."""
        compiled = statement.compile(dialect=self.engine.dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"not a statement with parameters: {compiled}")
        own = {name: value for name, value in compiled.params.items() if value is not None}
        return Compiled(str(compiled), tuple(compiled.positiontup or ()), own)

    def compiled_for_rows(self, statement: ClauseElement, count: int) -> str:
        """Return the text of an INSERT for so many rows. Raises as ``Compiled.for_rows``."""
        known = self._for_rows.get((statement, count))
        if known is None:
            known = self._for_rows[statement, count] = self.compiled(statement).for_rows(count)
        return known

    def numbers(self, numbers: Iterable[int]) -> str | list[int]:
        """Return a list of numbers as the one parameter of ``OneOf``."""
        listed = list(numbers)
        if not self.sqlite:
            return listed
        return "[" + ",".join(map(str, listed)) + "]"

    def texts(self, texts: Iterable[str]) -> str | list[str]:
        """Return a list of texts as the one parameter of ``OneOf``."""
        listed = list(texts)
        return json.dumps(listed) if self.sqlite else listed

    def session(self) -> DatabaseSession:
        """Open a connection. Raises StoreError."""
        self.check_in_place()  # SQLite would make a new file
        if self._refusal is not None and monotonic() < self._refused_until:
            raise Busy(str(self._refusal))  # else each of many would wait for the time-out
        try:
            made = DatabaseSession(self)
        except Exception as error:
            named = translated(error, self)
            if not self.sqlite:
                self._refusal, self._refused_until = named, monotonic() + REFUSED_SECONDS
            raise named from error
        self._refusal = None
        return made

    @property
    def place(self) -> str:
        """The database's name for messages to an operator, without a password."""
        return self.url.render_as_string(hide_password=True)


def parsed(url: str) -> URL:
    """Read a store's URL. Raises StoreError."""
    try:
        parsed_url = make_url(url)
        backend = parsed_url.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend == "sqlite":
        if not parsed_url.database or parsed_url.database == ":memory:":
            raise StoreError("an SQLite store needs a file: sqlite:////absolute/path/netsuite.db")
        return parsed_url
    if backend == "postgresql":
        return parsed_url.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"not a store's URL: {url.partition('://')[0]}://...; "
        "give sqlite:////absolute/path/netsuite.db or postgresql://user@host/database"
    )


def _sqlite_engine(url: URL) -> Engine:
    engine = sa.create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": BUSY_SECONDS,
            "cached_statements": 512,  # an INSERT for each number of rows is one
        },
    )

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIB}",
            "secure_delete = OFF",
            "wal_autocheckpoint = 2000",
            "journal_size_limit = 67108864",
            "temp_store = MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def translated(error: BaseException, database: Database) -> StoreError:
    """Return a driver's error in the store's words."""
    if isinstance(error, StoreError):
        return error
    cause: BaseException = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return _translated_sqlite(cause, database)
    named = postgresql.translated(cause, database.place)
    if named is not None:
        return named
    if isinstance(cause, OSError):
        return StorageFull(f"{database.place}: {cause}")
    return StoreError(f"{database.place}: {type(cause).__name__}: {str(cause).strip()}")


def _translated_sqlite(error: sqlite3.Error, database: Database) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    path = database.url.database or ""
    if code == sqlite3.SQLITE_NOTADB or code == sqlite3.SQLITE_CORRUPT:
        return StoreError(
            f"{path} is not an intact SQLite database; move it away or restore a backup"
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        folder = os.path.dirname(path) or "."
        reason = "it does not exist" if not os.path.isdir(folder) else "it cannot be written"
        return StoreError(f"cannot open {path}: check the folder {folder} ({reason}) and its owner")
    if code in _FULL:
        return StorageFull(
            f"cannot write {path}: {error}; make room on its disk, or make it and "
            "its folder writable"
        )
    if code in _BUSY:
        return Busy(f"{path}: {error}")
    return StoreError(f"{path}: {error}")
