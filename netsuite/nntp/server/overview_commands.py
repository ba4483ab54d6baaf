"""Overview lines and single fields: OVER, HDR, XOVER, XHDR."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from netsuite.connection.server import handlers
from netsuite.message.news import HEADER_OCTETS
from netsuite.nntp import commands as c
from netsuite.nntp import overview, replies
from netsuite.nntp.commands import Beginning, Range, RangeRef, Status
from netsuite.nntp.server.selection import between
from netsuite.nntp.server.session import Session
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import ContentId, Described, FolderId
from netsuite.wire.events import BodyChunk, EndOfBody

#: Articles that are read and said in one piece.
ARTICLES_AT_ONCE: Final = 256
#: So much of their contents is held for HDR, where a field has to be read out of them.
CONTENTS_OCTETS: Final = 1 << 20


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


#: Makes the lines of articles: numbers as they are told, Message-IDs, Xref fields' bodies.
Lines = Callable[[Sequence[Described], Mapping[str, bytes]], AsyncIterator[bytes]]


async def _say(session: Session, articles: RangeRef, beginning: Beginning, lines: Lines) -> None:
    """Say lines for articles, a piece at a time; until the first is there it can be refused.

    Raises:
        NoSuchMessage: there are none; what is said of that, ``replies`` knows.
    """
    room = session.room
    begun = False
    folder, numbers = await _wanted(session, articles)
    for start in range(0, len(numbers), ARTICLES_AT_ONCE):
        some = await room.described(folder, numbers[start : start + ARTICLES_AT_ONCE])
        if not some:
            continue
        places = await _places(session, some)
        async for octets in lines(some, places):
            if not begun:
                session.say(beginning)
                begun = True
            session.say(BodyChunk(octets))
            await session.writer.writable()
    if not begun:  # there are none, or they were removed while we looked
        raise NoSuchMessage(str(articles))
    session.say(EndOfBody())


async def _places(session: Session, some: Sequence[Described]) -> Mapping[str, bytes]:
    """Return the Xref field's body by Message-ID."""
    room = session.room
    host = session.shared.host
    found = await room.places([room.message_id(each) for each in some])
    return {message_id: overview.xref(host, places) for message_id, places in found.items()}


async def over(session: Session, command: c.Over) -> None:
    """Say overview lines. See RFC 3977, 8.3, and RFC 2980, 2.8."""
    room = session.room
    hidden = isinstance(command.articles, str)

    async def lines(some: Sequence[Described], places: Mapping[str, bytes]) -> AsyncIterator[bytes]:
        said = []
        for each in some:
            message_id = room.message_id(each)
            said.append(
                overview.line(
                    0 if hidden else each.message.uid,
                    each.summary,
                    message_id=message_id,
                    octets=each.message.octets,
                    places=places.get(message_id) or _own_place(session, each),
                )
            )
        yield b"".join(said)

    await _say(session, command.articles, Beginning(224, "Overview information follows"), lines)


def _own_place(session: Session, described: Described) -> bytes:
    """Return the Xref of an article that has no Message-ID of its own, so stands here alone."""
    group = session.group
    places = [(group.name, described.message.uid)] if group is not None else []
    return overview.xref(session.shared.host, places)


async def hdr(session: Session, command: c.Hdr) -> Status | None:
    """Say one field of articles. See RFC 3977, 8.5, and RFC 2980, 2.6."""
    room = session.room
    field = command.field.lower()
    if field.startswith(":") and field not in overview.METADATA:
        return replies.NOT_KEPT
    hidden = isinstance(command.articles, str)

    async def lines(some: Sequence[Described], places: Mapping[str, bytes]) -> AsyncIterator[bytes]:
        for batch in _batches(some) if not overview.is_kept(field) else [some]:
            contents = await _headers(session, batch) if batch is not some else {}
            said = []
            for each in batch:
                message_id = room.message_id(each)
                value = overview.kept_field(
                    field,
                    each.summary,
                    message_id=message_id,
                    octets=each.message.octets,
                    places=places.get(message_id) or _own_place(session, each),
                )
                if value is None:
                    content = contents.get(each.message.content)
                    if content is None:
                        continue  # it was removed while we looked
                    value = overview.field_of(content, field)
                said.append(b"%d %b\r\n" % (0 if hidden else each.message.uid, value))
            yield b"".join(said)

    beginning = Beginning(221 if command.legacy else 225, "Headers follow")
    await _say(session, command.articles, beginning, lines)
    return None


def _batches(some: Sequence[Described]) -> Sequence[Sequence[Described]]:
    """Return runs whose contents may be held together."""
    batches: list[list[Described]] = []
    held = CONTENTS_OCTETS
    for each in some:
        octets = min(each.message.octets, HEADER_OCTETS)
        if held + octets > CONTENTS_OCTETS:
            batches.append([])
            held = 0
        batches[-1].append(each)
        held += octets
    return batches


async def _headers(session: Session, batch: Sequence[Described]) -> Mapping[ContentId, bytes]:
    """Return the contents' beginnings, as far as a header may reach."""
    room = session.room
    small = [m.message.content for m in batch if m.message.octets <= HEADER_OCTETS]
    found = dict(await room.contents(small)) if small else {}
    for each in batch:
        if each.message.octets > HEADER_OCTETS:
            content = each.message.content
            pieces = [piece async for piece in room.read(content, 0, HEADER_OCTETS)]
            found[content] = b"".join(pieces)
    return found


HANDLERS = handlers(over, hdr)
