"""The changes between two listings of a directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netsuite.cli.client.results import Result
from netsuite.ftp.listing import Listed

#: Names to what is there.
Seen = Mapping[str, Listed]


class Listings:
    """What was seen of a directory last.

    Args:
        everything: whether what is seen first is told as new.
    """

    def __init__(self, *, everything: bool) -> None:
        self._seen: Seen | None = {} if everything else None

    def changes(self, entries: Sequence[Listed]) -> Iterator[Result]:
        """Return what is new, has changed, and has gone, since the listing before."""
        now = {each.name: each for each in entries if each.kind not in ("cdir", "pdir")}
        before, self._seen = self._seen, now
        if before is None:
            return
        for name in sorted(before.keys() - now.keys()):
            yield _event("gone", before[name])
        for name, each in sorted(now.items()):
            if name not in before:
                yield _event("new", each)
            elif not each.is_directory and _facts(before[name]) != _facts(each):
                yield _event("changed", each)


def _facts(entry: Listed) -> tuple[object, ...]:
    return entry.kind, entry.octets, entry.modified


def _event(what: str, entry: Listed) -> Result:
    name = f"{entry.name}/" if entry.is_directory else entry.name
    if what == "gone" or entry.is_directory:
        return Result(what, {"name": name})
    return Result(what, {"name": name}, {"octets": entry.octets, "modified": entry.modified})
