"""A message as a person reads it: a few fields of its header, its text, what else is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, TypeAlias

from netsuite.message import reading
from netsuite.message.reading import file_name, first_address, is_attached, part_text, type_name
from netsuite.message.structure import Part, Summary
from netsuite.message.words import decode_words
from netsuite.store.model import ContentId, Described
from netsuite.telnet.neutral import one_line

#: Octets of a text that are shown.
TEXT_OCTETS: Final = 1024 * 1024

#: Gives octets ``start`` to ``stop`` of a content, in pieces.
Read: TypeAlias = Callable[[ContentId, int, int], AsyncIterator[bytes]]


def author(summary: Summary) -> str:
    """Give who wrote it, for a list."""
    return one_line(reading.author(summary))


async def readable(read: Read, described: Described) -> AsyncIterator[str]:
    """Give the lines of a message. Raises NoSuchMessage."""
    summary = described.summary
    for line in _header(summary):
        yield line
    yield ""
    part = _text_part(summary.root)
    if part is None:
        yield "(There is no text in it.)"
    else:
        for line in (await _text(read, described.message.content, part)).splitlines():
            yield line
        if part.octets > TEXT_OCTETS:
            yield f"(There is more: {part.octets} octets in all.)"
    for line in _others(summary.root, part):
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


def _leaves(root: Part) -> Iterator[Part]:
    return (part for part in root.walk() if not part.children)


def _text_part(root: Part) -> Part | None:
    """Give what to read: the first plain text that is no attachment, else the first HTML."""
    for kind in ((b"text", b"plain"), (b"text", b"html")):
        for part in _leaves(root):
            if part.type == kind and not is_attached(part):
                return part
    return None


async def _text(read: Read, content: ContentId, part: Part) -> str:
    stop = min(part.body_end, part.body_start + TEXT_OCTETS)
    octets = b"".join([piece async for piece in read(content, part.body_start, stop)])
    return part_text(octets, part)


def _others(root: Part, shown: Part | None) -> Iterator[str]:
    for part in _leaves(root):
        if part is shown or (
            shown is not None and part.type[0] == b"text" and not part.disposition
        ):
            continue
        yield f"[{one_line(file_name(part))} {type_name(part)}, {part.octets} octets]"
