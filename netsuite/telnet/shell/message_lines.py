"""The lines of a message as a person reads it: some of its header, its text, what else is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeAlias

from netsuite.message import reading
from netsuite.message.reading import file_name, first_address, is_attached, part_text, type_name
from netsuite.message.structure import Part, Summary
from netsuite.message.words import decode_words
from netsuite.store.model import ContentId, Described, Message
from netsuite.telnet.sanitize import cut, one_line
from netsuite.telnet.shell.command import Shell, when

#: Octets of a text that are shown.
TEXT_OCTETS: Final = 1024 * 1024

#: Messages that are looked up at once for a list.
_BATCH: Final = 200
_AUTHOR_COLUMNS: Final = 20

#: Returns octets ``start`` to ``stop`` of a content, in pieces.
Read: TypeAlias = Callable[[ContentId, int, int], AsyncIterator[bytes]]
Find: TypeAlias = Callable[[Sequence[int]], Awaitable[Sequence[Described]]]


async def listed(
    shell: Shell, find: Find, uids: Sequence[int], lead: Callable[[Message], str]
) -> AsyncIterator[str]:
    """Return a line for each message of a list, as wide as the window.

    Args:
        find: returns what is known of some of them.
        uids: of the messages.
        lead: returns the first seven columns of a line.
    """
    now, columns = shell.shared.now(), shell.terminal.columns - 1
    for start in range(0, len(uids), _BATCH):
        for each in await find(uids[start : start + _BATCH]):
            date = when(each.message.internal_date, now)
            by = cut(one_line(reading.author(each.summary)), _AUTHOR_COLUMNS)
            subject = one_line(each.summary.subject)
            yield cut(f"{lead(each.message)} {date} {by:<{_AUTHOR_COLUMNS}} {subject}", columns)


async def message_lines(read: Read, described: Described) -> AsyncIterator[str]:
    """Return the lines of a message. Raises NoSuchMessage."""
    summary = described.summary
    for line in _header(summary):
        yield line
    yield ""
    shown = _shown(summary.root)
    if not shown:
        yield "(There is no text in it.)"
    left = TEXT_OCTETS
    for part in shown:
        if part is not shown[0]:
            yield ""
        for line in (await _text(read, described.message.content, part, left)).splitlines():
            yield line
        if part.octets > left:
            yield f"(There is more: {part.octets} octets in all.)"
            break
        left -= part.octets
    for line in _others(summary.root, shown):
        yield line


def _header(summary: Summary) -> Iterator[str]:
    envelope = summary.envelope
    yield f"From:    {one_line(first_address(envelope.from_))}"
    if envelope.to:
        others = sum(mailbox.domain is not None for mailbox in envelope.to) - 1
        more = f" and {others} more" if others > 0 else ""
        yield f"To:      {one_line(first_address(envelope.to))}{more}"
    yield f"Date:    {one_line(decode_words(envelope.date or b''))}"
    yield f"Subject: {one_line(summary.subject)}"


def _shown(root: Part) -> list[Part]:
    """Return what to read: the texts of a message, else those of the messages in it."""
    for part in root.walk():
        if found := reading.texts(part):
            return found
    return []


async def _text(read: Read, content: ContentId, part: Part, limit_octets: int) -> str:
    stop = min(part.body_end, part.body_start + limit_octets)
    octets = b"".join([piece async for piece in read(content, part.body_start, stop)])
    return part_text(octets, part)


def _others(root: Part, shown: Sequence[Part]) -> Iterator[str]:
    """Return a line for each part that is not shown, but for other wordings of what is."""
    wordings = {
        id(each)
        for part in root.walk()
        if part.type == (b"multipart", b"alternative")
        for each in part.children
        if each.type[0] == b"text" and not is_attached(each)
    }
    seen = {id(part) for part in shown}
    for part in root.walk():
        if part.children or id(part) in seen or (seen and id(part) in wordings):
            continue
        yield f"[{one_line(file_name(part))} {type_name(part)}, {part.octets} octets]"
