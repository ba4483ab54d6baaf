"""Completion at TAB: what a word of a command may go on with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from netsuite.store.errors import StoreError
from netsuite.store.tree import EntryKind
from netsuite.telnet.dialog.server import Completion
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import Command, CommandRefused, Completes, Shell
from netsuite.telnet.shell.paths import listed, resolved
from netsuite.telnet.shell.terminal import Completing
from netsuite.telnet.shell.words import quoted, split_unended

#: Candidates that are found, and shown.
_MOST: Final = 500
_SHOWN: Final = 100


def of_commands(shell: Shell) -> Completing:
    """Return what completes the line of a command."""

    async def complete(before: str, behind: str) -> Completion:
        words, rest, lacking = split_unended(before)
        if lacking == "\\":
            return Completion()
        begun = str(rest or "")
        try:
            candidates = await _candidates(shell, words, begun)
        except (StoreError, CommandRefused):
            return Completion()
        return completion(begun, candidates, mark=lacking)

    return complete


async def _candidates(shell: Shell, words: Sequence[str], begun: str) -> Sequence[str]:
    table = shell.shared.commands
    found = list(table.next_words(words, begun, administers=bool(shell.access.administration)))
    if words:
        try:
            called, arguments = table.find(words)
        except CommandRefused:
            return found
        if called.completes is not None and not _is_short(called, words, arguments):
            found += await called.completes(shell, arguments, begun)
    return found


def _is_short(called: Command, words: Sequence[str], arguments: Sequence[str]) -> bool:
    """Return whether a command was called by less than its name: ``mail`` for ``mail list``, behind
    which come other commands' names."""
    return len(words) - len(arguments) < len(called.name.split()) and not arguments


def completion(begun: str, candidates: Iterable[str], mark: str | None = None) -> Completion:
    """Return what a word goes on with, of what it may become.

    Args:
        mark: the quotation mark before it.
    """
    fitting = sorted({each for each in candidates if each.startswith(begun)})
    if not fitting:
        return Completion()
    first, last = fitting[0], fitting[-1]  # sorted: what these two share, all do
    same = (place for place, each in enumerate(first) if last[place : place + 1] != each)
    common = first[len(begun) : next(same, len(first))]
    if len(fitting) == 1:
        end = "" if fitting[0].endswith("/") else f"{mark or ''} "
        return Completion(quoted(common, mark) + end)
    if common:
        return Completion(quoted(common, mark))
    shown = [one_line(_last(each)) for each in fitting[:_SHOWN]]
    if len(fitting) > _SHOWN:
        shown.append("...")
    return Completion("", tuple(shown))


def _last(candidate: str) -> str:
    """Return the last part of a path; all of what is none."""
    head, slash, tail = candidate.rstrip("/").rpartition("/")
    return candidate[len(head) + len(slash) :] if tail else candidate


# -- what words may be -------------------------------------------------------------------------


async def files(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
    """Files and directories."""
    return await _paths(shell, begun, directories_only=False)


async def directories(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
    """Directories."""
    return await _paths(shell, begun, directories_only=True)


async def _paths(shell: Shell, begun: str, *, directories_only: bool) -> Sequence[str]:
    above, slash, beginning = begun.rpartition("/")
    directory = resolved(shell.directory, above + slash)
    found: list[str] = []
    async for entry in listed(shell.access.files, directory):
        is_directory = entry.kind is EntryKind.DIRECTORY
        if not entry.name.startswith(beginning) or (directories_only and not is_directory):
            continue
        if entry.name.startswith(".") and not beginning:
            continue
        found.append(f"{above}{slash}{entry.name}{'/' if is_directory else ''}")
        if len(found) >= _MOST:
            break
    return found


async def folders(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
    """Folders of mail, where one is to be named."""
    if words:
        return ()
    return [each.name for each in await shell.access.mail.folders()]


async def groups(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
    """Newsgroups, where one is to be named."""
    if words:
        return ()
    return [each.name for each in await shell.access.news.room.groups()]


async def accounts(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
    """Accounts that begin so; without a beginning those of who is here, not of everybody."""
    if not begun:
        return [each.account for each in shell.everybody()]
    return await shell.access.names(begun, limit=_MOST)


async def messages(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
    """Numbers of the messages of the last list."""
    if shell.mailbox is None:
        return ()
    return [str(number) for number in range(1, min(len(shell.mailbox[1]), _MOST) + 1)]


def messages_then(further: Completes) -> Completes:
    """Return what completes numbers of messages, and behind the first of them something else."""

    async def completes(shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
        if not words or (begun.isdigit() and begun):
            return await messages(shell, words, begun)
        return await further(shell, (), begun)

    return completes


def of_addresses(shell: Shell) -> Completing:
    """Return what completes the last address of several."""

    async def complete(before: str, behind: str) -> Completion:
        begun = before.replace(",", " ").rpartition(" ")[2]
        if not begun:
            return Completion()
        found = completion(begun, await accounts(shell, (), begun))
        return Completion(found.insert.rstrip(), found.candidates)

    return complete
