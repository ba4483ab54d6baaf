"""The storage: how large the database and the files are, what room there is, what waits."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netsuite.console.layout import badge, facts
from netsuite.console.markup import Content, count, counted, link, markup, size
from netsuite.console.visit import Page, Route, Visit
from netsuite.site import Site
from netsuite.store.errors import StoreError
from netsuite.store.tally import MOST_COUNTED

#: Files that are counted; where there are more, that is said.
MOST_FILES: Final = 100_000
#: A disk with less than this share free is pointed out.
_LITTLE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Room:
    """What lies below a home, and what room there is.

    Args:
        files: how many, and ``file_octets``: how large they are.
        free, total: octets of the disk.
    """

    files: int
    file_octets: int
    free: int
    total: int


def look(home: Path, files: Path) -> Room:
    """Look at a home; it takes as long as the disk does."""
    number = octets = 0
    for folder, _, names in os.walk(files):
        number += len(names)
        octets += sum(_octets(os.path.join(folder, name)) for name in names)
        if number >= MOST_FILES:
            break
    disk = shutil.disk_usage(home)
    return Room(number, octets, disk.free, disk.total)


def _octets(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:  # it has gone meanwhile
        return 0


async def show(visit: Visit) -> Page:
    """Show how full it is."""
    site = visit.site
    backlog = await site.store.backlog()
    queue = await site.store.queue.count()
    waiting = "at least " if backlog.unindexed >= MOST_COUNTED else ""
    rows: list[tuple[str, Content]] = [
        ("Database", await _database(site)),
        ("Not in the text index yet", f"{waiting}{counted(backlog.unindexed, 'message')}"),
        ("Waiting in the queue", link(count(queue.items), "queue")),
        (
            "Waiting for the database",
            f"{counted(backlog.reads, 'read')}, {counted(backlog.writes, 'write')}",
        ),
    ]
    if site.home is None:
        return Page("Storage", facts([("Home", "none: all is kept in memory"), *rows]))
    room = await site.run(look, site.home, site.home / site.settings.files.root)
    assert isinstance(room, Room)
    least = "at least " if room.files >= MOST_FILES else ""
    body = facts(
        [
            ("Home", str(site.home)),
            ("Files", f"{least}{counted(room.files, 'file')}, {size(room.file_octets)}"),
            ("Free on the disk", _free(room)),
            *rows,
        ]
    )
    return Page("Storage", body)


async def _database(site: Site) -> str:
    """Return how large the database is; not every kind tells that."""
    try:
        return size(await site.store.octets())
    except StoreError:
        return "not told"


def _free(room: Room) -> Content:
    share = room.free / room.total if room.total else 0.0
    kind = "bad" if share < _LITTLE else "good"
    return markup(f"{size(room.free)} of {size(room.total)} ", badge(f"{share:.0%}", kind))


ROUTES: Final = (Route("/storage", show),)
