"""Files and directories removed, renamed and made by FTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from netsuite.cli.client.changing import Changes, Place, Removing
from netsuite.cli.client.ftp import logged_in
from netsuite.cli.client.problems import NotGiven, Usage
from netsuite.cli.client.results import Result
from netsuite.cli.client.urls import (
    BadURL,
    Target,
    directory_of,
    file_name,
    file_path,
    file_pattern,
    under,
)
from netsuite.connection.errors import PermanentRefusal, Refusal
from netsuite.ftp.client import FTPClient

#: A tree that is deeper has no end: a link in it leads up again.
DEPTH: Final = 64


async def remove(place: Place[FTPClient], how: Removing) -> AsyncIterator[Result]:
    """Remove a file, or those whose names fit a pattern; where that is wanted a directory, all
    that is in it first."""
    pattern = file_pattern(place.target)
    if not pattern:
        async for each in _named(place, how):
            yield each
        return
    directory = directory_of(place.target)
    entries = await place.client.mlsd(file_path(directory) or None)
    names = [
        each.name
        for each in sorted(entries, key=lambda entry: entry.name)
        if fnmatchcase(each.name, pattern) and (how.recursive or not each.is_directory)
    ]
    if not names:
        raise NotGiven(f"{directory.url}: nothing there is called like that")
    for name in names:
        async for each in _named(replace(place, target=under(directory, name)), how):
            yield each


async def _named(place: Place[FTPClient], how: Removing) -> AsyncIterator[Result]:
    path, client = path_of(place.target), place.client
    named_as_directory = file_path(place.target).endswith("/")
    if named_as_directory and not how.recursive:
        raise Usage(f"{path} is named as a directory: -r removes it with all that is in it")
    refused: PermanentRefusal | None = None
    if not named_as_directory:
        try:
            await client.dele(path)
        except PermanentRefusal as error:
            if not how.recursive:
                raise
            refused = error
        else:
            yield Result("removed", {"path": path})
            return
    try:
        async for each in _tree(client, path, 0):
            yield each
    except PermanentRefusal as error:
        # What was said of the file, where that is all there is to say.
        raise (refused if refused is not None and _is_of(error, path) else error) from None


def _is_of(error: Refusal, path: str) -> bool:
    return getattr(error.command, "path", None) == path


async def _tree(client: FTPClient, path: str, depth: int) -> AsyncIterator[Result]:
    """Remove a directory, and before it what is in it; no link is followed."""
    if depth > DEPTH:
        raise Usage(f"{path} goes too deep")
    for each in await client.mlsd(path):
        if each.kind in ("cdir", "pdir"):
            continue
        below = f"{path}/{each.name}"
        if each.is_directory:
            async for removed in _tree(client, below, depth + 1):
                yield removed
        else:
            await client.dele(below)
            yield Result("removed", {"path": below})
    await client.rmd(path)
    yield Result("removed", {"path": f"{path}/"})


async def rename(place: Place[FTPClient], to: Target) -> Result:
    """Rename a file or directory; into a directory where *to* ends with ``/``."""
    path = path_of(place.target)
    if file_path(to).endswith("/") or not file_path(to):
        name = file_name(place.target) or path.rpartition("/")[2]
        to = under(to, name)
    new = path_of(to)
    await place.client.rename(path, new)
    return Result("moved", {"path": path, "to": new})


async def make_directory(place: Place[FTPClient], *, parents: bool) -> Result | None:
    """Make a directory."""
    path, client = path_of(place.target), place.client
    if parents:
        names = path.split("/")
        for count in range(1, len(names)):
            if above := "/".join(names[:count]):
                with contextlib.suppress(Refusal):  # it is there, or the last will tell
                    await client.mkd(above)
    try:
        await client.mkd(path)
    except PermanentRefusal:
        if parents and await _is_directory(client, path):
            return None
        raise
    return Result("made", {"path": path})


async def _is_directory(client: FTPClient, path: str) -> bool:
    here = await client.pwd()
    try:
        await client.cwd(path)
    except Refusal:
        return False
    await client.cwd(here)
    return True


def path_of(target: Target) -> str:
    """Return the path of something that may be changed: it has a name. Raises BadURL."""
    path = file_path(target).rstrip("/")
    if path.rpartition("/")[2] in ("", ".", ".."):
        raise BadURL(f"{target.url} names nothing that can be changed")
    return path


CHANGES: Final = Changes(
    opened=logged_in,
    remove=remove,
    rename=rename,
    make_directory=make_directory,
)
