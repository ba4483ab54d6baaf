"""FETCH and UID FETCH: batches of messages, one read and one write each (RFC 3501, 6.4.5).

What the command asks for is worked out once (``fetch_plan``). Messages are read from the store some
hundred at a time, the next ones while these are printed, and answered in one write. Contents are
held only while they are small; a large one is streamed from the store to the client, at the
client's pace. A section is a range of the stored octets, and only that is read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.connection.ahead import one_ahead
from netsuite.connection.readlog import note_read
from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Completion, ok
from netsuite.imap.grammar import fetch_response as response
from netsuite.imap.sections import OctetRange
from netsuite.imap.sequences import spans_within
from netsuite.imap.server.binary import Binary
from netsuite.imap.server.fetch_plan import Batch, Plan, Row
from netsuite.imap.server.select import Absence
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.message.form import without_nul
from netsuite.message.trace import TRACE_OCTETS, received_id
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import SEEN, Columns, ContentId, FlagAction

#: Messages that are read at once.
BATCH_MESSAGES: Final = 1000
#: Octets of content that are held at once, about.
BATCH_OCTETS: Final = 256 * 1024
#: Longer contents are streamed, not held.
STREAM_OCTETS: Final = 128 * 1024

_REST: Final = ok("Fetched what is left", Code("EXPUNGEISSUED"))


async def fetch(session: Session, request: ask.Fetch) -> Completion:
    """Send of messages what is asked for."""
    selected = session.mailbox
    spans = selected.view.spans(request.numbers, by_uid=request.by_uid)
    if request.window is not None:
        spans = spans_within(spans, request.window)
    if request.vanished and not session.vanished:
        return replies.QRESYNC_FIRST
    plan = Plan(request, session.manner)
    if plan.wants_modseq:
        session.modseqs = True
    if request.vanished and request.changed_since is not None:
        _, gone = await selected.mail.changes_since(selected.folder.id, request.changed_since)
        session.writer.write(Absence(request.numbers, (), gone).vanished())
    missing = 0
    async for batch, absent in _batches(selected, plan, spans):
        missing += absent
        if request.changed_since is not None:
            modseqs = batch.columns.modseqs
            since = request.changed_since
            batch = batch.chosen([n for n, modseq in enumerate(modseqs) if modseq > since])
        changed = frozenset[int]()
        if plan.sets_seen and not selected.read_only and "s" in selected.folder.rights:
            changed = await _set_seen(selected, batch.columns)
        if plan.shows_flags:
            # New keywords are listed before they are used.
            session.writer.write(selected.new_keywords(set(batch.columns.flags)))
        if plan.lists_flags:
            _flags_are_told(selected, batch.columns)
        for number, portion in enumerate(plan.portions(batch)):
            if number:
                await session.give_way()
            if plan.sections:
                missing += await _write_contents(session, selected.mail, plan, portion, changed)
            else:
                session.writer.write(plan.listing(portion))
            await session.writer.writable()
    if plan.undecoded:
        return replies.UNKNOWN_CTE
    # RFC 2180, 4.1.2; RFC 5530: EXPUNGEISSUED. By UID they are just not there.
    if not missing or request.by_uid:
        return ok("Fetched")
    # Where some were there, NO would have programs such as offlineimap throw those away.
    return replies.EXPUNGED if missing == sum(end - start for start, end in spans) else _REST


# -- messages and their flags ---------------------------------------------------------------------


async def _batches(
    selected: Selected, plan: Plan, spans: Iterable[tuple[int, int]]
) -> AsyncIterator[tuple[Batch, int]]:
    """Return batches of the messages that are there, and how many of each are not."""
    slices = selected.view.slices(spans, BATCH_MESSAGES)
    async for each in one_ahead(partial(_read_batch, selected, plan, *some) for some in slices):
        yield each


async def _read_batch(
    selected: Selected, plan: Plan, numbers: Sequence[int], uids: Sequence[int]
) -> tuple[Batch, int]:
    columns = await selected.mail.columns(selected.folder.id, uids, plan.columns)
    missing = len(uids) - len(columns)
    if plan.manner.by_uid:
        numbers = columns.uids
    elif missing:
        number_of = dict(zip(uids, numbers, strict=True))
        numbers = [number_of[uid] for uid in columns.uids]
    recent = [False] * len(columns)
    if plan.shows_flags and plan.manner.recent and selected.view.recent:
        recent = list(map(selected.view.is_recent, columns.uids))
    return Batch(numbers, columns, recent), missing


async def _set_seen(selected: Selected, columns: Columns) -> frozenset[int]:
    """Mark as seen what is about to be shown; the new flags are told along with it. Return the UIDs
    of those that were not."""
    uids = columns.uids
    unseen = [uid for uid, flags in zip(uids, columns.flags, strict=True) if SEEN not in flags]
    if not unseen:
        return frozenset()
    stored = await selected.mail.store_flags(
        selected.folder.id, unseen, FlagAction.ADD, frozenset({SEEN})
    )
    now = stored.changed
    selected.view.forget_flags(now)
    before = list(zip(uids, columns.flags, columns.modseqs, strict=True))
    columns.flags = [now[uid][0] if uid in now else flags for uid, flags, _ in before]
    columns.modseqs = [now[uid][1] if uid in now else modseq for uid, _, modseq in before]
    return frozenset(now)


def _flags_are_told(selected: Selected, columns: Columns) -> None:
    """Drop what waits to be told of these: it is told now."""
    view = selected.view
    if view.waiting or max(columns.modseqs, default=0) > view.modseq:
        flags = zip(columns.flags, columns.modseqs, strict=True)
        view.forget_flags(dict(zip(columns.uids, flags, strict=True)))


# -- contents -------------------------------------------------------------------------------------


#: A message, and its items that are no sections, printed.
_Shown = tuple[Row, list[bytes]]


async def _write_contents(
    session: Session, mail: MailAccess, plan: Plan, batch: Batch, changed: frozenset[int]
) -> int:
    """Send messages whose contents are asked for; return how many of them are gone."""
    missing = 0
    groups = _groups(plan, zip(batch.rows(), plan.items(batch, changed), strict=True))
    reads = one_ahead(partial(_read_contents, plan, mail, each) for each in groups)
    async for group, contents in reads:
        if contents is None:
            for row, items in group:
                missing += not await _write_ranges(session, mail, plan, row, items)
        else:
            missing += _write_held(session, plan, group, contents)
            await session.writer.writable()
    return missing


def _groups(plan: Plan, rows: Iterable[_Shown]) -> Iterator[list[_Shown]]:
    """Return messages in groups whose contents are held together; such whose content is not, alone.
    Those that cannot be sent as asked are left out, and counted."""
    held: list[_Shown] = []
    octets = 0
    for each in rows:
        row, _ = each
        if not plan.can_decode(row):
            plan.undecoded += 1
        elif _goes_in_ranges(plan, row):
            if held:
                yield held
            held, octets = [], 0
            yield [each]
        else:
            held.append(each)
            octets += row.octets
            if octets >= BATCH_OCTETS:
                yield held
                held, octets = [], 0
    if held:
        yield held


def _goes_in_ranges(plan: Plan, row: Row) -> bool:
    return row.octets > STREAM_OCTETS or plan.reads_little_of(row)


async def _read_contents(
    plan: Plan, mail: MailAccess, group: Sequence[_Shown]
) -> tuple[Sequence[_Shown], Mapping[ContentId, bytes] | None]:
    """Return a group with its contents; without them for one that is sent range by range."""
    if _goes_in_ranges(plan, group[0][0]):
        return group, None
    return group, await mail.contents(list(dict.fromkeys(row.content for row, _ in group)))


def _write_held(
    session: Session, plan: Plan, rows: Sequence[_Shown], contents: Mapping[ContentId, bytes]
) -> int:
    """Send messages whose contents are held all at once; return how many are gone."""
    out: list[bytes] = []
    missing = 0
    for row, items in rows:
        content = contents.get(row.content)
        if content is None:
            missing += 1
        else:
            out += plan.response(row, items, content)
            if plan.reads_text and session.shared.line_log is not None:
                _note_read(session, row, content)
    session.writer.write(b"".join(out))
    return missing


async def _write_ranges(
    session: Session, mail: MailAccess, plan: Plan, row: Row, items: list[bytes]
) -> bool:
    """Send a message range by range, large ones as they come from the store; return False, and
    nothing was sent, where the message is gone.
    """
    content = row.content
    begun = False
    before = plan.beginning % row.number
    try:
        for section in plan.sections:
            span = section.range(row)
            if span is None:
                items.append(b"".join(section.item(row, None)))
                continue
            octets = span.stop - span.start
            if section.filters or octets <= STREAM_OCTETS:
                items.append(b"".join(section.item(row, await _read(mail, content, span))))
                continue
            chunks = mail.read(content, span.start, span.stop)
            if isinstance(section, Binary):
                item, left = await section.measured(row, chunks)
                items.append(item)
                if left is not None:
                    session.writer.write(before + b" ".join(items))
                    begun, before, items = True, b" ", []
                    chunks = mail.read(content, span.start, span.stop)
                    await session.write_literal(section.decoded(row, chunks))
                continue
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
        span = OctetRange(0, min(row.octets, TRACE_OCTETS))
        _note_read(session, row, await _read(mail, content, span))
    return True


def _note_read(session: Session, row: Row, beginning: bytes) -> None:
    """Note that a message has been read, whose first octets are given."""
    identifier = received_id(beginning, session.shared.host)
    note_read(session, identifier, session.mailbox.folder.name, str(row.uid), row.octets)


async def _read(mail: MailAccess, content: ContentId, span: OctetRange) -> bytes:
    if span.start == span.stop:
        return b""
    return b"".join([octets async for octets in mail.read(content, span.start, span.stop)])


class BrokenContent(Exception):
    """The store gave fewer or more octets than the message has."""


async def _exactly(first: bytes, chunks: AsyncIterator[bytes], octets: int) -> AsyncIterator[bytes]:
    """Return a literal's octets, as many as were announced, NUL made sayable."""
    left = octets - len(first)
    yield without_nul(first)
    async for chunk in chunks:
        left -= len(chunk)
        yield without_nul(chunk)
    if left:
        raise BrokenContent(f"{left} octets are missing")


HANDLERS = handlers(fetch)
