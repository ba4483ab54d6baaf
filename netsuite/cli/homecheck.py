"""The files of a home held against what they have to be, and mended where that can be done."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from netsuite.cli.backup import SECRET
from netsuite.home import SECRET_OCTETS, STORE_FILE
from netsuite.store.files.file_names import TEMPORARY, shown
from netsuite.store.files.site_trees import HOME

#: An upload that has lasted for so long has been left, also while a daemon runs.
UPLOAD_SECONDS: Final = 86_400.0
#: What only its owner may read.
PRIVATE: Final = (STORE_FILE, f"{STORE_FILE}-wal", f"{STORE_FILE}-shm", SECRET)


class Fault(NamedTuple):
    """Something that is not as it has to be.

    Args:
        repair: what a repair does; empty where it can do nothing.
        mend: does it. Raises OSError.
    """

    line: str
    repair: str = ""
    mend: Callable[[], object] = lambda: None


def faults_of(
    home: Path, files: Path, accounts: Collection[str], *, in_use: bool
) -> Iterator[Fault]:
    """Look through a home.

    Args:
        files: the folder of all files.
        accounts: their names.
        in_use: whether a daemon runs, which may have uploads under way.
    """
    yield from _private(home)
    if not in_use:
        for left in home.glob(".restoring-*"):
            yield Fault(f"{left} was left by a restore", "removed", partial(shutil.rmtree, left))
    if not files.is_dir():
        return
    homes = files / HOME
    if homes.is_dir():
        for name in sorted(os.listdir(homes)):
            if name not in accounts:
                yield Fault(f"{homes / name} is of no account")
    yield from _tree(files, home.stat().st_uid, UPLOAD_SECONDS if in_use else 0.0)


def _private(home: Path) -> Iterator[Fault]:
    for name in PRIVATE:
        path = home / name
        with suppress(FileNotFoundError):
            found = path.stat()
            if found.st_mode & 0o077:
                repair = "nobody else may from now on"
                yield Fault(f"others may read {path}", repair, partial(path.chmod, 0o600))
            if name == SECRET and found.st_size < SECRET_OCTETS:
                yield Fault(f"{path} is too short; the next start makes another one")


def _tree(files: Path, owner: int, seconds: float) -> Iterator[Fault]:
    begun = time.time()
    for folder, folders, names, descriptor in os.fwalk(files):
        for each in sorted([*folders, *names]):
            with suppress(FileNotFoundError):
                found = os.stat(each, dir_fd=descriptor, follow_symlinks=False)
                age = begun - found.st_mtime
                yield from _entry(Path(folder, each), found, owner, left=age >= seconds)


def _entry(path: Path, found: os.stat_result, owner: int, *, left: bool) -> Iterator[Fault]:
    name = os.fsencode(path.name)
    if name.startswith(TEMPORARY):
        if left:
            yield Fault(f"{path} was left by an upload", "removed", path.unlink)
    elif shown(name) is None:
        yield Fault(f"{os.fsencode(path)!r} has a name that nobody is shown")
    if found.st_uid != owner:
        yield Fault(
            f"{path} belongs to user {found.st_uid}, and the home to {owner}",
            "given to the home's owner, by root",
            partial(os.chown, path, owner, -1, follow_symlinks=False),
        )
