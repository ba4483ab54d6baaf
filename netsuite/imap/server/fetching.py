"""One FETCH response: its items worked out once a command, written once a message."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.imap.commands.fetch import BodySection, FetchItem, Item, SectionText
from netsuite.imap.commands.requests import Fetch
from netsuite.imap.grammar.dates import format_date_time
from netsuite.imap.grammar.fetch import format_answered_section
from netsuite.imap.grammar.printing import format_flag_set, format_literal
from netsuite.imap.grammar.structure import format_envelope, format_structure
from netsuite.imap.sections import (
    OctetRange,
    cut,
    filters_fields,
    needs_structure,
    pick_fields,
    whole_range,
)
from netsuite.message.structure import Summary
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import ContentId, Message

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer


class Row:
    """A message that is about to be shown."""

    __slots__ = ("flags", "message", "modseq", "number", "recent", "summary", "tells_flags")

    def __init__(
        self, number: int, message: Message, summary: Summary | None, recent: bool
    ) -> None:
        self.number = number
        self.message = message
        self.summary = summary
        self.recent = recent
        self.flags = message.flags
        self.modseq = message.modseq
        self.tells_flags = False  # they changed by this very command


def _summary(row: Row) -> Summary:
    assert row.summary is not None  # the plan asked for it
    return row.summary


_FIXED: Final[Mapping[Item, Callable[[Row], bytes]]] = {
    Item.UID: lambda row: b"UID %d" % row.message.uid,
    Item.FLAGS: lambda row: b"FLAGS " + format_flag_set(row.flags, row.recent),
    Item.INTERNALDATE: lambda row: b"INTERNALDATE " + format_date_time(row.message.internal_date),
    Item.SIZE: lambda row: b"RFC822.SIZE %d" % row.message.octets,
    Item.MODSEQ: lambda row: b"MODSEQ (%d)" % row.modseq,
    Item.ENVELOPE: lambda row: b"ENVELOPE " + format_envelope(_summary(row).envelope),
    Item.BODY: lambda row: b"BODY " + format_structure(_summary(row).root, extended=False),
    Item.BODYSTRUCTURE: lambda row: (
        b"BODYSTRUCTURE " + format_structure(_summary(row).root, extended=True)
    ),
}
_FROM_SUMMARY: Final = frozenset({Item.ENVELOPE, Item.BODY, Item.BODYSTRUCTURE})


class Section:
    """A section that is asked for, with its name as the answer has it."""

    __slots__ = ("filters", "name", "spec")

    def __init__(self, spec: BodySection) -> None:
        self.spec = spec
        self.name = format_answered_section(spec) + b" "
        self.filters = filters_fields(spec)

    def range(self, row: Row) -> OctetRange | None:
        """Give the octets to read; None for a part the message does not have."""
        root = None if row.summary is None else row.summary.root
        whole = whole_range(self.spec, root, row.message.octets)
        if whole is None or self.filters or self.spec.start is None:
            return whole
        return whole.part(self.spec.start, self.spec.octets or 0)

    def write(self, octets: bytes) -> bytes:
        """Write name and literal, from the octets of the range."""
        if self.filters:
            spec = self.spec
            exclude = spec.text is SectionText.FIELDS_NOT
            octets = cut(pick_fields(octets, spec.fields, exclude=exclude), spec)
        return self.name + format_literal(octets)


class Plan:
    """What one FETCH asks for, worked out once.

    Args:
        request: the command.
        modseqs: the client knows CONDSTORE: flags are told with their mod-sequence.
    """

    def __init__(self, request: Fetch, *, modseqs: bool) -> None:
        items: list[FetchItem] = list(request.items)
        if request.by_uid and Item.UID not in items:
            items.insert(0, Item.UID)  # RFC 3501, 6.4.8
        if request.changed_since is not None and Item.MODSEQ not in items:
            items.append(Item.MODSEQ)  # RFC 7162, 3.1.4.1
        self.wants_modseq = Item.MODSEQ in items
        self.fixed = [_FIXED[item] for item in items if isinstance(item, Item)]
        self.sections = [Section(item) for item in items if isinstance(item, BodySection)]
        self.needs_summary = not _FROM_SUMMARY.isdisjoint(items) or any(
            needs_structure(section.spec) for section in self.sections
        )
        self.sets_seen = any(not section.spec.peek for section in self.sections)
        self.shows_flags = Item.FLAGS in items or self.sets_seen
        # What a change of flags adds to the answer, where nobody asked for it.
        self._changed: list[Callable[[Row], bytes]] = []
        if Item.FLAGS not in items:
            self._changed.append(_FIXED[Item.FLAGS])
        if (modseqs or self.wants_modseq) and Item.MODSEQ not in items:
            self._changed.append(_FIXED[Item.MODSEQ])

    def words(self, row: Row) -> list[bytes]:
        """Write everything but the sections."""
        words = [write(row) for write in self.fixed]
        if row.tells_flags:
            words += [write(row) for write in self._changed]
        return words

    def reads_little_of(self, row: Row) -> bool:
        """Tell whether reading just the ranges is so much less than reading all."""
        octets = row.message.octets
        if octets <= 16_384:
            return False
        wanted = 0
        for section in self.sections:
            span = section.range(row)
            wanted += 0 if span is None else span.stop - span.start
        return wanted * 4 < octets


def write_small(plan: Plan, row: Row, content: bytes) -> bytes:
    """Write a response whose content is at hand."""
    words = plan.words(row)
    for section in plan.sections:
        span = section.range(row)
        if span is None:
            words.append(section.name + b"NIL")
        elif span.start == 0 and span.stop == len(content):
            words.append(section.write(content))
        else:
            words.append(section.write(content[span.start : span.stop]))
    return b"* %d FETCH (%b)\r\n" % (row.number, b" ".join(words))


async def write_large(connection: IMAPServer, mail: MailAccess, plan: Plan, row: Row) -> bool:
    """Write a response range by range, large ones as they come from the store.

    Returns:
        False, and nothing was written, when the message is gone.
    """
    content = row.message.content
    begun = False
    separator = b"* %d FETCH (" % row.number
    words = plan.words(row)
    try:
        for section in plan.sections:
            span = section.range(row)
            if span is None:
                words.append(section.name + b"NIL")
                continue
            octets = span.stop - span.start
            if section.filters or octets <= connection.settings.stream_octets:
                words.append(section.write(await _read(mail, content, span)))
                continue
            chunks = mail.read(content, span.start, span.stop)
            first = await anext(chunks, b"")  # the last moment to learn that it is gone
            words.append(section.name + b"{%d}\r\n" % octets)
            connection.write(separator + b" ".join(words))
            begun, separator, words = True, b"", []
            await connection.stream_literal(_exactly(first, chunks, octets))
            separator = b" "
    except NoSuchMessage:
        if not begun:
            return False
        # A message shown in part: the rest of what was promised cannot be had.
        connection.abort()
        return True
    rest = separator + b" ".join(words) if words else b""
    connection.write(rest + b")\r\n")
    return True


async def _read(mail: MailAccess, content: ContentId, span: OctetRange) -> bytes:
    if span.start == span.stop:
        return b""
    return b"".join([octets async for octets in mail.read(content, span.start, span.stop)])


class BrokenContent(Exception):
    """The store gave fewer or more octets than the message has."""


async def _exactly(first: bytes, chunks: AsyncIterator[bytes], octets: int) -> AsyncIterator[bytes]:
    """Give a literal's octets, as many as were announced, NUL made sayable."""
    left = octets - len(first)
    yield first.replace(b"\0", b"\x80") if b"\0" in first else first
    async for chunk in chunks:
        left -= len(chunk)
        yield chunk.replace(b"\0", b"\x80") if b"\0" in chunk else chunk
    if left:
        raise BrokenContent(f"{left} octets are missing")
