"""The journal of migrations: which message of which mailbox elsewhere is which message here.

It is written behind the store's commits, a batch at a time. What was committed and not written
down, since the process was killed between, is found again by ``Copying``: the mailbox is marked
as open before anything of it is copied, and as closed after all of it is written down.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from netsuite.store.sql.presence import give_to_owner

#: In a home.
JOURNAL_FILE: Final = "migrations.db"
_WAIT_SECONDS: Final = 30.0
_AT_ONCE: Final = 500

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, account TEXT NOT NULL, UNIQUE (place, account)
);
CREATE TABLE IF NOT EXISTS mailbox (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name BLOB NOT NULL,
    validity INTEGER NOT NULL, folder INTEGER NOT NULL, folder_validity INTEGER NOT NULL,
    open INTEGER NOT NULL, UNIQUE (source, name)
);
CREATE TABLE IF NOT EXISTS message (
    mailbox INTEGER NOT NULL, uid INTEGER NOT NULL, target INTEGER NOT NULL, flags TEXT NOT NULL,
    mark INTEGER NOT NULL, PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_mark ON message (mark);
"""


class Row(NamedTuple):
    """A message that was copied.

    Args:
        uid: there.
        target: its UID here.
        flags: there, when it was looked at last.
        mark: by which it is known again: see ``marks``.
    """

    uid: int
    target: int
    flags: frozenset[str]
    mark: int


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox elsewhere, and the folder here that its messages go to.

    Args:
        validity: UIDVALIDITY there, when it was looked at last.
        is_open: whether copying has begun and not ended.
    """

    id: int
    validity: int
    folder: int
    folder_validity: int
    is_open: bool


class Journal:
    """The journal of one home. Raises sqlite3.Error.

    Args:
        path: made, for nobody else to read, if it is not there; None for one that is empty, and
            forgotten.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.touch(mode=0o600, exist_ok=True)
            give_to_owner(path)
        self._database = sqlite3.connect(
            path or ":memory:", timeout=_WAIT_SECONDS, isolation_level=None
        )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close it."""
        self._database.close()

    def source(self, place: str, account: str) -> int:
        """Return the number of a login elsewhere and an account here."""
        insert = "INSERT OR IGNORE INTO source (place, account) VALUES (?, ?)"
        self._database.execute(insert, (place, account))
        select = "SELECT id FROM source WHERE place = ? AND account = ?"
        number: int = self._database.execute(select, (place, account)).fetchone()[0]
        return number

    def mailbox(self, source: int, name: str) -> Mailbox | None:
        """Return what is known of a mailbox."""
        row = self._database.execute(
            "SELECT id, validity, folder, folder_validity, open FROM mailbox"
            " WHERE source = ? AND name = ?",
            (source, _octets(name)),
        ).fetchone()
        if row is None:
            return None
        number, validity, folder, folder_validity, is_open = row
        return Mailbox(number, validity, folder, folder_validity, bool(is_open))

    def begin(
        self, source: int, name: str, validity: int, folder: int, folder_validity: int
    ) -> Mailbox:
        """Mark a mailbox as open."""
        self._database.execute(
            "INSERT INTO mailbox (source, name, validity, folder, folder_validity, open)"
            " VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (source, name) DO UPDATE SET"
            " validity = excluded.validity, folder = excluded.folder,"
            " folder_validity = excluded.folder_validity, open = 1",
            (source, _octets(name), validity, folder, folder_validity),
        )
        found = self.mailbox(source, name)
        assert found is not None
        return found

    def end(self, mailbox: int) -> None:
        """Mark a mailbox as closed."""
        self._database.execute("UPDATE mailbox SET open = 0 WHERE id = ?", (mailbox,))

    def forget(self, mailbox: int) -> None:
        """Drop what is known of a mailbox's messages."""
        self._database.execute("DELETE FROM message WHERE mailbox = ?", (mailbox,))

    # -- messages

    def add(self, mailbox: int, rows: Iterable[Row]) -> None:
        """Write down messages, or what has changed of them."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT OR REPLACE INTO message (mailbox, uid, target, flags, mark)"
            " VALUES (?, ?, ?, ?, ?)",
            ((mailbox, row.uid, row.target, " ".join(sorted(row.flags)), row.mark) for row in rows),
        )
        self._database.execute("COMMIT")

    def known(self, mailbox: int, first: int, last: int) -> Mapping[int, Row]:
        """Return the messages whose UIDs lie between two, both included."""
        rows = self._database.execute(
            "SELECT uid, target, flags, mark FROM message"
            " WHERE mailbox = ? AND uid BETWEEN ? AND ?",
            (mailbox, first, last),
        )
        return {row[0]: Row(row[0], row[1], frozenset(row[2].split()), row[3]) for row in rows}

    def targets(self, mailbox: int) -> set[int]:
        """Return the UIDs here of a mailbox's messages."""
        rows = self._database.execute("SELECT target FROM message WHERE mailbox = ?", (mailbox,))
        return {row[0] for row in rows}

    def elsewhere(self, source: int, mailbox: int, marks: Collection[int]) -> set[int]:
        """Return those marks that messages of other mailboxes have."""
        found: set[int] = set()
        wanted = list(marks)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = self._database.execute(
                "SELECT DISTINCT mark FROM message WHERE mark IN"
                f" ({', '.join('?' * len(some))}) AND mailbox IN"
                " (SELECT id FROM mailbox WHERE source = ? AND id <> ?)",
                (*some, source, mailbox),
            )
            found.update(row[0] for row in rows)
        return found


def _octets(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")  # as some servers' names are
