"""Small files kept in memory for a moment: what they are, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from netsuite.http.commands import FieldPairs

REMEMBERED_OCTETS: Final = 32 * 1024 * 1024
#: What an entry costs beside its content and its key.
_ENTRY_OCTETS: Final = 1000

#: Of these, what the whole answer would have is in a 304, too (RFC 9110, 15.4.5).
_WITHOUT_CONTENT: Final = frozenset({"ETag", "Last-Modified", "Vary"})


@dataclass(frozen=True, slots=True)
class Representation:
    """A file as it was when it was opened, and what is said of it.

    Args:
        etag: quoted.
        fields: of every answer that has its content; Content-Type first.
        coding: the content coding it is in; empty for none.
        packed: there is one in gzip: this, or another.
        body: the content, of a small one.
        until: when it has to be looked at again, in the clock's seconds.
    """

    etag: str
    modified: datetime
    media_type: str
    octets: int
    fields: FieldPairs
    coding: str = ""
    packed: bool = False
    body: bytes | None = None
    until: float = 0.0

    @property
    def said_unchanged(self) -> FieldPairs:
        """The fields of a 304."""
        return tuple(each for each in self.fields if each[0] in _WITHOUT_CONTENT)


class Cache:
    """Representations by their keys, as many as have room.

    Args:
        seconds: the clock.
        keep_seconds: how long one is kept; 0 for not at all.
    """

    def __init__(self, seconds: Callable[[], float], keep_seconds: float) -> None:
        self._seconds = seconds
        self._keep_seconds = keep_seconds
        self._kept: dict[str, Representation] = {}
        self._octets = 0
        #: How often all was forgotten.
        self.forgotten = 0

    def fresh(self, key: str) -> Representation | None:
        """Return one that need not be looked at again; it has a body."""
        found = self._kept.get(key)
        if found is not None and found.until <= self._seconds():
            self._drop(key)
            return None
        return found

    def keep(self, key: str, found: Representation, body: bytes) -> None:
        """Keep one for a while."""
        if not self._keep_seconds:
            return
        cost = len(body) + len(key) + _ENTRY_OCTETS
        if self._octets + cost > REMEMBERED_OCTETS:
            self._kept.clear()
            self._octets = 0
        self._drop(key)
        until = self._seconds() + self._keep_seconds
        self._kept[key] = replace(found, body=body, until=until)
        self._octets += cost

    def _drop(self, key: str) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._octets -= found.octets + len(key) + _ENTRY_OCTETS

    def forget(self) -> None:
        """Forget all."""
        self.forgotten += 1
        self._kept.clear()
        self._octets = 0
