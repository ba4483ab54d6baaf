"""SEARCH and UID SEARCH: the client's keys as the store's query (RFC 3501, 6.4.4)."""

from __future__ import annotations

from datetime import date, timedelta

from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import search as key
from netsuite.imap.commands.responses import Completion, SearchData, ok
from netsuite.imap.server.session import Session
from netsuite.imap.view import MailboxView
from netsuite.store import query


async def search(session: Session, request: ask.Search) -> Completion:
    """Send which messages are found."""
    selected = session.mailbox
    view, modseq = selected.view, None
    asked = as_query(request.key, view)
    if isinstance(asked, query.All):
        # The view itself knows; nothing is gone that the client may be told of now.
        uids = view.uids()
    else:
        uids = await selected.mail.search(selected.folder.id, asked)
        if any(isinstance(each, key.ModifiedSince) for each in key.walk(request.key)):
            session.modseqs = True
            messages = await selected.mail.messages(selected.folder.id, uids) if uids else ()
            modseq = max((each.modseq for each in messages), default=None)
    # Messages the client has not been told of are not found yet.
    numbers = view.known(uids) if request.by_uid else view.numbers(uids)
    session.say(SearchData(numbers, modseq))
    return ok("Searched")


def _span(comparison: key.Comparison, day: date) -> tuple[date | None, date | None]:
    """Return the days ``since <= day < before`` that a comparison means."""
    match comparison:
        case key.Comparison.BEFORE:
            return None, day
        case key.Comparison.SINCE:
            return day, None
        case key.Comparison.ON:
            return day, None if day == date.max else day + timedelta(days=1)


# One case a key, nothing else: long but flat.
def as_query(value: key.SearchKey, view: MailboxView) -> query.Query:
    """Return in the store's words what a key asks for.

    Raises:
        BadNumber: it names a message number beyond the last.
    """
    match value:
        case key.AllMessages():
            return query.All()
        case key.Flagged(flag, wanted):
            has = query.HasFlag(flag)
            return has if wanted else query.Not(has)
        case key.IsRecent(wanted):
            recent = query.Uids(view.recent_ranges())
            return recent if wanted else query.Not(recent)
        case key.HeaderHas(name, text):
            return query.Field(name, text)
        case key.BodyHas(text):
            return query.Body(text)
        case key.TextHas(text):
            return query.Text(text)
        case key.ReceivedOn(comparison, day):
            return query.Received(*_span(comparison, day))
        case key.SentOn(comparison, day):
            return query.Sent(*_span(comparison, day))
        case key.LargerThan(octets):
            return query.Larger(octets)
        case key.SmallerThan(octets):
            return query.Smaller(octets)
        case key.Numbered(numbers, by_uid):
            return query.Uids(view.uid_ranges(numbers, by_uid=by_uid))
        case key.ModifiedSince(modseq):
            return query.ChangedSince(modseq)
        case key.Negated(inner):
            return query.Not(as_query(inner, view))
        case key.Either(one, other):
            return query.Or((as_query(one, view), as_query(other, view)))
        case key.Every(keys):
            return query.And(tuple(as_query(each, view) for each in keys))


HANDLERS = handlers(search)
