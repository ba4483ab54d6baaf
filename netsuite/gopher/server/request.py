"""The answer to a request: found, sent, logged; then the session ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Final

from netsuite.connection.pump import GONE
from netsuite.connection.sendfile import FileCutShort, send_file
from netsuite.connection.server import Handlers, handlers
from netsuite.gopher.commands import Request
from netsuite.gopher.dialog import Content, Menu
from netsuite.gopher.server import access
from netsuite.gopher.server.resource import File, Octets, Resource, Text
from netsuite.gopher.server.selectors import Selectors
from netsuite.gopher.server.session import Session
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
        resource = await Selectors(session.shared).find(request)
    except StoreError as error:
        # The guard of the connection would say it, too; but this is an answer as others are,
        # which is logged and ends the session.
        refusal = session.reply_to(request, error)
        if refusal is None:
            raise
        session.say(refusal)
        return access.status_of(error)
    await _send(session, resource)
    return access.GIVEN


async def _send(session: Session, resource: Resource) -> None:
    if isinstance(resource, Menu):
        session.say(resource)
        return
    session.say(Content())
    if isinstance(resource, Octets):
        session.writer.write(resource.octets)
    elif isinstance(resource, Text):
        await _send_text(session, resource.chunks)
    else:
        await _send_file(session, resource)


async def _send_file(session: Session, resource: File) -> None:
    file = resource.file
    try:
        if resource.text and file.entry.octets <= SMALL_OCTETS:
            session.writer.write(_stuffed(await _whole(file)))
        elif resource.text:
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
