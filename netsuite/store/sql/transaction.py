"""One transaction of the writer: the folders it touched, the numbers it took, what it inserts.

Units read and change ``FolderState`` and ``Quota`` objects instead of rows, and put the rows of
new messages into lists; ``flush`` writes all of it with a few statements. So a hundred
deliveries cost a hundred walks through Python lists and five statements.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

import sqlalchemy as sa

from netsuite.store.changes import Published
from netsuite.store.errors import NoSuchAccount, NoSuchFolder, OverQuota
from netsuite.store.model import AccountId, FolderId
from netsuite.store.sql import arrivals
from netsuite.store.sql import schema as t
from netsuite.store.sql.attempts import Attempts
from netsuite.store.sql.database import DatabaseSession, OneOf, Row

# A bound literal would be a parameter more.
_ONE: Final = sa.literal_column("1", sa.BigInteger)
_F: Final = t.folder.c
_A: Final = t.account.c
SELECT_STATE: Final = sa.select(
    _F.id, _F.owner, _F.name, _F.kind, _F.uid_validity, _F.uid_next, _F.highest_modseq,
    _F.messages, _F.octets,
    sa.case(
        (_F.owner == sa.literal_column("0"), sa.literal_column("1")),
        (sa.exists().where(t.acl.c.folder == _F.id), sa.literal_column("1")),
        else_=sa.literal_column("0"),
    ),
).where(_F.id == sa.bindparam("folder"))  # fmt: skip
UPDATE_STATE: Final = (
    sa.update(t.folder)
    .values(
        uid_next=sa.bindparam("uid_next"),
        highest_modseq=sa.bindparam("highest_modseq"),
        messages=sa.bindparam("messages"),
        octets=sa.bindparam("octets"),
    )
    .where(_F.id == sa.bindparam("of_folder"))
)
SELECT_QUOTA: Final = sa.select(
    _A.id, _A.name, _A.quota_octets, _A.quota_messages, _A.octets, _A.messages
).where(_A.id == sa.bindparam("account"))
UPDATE_QUOTA: Final = (
    sa.update(t.account)
    .values(octets=sa.bindparam("octets"), messages=sa.bindparam("messages"))
    .where(_A.id == sa.bindparam("of_account"))
)
#: A message more in each of many folders, and for each of many accounts.
_COUNT_UP: Final = (
    sa.update(t.folder)
    .values(
        uid_next=_F.uid_next + _ONE,
        highest_modseq=_F.highest_modseq + _ONE,
        messages=_F.messages + _ONE,
        octets=_F.octets + sa.bindparam("more", type_=sa.BigInteger),
    )
    .where(OneOf(_F.id, "folders"))
)
_FILL: Final = (
    sa.update(t.account)
    .values(
        octets=_A.octets + sa.bindparam("more", type_=sa.BigInteger),
        messages=_A.messages + _ONE,
    )
    .where(OneOf(_A.id, "accounts"))
)
SELECT_COUNTER: Final = sa.select(t.counter.c.value).where(t.counter.c.name == sa.bindparam("name"))
INSERT_COUNTER: Final = sa.insert(t.counter)
#: All counters in one step, whether they were there or not.
PUT_COUNTER: Final = sa.insert(t.counter).prefix_with("OR REPLACE", dialect="sqlite")
UPDATE_COUNTER: Final = (
    sa.update(t.counter)
    .values(value=sa.bindparam("value"))
    .where(t.counter.c.name == sa.bindparam("of_name"))
)

#: What is known of so many folders is kept from one transaction to the next.
KNOWN_FOLDERS: Final = 1000
#: The same for what was claimed.
KNOWN_ITEMS: Final = 10_000

#: The tables that take the rows of a batch, in this order.
CONTENT: Final = sa.insert(t.content)
CHUNK: Final = sa.insert(t.chunk)
PENDING: Final = sa.insert(t.pending)
MESSAGE: Final = sa.insert(t.message)
#: Of folders of accounts; where few folders get some, they are put into ``message`` at once.
ARRIVAL: Final = sa.insert(t.arrival)
ARTICLE: Final = sa.insert(t.article)
STATE: Final = sa.insert(t.state)
ENVELOPE: Final = sa.insert(t.envelope)
QUEUE: Final = sa.insert(t.queue)
#: Full chunks of large contents go one by one: the driver copies what one step inserts.
FULL_CHUNK: Final = sa.insert(t.chunk)
_INSERTS: Final = (
    CONTENT, CHUNK, FULL_CHUNK, PENDING, MESSAGE, ARRIVAL, ARTICLE, STATE, ENVELOPE, QUEUE
)  # fmt: skip


class FolderState:
    """A folder's counters while the transaction runs; ``owner`` is 0 for a public folder, and
    ``shared`` says whether others than its owner may see it."""

    __slots__ = (
        "dirty", "highest_modseq", "id", "kind", "messages", "name", "octets", "owner", "shared",
        "uid_next", "uid_validity",
    )  # fmt: skip
    id: FolderId
    owner: AccountId
    name: str
    kind: str
    uid_validity: int
    uid_next: int
    highest_modseq: int
    messages: int
    octets: int
    shared: bool

    def __init__(self, row: Row) -> None:
        (
            self.id, self.owner, self.name, self.kind, self.uid_validity, self.uid_next,
            self.highest_modseq, self.messages, self.octets, shared,
        ) = row  # fmt: skip
        self.shared = bool(shared)
        self.dirty = False

    def is_apart(self, account: int | None) -> bool:
        """Return whether what an account has seen here is its own: it is not the owner's."""
        return not self.owner or (account is not None and account != self.owner)

    def advance(self) -> int:
        """Return the next mod-sequence."""
        self.dirty = True
        self.highest_modseq += 1
        return self.highest_modseq


