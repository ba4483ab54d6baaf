"""Symbolic links that stay inside a tree: what a path means without them, found name by name.

The answer is a path without links, and it is opened as any other: step by step, following none. So
a link that is swapped for another meanwhile leads nowhere, never out: nothing depends on the answer
being still right.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from netsuite.store.errors import NoSuchFile
from netsuite.store.files.file_names import shown
from netsuite.store.files.openat import WORK, directory, lstat_or_none, open_directory
from netsuite.store.tree import DEPTH

#: More on one path are taken for a circle.
MOST_LINKS: Final = 40
_HERE, _ABOVE = (b"", b"."), b".."


def resolve(
    root: int, names: Sequence[bytes], host: bytes, *, floor: int = 0, last: bool = True
) -> tuple[bytes, ...]:
    """Return a path without the links on it. What is behind a name that nothing has stays as it is.

    Args:
        host: the root's own path: what an absolute link may lead below.
        floor: so many of the first names are no links, and no link may lead above them.
        last: whether a link that has the last name is followed, too.

    Raises:
        NoSuchFile: a link leads out, or in a circle.
    """
    with closing(_Walk(root, names[:floor], host)) as walk:
        waiting = list(reversed(names[floor:]))
        followed = 0
        while waiting:
            name = waiting.pop()
            if name in _HERE:
                continue
            if name == _ABOVE:
                walk.go_up()
                continue
            found = lstat_or_none(walk.here, name)
            if found is None:
                return walk.beyond(name, waiting)
            if stat.S_ISLNK(found.st_mode) and (waiting or last):
                followed += 1
                if followed > MOST_LINKS:
                    raise NoSuchFile("links in a circle")
                waiting += reversed(walk.behind(name))
            elif stat.S_ISDIR(found.st_mode):
                walk.go_down(name)
            else:
                return walk.beyond(name, waiting)
        return tuple(walk.names)


class _Walk:
    """A way down from a floor, each directory on it held open."""

    def __init__(self, root: int, floor: Sequence[bytes], host: bytes) -> None:
        self._floor = len(floor)
        self._host = b"/".join([host.rstrip(b"/"), *floor, b""])
        self.names = list(floor)
        self._open = [open_directory(root, floor)]

    @property
    def here(self) -> int:
        """The directory it is at."""
        return self._open[-1]

    def go_down(self, name: bytes) -> None:
        """Enter a directory. Raises NoSuchFile where it is none any more."""
        if len(self._open) > DEPTH:
            raise NoSuchFile("too deep")
        self._open.append(open_directory(self.here, (name,)))
        self.names.append(name)

    def go_up(self) -> None:
        """Leave it for the one above. Raises NoSuchFile at the floor."""
        if len(self.names) == self._floor:
            raise NoSuchFile("a link leads out")
        os.close(self._open.pop())
        self.names.pop()

    def behind(self, name: bytes) -> list[bytes]:
        """Return what a link says, as names from here on. Raises NoSuchFile: it leads out."""
        target = os.readlink(name, dir_fd=self.here)
        if target.startswith(b"/"):
            if not (target + b"/").startswith(self._host):
                raise NoSuchFile("a link leads out")
            target = target[len(self._host) :]
            while len(self.names) > self._floor:
                self.go_up()
        return target.split(b"/")

    def close(self) -> None:
        """Close all that is open."""
        while self._open:
            os.close(self._open.pop())

    def beyond(self, name: bytes, waiting: Sequence[bytes]) -> tuple[bytes, ...]:
        """Return the path where it cannot be walked on."""
        rest = [name, *reversed(waiting)]
        if _ABOVE in rest or any(each in _HERE for each in rest):
            raise NoSuchFile("a link leads nowhere")
        return (*self.names, *rest)


def links_in(root: int, names: Sequence[bytes]) -> list[str]:
    """Return the names of the links in a directory."""
    found: list[str] = []
    with directory(root, names, WORK) as where, os.scandir(where) as entries:
        for each in entries:
            name = shown(os.fsencode(each.name)) if each.is_symlink() else None
            if name is not None:
                found.append(name)
    return found
