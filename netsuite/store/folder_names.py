"""Names of folders: which are allowed, and how they lie below each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from netsuite.store.errors import BadFolderName, FolderExists, NoSuchFolder
from netsuite.store.model import INBOX, NAMESPACES, SEPARATOR, SpecialUse

NAME_OCTETS: Final = 1000
PART_OCTETS: Final = 255
DEPTH: Final = 32

#: The folders that a new account gets beside its INBOX: by name, and what each is for.
STANDARD_FOLDERS: Final = (
    ("Archive", SpecialUse.ARCHIVE),
    ("Drafts", SpecialUse.DRAFTS),
    ("Junk", SpecialUse.JUNK),
    ("Sent", SpecialUse.SENT),
    ("Trash", SpecialUse.TRASH),
)


def checked(name: str, *, private: bool) -> str:
    """Return a folder's name as it is kept: INBOX in capitals, in normal form C.

    Args:
        private: it is an account's; only there INBOX means something, and namespaces do.

    Raises:
        BadFolderName: an empty part, a control character, too long, too deep, in a namespace.
    """
    name = _kept(name, private=private)
    if private and name.partition(SEPARATOR)[0] in NAMESPACES:
        raise BadFolderName("others' folders are called so")
    return name


def _kept(name: str, *, private: bool) -> str:
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    try:
        octets = len(name.encode())
    except UnicodeEncodeError:
        raise BadFolderName("a lone surrogate in the name") from None
    parts = name.split(SEPARATOR)
    if octets > NAME_OCTETS or any(len(part.encode()) > PART_OCTETS for part in parts):
        raise BadFolderName("too long")
    if len(parts) > DEPTH:
        raise BadFolderName("too deep")
    if not all(parts):
        raise BadFolderName("an empty part")
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        raise BadFolderName("a control character")
    if private and parts[0].upper() == INBOX:
        parts[0] = INBOX
        return SEPARATOR.join(parts)
    return name


def subscribed(name: str, wanted: bool) -> str | None:
    """Return the kept form of a name that is subscribed, or no longer; None for one that cannot
    have been. Raises BadFolderName for one that cannot be."""
    if wanted:
        return _kept(name, private=True)
    sayable = "\0" not in name and not any("\ud800" <= each <= "\udfff" for each in name)
    return looked_up(name, private=True) if sayable else None


def looked_up(name: str, *, private: bool) -> str:
    """Return the kept form of a name that somebody asks for, without judging it."""
    first, separator, rest = name.partition(SEPARATOR)
    if private and len(first) == len(INBOX) and first.upper() == INBOX:
        return INBOX + separator + rest
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def above(name: str) -> Iterator[str]:
    """Return the names above a name, the highest first."""
    position = name.find(SEPARATOR)
    while position > 0:
        yield name[:position]
        position = name.find(SEPARATOR, position + 1)


def is_below(name: str, other: str) -> bool:
    """Return whether a name lies below another."""
    return name.startswith(other + SEPARATOR)


def renamed(names: Collection[str], old: str, new: str) -> list[tuple[str, str]]:
    """Return what has which name after a folder was renamed with those below it, before and after,
    sorted; the folder itself may not be there.

    Raises:
        NoSuchFolder: nothing has that name, or lies below it.
        FolderExists: a new name is taken.
        BadFolderName: it would lie below itself, or a name gets too long.
    """
    if new in names:
        raise FolderExists(new)
    if is_below(new, old):
        raise BadFolderName("below itself")
    moved = sorted(name for name in names if name == old or is_below(name, old))
    if not moved:
        raise NoSuchFolder(old)
    pairs = [(name, checked(new + name[len(old) :], private=False)) for name in moved]
    for _, after in pairs:
        if after in names:
            raise FolderExists(after)
    return pairs


def first_folders(
    folders: Iterable[tuple[str, SpecialUse | None]],
) -> dict[str, SpecialUse | None]:
    """Return the names an account begins with, those above them too, in the order to make them.

    Raises:
        BadFolderName: one of them cannot be a folder's.
    """
    wanted: dict[str, SpecialUse | None] = {}
    for name, special_use in folders:
        name = checked(name, private=True)
        for parent in above(name):
            wanted.setdefault(parent, None)
        wanted[name] = special_use or wanted.get(name)
    return wanted