class Quota:
    """What an account uses while the transaction runs."""

    __slots__ = ("dirty", "id", "limit_messages", "limit_octets", "messages", "name", "octets")
    id: AccountId
    name: str
    limit_octets: int | None
    limit_messages: int | None
    octets: int
    messages: int

    def __init__(self, row: Row) -> None:
        self.id, self.name, self.limit_octets, self.limit_messages, self.octets, self.messages = row
        self.dirty = False

    def is_over(self, octets: int, messages: int) -> bool:
        """Return whether so much more is too much."""
        return (self.limit_octets is not None and self.octets + octets > self.limit_octets) or (
            self.limit_messages is not None and self.messages + messages > self.limit_messages
        )

    def check(self, octets: int, messages: int) -> None:
        """Raise OverQuota when so much more is too much."""
        if self.is_over(octets, messages):
            raise OverQuota(self.name)

    def add(self, octets: int, messages: int) -> None:
        """Count (negative: give back)."""
        self.octets += octets
        self.messages += messages
        self.dirty = True


class Transaction:
    """What units work on.

    Args:
        session: the writer's connection, in a transaction.
        now: microseconds since 1970.
        uid_validity: returns a candidate for the next UIDVALIDITY.
        counters: all there are, where they are known.
    """

    def __init__(
        self,
        session: DatabaseSession,
        now: int,
        uid_validity: Callable[[], int],
        counters: Mapping[str, int] | None = None,
    ) -> None:
        self.session = session
        self.now = now
        self.changes: list[Published] = []
        #: Changes that only the other processes are still to be told of.
        self.elsewhere: list[Published] = []
        #: Drafts that got their content's id in this transaction.
        self.draft_ids: dict[object, int] = {}
        #: Octets of messages, and folders and accounts that have one more, beside what is dirty.
        self.spread: list[tuple[int, Collection[int], Collection[int]]] = []
        #: Queue items that this process has claimed, as ``rows.leased_of`` gives them.
        self.leased: dict[int, Row] = {}
        self.attempts = Attempts()
        self._uid_validity = uid_validity
        self._folders: dict[int, FolderState] = {}
        self._quotas: dict[int, Quota] = {}
        self._counters: dict[str, int] = {}
        self._known_counters: dict[str, int | None] = {}
        self._all_counters = counters
        self._arrivals: int | None = None  # in the table, where that is known
        self._filed_to = 0  # the last folder of those that were filed last
        self.rows: dict[sa.Insert, list[tuple[object, ...]]] = {insert: [] for insert in _INSERTS}

    @property
    def now_seconds(self) -> int:
        """Whole seconds since 1970."""
        return self.now // 1_000_000

    # -- state

    def folder(self, folder: int) -> FolderState:
        """A folder's counters. Raises NoSuchFolder."""
        known = self._folders.get(folder)
        if known is None:
            row = self.session.found(NoSuchFolder, SELECT_STATE, folder=folder)
            known = self._folders[folder] = FolderState(row)
        return known

    def quota(self, account: int) -> Quota:
        """What an account uses. Raises NoSuchAccount."""
        known = self._quotas.get(account)
        if known is None:
            row = self.session.found(NoSuchAccount, SELECT_QUOTA, account=account)
            known = self._quotas[account] = Quota(row)
        return known

    def counter(self, name: str) -> int:
        """The last number taken of a kind; 0 for none."""
        value = self._counters.get(name)
        if value is None:
            known = self._known_counters[name] = self._written_counter(name)
            value = self._counters[name] = known or 0
        return value

    def _written_counter(self, name: str) -> int | None:
        if self._all_counters is not None:
            return self._all_counters.get(name)
        row = self.session.one(SELECT_COUNTER, name=name)
        return None if row is None else int(row[0])

    def next(self, name: str, count: int = 1) -> int:
        """Take numbers of a kind, never taken before; return the first."""
        first = self.counter(name) + 1
        self._counters[name] = first + count - 1
        return first

    def next_uid_validity(self) -> int:
        """Return a UIDVALIDITY greater than all before."""
        value = max(self.counter("uid_validity") + 1, self._uid_validity())
        self._counters["uid_validity"] = value
        return value

    def forget_folder(self, folder: int) -> None:
        """Drop the counters of a folder that was removed."""
        self._folders.pop(folder, None)

    def forget_account(self, account: int) -> None:
        """Drop what is known of an account that was removed."""
        self._quotas.pop(account, None)

    # -- writing

    def flush(self) -> None:
        """Write what was gathered."""
        session = self.session
        for insert, rows in self.rows.items():
            if rows:
                if insert is ARRIVAL:
                    self._put_arrivals(rows)
                elif insert is FULL_CHUNK:
                    session.many(insert, rows)
                else:
                    session.insert(insert, rows)
                rows.clear()
        numbers = session.database.numbers
        for octets, higher, fuller in self.spread:
            session.run(_COUNT_UP, more=octets, folders=numbers(higher))
            session.run(_FILL, more=octets, accounts=numbers(fuller))
        self.spread.clear()
        self.attempts.write(session, self.now)
        # After what was counted up, as this is how it is in the end.
        folders = [f for f in self._folders.values() if f.dirty]
        session.many(
            UPDATE_STATE,
            [(f.uid_next, f.highest_modseq, f.messages, f.octets, f.id) for f in folders],
        )
        for folder in folders:
            folder.dirty = False
        quotas = [q for q in self._quotas.values() if q.dirty]
        session.many(UPDATE_QUOTA, [(q.octets, q.messages, q.id) for q in quotas])
        for quota in quotas:
            quota.dirty = False
        known = self._known_counters
        taken = [each for each in self._counters.items() if known[each[0]] != each[1]]
        if session.sqlite:
            session.insert(PUT_COUNTER, taken)
        else:
            session.many(INSERT_COUNTER, [each for each in taken if known[each[0]] is None])
            session.many(
                UPDATE_COUNTER, [(v, name) for name, v in taken if known[name] is not None]
            )
        known.update(taken)

    def _put_arrivals(self, rows: list[tuple[object, ...]]) -> None:
        """Insert messages where that costs least: see ``arrivals``."""
        session = self.session
        if not session.sqlite or len({row[0] for row in rows}) < arrivals.SPREAD:
            session.insert(MESSAGE, rows)
            return
        session.insert(ARRIVAL, rows)
        if self._arrivals is None:
            self._arrivals = arrivals.count(session)
        else:
            self._arrivals += len(rows)
        if self._arrivals >= arrivals.TOO_MANY:
            self.file_some()

    def file(self, folder: int) -> None:
        """Write what was gathered, and have all messages of a folder in one table."""
        self.flush()
        if self.session.sqlite and self._arrivals != 0:
            arrivals.file(self.session, folder)
            self._arrivals = None

    @property
    def many_arrivals(self) -> bool:
        """Whether so many wait to be filed that some should be."""
        return (self._arrivals or 0) >= arrivals.MANY

    def file_some(self) -> None:
        """File the messages of some folders, the next time of others."""
        self._filed_to, filed = arrivals.file_some(self.session, self._filed_to)
        if self._arrivals is not None:
            self._arrivals -= filed

    def file_all(self) -> None:
        """File all messages that have just come."""
        self.flush()
        arrivals.file_all(self.session)
        self._arrivals = 0

    def go_on(self, now: int) -> bool:
        """Begin the next transaction with what is known of the last one, which is still true;
        False when so much is known that it is better forgotten.

        Args:
            now: microseconds since 1970.
        """
        self.now = now
        self.draft_ids.clear()
        return len(self._folders) < KNOWN_FOLDERS and len(self.leased) < KNOWN_ITEMS

    def forget(self) -> None:
        """Drop all that was read or gathered since the last flush: it was rolled back."""
        self._folders.clear()
        self._quotas.clear()
        self._counters.clear()
        self._known_counters.clear()
        self._all_counters = None
        self._arrivals = None
        self.spread.clear()
        self.leased.clear()
        self.attempts.clear()
        self.changes.clear()
        self.elsewhere.clear()
        for rows in self.rows.values():
            rows.clear()
