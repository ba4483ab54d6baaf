"""Trees of folders on disk: Maildir++, Dovecot's LAYOUT=fs, and mbox files in directories.

- Maildir++: the directory is INBOX, and ``.Work.Project`` in it is Work/Project.
- LAYOUT=fs: a Maildir in a directory ``Work/Project`` is Work/Project.
- mbox: a file ``Work/Project`` is Work/Project; so is Thunderbird's ``Work.sbd/Project``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netsuite.cli.mailfiles.kept import MailFile, NoMailFile
from netsuite.cli.mailfiles.maildir import Maildir
from netsuite.cli.mailfiles.mbox import Mbox
from netsuite.cli.mailfiles.names import (
    Parts,
    decoded,
    dotted_name,
    file_name,
    read_subscriptions,
)

#: Where Thunderbird has the folders below one.
BELOW: Final = ".sbd"
_MAILDIR: Final = ("cur", "new", "tmp")
#: What mail programs have beside mail: indexes, filters, caches.
_BESIDE: Final = (
    ".msf", ".dat", ".html", ".log", ".lock", ".json", ".sqlite", ".cache", ".sieve", ".svbin",
)  # fmt: skip
_BESIDE_NAMES: Final = (
    "subscriptions", "courierimapsubscribed", "courierimapkeywords", "courierpop3dsizelist",
    "maildirsize", "maildirfolder", "shared-maildirs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A folder in a tree; the root of a Maildir has no parts."""

    parts: Parts
    path: Path
    file: MailFile


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of folders.

    Args:
        subscribed: names of folders, there or not.
        complaints: what is in it and cannot be taken, a line each.
    """

    folders: list[Found]
    subscribed: list[Parts]
    complaints: list[str]


def read_tree(root: Path, quoting: str | None = None) -> Tree:
    """Look what there is at a path: one mbox file, one Maildir, or a tree of either.

    Args:
        quoting: as of ``Mbox``.

    Raises:
        NoMailFile: nothing of that.
        OSError: it cannot be read.
    """
    if not root.is_dir():
        return Tree([Found((), root, Mbox(root, quoting))], [], [])
    complaints: list[str] = []
    folders = list(_walk(root, (), complaints, quoting))
    if not folders:
        found = f": {complaints[0]}" if complaints else ""
        raise NoMailFile(
            f"{root} is a folder but no Maildir (it has no cur/), nor has it any, "
            f"nor mbox files{found}"
        )
    dots = (root / "cur").is_dir()
    return Tree(folders, read_subscriptions(root, dots=dots), complaints)


def _walk(path: Path, parts: Parts, complaints: list[str], quoting: str | None) -> Iterator[Found]:
    """Return the folders at and below a directory."""
    is_maildir = (path / "cur").is_dir()
    if is_maildir:
        yield Found(parts, path, Maildir(path))
    with os.scandir(path) as scanned:
        entries = sorted(scanned, key=lambda each: each.name)
    for entry in entries:
        if entry.is_symlink():
            complaints.append(f"{entry.path} is a link, which is not followed")
        elif entry.is_dir():
            if entry.name not in _MAILDIR:
                yield from _below(Path(entry.path), parts, complaints, quoting)
        elif not is_maildir and entry.is_file():
            file = _mbox(entry, complaints, quoting)
            if file is not None:
                more = decoded(os.fsencode(entry.name))
                yield Found((*parts, more), Path(entry.path), file)


def _mbox(entry: os.DirEntry[str], complaints: list[str], quoting: str | None) -> Mbox | None:
    """Read a file of a tree of mbox files; None for one that is none."""
    is_beside = (
        entry.name.startswith((".", "dovecot"))
        or entry.name.endswith(_BESIDE)
        or entry.name in _BESIDE_NAMES
    )
    try:
        file = Mbox(Path(entry.path), quoting)
    except (NoMailFile, OSError) as error:
        if not is_beside:
            complaints.append(f"{entry.path} cannot be taken: {_reason(error)}")
        return None
    return file if len(file) or not is_beside else None


def _below(path: Path, parts: Parts, complaints: list[str], quoting: str | None) -> Iterator[Found]:
    """Return the folders of a directory in another one."""
    name = path.name
    if name == "dbox-Mails" or any(path.glob("dovecot.map.index*")):
        complaints.append(
            f"{path} is a dbox, which Dovecot alone can read: `doveadm backup` makes a Maildir of "
            "it, or migrate by IMAP"
        )
        return
    if name.startswith("."):
        if not (path / "cur").is_dir():
            return  # of some program's own, such as .imap
        more = tuple(decoded(os.fsencode(part)) for part in name[1:].split("."))
    else:
        more = (decoded(os.fsencode(name.removesuffix(BELOW))),)
    try:
        yield from _walk(path, (*parts, *more), complaints, quoting)
    except OSError as error:
        complaints.append(f"{path} cannot be taken: {_reason(error)}")


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def maildir_place(root: Path, parts: Parts) -> Path:
    """Return where a folder goes in a Maildir++; INBOX, which is the root, has no parts."""
    return root / dotted_name(parts) if parts else root


def mbox_place(root: Path, parts: Parts) -> Path:
    """Return where a folder goes in a tree of mbox files, as Thunderbird has it."""
    *above, last = map(file_name, parts)
    return Path(root, *(f"{each}{BELOW}" for each in above), last)
