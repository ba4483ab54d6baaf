"""Commands on files that are there: pwd, cd, ls, cat, more, find."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from netsuite.store.errors import NotADirectory, StoreError
from netsuite.store.tree import Entry, EntryKind, OpenFile, TreePath
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.sanitize import cut, one_line
from netsuite.telnet.shell import completion
from netsuite.telnet.shell.columns import briefly, size, when
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command
from netsuite.telnet.shell.paths import (
    ENTRIES,
    entries_of,
    expanded,
    matcher,
    options,
    resolved,
    written,
)
from netsuite.telnet.shell.refusing import words_for
from netsuite.telnet.shell.terminal import Shown, Styled, lines_of
from netsuite.telnet.shell.words import Word

_CHUNK_OCTETS: Final = 65_536


@command("pwd", "", "show the directory you are in")
async def print_directory(shell: Shell, words: Sequence[str]) -> None:
    """Show the directory one is in."""
    if words:
        raise Usage
    shell.terminal.say(one_line(written(shell.directory)))


@command(
    "cd",
    "[DIRECTORY]",
    "go to a directory; without one, to your home",
    completes=completion.directories,
)
async def change_directory(shell: Shell, words: Sequence[str]) -> None:
    """Go to a directory, if it is there."""
    if len(words) > 1:
        raise Usage
    paths = await expanded(shell, words)
    if len(paths) > 1:
        raise CommandRefused(f"{len(paths)} things are like that.")
    path = paths[0][1] if paths else ()
    entry = await shell.access.files.entry(path)
    if entry.kind is not EntryKind.DIRECTORY:
        raise NotADirectory(written(path))
    shell.directory = path


@command(
    "ls",
    "[-ahl] [PATH...]",
    "list directories and files",
    completes=completion.files,
    more=(
        "-h: sizes as 1.4K and 23M. -l and -a change nothing: the list is long, and shows all.",
        "In a PATH * stands for any characters, ? for one, [a-z] for one of those; quoted they",
        "stand for themselves.",
    ),
)
async def list_directory(shell: Shell, words: Sequence[str]) -> None:
    """List directories, or show files, one line each."""
    said, words = options(words, "ahl1")
    paths = await expanded(shell, words) or [("", shell.directory)]
    files = shell.access.files
    several = len(paths) > 1
    blocks: list[tuple[str, Sequence[Entry]]] = []
    alone: list[Entry] = []
    for called, path in paths:
        try:
            entry = await files.entry(path)
            if entry.kind is EntryKind.DIRECTORY:
                entries = await files.sorted_listing(path, limit=ENTRIES)
                blocks.append((called if several else "", entries))
            else:
                alone.append(entry.named(called) if several else entry)
        except StoreError as error:
            if not several:
                raise
            shell.terminal.say(f"{one_line(called)}: {words_for(error)}")
    if alone:
        blocks.insert(0, ("", alone))
    await shell.terminal.page(_blocks(shell, blocks, brief="h" in said))


def _blocks(
    shell: Shell, blocks: Sequence[tuple[str, Sequence[Entry]]], *, brief: bool
) -> Iterator[Shown]:
    now, columns = shell.shared.now(), shell.terminal.columns
    for place, (title, entries) in enumerate(blocks):
        if title:
            if place:
                yield ""
            yield Styled(f"{one_line(title)}:", Style.TITLE)
        for entry in entries:
            directory = entry.kind is EntryKind.DIRECTORY
            line = _row(entry, now, columns, brief=brief)
            yield Styled(line, Style.PLACE if directory else Style.PLAIN)


def _row(entry: Entry, now: datetime, columns: int, *, brief: bool) -> str:
    """Return an entry's line; in a narrow window it has less beside the name."""
    directory = entry.kind is EntryKind.DIRECTORY
    kind, end = ("d", "/") if directory else ("-", "")
    name = f"{one_line(entry.name)}{end}"
    if columns < 34:
        return cut(f"{size(entry.octets):>5} {name}", columns - 1)
    octets = size(entry.octets) if brief else str(entry.octets)
    if columns < 60:
        shown = size(entry.octets) if brief or entry.octets >= 10**8 else octets
        return cut(f"{kind} {shown:>8} {briefly(entry.modified, now)} {name}", columns - 1)
    return f"{kind} {octets:>{6 if brief else 12}} {when(entry.modified, now)} {name}"


@command(
    "cat",
    "FILE...",
    "show files; ESC and its like are shown as ^[",
    completes=completion.files,
    more=("`more` is another name for it: long files stop at each screen in any case.",),
)
async def concatenate(shell: Shell, words: Sequence[str]) -> None:
    """Show files, one after the other; one that cannot be shown does not hide the others."""
    if not words:
        raise Usage
    for called, path in await expanded(shell, words):
        try:
            file = await shell.access.files.open(path)
        except StoreError as error:
            shell.terminal.say(f"{one_line(called)}: {words_for(error)}")
            continue
        try:
            await shell.terminal.page(lines_of(_text(file)))
        finally:
            file.close()


async def _text(file: OpenFile) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    offset = 0
    while octets := await file.read(offset, _CHUNK_OCTETS):
        offset += len(octets)
        yield decoder.decode(octets)
    yield decoder.decode(b"", True)


@command(
    "find",
    "[DIRECTORY] PATTERN",
    "find files and directories below here by their name",
    completes=completion.directories,
    more=("`find *.txt`, `find site report*`; without * ? or [ the name has to hold the word.",),
)
async def find_files(shell: Shell, words: Sequence[str]) -> None:
    """Show the paths of what has a name like a pattern, directory by directory."""
    if not 1 <= len(words) <= 2:
        raise Usage
    start = resolved(shell.directory, words[0]) if len(words) == 2 else shell.directory
    word = words[-1]
    pattern = word.pattern if isinstance(word, Word) else ""
    match = matcher(pattern or f"*{word.translate(_LITERAL)}*")
    entry = await shell.access.files.entry(start)
    if entry.kind is not EntryKind.DIRECTORY:
        raise NotADirectory(written(start))
    shown = _Count()
    await shell.terminal.page(_found(shell, start, match.match, shown))
    if shown.looked_at > ENTRIES:
        shell.terminal.say(f"More than {ENTRIES} files were not looked at.", Style.WARNING)
    elif not shown.found:
        shell.terminal.say("There is nothing like that.")


#: Wildcards that stand for themselves, for ``fnmatch``.
_LITERAL: Final = str.maketrans({each: f"[{each}]" for each in "*?["})


class _Count:
    """How much was looked at, and found."""

    def __init__(self) -> None:
        self.looked_at = 0
        self.found = 0


async def _found(
    shell: Shell, start: TreePath, match: Callable[[str], object], count: _Count
) -> AsyncIterator[Shown]:
    waiting = [start]
    while waiting:
        directory = waiting.pop()
        below: list[TreePath] = []
        # Nothing may be shown for long: ^C is heard here.
        entries = await shell.terminal.wait(entries_of(shell.access.files, directory))
        for entry in sorted(entries, key=lambda each: each.name):
            count.looked_at += 1
            if count.looked_at > ENTRIES:
                return
            path = (*directory, entry.name)
            is_directory = entry.kind is EntryKind.DIRECTORY
            if is_directory:
                below.append(path)
            if match(entry.name):
                count.found += 1
                end = "/" if is_directory else ""
                shown = f"{one_line(written(path))}{end}"
                yield Styled(shown, Style.PLACE if is_directory else Style.PLAIN)
        waiting += reversed(below)


COMMANDS: Sequence[Command] = (
    list_directory,
    change_directory,
    print_directory,
    concatenate,
    find_files,
)
