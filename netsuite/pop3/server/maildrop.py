"""The maildrop: STAT, LIST, UIDL, RETR, TOP, DELE, RSET, NOOP, QUIT. See RFC 1939, 5 to 7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from netsuite.connection.readlog import note_read
from netsuite.connection.server import handlers
from netsuite.message.trace import received_id
from netsuite.pop3 import commands, replies
from netsuite.pop3.server.session import OpenMaildrop, Session
from netsuite.pop3.top import TopLines
from netsuite.store.errors import StoreError
from netsuite.wire.events import BodyChunk, EndOfBody

#: Lines of a listing that are sent in one piece.
LINES_AT_ONCE: Final = 1000


def _refusal(maildrop: OpenMaildrop, number: int) -> commands.Status | None:
    """Return why a message cannot be had by this number (from 1), if so."""
    if not 1 <= number <= len(maildrop.items):
        return replies.NO_MESSAGE
    return replies.DELETED if number - 1 in maildrop.deleted else None


async def stat(session: Session, command: commands.Stat) -> commands.Status:
    """Say how many messages there are, and of what size."""
    maildrop = session.maildrop
    sizes = maildrop.items.octets
    octets = sum(sizes) - sum(sizes[index] for index in maildrop.deleted)
    return commands.ok(f"{len(maildrop.items) - len(maildrop.deleted)} {octets}")


async def list_sizes(session: Session, command: commands.List) -> commands.Status | None:
    """Say the size of a message, or of each."""
    return await _listing(session, command, session.maildrop.items.octets)


async def uidl(session: Session, command: commands.Uidl) -> commands.Status | None:
    """Say the unique name of a message, or of each."""
    return await _listing(session, command, session.maildrop.items.uidls)


async def _listing(
    session: Session, command: commands.List | commands.Uidl, values: Sequence[int] | Sequence[str]
) -> commands.Status | None:
    maildrop, number = session.maildrop, command.number
    if number is not None:
        refusal = _refusal(maildrop, number)
        return refusal or commands.ok(f"{number} {values[number - 1]}")
    session.say(commands.Beginning("Listing follows"))
    deleted = maildrop.deleted
    for start in range(0, len(values), LINES_AT_ONCE):
        lines = [
            f"{index + 1} {value}\r\n"
            for index, value in enumerate(values[start : start + LINES_AT_ONCE], start)
            if index not in deleted
        ]
        session.say(BodyChunk("".join(lines).encode("ascii")))
        await session.writer.writable()
    session.say(EndOfBody())
    return None


async def retr(session: Session, command: commands.Retr) -> commands.Status | None:
    """Send a message."""
    return await _message(session, command.number, None)


async def top(session: Session, command: commands.Top) -> commands.Status | None:
    """Send a message's header and first lines."""
    return await _message(session, command.number, TopLines(command.lines))


async def _message(session: Session, number: int, top: TopLines | None) -> commands.Status | None:
    maildrop = session.maildrop
    refusal = _refusal(maildrop, number)
    if refusal is not None:
        return refusal
    chunks = maildrop.drop.read(number - 1)
    # The first piece is read before anything is said: until then it can be refused.
    first = await anext(chunks, None)
    if top is None and session.shared.line_log is not None:
        identifier = received_id(first or b"", session.shared.host)
        items = maildrop.items
        note_read(session, identifier, "INBOX", items.uidls[number - 1], items.octets[number - 1])
    session.say(commands.Beginning("Message follows"))
    await session.writer.write_body(_stuffed(session, first, chunks, top))
    session.say(EndOfBody())
    if top is None:
        maildrop.fetched.add(number - 1)
    return None


async def _stuffed(
    session: Session, first: bytes | None, chunks: AsyncIterator[bytes], top: TopLines | None
) -> AsyncIterator[bytes]:
    octets = first
    try:
        while octets is not None:
            if top is not None:
                octets = top.feed(octets)
            yield session.dialog.send(BodyChunk(octets))
            if top is not None and top.done:
                break
            octets = await anext(chunks, None)
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


async def dele(session: Session, command: commands.Dele) -> commands.Status:
    """Mark a message as deleted."""
    refusal = _refusal(session.maildrop, command.number)
    if refusal is None:
        session.maildrop.deleted.add(command.number - 1)
    return refusal or commands.ok("Marked as deleted")


async def rset(session: Session, command: commands.Rset) -> commands.Status:
    """Take all marks back."""
    session.maildrop.deleted.clear()
    return commands.ok(f"{len(session.maildrop.items)} messages")


async def noop(session: Session, command: commands.Noop) -> commands.Status:
    """Do nothing."""
    return commands.ok()


async def quit_session(session: Session, command: commands.Quit) -> None:
    """Remove what was marked, and what was fetched and is old enough (RFC 2449, 6.7), then say so:
    +OK means that it is gone for good. A session that is lost removes nothing (RFC 1939, 6)."""
    status = commands.ok("Bye")
    if session.has_maildrop:
        try:
            gone = session.maildrop.deleted | await _expired(session)
            if gone:
                await session.maildrop.drop.remove(sorted(gone))
        except StoreError:
            status = replies.NOT_REMOVED
    session.finish(status)


async def _expired(session: Session) -> set[int]:
    days, maildrop = session.shared.settings.expire_days, session.maildrop
    if not isinstance(days, int) or not maildrop.fetched:
        return set()
    before = datetime.fromtimestamp(session.clock.seconds(), UTC) - timedelta(days=days)
    return set(await maildrop.drop.received_before(sorted(maildrop.fetched), before))


HANDLERS = handlers(stat, list_sizes, uidl, retr, top, dele, rset, noop, quit_session)
