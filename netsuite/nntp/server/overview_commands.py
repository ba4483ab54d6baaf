"""Overview lines and single fields: OVER, HDR, XOVER, XHDR."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from netsuite.message.news import HEADER_OCTETS
from netsuite.nntp import commands as c
from netsuite.nntp import overview, replies
from netsuite.nntp.commands import Beginning, Range, Status
from netsuite.nntp.server.reading import between, selected
from netsuite.store.errors import NoSuchMessage, StoreError
from netsuite.store.model import ContentId, Described, FolderId
from netsuite.wire.events import BodyChunk, EndOfBody

if TYPE_CHECKING:
    from netsuite.nntp.server.session import NNTPServer

#: Articles that are read and said in one piece.
ARTICLES_AT_ONCE: Final = 256
#: So much of their contents is held for HDR, where a field has to be read out of them.
CONTENTS_OCTETS: Final = 1 << 20


class _Refused(Exception):
    """There is nothing to tell of; carries the response."""

    def __init__(self, status: Status) -> None:
        super().__init__(str(status))
        self.status = status


async def _wanted(
    session: NNTPServer, articles: c.RangeRef, nothing: Status
) -> tuple[FolderId, Sequence[int], bool]:
    """Give a folder, numbers in it, and whether they are to be told as 0. Raises _Refused."""
    room = session.room
    assert room is not None
    if isinstance(articles, str):
        try:
            found = await room.find(articles)
        except NoSuchMessage:
            raise _Refused(replies.NO_MESSAGE_ID) from None
        return found.folder, [found.number], True
    known = selected(session)
    if known is None:
        raise _Refused(replies.NO_GROUP_SELECTED)
    if articles is None:
        if not session.number:
            raise _Refused(replies.NO_CURRENT)
        articles, nothing = Range(session.number, session.number), replies.NO_CURRENT
    numbers = between(await room.numbers(known), articles)
    if not numbers:
        raise _Refused(nothing)
    return known.id, numbers, False


#: Makes the lines of articles: numbers as they are told, Message-IDs, Xref fields' bodies.
Lines = Callable[[Sequence[Described], Mapping[str, bytes]], AsyncIterator[bytes]]


async def _answer(
    session: NNTPServer, articles: c.RangeRef, beginning: Beginning, nothing: Status, lines: Lines
) -> None:
    """Say lines for articles, a piece at a time; until the first is there it can be refused."""
    room = session.room
    assert room is not None
    begun = False
    try:
        folder, numbers, _ = await _wanted(session, articles, nothing)
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
                await session.writable()
    except _Refused as refused:
        session.say(refused.status)
        return
    except StoreError as error:
        if begun:
            session.log.failure("listing articles on {name}", name=session.name)
            session.abort()  # what was said so far is not whole, and cannot be taken back
        else:
            session.say(replies.for_error(error))
        return
    if begun:
        session.say(EndOfBody())
    else:  # they were removed while we looked
        session.say(replies.NO_MESSAGE_ID if isinstance(articles, str) else nothing)


async def _places(session: NNTPServer, some: Sequence[Described]) -> Mapping[str, bytes]:
    """Give the Xref field's body by Message-ID."""
    room = session.room
    assert room is not None
    host = session.settings.host
    found = await room.places([room.message_id(each) for each in some])
    return {message_id: overview.xref(host, places) for message_id, places in found.items()}


async def over(session: NNTPServer, event: c.Over) -> None:
    """OVER and XOVER. See RFC 3977, 8.3, and RFC 2980, 2.8."""
    room = session.room
    assert room is not None
    hidden = isinstance(event.articles, str)

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

    nothing = replies.NONE_SELECTED if event.legacy else replies.NO_RANGE
    beginning = Beginning(224, "Overview information follows")
    await _answer(session, event.articles, beginning, nothing, lines)


def _own_place(session: NNTPServer, described: Described) -> bytes:
    """Give the Xref of an article that has no Message-ID of its own, so stands here alone."""
    group = session.group
    places = [(group.name, described.message.uid)] if group is not None else []
    return overview.xref(session.settings.host, places)


async def hdr(session: NNTPServer, event: c.Hdr) -> None:
    """HDR and XHDR. See RFC 3977, 8.5, and RFC 2980, 2.6."""
    room = session.room
    assert room is not None
    field = event.field.lower()
    if field.startswith(":") and field not in overview.METADATA:
        session.say(replies.NOT_KEPT)
        return
    hidden = isinstance(event.articles, str)

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

    nothing = replies.NONE_SELECTED if event.legacy else replies.NO_RANGE
    beginning = Beginning(221 if event.legacy else 225, "Headers follow")
    await _answer(session, event.articles, beginning, nothing, lines)


def _batches(some: Sequence[Described]) -> Sequence[Sequence[Described]]:
    """Cut into runs whose contents may be held together."""
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


async def _headers(session: NNTPServer, batch: Sequence[Described]) -> Mapping[ContentId, bytes]:
    """Give the contents' beginnings, as far as a header may reach."""
    room = session.room
    assert room is not None
    small = [m.message.content for m in batch if m.message.octets <= HEADER_OCTETS]
    found = dict(await room.contents(small)) if small else {}
    for each in batch:
        if each.message.octets > HEADER_OCTETS:
            content = each.message.content
            pieces = [piece async for piece in room.read(content, 0, HEADER_OCTETS)]
            found[content] = b"".join(pieces)
    return found
