"""The memory store itself: its parts and its life."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from netsuite.store.changes import ChangeFeed
from netsuite.store.file_locks import FileLockStore
from netsuite.store.file_usage import FileUsageStore
from netsuite.store.interfaces import (
    AccountStore,
    MailStore,
    QueueStore,
    RememberedStore,
    ScriptStore,
)
from netsuite.store.memory.accounts import MemoryAccounts
from netsuite.store.memory.file_locks import MemoryFileLocks
from netsuite.store.memory.file_usage import MemoryFileUsage
from netsuite.store.memory.mail import MemoryMail
from netsuite.store.memory.queue import MemoryQueue
from netsuite.store.memory.records import Records
from netsuite.store.memory.remembered import MemoryRemembered
from netsuite.store.memory.scripts import MemoryScripts
from netsuite.store.memory.sharing import MemoryAnnotations, MemoryRights
from netsuite.store.model import REMEMBERED
from netsuite.store.sharing import AnnotationStore, RightsStore
from netsuite.store.tally import Backlog, StoreTally


class MemoryStore:
    """A store that keeps everything in memory.

    Args:
        now: returns the present moment.
        guid: returns 32 hexadecimal digits, never the same twice.
        uid_validity: returns a candidate for the next UIDVALIDITY; the store takes a greater
            number where this one does not exceed all earlier ones.
        limit_octets: the largest content it takes.
        remembered_values: of each kind, how many it keeps.
    """

    mail: MailStore
    accounts: AccountStore
    queue: QueueStore
    remembered: RememberedStore
    scripts: ScriptStore
    rights: RightsStore
    annotations: AnnotationStore
    file_usage: FileUsageStore
    file_locks: FileLockStore
    changes: ChangeFeed

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        guid: Callable[[], str] = lambda: secrets.token_hex(16),
        uid_validity: Callable[[], int] = lambda: int(time.time()),
        limit_octets: int = 1 << 30,
        remembered_values: int = REMEMBERED,
    ) -> None:
        self._records = Records(
            now=now, guid=guid, uid_validity=uid_validity, limit_octets=limit_octets
        )
        self.changes = self._records.feed
        self.mail = mail = MemoryMail(self._records)
        self.accounts = MemoryAccounts(self._records)
        self.queue = MemoryQueue(self._records, mail)
        self.scripts = MemoryScripts(self._records)
        self.remembered = MemoryRemembered(self._records, remembered_values)
        self.rights = MemoryRights(self._records)
        self.annotations = MemoryAnnotations(self._records)
        self.file_usage = MemoryFileUsage(self._records)
        self.file_locks = MemoryFileLocks(self._records)
        self.tally = StoreTally()

    async def backlog(self) -> Backlog:
        """Return that nothing waits."""
        self._records.check_open()
        return Backlog()

    async def octets(self) -> int:
        """Return how large all contents are."""
        self._records.check_open()
        return sum(len(each.octets) for each in self._records.contents.values())

    async def probe(self) -> None:
        """Raise StoreClosed when it is closed."""
        self._records.check_open()

    def prepare(self) -> None:
        """Do nothing: nothing blocks."""

    async def open(self) -> None:
        """Be ready; there is nothing to do."""
        self._records.open = True

    def on_commit(self, tell: Callable[[], object]) -> None:
        """Do nothing: no other process sees this store."""

    def look(self) -> None:
        """Do nothing: no other process writes to it."""

    async def close(self) -> None:
        """Make later calls raise StoreClosed."""
        self._records.open = False
