"""Commands that change files: rm, mkdir, rmdir, mv, cp; and how files come and go: put, get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from netsuite.store.errors import IsADirectory, NoSuchFile, StoreError
from netsuite.store.tree import EntryKind, TreePath, UploadRequest, name_octets
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell import completion
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command
from netsuite.telnet.shell.paths import (
    ENTRIES,
    entries_of,
    expanded,
    kind_of,
    options,
    resolved,
)
from netsuite.telnet.shell.refusing import words_for

_CHUNK_OCTETS: Final = 65_536
#: Where a service listens for all addresses, its URL names one of these.
_ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})
#: The first names of the tree, and what they are called elsewhere.
_SITE: Final = "site"
_PUBLIC: Final = "public"


#: Makes one path of another; told whether it may replace what is there.
_Change: TypeAlias = Callable[[TreePath, TreePath, bool], Awaitable[None]]


def _complain(shell: Shell, called: str, error: StoreError) -> None:
    shell.terminal.say(f"{one_line(called)}: {words_for(error)}")


@command(
    "rm",
    "[-r] PATH...",
    "remove files; -r: directories with all in them",
    completes=completion.files,
    more=("They are gone for good: there is no trash for files.",),
)
async def remove(shell: Shell, words: Sequence[str]) -> None:
    """Remove files; one that cannot be removed does not save the others."""
    said, words = options(words, "rf")
    if not words:
        raise Usage
    files = shell.access.files
    for called, path in await expanded(shell, words):
        try:
            if await kind_of(files, path) is EntryKind.DIRECTORY:
                if "r" not in said:
                    raise IsADirectory(called)
                await _remove_all(shell, path)
            else:
                await files.remove_file(path)
        except NoSuchFile as error:
            if "f" not in said:
                _complain(shell, called, error)
        except StoreError as error:
            _complain(shell, called, error)


async def _remove_all(shell: Shell, start: TreePath) -> None:
    """Remove a directory with all that is in it. Raises CommandRefused where that is too much for
    one command, StoreError."""
    files = shell.access.files
    directories = [start]
    removed = 0
    for directory in directories:
        for entry in await shell.terminal.wait(entries_of(files, directory)):
            path = (*directory, entry.name)
            removed += 1
            if removed > ENTRIES:
                raise CommandRefused(f"There were more than {ENTRIES} files; the rest is there.")
            if entry.kind is EntryKind.DIRECTORY:
                directories.append(path)
            else:
                await files.remove_file(path)
    for directory in reversed(directories):
        await files.remove_directory(directory)


@command("mkdir", "DIRECTORY...", "make directories", completes=completion.directories)
async def make_directory(shell: Shell, words: Sequence[str]) -> None:
    """Make directories."""
    if not words:
        raise Usage
    for word in words:
        try:
            await shell.access.files.make_directory(resolved(shell.directory, word))
        except StoreError as error:
            _complain(shell, word, error)


@command("rmdir", "DIRECTORY...", "remove empty directories", completes=completion.directories)
async def remove_directory(shell: Shell, words: Sequence[str]) -> None:
    """Remove directories that are empty."""
    if not words:
        raise Usage
    for called, path in await expanded(shell, words):
        try:
            await shell.access.files.remove_directory(path)
        except StoreError as error:
            _complain(shell, called, error)


@command(
    "mv",
    "[-f] PATH... TO",
    "rename a file or directory, or move some into a directory",
    completes=completion.files,
    more=("A file that is there is not replaced, but with -f.",),
)
async def move(shell: Shell, words: Sequence[str]) -> None:
    """Rename, or move into a directory."""

    async def rename(old: TreePath, new: TreePath, replace: bool) -> None:
        await shell.access.files.rename(old, new, replace=replace)

    await _each(shell, words, rename)


@command(
    "cp",
    "[-f] FILE... TO",
    "copy a file, or some into a directory",
    completes=completion.files,
    more=("A file that is there is not replaced, but with -f. Directories are not copied.",),
)
async def copy(shell: Shell, words: Sequence[str]) -> None:
    """Copy files."""

    async def copied(old: TreePath, new: TreePath, replace: bool) -> None:
        await shell.terminal.wait(_copy(shell, old, new, replace=replace))

    await _each(shell, words, copied)


async def _copy(shell: Shell, old: TreePath, new: TreePath, *, replace: bool) -> None:
    files = shell.access.files
    file = await files.open(old)
    try:
        request = UploadRequest(only_new=not replace, expected_octets=file.entry.octets)
        upload = await files.upload(new, request)
        try:
            offset = 0
            while octets := await file.read(offset, _CHUNK_OCTETS):
                offset += len(octets)
                work = upload.write(octets)
                if work is not None:
                    await work
            await upload.commit()
        finally:
            await upload.abort()  # nothing, once it was committed
    finally:
        file.close()


async def _each(shell: Shell, words: Sequence[str], work: _Change) -> None:
    """Do something with each path and the place that the last word means for it."""
    said, words = options(words, "f")
    if len(words) < 2:
        raise Usage
    paths = await expanded(shell, words[:-1])
    target = resolved(shell.directory, words[-1])
    into = await kind_of(shell.access.files, target) is EntryKind.DIRECTORY
    if len(paths) > 1 and not into:
        raise CommandRefused(f"{one_line(words[-1])} is no directory.")
    for called, path in paths:
        new = (*target, path[-1]) if into and path else target
        if new == path:
            raise CommandRefused(f"{one_line(called)} is that already.")
        try:
            await work(path, new, "f" in said)
        except StoreError as error:
            _complain(shell, called, error)


# -- by other protocols ------------------------------------------------------------------------


@command(
    "get",
    "FILE...",
    "show the URLs by which files are fetched from your own machine",
    completes=completion.files,
)
async def get(shell: Shell, words: Sequence[str]) -> None:
    """Show from where a file can be had: Telnet has no way for files."""
    if not words:
        raise Usage
    for called, path in await expanded(shell, words):
        entry = await shell.access.files.entry(path)
        if entry.kind is EntryKind.DIRECTORY:
            _complain(shell, called, IsADirectory(called))
            continue
        _tell(shell, path, lambda url: f"netsuite get {url}", "fetched")


@command(
    "put",
    "[DIRECTORY]",
    "show how files are brought here from your own machine",
    completes=completion.directories,
)
async def put(shell: Shell, words: Sequence[str]) -> None:
    """Show where a file can be sent: Telnet has no way for files."""
    if len(words) > 1:
        raise Usage
    path = resolved(shell.directory, words[0]) if words else shell.directory
    if await kind_of(shell.access.files, path) is not EntryKind.DIRECTORY:
        raise CommandRefused("That is no directory.")
    _tell(shell, path, lambda url: f"netsuite put FILE {url}/", "sent", public=False)


def _tell(
    shell: Shell, path: TreePath, said: Callable[[str], str], done: str, *, public: bool = True
) -> None:
    """Say by which URLs a file is to be had."""
    urls = _urls(shell, path, public=public)
    if not urls:
        raise CommandRefused(f"Nothing else listens here by which files could be {done}.")
    shell.terminal.say("On your own machine, one of these:")
    for url in urls:
        shell.terminal.say(f"  {one_line(said(url))}")


def _urls(shell: Shell, path: TreePath, *, public: bool) -> Sequence[str]:
    """Return the URLs of a path, as they lead there from outside: the user's tree by FTP, and what
    everybody may see by HTTP."""
    found = []
    for url in shell.access.urls():
        parts = urlsplit(url)
        host = shell.shared.host if (parts.hostname or "") in _ANYWHERE else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        where = f"[{host}]{port}" if ":" in host else f"{host}{port}"
        if parts.scheme in ("ftp", "ftps"):
            # RFC 1738, 3.2.2: from where the login leads, which is the home.
            account = quote(shell.access.name, safe="")
            found.append(urlunsplit((parts.scheme, f"{account}@{where}", _quoted(path), "", "")))
        elif public and parts.scheme in ("http", "https") and (names := _public(shell, path)):
            found.append(urlunsplit((parts.scheme, where, names, "", "")))
    return found


def _public(shell: Shell, path: TreePath) -> str:
    """Return the path of a URL by which everybody may see a file; empty for none."""
    if path[:1] == (_SITE,):
        return _quoted(path[1:])
    if path[:1] == (_PUBLIC,):
        return _quoted((f"~{shell.access.name}", *path[1:]))
    return ""


def _quoted(path: TreePath) -> str:
    return "/" + "/".join(quote(name_octets(name), safe="~") for name in path)


COMMANDS: Sequence[Command] = (
    move,
    copy,
    remove,
    make_directory,
    remove_directory,
    get,
    put,
)
