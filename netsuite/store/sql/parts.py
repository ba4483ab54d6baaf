"""The threads, the feed and the caches that the parts of one SQL store share."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from netsuite.message.structure import Summary
from netsuite.store.errors import StoreClosed
from netsuite.store.model import ContentId, Login
from netsuite.store.sql.changelog import OrderedFeed
from netsuite.store.sql.database import Database, DatabaseSession
from netsuite.store.sql.delivery import SQLDraft
from netsuite.store.sql.readers import Readers
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import Call, GrowingCall
from netsuite.store.sql.writer import Writer

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """The most recently used values whose sizes do not exceed a limit together."""

    def __init__(self, limit_octets: int) -> None:
        self._limit_octets = limit_octets
        self._octets = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        #: How often a value was here, and was not.
        self.hits = self.misses = 0

    def get(self, key: K) -> V | None:
        """Return a value, or None."""
        known = self._values.get(key)
        if known is None:
            self.misses += 1
            return None
        self.hits += 1
        self._values.move_to_end(key)
        return known[0]

    def known(self, keys: Iterable[K]) -> tuple[dict[K, V], list[K]]:
        """Return the values of those keys that are here, and the other keys."""
        found: dict[K, V] = {}
        missing: list[K] = []
        for key in keys:
            value = self.get(key)
            if value is None:
                missing.append(key)
            else:
                found[key] = value
        return found, missing

    def put(self, key: K, value: V, octets: int) -> None:
        """Keep a value of that size."""
        if octets * 8 > self._limit_octets:
            return
        self.drop(key)
        self._values[key] = (value, octets)
        self._octets += octets
        while self._octets > self._limit_octets:
            _, (_, size) = self._values.popitem(last=False)
            self._octets -= size

    def drop(self, key: K) -> None:
        """Forget a value."""
        known = self._values.pop(key, None)
        if known is not None:
            self._octets -= known[1]


@dataclass(slots=True)
class StoreParts:
    """What the parts of one store share.

    Args:
        now: returns microseconds since 1970.
        guid: returns 32 hexadecimal digits, never the same twice.
        process: the token of this store's drafts.
        limit_octets: the largest content taken.
        contents: small contents lately stored or read.
        summaries: those lately read.
    """

    database: Database
    writer: Writer
    readers: Readers
    feed: OrderedFeed
    now: Callable[[], int]
    guid: Callable[[], str]
    process: str
    limit_octets: int
    contents: Cache[ContentId, bytes]
    summaries: Cache[int, Summary]
    drafts: set[SQLDraft] = field(default_factory=set)
    #: Contents that somebody reads just now, and how many do.
    pinned: Counter[int] = field(default_factory=Counter)
    logins: list[Login] = field(default_factory=list)
    #: When something was last committed, for work that waits for an idle moment.
    busy_at: int = 0
    #: How many contents were stored here and are not described yet, about.
    undescribed: int = 0
    open: bool = False

    def check_open(self) -> None:
        """Raise StoreClosed when it is closed."""
        if not self.open:
            raise StoreClosed("the store is closed")

    async def read(self, read: Callable[[DatabaseSession], T], *, inline: bool) -> T:
        """Run a read; *inline* if it is a bounded point read. Raises StoreClosed."""
        self.check_open()
        if inline:
            return await self.readers.run_inline(read)
        return await self.readers.run_in_thread(read)

    async def read_together(self, read: Callable[[DatabaseSession], T], *, inline: bool) -> T:
        """Run a read of several statements on one state of the store. Raises StoreClosed."""
        self.check_open()
        if inline:
            return await self.readers.run_inline(read, together=True)
        return await self.readers.run_in_thread(read)

    async def write(self, function: Callable[[Transaction], T], *, grows: bool = False) -> T:
        """Run a function of a transaction that is durable afterwards. Raises StoreClosed.

        Args:
            grows: whether it is refused while the disk is full, so that others are not.
        """
        self.check_open()
        return await self.writer.submit((GrowingCall if grows else Call)(function))
