"""The lines of a message as a person reads it: some of its header, its text, what else is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final, TypeAlias

from netsuite.message import reading
from netsuite.message.reading import file_name, first_address, is_attached, part_text, type_name
from netsuite.message.structure import Part, Summary
from netsuite.message.words import decode_words
from netsuite.store.model import ContentId, Described
from netsuite.telnet.sanitize import one_line

#: Octets of a text that are shown.
TEXT_OCTETS: Final = 1024 * 1024

#: Returns octets ``start`` to ``stop`` of a content, in pieces.
Read: TypeAlias = Callable[[ContentId, int, int], AsyncIterator[bytes]]


def author(summary: Summary) -> str:
    """Return who wrote it, for a list."""
    return one_line(reading.author(summary))


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
