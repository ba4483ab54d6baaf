"""FETCH and UID FETCH: batches of messages, one read and one write each (RFC 3501, 6.4.5).

What the command asks for is worked out once, and printed once a message. Messages are read from
the store some hundred at a time and answered in one write. Contents are held only while they are
small; a large one is streamed from the store to the client, at the client's pace. A section is a
range of the stored octets, and only that is read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.connection.readlog import LINE
from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.fetch import BodySection, FetchItem, Item, SectionText
from netsuite.imap.commands.responses import Completion, ok
from netsuite.imap.grammar import fetch_response as response
from netsuite.imap.grammar.fetch import format_shown_section
from netsuite.imap.sections import OctetRange, cut, needs_structure, pick_fields, whole_range
from netsuite.imap.server.select import Absence
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.message.form import format_structure
from netsuite.message.structure import Summary
from netsuite.message.trace import TRACE_OCTETS, received_id
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import SEEN, ContentId, FlagAction, Message
from netsuite.wire.errors import LocalProtocolError

#: Messages that are read at once.
BATCH_MESSAGES: Final = 250
#: Octets of content that are held at once, about.
BATCH_OCTETS: Final = 1024 * 1024
#: Longer contents are streamed, not held.
STREAM_OCTETS: Final = 128 * 1024
#: Of a message that is no longer, all is read, whatever little of it is asked for.
SMALL_OCTETS: Final = 16_384


async def fetch(session: Session, request: ask.Fetch) -> Completion:
    """Send of messages what is asked for."""
    selected = session.mailbox
    spans = selected.view.spans(request.numbers, by_uid=request.by_uid)
    if request.vanished and not session.vanished:
        return replies.QRESYNC_FIRST
    plan = Plan(request, modseqs=session.modseqs)
    if plan.wants_modseq:
        session.modseqs = True
    missing = 0
    if request.vanished and request.changed_since is not None:
        _, gone = await selected.mail.changes_since(selected.folder.id, request.changed_since)
        session.writer.write(Absence(request.numbers, (), gone).vanished())
    for numbers, uids in selected.view.slices(spans, BATCH_MESSAGES):
        rows = await _read_rows(selected, plan, numbers, uids)
        missing += len(uids) - len(rows)
        if request.changed_since is not None:
            rows = [row for row in rows if row.message.modseq > request.changed_since]
        if plan.sets_seen and not selected.read_only:
            await _set_seen(selected, rows)
        if plan.shows_flags:
            _flags_are_told(session, selected, rows)
        if plan.sections:
            missing += await _write_contents(session, selected.mail, plan, rows)
        else:
            session.writer.write(b"".join([plan.response(row) for row in rows]))
        await session.writer.writable()
    # RFC 2180, 4.1.2; RFC 5530: EXPUNGEISSUED. By UID they are just not there.
    return replies.EXPUNGED if missing and not request.by_uid else ok("Fetched")


# -- what is asked for ----------------------------------------------------------------------------


class Row:
    """A message that is about to be shown."""

    __slots__ = ("flags", "maybe_summary", "message", "modseq", "number", "recent", "tells_flags")

    def __init__(
        self, number: int, message: Message, summary: Summary | None, recent: bool
    ) -> None:
        self.number = number
        self.message = message
        self.recent = recent
        self.flags = message.flags
        self.modseq = message.modseq
        self.tells_flags = False  # they changed by this very command
        self.maybe_summary = summary

    @property
    def summary(self) -> Summary:
        """Its shape, which was read where the plan said so."""
        if self.maybe_summary is None:
            raise LocalProtocolError("the plan asked for no summary")
        return self.maybe_summary


_PRINTERS: Final[Mapping[Item, Callable[[Row], bytes]]] = {
    Item.UID: lambda row: response.uid_item(row.message.uid),
    Item.FLAGS: lambda row: response.flags_item(row.flags, row.recent),
    Item.INTERNALDATE: lambda row: response.date_item(row.message.internal_date),
    Item.SIZE: lambda row: response.size_item(row.message.octets),
    Item.MODSEQ: lambda row: response.modseq_item(row.modseq),
    Item.ENVELOPE: lambda row: response.envelope_item(row.summary.envelope),
    Item.BODY: lambda row: b"BODY " + format_structure(row.summary.root, extended=False),
    Item.BODYSTRUCTURE: lambda row: (
        b"BODYSTRUCTURE " + format_structure(row.summary.root, extended=True)
    ),
}
_FROM_SUMMARY: Final = frozenset({Item.ENVELOPE, Item.BODY, Item.BODYSTRUCTURE})


class Section:
    """A section that is asked for, with its name as the response has it."""

    __slots__ = ("begins_text", "filters", "name", "spec")

    def __init__(self, spec: BodySection) -> None:
        self.spec = spec
        self.name = format_shown_section(spec)
        self.filters = spec.text in (SectionText.FIELDS, SectionText.FIELDS_NOT)
        #: Whether it has the beginning of some text: more is not said of what comes in pieces.
        self.begins_text = spec.text in (None, SectionText.TEXT) and not spec.start

    def range(self, row: Row) -> OctetRange | None:
        """Return the octets to read; None for a part the message does not have."""
        root = None if row.maybe_summary is None else row.maybe_summary.root
        whole = whole_range(self.spec, root, row.message.octets)
        if whole is None or self.filters or self.spec.start is None:
            return whole
        return whole.part(self.spec.start, self.spec.octets or 0)

    def item(self, octets: bytes | None) -> bytes:
        """Return the section printed, from the octets of the range."""
        if octets is not None and self.filters:
            spec = self.spec
            exclude = spec.text is SectionText.FIELDS_NOT
            octets = cut(pick_fields(octets, spec.fields, exclude=exclude), spec)
        return response.section_item(self.name, octets)


class Plan:
    """What one FETCH asks for, worked out once.

    Args:
        request: the command.
        modseqs: the client knows CONDSTORE: flags are told with their mod-sequence.
    """

    def __init__(self, request: ask.Fetch, *, modseqs: bool) -> None:
        items: list[FetchItem] = list(request.items)
        if request.by_uid and Item.UID not in items:
            items.insert(0, Item.UID)  # RFC 3501, 6.4.8
        if request.changed_since is not None and Item.MODSEQ not in items:
            items.append(Item.MODSEQ)  # RFC 7162, 3.1.4.1
        self.wants_modseq = Item.MODSEQ in items
        self._printers = [_PRINTERS[item] for item in items if isinstance(item, Item)]
        self.sections = [Section(item) for item in items if isinstance(item, BodySection)]
        self.needs_summary = not _FROM_SUMMARY.isdisjoint(items) or any(
            needs_structure(section.spec) for section in self.sections
        )
        self.reads_text = any(section.begins_text for section in self.sections)
        self.sets_seen = any(not section.spec.peek for section in self.sections)
        self.shows_flags = Item.FLAGS in items or self.sets_seen
        # What a change of flags adds to the response, where nobody asked for it.
        self._changed: list[Callable[[Row], bytes]] = []
        if Item.FLAGS not in items:
            self._changed.append(_PRINTERS[Item.FLAGS])
        if (modseqs or self.wants_modseq) and Item.MODSEQ not in items:
            self._changed.append(_PRINTERS[Item.MODSEQ])

    def items(self, row: Row) -> list[bytes]:
        """Return everything but the sections, printed."""
        items = [show(row) for show in self._printers]
        if row.tells_flags:
            items += [show(row) for show in self._changed]
        return items

    def response(self, row: Row, content: bytes = b"") -> bytes:
        """Return a response whose content is at hand."""
        items = self.items(row)
        for section in self.sections:
            span = section.range(row)
            if span is None:
                items.append(section.item(None))
            elif span.start == 0 and span.stop == len(content):
                items.append(section.item(content))
            else:
                items.append(section.item(content[span.start : span.stop]))
        return response.format_fetch(row.number, items)

    def reads_little_of(self, row: Row) -> bool:
        """Return whether reading just the ranges is so much less than reading all."""
        octets = row.message.octets
        if octets <= SMALL_OCTETS:
            return False
        wanted = 0
        for section in self.sections:
            span = section.range(row)
            wanted += 0 if span is None else span.stop - span.start
        return wanted * 4 < octets


# -- messages and their flags ---------------------------------------------------------------------


async def _read_rows(
    selected: Selected, plan: Plan, numbers: Sequence[int], uids: Sequence[int]
) -> list[Row]:
    mail, folder = selected.mail, selected.folder.id
    number_of = dict(zip(uids, numbers, strict=True))
    is_recent = selected.view.is_recent
    if plan.needs_summary:
        return [
            Row(
                number_of[each.message.uid],
                each.message,
                each.summary,
                is_recent(each.message.uid),
            )
            for each in await mail.described(folder, uids)
        ]
    return [
        Row(number_of[message.uid], message, None, is_recent(message.uid))
        for message in await mail.messages(folder, uids)
    ]


async def _set_seen(selected: Selected, rows: Sequence[Row]) -> None:
    """Mark as seen what is about to be shown; the new flags are told along with it."""
    unseen = [row.message.uid for row in rows if SEEN not in row.flags]
    if not unseen:
        return
    stored = await selected.mail.store_flags(
        selected.folder.id, unseen, FlagAction.ADD, frozenset({SEEN})
    )
    selected.view.forget_flags(stored.changed)
    for row in rows:
        now = stored.changed.get(row.message.uid)
        if now is not None:
            row.flags, row.modseq = now
            row.tells_flags = True


def _flags_are_told(session: Session, selected: Selected, rows: Sequence[Row]) -> None:
    """List new keywords before they are used; what waits to be told of these is told now."""
    session.writer.write(selected.new_keywords({row.flags for row in rows}))
    if selected.view.waiting:
        selected.view.forget_flags({row.message.uid: (row.flags, row.modseq) for row in rows})


# -- contents -------------------------------------------------------------------------------------


async def _write_contents(
    session: Session, mail: MailAccess, plan: Plan, rows: Sequence[Row]
) -> int:
    """Send rows that show contents; return how many of them are gone."""
    missing = 0
    held: list[Row] = []
    octets = 0
    for row in rows:
        if row.message.octets > STREAM_OCTETS or plan.reads_little_of(row):
            missing += await _write_held(session, mail, plan, held)
            held, octets = [], 0
            missing += not await _write_ranges(session, mail, plan, row)
            continue
        held.append(row)
        octets += row.message.octets
        if octets >= BATCH_OCTETS:
            missing += await _write_held(session, mail, plan, held)
            held, octets = [], 0
    return missing + await _write_held(session, mail, plan, held)


async def _write_held(session: Session, mail: MailAccess, plan: Plan, rows: Sequence[Row]) -> int:
    """Send rows whose contents are held all at once; return how many are gone."""
    if not rows:
        return 0
    contents = await mail.contents(list(dict.fromkeys(row.message.content for row in rows)))
    out = []
    missing = 0
    for row in rows:
        content = contents.get(row.message.content)
        if content is None:
            missing += 1
        else:
            out.append(plan.response(row, content))
            if plan.reads_text and session.shared.line_log is not None:
                _note_read(session, row, content)
    session.writer.write(b"".join(out))
    await session.writer.writable()
    return missing


async def _write_ranges(session: Session, mail: MailAccess, plan: Plan, row: Row) -> bool:
    """Send a row range by range, large ones as they come from the store; return False, and
    nothing was sent, where the message is gone.
    """
    content = row.message.content
    begun = False
    before = response.BEGINNING % row.number
    items = plan.items(row)
    try:
        for section in plan.sections:
            span = section.range(row)
            if span is None:
                items.append(section.item(None))
                continue
            octets = span.stop - span.start
            if section.filters or octets <= STREAM_OCTETS:
                items.append(section.item(await _read(mail, content, span)))
                continue
            chunks = mail.read(content, span.start, span.stop)
            first = await anext(chunks, b"")  # the last moment to learn that it is gone
            items.append(b"%b {%d}\r\n" % (section.name, octets))
            session.writer.write(before + b" ".join(items))
            begun, before, items = True, b"", []
            await session.write_literal(_exactly(first, chunks, octets))
            before = b" "
    except NoSuchMessage:
        if not begun:
            return False
        # A message shown in part: the rest of what was promised cannot be had.
        session.abort()
        return True
    session.writer.write((before + b" ".join(items) if items else b"") + response.END)
    if plan.reads_text and session.shared.line_log is not None:
        span = OctetRange(0, min(row.message.octets, TRACE_OCTETS))
        _note_read(session, row, await _read(mail, content, span))
    return True


def _note_read(session: Session, row: Row, beginning: bytes) -> None:
    """Note that a message has been read, whose first octets are given."""
    line_log = session.shared.line_log
    if line_log is not None:
        line_log.add(
            LINE,
            session.name,
            session.peer.address,
            session.account,
            received_id(beginning, session.shared.host),
            session.mailbox.folder.name,
            str(row.message.uid),
            row.message.octets,
        )


async def _read(mail: MailAccess, content: ContentId, span: OctetRange) -> bytes:
    if span.start == span.stop:
        return b""
    return b"".join([octets async for octets in mail.read(content, span.start, span.stop)])


class BrokenContent(Exception):
    """The store gave fewer or more octets than the message has."""


async def _exactly(first: bytes, chunks: AsyncIterator[bytes], octets: int) -> AsyncIterator[bytes]:
    """Return a literal's octets, as many as were announced, NUL made sayable."""
    left = octets - len(first)
    yield first.replace(b"\0", b"\x80") if b"\0" in first else first
    async for chunk in chunks:
        left -= len(chunk)
        yield chunk.replace(b"\0", b"\x80") if b"\0" in chunk else chunk
    if left:
        raise BrokenContent(f"{left} octets are missing")


HANDLERS = handlers(fetch)
