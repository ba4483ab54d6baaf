"""A store held against its own invariants, rule by rule, and mended where that can be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, NamedTuple

import sqlalchemy as sa

from netsuite.store import folder_names
from netsuite.store.errors import BadFolderName, StoreError
from netsuite.store.objects import ObjectStore
from netsuite.store.sql import invariants
from netsuite.store.sql.database import Database, DatabaseSession, Row, translated
from netsuite.store.sql.folders import insert_folder
from netsuite.store.sql.invariants import Rule
from netsuite.store.sql.migrate import newest_revision, revision_of
from netsuite.store.sql.transaction import Transaction

#: What one repair brings back has to be counted by the next.
PASSES: Final = 4
#: Of one rule so many findings are told one by one.
TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it has to be.

    Args:
        repair: what a repair does; empty where it can do nothing.
    """

    line: str
    repair: str = ""


class Counts(NamedTuple):
    """The things that a check has looked at."""

    accounts: int
    folders: int
    messages: int
    queued: int


class Checked(NamedTuple):
    """The result of a check, and what is left of it after the repair, if there was one.

    Args:
        names: of the accounts.
    """

    counts: Counts
    names: frozenset[str]
    found: list[Finding]
    left: list[Finding]


def check(database: Database, *, repair: bool, now: float) -> Checked:
    """Look through a whole store, which may be in use unless it is repaired.

    Args:
        now: seconds since 1970.

    Raises:
        StoreError: it cannot be read, or has the schema of another version.
    """
    revision, newest = revision_of(database), newest_revision()
    if revision != newest:
        raise StoreError(
            f"{database.place} has the schema {revision}, and this version {newest}: it is brought "
            "to it by the next start"
        )
    with closing(database.session()) as session:
        try:
            checked = _check(session, repair, int(now))
            if database.objects is not None:
                lost = list(_lost_objects(session, database.objects))
                checked.found.extend(lost)
                checked.left.extend(each for each in lost if each not in checked.left)
            return checked
        except Exception as error:
            raise translated(error, database) from error


def _lost_objects(session: DatabaseSession, objects: ObjectStore) -> Iterator[Finding]:
    """Hold the contents that are in the object store against what is there."""
    there = dict(objects.sizes())
    told = 0
    for content, key, octets in session.once(sa.text(invariants.MOVED)):
        if there.get(key) == octets:
            continue
        told += 1
        if told <= TOLD:
            size = f"has {there[key]}" if key in there else "is not there, with all"
            yield Finding(
                f"object {key} {size} of the {octets} octets of content {content}: "
                "the messages that have it are damaged"
            )
    if told > TOLD:
        yield Finding(f"and {told - TOLD:,} more objects")


def _check(session: DatabaseSession, repair: bool, now: int) -> Checked:
    if not repair:
        session.begin_reading()
        found = list(_findings(session, None))
        looked_at = _counts(session), _names(session)
        session.execute("ROLLBACK")
        return Checked(*looked_at, found, found)
    session.begin_writing()
    ever: dict[Finding, None] = {}
    left: list[Finding] = []
    for _ in range(PASSES):
        transaction = Transaction(session, now * 1_000_000, lambda: now)
        left = list(_findings(session, transaction))
        ever.update((each, None) for each in left)
        if not any(each.repair for each in left):
            break
    looked_at = _counts(session), _names(session)
    session.execute("COMMIT")
    return Checked(*looked_at, list(ever), left)


def _counts(session: DatabaseSession) -> Counts:
    return Counts(*session.once(sa.text(invariants.COUNTS))[0])


def _names(session: DatabaseSession) -> frozenset[str]:
    return frozenset(row[0] for row in session.once(sa.text("SELECT name FROM account")))


def _findings(session: DatabaseSession, transaction: Transaction | None) -> Iterator[Finding]:
    """Go through the rules; mend what each finds before the next one looks, in a transaction."""
    yield from _pages(session, mend=transaction is not None)
    for rule in invariants.RULES:
        rows = session.once(sa.text(rule.find))
        yield from _told(rule, rows)
        if rows and transaction is not None:
            for statement in rule.mend:
                session.execute(statement)
    for find, says, repair, mend in _CALLED:
        rows = find(session)
        yield from _told(Rule(says, repair, "", ()), rows)
        if rows and transaction is not None and mend is not None:
            mend(transaction, rows)
            transaction.flush()


def _told(rule: Rule, rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows[:TOLD]:
        yield Finding(rule.says.format(*row), rule.repair)
    if len(rows) > TOLD:
        yield Finding(f"and {len(rows) - TOLD:,} more of these", rule.repair)


def _pages(session: DatabaseSession, *, mend: bool) -> Iterator[Finding]:
    """Check SQLite's pages; an index can be made anew."""
    if not session.sqlite:
        return
    faults = session.faults("integrity_check")
    indexes = bool(faults) and all("index" in fault for fault in faults)
    if indexes and mend:
        session.execute("REINDEX")
    for fault in faults:
        yield Finding(f"SQLite: {fault}", "the indexes are made anew" if indexes else "")


# -- what takes more than a statement ------------------------------------------------------------


def _no_inbox(session: DatabaseSession) -> Sequence[Row]:
    return session.once(sa.text(invariants.NO_INBOX))


def _make_inboxes(transaction: Transaction, rows: Sequence[Row]) -> None:
    for account, _ in rows:
        insert_folder(transaction, account, "INBOX")


def _same_validity(session: DatabaseSession) -> Sequence[Row]:
    return session.once(sa.text(invariants.SAME_VALIDITY))


def _raise_validity(transaction: Transaction, rows: Sequence[Row]) -> None:
    for folder, *_ in rows:
        value = transaction.next_uid_validity()
        transaction.session.execute(
            f"UPDATE folder SET uid_validity = {value} WHERE id = {int(folder)}"
        )


def _lost_folders(session: DatabaseSession) -> Sequence[Row]:
    return session.once(sa.text(invariants.LOST_FOLDERS))


def _bring_back(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Make folders of messages that have none, for an account that nobody can log in to."""
    session = transaction.session
    account = transaction.next("account")
    session.execute(invariants.RECOVERED_ACCOUNT.format(account))
    for folder, *_ in rows:
        validity = transaction.next_uid_validity()
        session.execute(
            invariants.RECOVERED_FOLDER.format(int(folder), account, transaction.now, validity)
        )


def _bad_names(session: DatabaseSession) -> Sequence[Row]:
    found: list[Row] = []
    for folder, owner, name in session.once(sa.text("SELECT id, owner, name FROM folder")):
        try:
            if folder_names.checked(name, private=bool(owner)) == name:
                continue
            reason = "which is written otherwise"
        except BadFolderName as error:
            reason = str(error)
        found.append((folder, repr(name), reason))
    return found


_Find = Callable[[DatabaseSession], Sequence[Row]]
_Mend = Callable[[Transaction, Sequence[Row]], None]
_CALLED: Final[tuple[tuple[_Find, str, str, _Mend | None], ...]] = (
    (
        _no_inbox,
        "account {1} has no INBOX",
        "an empty one is made",
        _make_inboxes,
    ),
    (
        _lost_folders,
        "{1} messages are in folder {0}, which is not there",
        "the folder is made, for the new account recovered-..., which is disabled",
        _bring_back,
    ),
    (
        _same_validity,
        "folder {0} ({1}) has the UIDVALIDITY {2}, which it may not have, or not alone",
        "it gets another one",
        _raise_validity,
    ),
    (_bad_names, "folder {0} is called {1}: {2}", "", None),
)
