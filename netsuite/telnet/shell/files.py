"""Commands on files: pwd, cd, ls, cat."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Iterator, Sequence

from netsuite.store.errors import NotADirectory, StoreError
from netsuite.store.tree import Entry, EntryKind, OpenFile, TreePath
from netsuite.telnet import replies
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import Command, Shell, Usage, command, when
from netsuite.telnet.shell.terminal import lines_of

#: Entries of a directory that are listed.
_ENTRIES = 100_000
_CHUNK_OCTETS = 65_536
#: What fingers type: a list is long, and shows all names, anyway.
_AS_IT_IS = ("-l", "-a", "-la", "-al")


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


@command("pwd", "", "show the directory you are in")
async def print_directory(shell: Shell, words: Sequence[str]) -> None:
    """Show the directory one is in."""
    if words:
        raise Usage
    shell.terminal.say(one_line(written(shell.directory)))


@command("cd", "[DIRECTORY]", "go to a directory; without one, to your home")
async def change_directory(shell: Shell, words: Sequence[str]) -> None:
    """Go to a directory, if it is there."""
    if len(words) > 1:
        raise Usage
    path = resolved(shell.directory, words[0]) if words else ()
    entry = await shell.access.files.entry(path)
    if entry.kind is not EntryKind.DIRECTORY:
        raise NotADirectory(written(path))
    shell.directory = path


@command("ls", "[PATH]", "list a directory")
async def list_directory(shell: Shell, words: Sequence[str]) -> None:
    """List a directory, or show the one file."""
    words = [word for word in words if word not in _AS_IT_IS]
    if len(words) > 1:
        raise Usage
    path = resolved(shell.directory, words[0]) if words else shell.directory
    files = shell.access.files
    entry = await files.entry(path)
    entries: Sequence[Entry] = (entry,)
    if entry.kind is EntryKind.DIRECTORY:
        entries = await files.sorted_listing(path, limit=_ENTRIES)
    await shell.terminal.page(_listed(shell, entries))


def _listed(shell: Shell, entries: Sequence[Entry]) -> Iterator[str]:
    now = shell.shared.now()
    for entry in entries:
        directory = entry.kind is EntryKind.DIRECTORY
        kind, end = ("d", "/") if directory else ("-", "")
        yield (f"{kind} {entry.octets:>12} {when(entry.modified, now)} {one_line(entry.name)}{end}")


@command("cat", "FILE...", "show files; ESC and its like are shown as ^[")
async def concatenate(shell: Shell, words: Sequence[str]) -> None:
    """Show files, one after the other; one that cannot be shown does not hide the others."""
    if not words:
        raise Usage
    for word in words:
        try:
            file = await shell.access.files.open(resolved(shell.directory, word))
        except StoreError as error:
            shell.terminal.say(f"{one_line(word)}: {replies.text_for(error)}")
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


COMMANDS: Sequence[Command] = (
    list_directory,
    change_directory,
    print_directory,
    concatenate,
)
