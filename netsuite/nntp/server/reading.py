"""Newsgroups selected and articles read: GROUP, LISTGROUP, NEXT, LAST, ARTICLE, HEAD, BODY, STAT.

What is in memory is answered by plain functions; only what has to wait for the store becomes a
coroutine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from netsuite.accounts.interfaces import NewsArticle, Newsgroup, Newsroom
from netsuite.message.headers import header_end
from netsuite.nntp import commands as c
from netsuite.nntp import overview, replies
from netsuite.nntp.commands import Beginning, Range, Status
from netsuite.store.errors import NoSuchFolder, NoSuchMessage, StoreError
from netsuite.wire.events import BodyChunk, EndOfBody

if TYPE_CHECKING:
    from netsuite.nntp.server.session import NNTPServer

#: Lines of a listing that are sent in one piece.
LINES_AT_ONCE: Final = 2000

#: Says something of an article: under which number, 0 for one found by its Message-ID.
Say = Callable[["NNTPServer", NewsArticle, int], Awaitable[None] | None]


# -- groups -----------------------------------------------------------------------------------


def selected(session: NNTPServer) -> Newsgroup | None:
    """Give the group that is selected and still there."""
    group = session.group
    return None if group is None or group.gone else group


def between(numbers: Sequence[int], wanted: Range) -> Sequence[int]:
    """Give the numbers within a range: a copy."""
    start = bisect_left(numbers, wanted.first)
    stop = len(numbers) if wanted.last is None else bisect_right(numbers, wanted.last)
    return numbers[start:stop]


def _select(session: NNTPServer, group: Newsgroup, numbers: Sequence[int]) -> str:
    """Make a group the current one; give what 211 says of it."""
    session.group = group
    session.number = numbers[0] if numbers else 0
    low = numbers[0] if numbers else group.low
    return f"{len(numbers)} {low} {group.high} {group.name}"


def group(session: NNTPServer, event: c.Group) -> Awaitable[None] | None:
    """GROUP. See RFC 3977, 6.1.1."""
    room = session.room
    assert room is not None
    known = room.group_at_hand(event.name)
    numbers = room.numbers_at_hand(known) if known is not None else None
    if known is None or numbers is None:
        return _open_group(session, event.name)
    session.say(Status(211, _select(session, known, numbers)))
    return None


async def _open_group(session: NNTPServer, name: str) -> None:
    room = session.room
    assert room is not None
    try:
        known = await room.group(name)
        numbers = await room.numbers(known)
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    session.say(Status(211, _select(session, known, numbers)))


async def listgroup(session: NNTPServer, event: c.ListGroup) -> None:
    """LISTGROUP. See RFC 3977, 6.1.2."""
    room = session.room
    assert room is not None
    known = selected(session)
    if event.name is None and known is None:
        session.say(replies.NO_GROUP_SELECTED)
        return
    try:
        if event.name is not None:
            known = await room.group(event.name)
        assert known is not None
        numbers = await room.numbers(known)
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    text = _select(session, known, numbers)
    wanted = between(numbers, event.range or Range(0, None))
    session.say(Beginning(211, f"{text} list follows"))
    for start in range(0, len(wanted), LINES_AT_ONCE):
        lines = [f"{number}\r\n" for number in wanted[start : start + LINES_AT_ONCE]]
        session.say(BodyChunk("".join(lines).encode("ascii")))
        await session.writable()
    session.say(EndOfBody())


# -- one article after the other --------------------------------------------------------------


def next_article(session: NNTPServer, event: c.Next) -> Awaitable[None] | None:
    """NEXT. See RFC 3977, 6.1.4."""
    return _step(session, forward=True)


def last_article(session: NNTPServer, event: c.Last) -> Awaitable[None] | None:
    """LAST. See RFC 3977, 6.1.3."""
    return _step(session, forward=False)


def _step(session: NNTPServer, *, forward: bool) -> Awaitable[None] | None:
    room, known = session.room, selected(session)
    assert room is not None
    if known is None:
        session.say(replies.NO_GROUP_SELECTED)
        return None
    if not session.number:
        session.say(replies.NO_CURRENT)
        return None
    numbers = room.numbers_at_hand(known)
    if numbers is None:
        return _read_and_step(session, known, forward=forward)
    return _step_among(session, known, numbers, forward=forward)


async def _read_and_step(session: NNTPServer, known: Newsgroup, *, forward: bool) -> None:
    assert session.room is not None
    try:
        numbers = await session.room.numbers(known)
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    work = _step_among(session, known, numbers, forward=forward)
    if work is not None:
        await work


def _step_among(
    session: NNTPServer, known: Newsgroup, numbers: Sequence[int], *, forward: bool
) -> Awaitable[None] | None:
    if forward:
        index = bisect_right(numbers, session.number)
    else:
        index = bisect_left(numbers, session.number) - 1
    if not 0 <= index < len(numbers):
        session.say(replies.NO_NEXT if forward else replies.NO_PREVIOUS)
        return None
    return _by_number(session, known, numbers[index], _say_stat, replies.NO_CURRENT)


# -- articles ---------------------------------------------------------------------------------


def article(session: NNTPServer, event: c.Article) -> Awaitable[None] | None:
    """ARTICLE. See RFC 3977, 6.2.1."""
    return _fetch(session, event.article, _say_article)


def head(session: NNTPServer, event: c.Head) -> Awaitable[None] | None:
    """HEAD. See RFC 3977, 6.2.2."""
    return _fetch(session, event.article, _say_head)


def body(session: NNTPServer, event: c.Body) -> Awaitable[None] | None:
    """BODY. See RFC 3977, 6.2.3."""
    return _fetch(session, event.article, _say_body)


def stat(session: NNTPServer, event: c.Stat) -> Awaitable[None] | None:
    """STAT. See RFC 3977, 6.2.4."""
    return _fetch(session, event.article, _say_stat)


def _fetch(session: NNTPServer, wanted: int | str | None, say: Say) -> Awaitable[None] | None:
    """Find an article and say something of it."""
    if type(wanted) is str:
        assert session.room is not None
        found = session.room.found_at_hand(wanted)
        if found is None:
            return _find(session, wanted, say)
        return say(session, found, 0)
    known = selected(session)
    if known is None:
        session.say(replies.NO_GROUP_SELECTED)
        return None
    if wanted is not None:
        assert type(wanted) is int
        return _by_number(session, known, wanted, say, replies.NO_NUMBER)
    if not session.number:
        session.say(replies.NO_CURRENT)
        return None
    return _by_number(session, known, session.number, say, replies.NO_CURRENT)


def _by_number(
    session: NNTPServer, known: Newsgroup, number: int, say: Say, refusal: Status
) -> Awaitable[None] | None:
    room = session.room
    assert room is not None
    found = room.article_at_hand(known, number)
    if found is None:
        numbers = room.numbers_at_hand(known)
        if numbers is None:
            return _look_up(session, known, number, say, refusal)
        index = bisect_left(numbers, number)
        if index < len(numbers) and numbers[index] == number:
            return _look_up(session, known, number, say, refusal)
        session.say(refusal)
        return None
    session.number = number
    return say(session, found, number)


async def _look_up(
    session: NNTPServer, known: Newsgroup, number: int, say: Say, refusal: Status
) -> None:
    assert session.room is not None
    try:
        found = await session.room.article(known, number)
    except (NoSuchMessage, NoSuchFolder):
        session.say(refusal)
        return
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    session.number = number
    work = say(session, found, number)
    if work is not None:
        await work


async def _find(session: NNTPServer, message_id: str, say: Say) -> None:
    assert session.room is not None
    try:
        found = await session.room.find(message_id)
    except NoSuchMessage:
        session.say(replies.NO_MESSAGE_ID)
        return
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    work = say(session, found, 0)
    if work is not None:
        await work


# -- what is said of an article -----------------------------------------------------------------


def _say_stat(session: NNTPServer, found: NewsArticle, number: int) -> None:
    session.say(Status(223, f"{number} {found.message_id}"))


def _say_article(session: NNTPServer, found: NewsArticle, number: int) -> Awaitable[None] | None:
    return _say_octets(session, found, number, 220, _whole)


def _say_head(session: NNTPServer, found: NewsArticle, number: int) -> Awaitable[None] | None:
    return _say_octets(session, found, number, 221, _head_of)


def _say_body(session: NNTPServer, found: NewsArticle, number: int) -> Awaitable[None] | None:
    return _say_octets(session, found, number, 222, _body_of)


def _whole(octets: bytes, body_start: int) -> bytes:
    return octets


def _head_of(octets: bytes, body_start: int) -> bytes:
    header = octets[:body_start]
    # The empty line is no part of it (RFC 3977, 6.2.2).
    if header.endswith((b"\n\r\n", b"\n\n")) or header in (b"\r\n", b"\n"):
        return header[:-1].removesuffix(b"\r")
    return header


def _body_of(octets: bytes, body_start: int) -> bytes:
    return octets[body_start:]


#: A larger article is sent in pieces, as the client takes them.
WHOLE_OCTETS: Final = 64 * 1024
#: Of an article, or of its header alone for ``_head_of``; where the body begins in it.
Cut = Callable[[bytes, int], bytes]


async def _say_octets(
    session: NNTPServer, found: NewsArticle, number: int, code: int, cut: Cut
) -> None:
    if found.octets > WHOLE_OCTETS:
        await _stream(session, found, number, code, cut)
        return
    assert session.room is not None
    try:
        octets = await session.room.content(found)
    except NoSuchMessage:
        session.say(replies.NO_NUMBER if number else replies.NO_MESSAGE_ID)
        return
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    part = octets if cut is _whole else cut(octets, header_end(octets))
    session.say_body(code, f"{number} {found.message_id}", _xref(session, found, cut) + part)


def _xref(session: NNTPServer, found: NewsArticle, cut: Cut) -> bytes:
    """Give the field that this door puts before what is stored (RFC 5537, 3.7)."""
    if cut is _body_of:
        return b""
    return overview.xref_field(session.settings.host, found.locations)


async def _stream(
    session: NNTPServer, found: NewsArticle, number: int, code: int, cut: Cut
) -> None:
    """Send an article too large to be held whole."""
    room = session.room
    assert room is not None
    missing = replies.NO_NUMBER if number else replies.NO_MESSAGE_ID
    try:
        start: int = 0
        stop: int | None = None
        if cut is not _whole:
            described = await room.described(found.folder, [found.number])
            if not described:
                session.say(missing)
                return
            body_start = described[0].summary.root.body_start
            if cut is _body_of:
                start = body_start
            else:
                stop = await _end_of_head(room, found, body_start)
        chunks = room.read(found.content, start, stop)
        # The first piece is read before anything is said: until then it can be refused.
        first = _xref(session, found, cut) + await anext(chunks, b"")
    except NoSuchMessage:
        session.say(missing)
        return
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    session.say(Beginning(code, f"{number} {found.message_id}"))
    await session.write_body(_stuffed(session, first, chunks))
    session.say(EndOfBody())


async def _end_of_head(room: Newsroom, found: NewsArticle, body_start: int) -> int:
    """Give where a header ends without its empty line, from its last octets."""
    begin = max(0, body_start - len(b"\r\n\r\n"))
    last = b"".join([piece async for piece in room.read(found.content, begin, body_start)])
    return body_start - len(last) + len(_head_of(last, len(last)))


async def _stuffed(
    session: NNTPServer, first: bytes, chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    try:
        yield session.dialog.send(BodyChunk(first))
        async for octets in chunks:
            yield session.dialog.send(BodyChunk(octets))
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
