"""Newsgroups and articles selected: GROUP, LISTGROUP, NEXT, LAST. See RFC 3977, 6.1."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from netsuite.accounts.interfaces import Newsgroup
from netsuite.connection.server import handlers
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Beginning, Range, Status
from netsuite.nntp.server.session import Session
from netsuite.wire.events import BodyChunk, EndOfBody

#: Lines of a listing that are sent in one piece.
LINES_AT_ONCE: Final = 2000


def between(numbers: Sequence[int], wanted: Range) -> Sequence[int]:
    """Return the numbers within a range: a copy."""
    start = bisect_left(numbers, wanted.first)
    stop = len(numbers) if wanted.last is None else bisect_right(numbers, wanted.last)
    return numbers[start:stop]


def _select(session: Session, found: Newsgroup, numbers: Sequence[int]) -> str:
    """Make a group the current one; return what 211 says of it."""
    session.group = found
    session.number = numbers[0] if numbers else 0
    low = numbers[0] if numbers else found.low
    return f"{len(numbers)} {low} {found.high} {found.name}"


async def group(session: Session, command: c.Group) -> Status:
    """Select a newsgroup."""
    room = session.room
    found = await room.group(command.name)
    return Status(211, _select(session, found, await room.numbers(found)))


async def listgroup(session: Session, command: c.ListGroup) -> None:
    """Select a newsgroup, and say its article numbers."""
    room = session.room
    name = command.name
    found = session.selected if name is None else await room.group(name)
    numbers = await room.numbers(found)
    text = _select(session, found, numbers)
    wanted = between(numbers, command.range or Range(0, None))
    session.say(Beginning(211, f"{text} list follows"))
    for start in range(0, len(wanted), LINES_AT_ONCE):
        lines = [f"{number}\r\n" for number in wanted[start : start + LINES_AT_ONCE]]
        session.say(BodyChunk("".join(lines).encode("ascii")))
        await session.writer.writable()
    session.say(EndOfBody())


async def next_article(session: Session, command: c.Next) -> Status:
    """Go to the next article."""
    numbers = await session.room.numbers(session.selected)
    return await _go_to(session, numbers, bisect_right(numbers, session.current), replies.NO_NEXT)


async def last_article(session: Session, command: c.Last) -> Status:
    """Go to the article before."""
    numbers = await session.room.numbers(session.selected)
    index = bisect_left(numbers, session.current) - 1
    return await _go_to(session, numbers, index, replies.NO_PREVIOUS)


async def _go_to(session: Session, numbers: Sequence[int], index: int, nothing: Status) -> Status:
    if not 0 <= index < len(numbers):
        return nothing
    number = numbers[index]
    found = await session.room.article(session.selected, number)
    session.number = number
    return Status(223, f"{number} {found.message_id}")


HANDLERS = handlers(group, listgroup, next_article, last_article)
