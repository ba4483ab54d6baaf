"""The answer to a request: found, sent, logged; then the session ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from dataclasses import replace
from typing import Final

from netsuite.connection.pump import GONE
from netsuite.connection.sendfile import FileCutShort, send_file
from netsuite.connection.server import Handlers, handlers
from netsuite.gopher.commands import About, Item, ItemType, Request
from netsuite.gopher.dialog import Content, Menu
from netsuite.gopher.plus import (
    UNTIL_CLOSED,
    UNTIL_DOT,
    Attributes,
    format_attributes,
    header,
    parse_attributes,
    refusal,
)
from netsuite.gopher.server import access
from netsuite.gopher.server.resource import File, Octets, Resource, Stream, Text
from netsuite.gopher.server.selectors import Selectors
from netsuite.gopher.server.session import Session
from netsuite.gopher.types import is_text, media_of
from netsuite.store.errors import StoreError
from netsuite.store.tree import OpenFile
from netsuite.wire.dotted import DotStuffer

#: A text that is no larger is read at once.
SMALL_OCTETS: Final = 65_536
#: Octets of a larger one that are read at once.
PIECE_OCTETS: Final = 65_536


async def answer(session: Session, request: Request) -> None:
    """Send what is asked for, or why not, and close (RFC 1436, 2)."""
    status = access.BROKEN
    try:
        status = await _answer(session, request)
    except GONE:
        status = access.LEFT
        raise
    except FileCutShort:
        session.abort()  # what ended as it should would be taken for the whole
    finally:
        session.log_access(request, status)
    session.close()


async def _answer(session: Session, request: Request) -> int:
    """Find and send what is asked for; return how that went, as ``access`` has it."""
    try:
        resource = await Selectors(session).find(request)
    except StoreError as error:
        # The guard of the connection would say it, too; but this is an answer as others are,
        # which is logged and ends the session.
        refused = session.reply_to(request, error)
        if refused is None:
            raise
        status = access.status_of(error)
        if request.plus and isinstance(refused, Menu):
            text, gone = refused.items[0].text, status == access.NOT_HERE
            refused = Content(refusal(text, session.shared.admin, gone=gone))
        session.say(refused)
        return status
    asked = parse_attributes(request.plus)
    if asked is not None:
        _tell(session, request, resource, asked)
    else:
        await _send(session, resource, plus=bool(request.plus))
    return access.GIVEN


def _tell(session: Session, request: Request, resource: Resource, asked: Attributes) -> None:
    """Send what is known of an item, or of the items of a menu."""
    dialog = session.dialog
    if isinstance(resource, Menu) and asked.of_menu:
        items = resource.items
    elif isinstance(resource, File):
        entry, kind = resource.file.entry, resource.kind
        about = About(entry.modified, entry.octets, media_of(entry.name, kind))
        items = (Item(kind.value, entry.name, request.selector, about=about),)
        resource.file.close()
    else:
        kind = ItemType.MENU if isinstance(resource, Menu) else ItemType.TEXT
        name = request.selector.rpartition("/")[2] or dialog.host
        about = About(media=media_of("", kind))
        items = (Item(kind.value, name, request.selector, about=about),)
    said = format_attributes(
        items, asked, host=dialog.host, port=dialog.port, admin=session.shared.admin
    )
    session.say(Content(said))


async def _send(session: Session, resource: Resource, *, plus: bool) -> None:
    if isinstance(resource, Menu):
        session.say(replace(resource, plus=plus))
        return
    session.say(Content(header(_length(resource)) if plus else b""))
    if isinstance(resource, Octets):
        session.writer.write(resource.octets)
    elif isinstance(resource, Text):
        await _send_text(session, resource.chunks)
    elif isinstance(resource, Stream):
        await _send_stream(session, resource.chunks)
    else:
        await _send_file(session, resource)


def _length(resource: Octets | Text | Stream | File) -> int:
    """Return the length of an answer, as Gopher+ says it."""
    if isinstance(resource, Octets):
        return len(resource.octets)
    if isinstance(resource, Stream):
        return UNTIL_CLOSED
    if isinstance(resource, Text) or is_text(resource.kind.value):
        return UNTIL_DOT
    return resource.file.entry.octets


async def _send_stream(session: Session, chunks: AsyncIterator[bytes]) -> None:
    try:
        await session.writer.write_body(chunks)
    finally:
        if isinstance(chunks, AsyncGenerator):  # a program may stand behind it
            await chunks.aclose()


async def _send_file(session: Session, resource: File) -> None:
    file = resource.file
    as_text = is_text(resource.kind.value)
    try:
        if as_text and file.entry.octets <= SMALL_OCTETS:
            session.writer.write(_stuffed(await _whole(file)))
        elif as_text:
            await _send_text(session, _pieces(file))
        else:

            def read(descriptor: int, count: int, offset: int) -> Awaitable[bytes]:
                return file.read(offset, count)

            await send_file(session, file.descriptor, 0, file.entry.octets, read=read)
    finally:
        file.close()


async def _send_text(session: Session, chunks: AsyncIterator[bytes]) -> None:
    """Send text: lines end with CRLF, and a dot on a line of its own ends it."""
    stuffer = DotStuffer(convert_bare=True)

    async def stuffed() -> AsyncIterator[bytes]:
        async for octets in chunks:
            yield stuffer.feed(octets)
        yield stuffer.finish()

    await session.writer.write_body(stuffed())


async def _whole(file: OpenFile) -> bytes:
    """Read a small file, as long as it was when it was opened; shorter if it has shrunk."""
    octets = await file.read(0, file.entry.octets)
    while octets and len(octets) < file.entry.octets:
        more = await file.read(len(octets), file.entry.octets - len(octets))
        if not more:
            break
        octets += more
    return octets


def _stuffed(octets: bytes) -> bytes:
    stuffer = DotStuffer(convert_bare=True)
    return stuffer.feed(octets) + stuffer.finish()


async def _pieces(file: OpenFile) -> AsyncIterator[bytes]:
    offset = 0
    while octets := await file.read(offset, PIECE_OCTETS):
        yield octets
        offset += len(octets)


HANDLERS: Final[Handlers[Session, None]] = handlers(answer)
