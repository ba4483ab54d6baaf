"""Files found by their names, directory by directory."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from netsuite.cli.client.listing import Cell, Listing
from netsuite.cli.client.problems import complain, printable
from netsuite.cli.client.searching import Wanted
from netsuite.connection.errors import Refusal
from netsuite.ftp.listing import Listed
from netsuite.ftp.mirror.direction import DEPTH
from netsuite.ftp.paths import TreePath


async def found_by_name(
    entries: Callable[[TreePath], Awaitable[Sequence[Listed]]], wanted: Wanted
) -> Listing:
    """Look through a tree. What may not be listed below its top is told, and left out.

    Args:
        entries: lists a directory of it.
    """
    rows: list[Sequence[Cell]] = []
    waiting: deque[TreePath] = deque([()])
    while waiting and len(rows) < wanted.most:
        path = waiting.popleft()
        try:
            listed = await entries(path)
        except Refusal as error:
            if not path:
                raise
            complain(printable(f"{'/'.join(path)} is left out: {error}"))
            continue
        for each in sorted(listed, key=lambda entry: entry.name):
            if each.kind in ("cdir", "pdir"):
                continue
            below = (*path, each.name)
            if each.is_directory and len(below) < DEPTH:
                waiting.append(below)
            if wanted.fits_name(each.name):
                kind = "directory" if each.is_directory else each.kind
                rows.append((kind, each.octets, each.modified, "/".join(below)))
    return Listing(("kind", "octets", "modified", "path"), rows[: wanted.most])
