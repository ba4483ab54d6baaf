"""Values that the memory store remembers until a moment."""

from __future__ import annotations

from datetime import datetime

from netsuite.store.memory.records import Records


class MemoryRemembered:
    """Values by kind and key.

    Args:
        most: how many of a kind are kept.
    """

    def __init__(self, records: Records, most: int) -> None:
        self._records = records
        self._most = most

    async def recall(self, kind: str, key: str) -> str | None:
        """Return a value that is still good."""
        self._records.check_open()
        value, until = self._records.remembered.get(kind, {}).get(key, (None, None))
        return value if until is not None and until > self._records.now() else None

    def remember(self, kind: str, key: str, value: str, until: datetime) -> None:
        """Keep a value, in place of what the key had."""
        self._records.check_open()
        known = self._records.remembered.setdefault(kind, {})
        known[key] = value, until
        if len(known) > self._most:
            del known[min(known, key=lambda each: known[each][1])]

    async def claim(self, kind: str, key: str, until: datetime) -> bool:
        """Keep an empty value, unless the key has one; return whether it had none."""
        if await self.recall(kind, key) is not None:
            return False
        self.remember(kind, key, "", until)
        return True

    def forget(self, kind: str, key: str) -> None:
        """Drop a value, if there is one."""
        self._records.check_open()
        self._records.remembered.get(kind, {}).pop(key, None)
