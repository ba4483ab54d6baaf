"""The paths that words mean, and the files that wildcards mean."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from netsuite.accounts.interfaces import FileAccess
from netsuite.store.errors import NoSuchFile, NotADirectory, NotPermitted
from netsuite.store.tree import Entry, EntryKind, TreePath
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import CommandRefused, Shell
from netsuite.telnet.shell.words import Word

#: Files that one pattern may mean, and entries that are looked at for them.
_MATCHES: Final = 10_000
ENTRIES: Final = 100_000
#: Characters of a pattern's name, which are all that one can have.
_PATTERN_CHARACTERS: Final = 1024


def resolved(directory: TreePath, word: str) -> TreePath:
    """Return the path that a word means; nothing lies above the root."""
    path = [] if word.startswith("/") else list(directory)
    for name in word.split("/"):
        if name == "..":
            del path[-1:]
        elif name not in ("", "."):
            path.append(name)
    return tuple(path)


def written(path: TreePath) -> str:
    """Return a path as text."""
    return "/" + "/".join(path)


def matcher(pattern: str) -> re.Pattern[str]:
    """Return what matches the names that a pattern means (``*``, ``?``, ``[a-z]``); those that
    begin with a dot only where it does. Raises CommandRefused."""
    if len(pattern) > _PATTERN_CHARACTERS:
        raise CommandRefused("That pattern is too long.")
    found = fnmatch.translate(pattern)
    try:
        return re.compile(found if pattern.startswith(".") else rf"(?!\.){found}")
    except re.error:
        raise CommandRefused(f"{one_line(pattern)} is no pattern.") from None


def options(words: Sequence[str], known: str) -> tuple[set[str], Sequence[str]]:
    """Return the options at the beginning of words, ``-lh`` or ``-l -h``, as far as all of a word's
    letters are known, and the words behind them; ``--`` ends them."""
    said: set[str] = set()
    for place, word in enumerate(words):
        if word == "--":
            return said, words[place + 1 :]
        if len(word) < 2 or not word.startswith("-") or not set(word[1:]) <= set(known):
            return said, words[place:]
        said |= set(word[1:])
    return said, ()


async def expanded(shell: Shell, words: Sequence[str]) -> Sequence[tuple[str, TreePath]]:
    """Return the paths that words mean, each with the text that it is called by; those of a pattern
    sorted. Raises CommandRefused where nothing is like a pattern."""
    found: list[tuple[str, TreePath]] = []
    for word in words:
        pattern = word.pattern if isinstance(word, Word) else ""
        if not pattern:
            found.append((word, resolved(shell.directory, word)))
            continue
        paths = await _matching(shell, pattern)
        if not paths:
            raise CommandRefused(f"Nothing is like {one_line(word)}.")
        base = len(shell.directory)
        for path in sorted(paths):
            near = not pattern.startswith("/") and path[:base] == shell.directory
            found.append(("/".join(path[base:]) if near else written(path), path))
    return found


async def _matching(shell: Shell, pattern: str) -> Sequence[TreePath]:
    """Return the paths that a pattern means. Raises CommandRefused for too many."""
    found: list[TreePath] = [() if pattern.startswith("/") else shell.directory]
    files = shell.access.files
    for part in pattern.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            found = list(dict.fromkeys(path[:-1] for path in found))
            continue
        if not any(each in part for each in "*?["):
            found = [(*path, part) for path in found]
            continue
        match = matcher(part)
        deeper: list[TreePath] = []
        for path in found:
            async for entry in listed(files, path):
                if match.match(entry.name):
                    deeper.append((*path, entry.name))
                    if len(deeper) > _MATCHES:
                        raise CommandRefused(f"More than {_MATCHES} files are like that.")
        found = deeper
    return [path for path in found if await exists(files, path)]


async def listed(files: FileAccess, path: TreePath) -> AsyncIterator[Entry]:
    """Return what is in a directory, in no order; nothing where it is none, or not to be seen."""
    try:
        async for piece in files.listing(path):
            for entry in piece:
                yield entry
    except (NoSuchFile, NotADirectory, NotPermitted):
        return


async def entries_of(files: FileAccess, path: TreePath) -> Sequence[Entry]:
    """Return all that is in a directory, as ``listed`` does."""
    return [each async for each in listed(files, path)]


async def exists(files: FileAccess, path: TreePath) -> bool:
    """Return whether something is there."""
    return await kind_of(files, path) is not None


async def kind_of(files: FileAccess, path: TreePath) -> EntryKind | None:
    """Return what is there; None for nothing."""
    try:
        return (await files.entry(path)).kind
    except (NoSuchFile, NotADirectory):
        return None
