"""FETCH and UID FETCH: batches of messages, one read and one write each (RFC 3501, 6.4.5).

Messages are read from the store some hundred at a time and answered in one write. Contents
are held only while they are small; a large one is streamed from the store to the client, at
the client's pace. A section is a range of the stored octets, and only that is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Status
from netsuite.imap.server.fetching import Plan, Row, write_large, write_small
from netsuite.imap.server.resync import Absence
from netsuite.imap.server.selected import Selected
from netsuite.imap.view import BadNumber
from netsuite.store.model import SEEN, ContentId, FlagAction, Message

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer


def _fetch(connection: IMAPServer, request: ask.Fetch) -> Awaitable[None] | None:
    selected = connection.open_mailbox
    try:
        spans = selected.view.spans(request.numbers, by_uid=request.by_uid)
    except BadNumber as error:
        connection.finish(Status.BAD, str(error))
        return None
    if request.vanished and not connection.vanished:
        connection.finish(Status.BAD, "Enable QRESYNC first")
        return None
    plan = Plan(request, modseqs=connection.modseqs)
    if plan.wants_modseq:
        connection.modseqs = True
    return _fetch_spans(connection, selected, request, plan, spans)


async def _fetch_spans(
    connection: IMAPServer,
    selected: Selected,
    request: ask.Fetch,
    plan: Plan,
    spans: Iterable[tuple[int, int]],
) -> None:
    missing = 0
    if request.vanished and request.changed_since is not None:
        _, gone = await selected.mail.changes_since(selected.folder.id, request.changed_since)
        connection.write(Absence(request.numbers, (), gone).vanished())
    for numbers, uids in selected.view.slices(spans, connection.settings.batch_messages):
        rows = await _read_rows(selected, plan, numbers, uids)
        missing += len(uids) - len(rows)
        if request.changed_since is not None:
            rows = [row for row in rows if row.message.modseq > request.changed_since]
        if plan.sets_seen and not selected.read_only:
            await _set_seen(selected, rows)
        if plan.shows_flags:
            _flags_are_told(connection, selected, rows)
        if plan.sections:
            missing += await _write_contents(connection, selected, plan, rows)
        else:
            connection.write(b"".join([write_small(plan, row, b"") for row in rows]))
        await connection.writable()
    if missing and not request.by_uid:
        # RFC 2180, 4.1.2; RFC 5530: EXPUNGEISSUED. By UID they are just not there.
        code = Code("EXPUNGEISSUED")
        connection.finish(Status.NO, "Some of the messages no longer exist", code)
    else:
        connection.ok("Fetched")


async def _read_rows(
    selected: Selected, plan: Plan, numbers: Sequence[int], uids: Sequence[int]
) -> list[Row]:
    mail, folder = selected.mail, selected.folder.id
    number_of = dict(zip(uids, numbers, strict=True))
    first_recent = selected.view.recent_from
    if plan.needs_summary:
        return [
            Row(
                number_of[each.message.uid],
                each.message,
                each.summary,
                each.message.uid >= first_recent,
            )
            for each in await mail.described(folder, uids)
        ]
    return [
        Row(number_of[message.uid], message, None, message.uid >= first_recent)
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


def _flags_are_told(connection: IMAPServer, selected: Selected, rows: Sequence[Row]) -> None:
    """List new keywords before they are used; what waits to be told of these is told now."""
    connection.write(selected.new_keywords({row.flags for row in rows}))
    if selected.view.waiting:
        selected.view.forget_flags({row.message.uid: (row.flags, row.modseq) for row in rows})


# -- contents -------------------------------------------------------------------------------------


async def _write_contents(
    connection: IMAPServer, selected: Selected, plan: Plan, rows: Sequence[Row]
) -> int:
    """Write rows that show contents; give how many of them are gone."""
    settings = connection.settings
    missing = 0
    held: list[Row] = []
    octets = 0
    for row in rows:
        if row.message.octets > settings.stream_octets or plan.reads_little_of(row):
            missing += await _write_held(connection, selected, plan, held)
            held, octets = [], 0
            missing += not await write_large(connection, selected.mail, plan, row)
            continue
        held.append(row)
        octets += row.message.octets
        if octets >= settings.batch_octets:
            missing += await _write_held(connection, selected, plan, held)
            held, octets = [], 0
    return missing + await _write_held(connection, selected, plan, held)


async def _write_held(
    connection: IMAPServer, selected: Selected, plan: Plan, rows: Sequence[Row]
) -> int:
    if not rows:
        return 0
    contents = await selected.mail.contents(_content_ids(row.message for row in rows))
    out = []
    missing = 0
    for row in rows:
        content = contents.get(row.message.content)
        if content is None:
            missing += 1
        else:
            out.append(write_small(plan, row, content))
    connection.write(b"".join(out))
    await connection.writable()
    return missing


def _content_ids(messages: Iterable[Message]) -> list[ContentId]:
    return list(dict.fromkeys(message.content for message in messages))


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    ask.Fetch: _fetch,
}
