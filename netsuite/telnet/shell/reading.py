"""A message as a person reads it: a few fields of its header, its text, what else is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final, TypeAlias

from netsuite.message.charsets import decode
from netsuite.message.structure import Mailbox, Part, Summary
from netsuite.message.text import decode_transfer, without_markup
from netsuite.message.words import decode_words
from netsuite.store.model import ContentId, Described
from netsuite.telnet.neutral import one_line

#: Octets of a text that are shown.
TEXT_OCTETS: Final = 1024 * 1024

#: Gives octets ``start`` to ``stop`` of a content, in pieces.
Read: TypeAlias = Callable[[ContentId, int, int], AsyncIterator[bytes]]


def address(mailboxes: Sequence[Mailbox]) -> str:
    """Write the first address of a field with its name."""
    for mailbox in mailboxes:
        if mailbox.local is None or mailbox.domain is None:
            continue
        plain = (mailbox.local + b"@" + mailbox.domain).decode("utf-8", "replace")
        return f"{decode_words(mailbox.name)} <{plain}>" if mailbox.name else plain
    return ""


def author(summary: Summary) -> str:
    """Give who wrote it, for a list."""
    for mailbox in summary.envelope.from_:
        if mailbox.name:
            return one_line(decode_words(mailbox.name))
        if mailbox.local is not None and mailbox.domain is not None:
            return one_line((mailbox.local + b"@" + mailbox.domain).decode("utf-8", "replace"))
    return ""


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
    yield f"From:    {one_line(address(envelope.from_))}"
    if envelope.to:
        others = sum(mailbox.domain is not None for mailbox in envelope.to) - 1
        more = f" and {others} more" if others > 0 else ""
        yield f"To:      {one_line(address(envelope.to))}{more}"
    yield f"Date:    {one_line(decode_words(envelope.date or b''))}"
    yield f"Subject: {one_line(summary.subject)}"


def _leaves(root: Part) -> Iterator[Part]:
    return (part for part in root.walk() if not part.children)


def _text_part(root: Part) -> Part | None:
    """Give what to read: the first plain text that is no attachment, else the first HTML."""
    for kind in ((b"text", b"plain"), (b"text", b"html")):
        for part in _leaves(root):
            attached = part.disposition is not None and part.disposition[0] == b"attachment"
            if part.type == kind and not attached:
                return part
    return None


async def _text(read: Read, content: ContentId, part: Part) -> str:
    stop = min(part.body_end, part.body_start + TEXT_OCTETS)
    octets = b"".join([piece async for piece in read(content, part.body_start, stop)])
    charset = next((value for name, value in part.parameters if name == b"charset"), None)
    name = charset.decode("ascii", "replace") if charset else None
    text = decode(decode_transfer(octets, part.encoding), name)
    if part.type[1] == b"html":
        text = "\n".join(" ".join(line.split()) for line in without_markup(text).splitlines())
    return text


def _others(root: Part, shown: Part | None) -> Iterator[str]:
    for part in _leaves(root):
        if part is shown or (
            shown is not None and part.type[0] == b"text" and not part.disposition
        ):
            continue
        parameters = dict(part.disposition[1] if part.disposition else ())
        name = parameters.get(b"filename") or dict(part.parameters).get(b"name") or b""
        kind = b"/".join(part.type).decode("ascii", "replace")
        yield f"[{one_line(decode_words(name))} {kind}, {part.octets} octets]"
