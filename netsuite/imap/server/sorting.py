"""SORT and THREAD, and their UID forms (RFC 5256; RFC 5957; RFC 5267, 3).

What is sorted by is read for all messages at once; what takes long is done in steps, so that other
sessions go on between them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final, TypeVar

from netsuite.connection.server import handlers
from netsuite.imap.commands import search as key
from netsuite.imap.commands.responses import Completion, ok
from netsuite.imap.commands.sorting import (
    Algorithm,
    Criterion,
    Sort,
    SortData,
    Thread,
    ThreadData,
)
from netsuite.imap.server.search import Found, find, highest, named
from netsuite.imap.server.session import Session
from netsuite.message import threads
from netsuite.message.sorting import read_values
from netsuite.store.model import NEVER, Column, Columns

T = TypeVar("T")
#: So long work goes on before others have their turn; a step takes some milliseconds.
_SECONDS: Final = 0.02


async def sort(session: Session, request: Sort) -> Completion:
    """Send which messages are found, in the order of the criteria."""
    selected = session.mailbox
    returns = request.returns
    saves = returns is not None and "SAVE" in returns.options
    uids = await find(session, request, saves=saves)
    wanted = {column for each, _ in request.criteria for column in _COLUMNS[each]}
    columns = await selected.mail.columns(selected.folder.id, uids, wanted)
    ordered = await in_steps(session, _sorted(columns, request.criteria))
    wants_modseq = any(isinstance(each, key.ModifiedSince) for each in key.walk(request.key))
    if returns is not None:
        found = Found(session, ordered, request.by_uid, returns)
        await found.answer(wants_modseq=wants_modseq)
        return ok("Sorted, and saved" if saves else "Sorted")
    modseq = await highest(selected, ordered) if wants_modseq else None
    if not request.by_uid:
        numbers = dict(zip(uids, named(session, uids, by_uid=False), strict=True))
        ordered = [numbers[uid] for uid in ordered]
    session.say(SortData(ordered, modseq))
    return ok("Sorted")


async def thread(session: Session, request: Thread) -> Completion:
    """Send which messages are found, as threads."""
    selected = session.mailbox
    uids = await find(session, request)
    columns = await selected.mail.columns(selected.folder.id, uids, _THREADED)
    uids = columns.uids
    messages = threads.Threaded(
        _sent(columns), columns.sort_keys, columns.message_ids, columns.references
    )
    rows = await in_steps(session, _WAYS[request.algorithm](messages))
    numbers = named(session, uids, by_uid=request.by_uid)
    session.say(ThreadData(tuple((depth, numbers[at] if at >= 0 else 0) for depth, at in rows)))
    return ok("Threaded")


async def in_steps(session: Session, work: Generator[None, None, T]) -> T:
    """Do work in steps, of which others have some of the time."""
    clock = session.clock
    began = clock.seconds()
    while True:
        try:
            next(work)
        except StopIteration as end:
            # Any: it has what the generator returned, of which its type says nothing.
            value: T = end.value
            return value
        if clock.seconds() - began > _SECONDS:
            await session.give_way()
            began = clock.seconds()


# -- what is sorted by ------------------------------------------------------------------------


def _sorted(
    columns: Columns, criteria: Sequence[tuple[Criterion, bool]]
) -> Generator[None, None, Sequence[int]]:
    """Sort by the last criterion first: sorting keeps what was equal as it was, so that the first
    weighs most, and numbers decide where nothing else does."""
    places = list(range(len(columns)))
    for criterion, reverse in reversed(criteria):
        values = _values(columns, criterion)
        places.sort(key=values.__getitem__, reverse=reverse)
        yield
    return [columns.uids[place] for place in places]


def _sent(columns: Columns) -> Sequence[int]:
    """Return when messages were sent; where they do not say, when they came (RFC 5256, 2.2)."""
    return [
        arrived if sent == NEVER else sent
        for sent, arrived in zip(columns.sent, columns.arrived, strict=True)
    ]


def _values(columns: Columns, criterion: Criterion) -> Sequence[Any]:
    """Return of each message a number or a text."""
    match criterion:
        case Criterion.ARRIVAL:
            return columns.arrived
        case Criterion.DATE:
            return _sent(columns)
        case Criterion.SIZE:
            return columns.octets
        case _:
            return read_values(columns.sort_keys, _KEYS[criterion])


#: The names of the values that are kept to sort by.
_KEYS: Final[Mapping[Criterion, str]] = {
    Criterion.CC: "cc",
    Criterion.DISPLAYFROM: "from_shown",
    Criterion.DISPLAYTO: "to_shown",
    Criterion.FROM: "from_",
    Criterion.SUBJECT: "subject",
    Criterion.TO: "to",
}
_DATES: Final = (Column.SENT, Column.ARRIVED)
_COLUMNS: Final[Mapping[Criterion, Sequence[Column]]] = {
    Criterion.ARRIVAL: (Column.ARRIVED,),
    Criterion.DATE: _DATES,
    Criterion.SIZE: (Column.OCTETS,),
    **dict.fromkeys(_KEYS, (Column.SORT_KEYS,)),
}
_THREADED: Final = (
    Column.SENT,
    Column.ARRIVED,
    Column.SORT_KEYS,
    Column.MESSAGE_ID,
    Column.REFERENCES,
)
_WAYS: Final[Mapping[Algorithm, threads.Way]] = {
    Algorithm.ORDERED_SUBJECT: threads.by_subject,
    Algorithm.REFERENCES: threads.by_references,
}

HANDLERS = handlers(sort, thread)
