"""Transfers to the client: RETR, LIST, NLST, MLSD."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from netsuite.connection.sendfile import FileCutShort, send_file
from netsuite.ftp import commands, replies
from netsuite.ftp.ascii import ToNetwork
from netsuite.ftp.deflate import Deflater
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.lists import listing_of
from netsuite.ftp.server.session import Session
from netsuite.ftp.transfer.accepting import Accepted
from netsuite.ftp.transfer.channel import Arrived
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.ftp.transfer.rates import UNLIMITED_OCTETS, Allowance
from netsuite.store.tree import OpenFile

#: So much of a file is read at a time where it is converted.
PIECE_OCTETS: Final = 131_072
#: What is no larger is read and written: to lend the transport to the kernel costs a turn more.
SMALL_OCTETS: Final = 65_536
#: Deflated on the reactor's thread. Level 9 takes 1 millisecond for it where it has most to try
#: (four letters at random), 10 microseconds for text.
DEFLATED_HERE_OCTETS: Final = 2_048


async def connected(session: Session, active: ActiveTransfer, text: str) -> DataConnection:
    """Return the data connection, ready for octets; say 150 with a text."""
    return await begun(session, active, await session.data().claim(), text)


async def begun(
    session: Session,
    active: ActiveTransfer,
    arrived: Arrived,
    text: str,
    *,
    receives: bool = False,
) -> DataConnection:
    """Return a data connection that has come, ready for octets; say 150 with a text."""
    data = arrived.adopted() if isinstance(arrived, Accepted) else arrived
    active.data = data
    context = session.data_tls()
    # Some that resume a session take TLS for done as soon as 150 comes, and end an empty file, and
    # with that TCP, before it is: so 150 comes behind TLS, where the client does not wait for it.
    tls_first = receives and context is not None and data.peer_began_tls()
    if tls_first:
        await data.begin(context, receives=receives)
    session.say(commands.reply(150, text))
    if not tls_first:
        await data.begin(context, receives=receives)
    return data


async def retrieve(
    session: Session, active: ActiveTransfer, command: commands.Retr
) -> commands.Reply:
    """Send a file, or what REST or RANG say of it."""
    as_text = session.representation is commands.Representation.ASCII
    if as_text and (session.restart_at or session.range):
        return replies.NO_ASCII_REST
    file = await session.files.open(session.resolved(command.path))
    try:
        offset, octets = _part(session, file.entry.octets)
        if octets < 0:
            return replies.BAD_REST
        text = "The file follows" if as_text else f"{octets} octets follow"
        if as_text or session.deflated or octets <= SMALL_OCTETS:
            body = _as_it_is(file, offset, octets)
            if as_text:
                body = _as_text(body)
            if octets <= SMALL_OCTETS and not session.deflated:
                content = b"".join([piece async for piece in body])
                await _send_whole(session, active, content, text)
            else:
                await _send_body(session, active, body, text)
            return replies.TRANSFERRED
        data = await connected(session, active, text)
        await _send_file(session.allowance, data, file, offset, octets)
        await data.finish()
    finally:
        file.close()
    return replies.TRANSFERRED


def _part(session: Session, octets: int) -> tuple[int, int]:
    """Return the first octet to send of a file, and how many; less than none where REST is beyond
    its end. RANG may be beyond it (draft-bryan-ftp-range, 4.3)."""
    if session.range is None:
        return session.restart_at, octets - session.restart_at
    start, end = session.range
    return start, max(0, min(end + 1, octets) - start)


async def list_directory(
    session: Session, active: ActiveTransfer, command: commands.List | commands.Nlst | commands.Mlsd
) -> commands.Reply:
    """Send a listing."""
    listing = await listing_of(session, command)
    if isinstance(listing, commands.Reply):
        return listing
    await _send_body(session, active, listing, "The listing follows")
    return replies.TRANSFERRED


async def _send_file(
    allowance: Allowance, data: DataConnection, file: OpenFile, offset: int, octets: int
) -> None:
    """Send so many octets of a file, the kernel where it can, no faster than is allowed."""
    while octets:
        count = allowance.slice_octets
        if count is not None:
            await allowance.take(min(count, octets))
        count = min(count or UNLIMITED_OCTETS, octets)
        await send_file(
            data,
            file.descriptor,
            offset,
            count,
            read=lambda descriptor, count, start: file.read(start, count),
        )
        offset += count
        octets -= count


async def _send_whole(session: Session, active: ActiveTransfer, octets: bytes, text: str) -> None:
    """Send something small, and its end. What the kernel takes at once needs no transport."""
    arrived = await session.data().claim()
    await session.allowance.take(len(octets))
    if isinstance(arrived, Accepted) and session.data_tls() is None:
        sent = active.at_once = arrived.send(octets)
        if sent == len(octets):
            arrived.close()
            session.say(commands.reply(150, text))
            return
        octets = octets[sent:]
    data = await begun(session, active, arrived, text)
    data.writer.write(octets)
    await data.finish()


async def _send_body(
    session: Session, active: ActiveTransfer, body: AsyncIterator[bytes], text: str
) -> None:
    """Send what comes in pieces, deflated under MODE Z, no faster than is allowed."""
    data = await connected(session, active, text)
    if session.deflated:
        body = _deflated(session, body)
    await data.writer.write_body(_allowed(session.allowance, body))
    await data.finish()


async def _allowed(allowance: Allowance, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for octets in body:
        step = allowance.slice_octets or len(octets) or 1
        for start in range(0, len(octets), step):
            piece = octets[start : start + step]
            await allowance.take(len(piece))
            yield piece


async def _deflated(session: Session, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    deflater = Deflater(session.deflate_level)
    async for octets in body:
        if len(octets) <= DEFLATED_HERE_OCTETS:
            yield deflater.feed(octets)
        else:
            yield await session.shared.run(deflater.feed, octets)
    yield deflater.finish()


async def _as_it_is(file: OpenFile, offset: int, octets: int) -> AsyncIterator[bytes]:
    """Return so many octets of a file. Raises FileCutShort."""
    while octets:
        piece = await file.read(offset, min(octets, PIECE_OCTETS))
        if not piece:
            raise FileCutShort(f"{octets} octets are missing")
        offset += len(piece)
        octets -= len(piece)
        yield piece


async def _as_text(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    conversion = ToNetwork()
    async for octets in body:
        yield conversion.feed(octets)
