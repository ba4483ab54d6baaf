"""Overview lines and single fields: OVER, HDR, XOVER, XHDR."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from netsuite.connection.ahead import one_ahead
from netsuite.connection.server import handlers
from netsuite.message.news import HEADER_OCTETS
from netsuite.message.overview import read_overview
from netsuite.nntp import commands as c
from netsuite.nntp import overview, replies
from netsuite.nntp.commands import Beginning, Range, RangeRef, Status
from netsuite.nntp.server.selection import between
from netsuite.nntp.server.session import Session
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import Column, Columns, ContentId, FolderId
from netsuite.wire.events import BodyChunk, EndOfBody

#: Articles that are read and said in one piece.
ARTICLES_AT_ONCE: Final = 500
#: The same for HDR, where a field has to be read out of them, and so much of them is held.
HEADERS_AT_ONCE: Final = 256
_KEPT: Final = frozenset({Column.OVERVIEW, Column.OCTETS})
_READ: Final = _KEPT | {Column.CONTENT}


@dataclass(frozen=True, slots=True)
class _Articles:
    """Some articles, as they are about to be told of.

    Args:
        numbers: as they are told: 0 for one that was asked for by its Message-ID.
        message_ids: of those that say none themselves, one made from their content's name; else
            empty.
        places: the bodies of their Xref fields.
        beginnings: of their contents, as far as a header may reach, where they were asked for.
    """

    columns: Columns
    numbers: Sequence[int]
    message_ids: Sequence[bytes]
    places: Sequence[bytes]
    beginnings: Mapping[ContentId, bytes]


async def _wanted(session: Session, articles: RangeRef) -> tuple[FolderId, Sequence[int]]:
    """Return a folder and numbers in it. Raises NoSuchMessage where there are none."""
    room = session.room
    if isinstance(articles, str):
        found = await room.find(articles)
        return found.folder, [found.number]
    known = session.selected
    if articles is None:
        articles = Range(session.current, session.current)
    return known.id, between(await room.numbers(known), articles)


#: Returns the lines of articles.
Lines = Callable[[_Articles], Sequence[bytes]]


async def _say(
    session: Session,
    articles: RangeRef,
    beginning: Beginning,
    lines: Lines,
    *,
    with_headers: bool = False,
) -> None:
    """Say lines for articles, a piece at a time, the next read meanwhile; until the first is there
    it can be refused.

    Raises:
        NoSuchMessage: there are none; what is said of that, ``replies`` knows.
    """
    begun = False
    folder, numbers = await _wanted(session, articles)
    size = HEADERS_AT_ONCE if with_headers else ARTICLES_AT_ONCE
    hidden = isinstance(articles, str)
    reads = (
        partial(_read, session, folder, numbers[start : start + size], hidden, with_headers)
        for start in range(0, len(numbers), size)
    )
    async for some in one_ahead(reads):
        octets = b"".join(lines(some))
        if not octets:
            continue
        if not begun:
            session.say(beginning)
            begun = True
        session.say(BodyChunk(octets))
        await session.writer.writable()
    if not begun:  # there are none, or they were removed while we looked
        raise NoSuchMessage(str(articles))
    session.say(EndOfBody())


async def _read(
    session: Session, folder: FolderId, numbers: Sequence[int], hidden: bool, with_headers: bool
) -> _Articles:
    room = session.room
    columns = await room.columns(folder, numbers, _READ if with_headers else _KEPT)
    several = await room.crossposts(folder, columns.uids)
    name, host = room.name_of(folder), session.shared.host
    alone = overview.xref(host, [(name, 0)])[:-1]
    return _Articles(
        columns,
        [0] * len(columns) if hidden else columns.uids,
        await _message_ids(session, folder, columns),
        [
            overview.xref(host, several[uid]) if uid in several else b"%b%d" % (alone, uid)
            for uid in columns.uids
        ],
        await _beginnings(session, columns) if with_headers else {},
    )


async def _message_ids(session: Session, folder: FolderId, columns: Columns) -> Sequence[bytes]:
    """Return a Message-ID for each article that says none itself."""
    made = [b""] * len(columns)
    without = [
        place for place, kept in enumerate(columns.overviews) if not read_overview(kept).message_id
    ]
    if without:
        uids = [columns.uids[place] for place in without]
        for found in await session.room.described(folder, uids):
            message_id = session.room.message_id(found).encode()
            made[columns.uids.index(found.message.uid)] = message_id
    return made


async def over(session: Session, command: c.Over) -> None:
    """Say overview lines. See RFC 3977, 8.3, and RFC 2980, 2.8."""

    def lines(some: _Articles) -> Sequence[bytes]:
        columns = some.columns
        return [
            overview.line(number, kept, message_id=message_id, octets=octets, places=places)
            for number, kept, message_id, octets, places in zip(
                some.numbers,
                columns.overviews,
                some.message_ids,
                columns.octets,
                some.places,
                strict=True,
            )
        ]

    await _say(session, command.articles, Beginning(224, "Overview information follows"), lines)


async def hdr(session: Session, command: c.Hdr) -> Status | None:
    """Say one field of articles. See RFC 3977, 8.5, and RFC 2980, 2.6."""
    field, _ = command.field.lower(), session.room  # who may not read is told so first
    if field.startswith(":") and field not in overview.METADATA:
        return replies.NOT_KEPT

    def kept(some: _Articles) -> Sequence[bytes]:
        columns = some.columns
        return [
            b"%d %b\r\n"
            % (
                number,
                overview.kept_field(
                    field, each, message_id=message_id, octets=octets, places=places
                ),
            )
            for number, each, message_id, octets, places in zip(
                some.numbers,
                columns.overviews,
                some.message_ids,
                columns.octets,
                some.places,
                strict=True,
            )
        ]

    def read(some: _Articles) -> Sequence[bytes]:
        return [
            b"%d %b\r\n" % (number, overview.field_of(some.beginnings[content], field))
            for number, content in zip(some.numbers, some.columns.contents, strict=True)
            if content in some.beginnings  # else it was removed while we looked
        ]

    beginning = Beginning(221 if command.legacy else 225, "Headers follow")
    if overview.is_kept(field):
        await _say(session, command.articles, beginning, kept)
    else:
        await _say(session, command.articles, beginning, read, with_headers=True)
    return None


async def _beginnings(session: Session, columns: Columns) -> Mapping[ContentId, bytes]:
    """Return the contents' beginnings, as far as a header may reach."""
    room = session.room
    sizes = dict(zip(columns.contents, columns.octets, strict=True))
    small = [content for content, octets in sizes.items() if octets <= HEADER_OCTETS]
    found = dict(await room.contents(small)) if small else {}
    for content, octets in sizes.items():
        if octets > HEADER_OCTETS:
            pieces = [piece async for piece in room.read(content, 0, HEADER_OCTETS)]
            found[content] = b"".join(pieces)
    return found


HANDLERS = handlers(over, hdr)
