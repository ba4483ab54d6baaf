"""Articles and parts of them: ARTICLE, HEAD, BODY, STAT. See RFC 3977, 6.2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from netsuite.accounts.interfaces import NewsArticle, Newsroom
from netsuite.connection.server import handlers
from netsuite.message.headers import header_end
from netsuite.nntp import overview
from netsuite.nntp.commands import Article, Beginning, Body, Head, Stat, Status
from netsuite.nntp.server.session import Session
from netsuite.store.errors import NoSuchMessage
from netsuite.wire.events import BodyChunk, EndOfBody

#: A larger article is sent in pieces, as the client takes them.
WHOLE_OCTETS: Final = 64 * 1024
#: Of an article, or of its header alone for ``_head_of``; where the body begins in it.
Cut = Callable[[bytes, int], bytes]


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


#: The code that announces a part of an article, and how it is cut out.
_PARTS: Final[Mapping[type, tuple[int, Cut]]] = {
    Article: (220, _whole),
    Head: (221, _head_of),
    Body: (222, _body_of),
}


# One for the four: what they have in common is most of it, and another coroutine for each would be
# a tenth of what STAT costs.
async def article(session: Session, command: Article | Head | Body | Stat) -> Status | None:
    """Find an article; send it or a part of it, or say only that it is there.

    Raises:
        NoSuchMessage, NoSuchFolder: there is none; what is said of it, ``replies`` knows.
    """
    room, wanted = session.room, command.article
    if isinstance(wanted, str):
        number, found = 0, await room.find(wanted)
    else:
        known = session.selected
        number = session.current if wanted is None else wanted
        found = await room.article(known, number)
        session.number = number
    if type(command) is Stat:
        return Status(223, f"{number} {found.message_id}")
    code, cut = _PARTS[type(command)]
    beginning = Beginning(code, f"{number} {found.message_id}")
    if found.octets > WHOLE_OCTETS:
        await _stream(session, found, beginning, cut)
        return None
    octets = await room.content(found)
    part = octets if cut is _whole else cut(octets, header_end(octets))
    session.say_body(beginning, _xref(session, found, cut) + part)
    return None


def _xref(session: Session, found: NewsArticle, cut: Cut) -> bytes:
    """Return the field that a server puts before what is stored (RFC 5537, 3.7)."""
    if cut is _body_of:
        return b""
    return overview.xref_field(session.shared.host, found.locations)


async def _stream(session: Session, found: NewsArticle, beginning: Beginning, cut: Cut) -> None:
    """Send an article too large to be held whole."""
    room = session.room
    start: int = 0
    stop: int | None = None
    if cut is not _whole:
        described = await room.described(found.folder, [found.number])
        if not described:
            raise NoSuchMessage(found.message_id)
        body_start = described[0].summary.root.body_start
        if cut is _body_of:
            start = body_start
        else:
            stop = await _end_of_head(room, found, body_start)
    chunks = room.read(found.content, start, stop)
    # The first piece is read before anything is said: until then it can be refused.
    first = _xref(session, found, cut) + await anext(chunks, b"")
    session.say(beginning)
    await session.writer.write_body(_stuffed(session, first, chunks))
    session.say(EndOfBody())


async def _end_of_head(room: Newsroom, found: NewsArticle, body_start: int) -> int:
    """Return where a header ends without its empty line, from its last octets."""
    begin = max(0, body_start - len(b"\r\n\r\n"))
    last = b"".join([piece async for piece in room.read(found.content, begin, body_start)])
    return body_start - len(last) + len(_head_of(last, len(last)))


async def _stuffed(
    session: Session, first: bytes, chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    try:
        yield session.dialog.send(BodyChunk(first))
        async for octets in chunks:
            yield session.dialog.send(BodyChunk(octets))
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


HANDLERS = handlers(article)
