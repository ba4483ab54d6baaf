"""What the parts of the SQL store share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from netsuite.message.structure import Summary
from netsuite.store.errors import StoreClosed
from netsuite.store.model import Login
from netsuite.store.sql.cache import Cache
from netsuite.store.sql.changelog import OrderedFeed
from netsuite.store.sql.database import Database
from netsuite.store.sql.drafts import SQLDraft
from netsuite.store.sql.readers import Readers
from netsuite.store.sql.writer import Writer

#: What a content that is kept whole in memory while it is written may have at most.
HOT_OCTETS = 64 * 1024


@dataclass(slots=True)
class Base:
    """The threads, the feed and the caches of one store.

    Args:
        now: gives microseconds since 1970.
        guid: gives 32 hexadecimal digits, never the same twice.
        process: the token of this store's drafts.
    """

    database: Database
    writer: Writer
    readers: Readers
    feed: OrderedFeed
    now: Callable[[], int]
    guid: Callable[[], str]
    process: str
    limit_octets: int
    contents: Cache[int, bytes]
    summaries: Cache[int, Summary]
    drafts: set[SQLDraft] = field(default_factory=set)
    #: Contents that somebody reads just now, and how many do.
    pinned: Counter[int] = field(default_factory=Counter)
    logins: list[Login] = field(default_factory=list)
    #: When something was last committed, for work that waits for an idle moment.
    busy_at: int = 0
    open: bool = False

    def check_open(self) -> None:
        """Raise StoreClosed when it is."""
        if not self.open:
            raise StoreClosed("the store is closed")
