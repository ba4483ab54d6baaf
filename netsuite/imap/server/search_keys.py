"""The client's search keys as the store's query (RFC 3501, 6.4.4, and what came since)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from netsuite.imap.commands import search as key
from netsuite.imap.view import MailboxView
from netsuite.store import query


def _span(comparison: key.Comparison, day: date) -> tuple[date | None, date | None]:
    """Return the days ``since <= day < before`` that a comparison means."""
    match comparison:
        case key.Comparison.BEFORE:
            return None, day
        case key.Comparison.SINCE:
            return day, None
        case key.Comparison.ON:
            return day, None if day == date.max else day + timedelta(days=1)


def as_query(
    value: key.SearchKey, view: MailboxView, now: Callable[[], datetime], *, fuzzy: bool = False
) -> query.Query:
    """Return in the store's words what a key asks for.

    Args:
        now: what OLDER and YOUNGER count from.
        fuzzy: a text need not be there as it stands; each of its words is to be (RFC 6203).
    """

    # One case a key, nothing else: long but flat.
    def ask(value: key.SearchKey, fuzzy: bool) -> query.Query:
        def text(make: Callable[[str], query.Query], text: str) -> query.Query:
            words = text.split() if fuzzy else ()
            return query.And(tuple(map(make, words))) if len(words) > 1 else make(text)

        match value:
            case key.AllMessages() | key.SaveDateSupported():
                return query.All()
            case key.Flagged(flag, wanted):
                has = query.HasFlag(flag)
                return has if wanted else query.Not(has)
            case key.IsRecent(wanted):
                recent = query.Uids(view.recent_ranges())
                return recent if wanted else query.Not(recent)
            case key.HeaderHas(name, words):
                return text(lambda each: query.Field(name, each), words)
            case key.BodyHas(words):
                return text(query.Body, words)
            case key.TextHas(words):
                return text(query.Text, words)
            case key.ReceivedOn(comparison, day):
                return query.Received(*_span(comparison, day))
            case key.SentOn(comparison, day):
                return query.Sent(*_span(comparison, day))
            case key.SavedOn(comparison, day):
                return query.Saved(*_span(comparison, day))
            case key.Aged(seconds, younger):
                moment = int(now().timestamp()) - seconds
                return query.Dated(since=moment) if younger else query.Dated(until=moment)
            case key.HasObjectId(name, thread):
                # Of threads nothing has an id here.
                return query.Or(()) if thread else query.HasGuid(name)
            case key.LargerThan(octets):
                return query.Larger(octets)
            case key.SmallerThan(octets):
                return query.Smaller(octets)
            case key.Numbered(numbers, by_uid):
                return query.Uids(view.uid_ranges(numbers, by_uid=by_uid))
            case key.ModifiedSince(modseq):
                return query.ChangedSince(modseq)
            case key.Fuzzy(inner):
                return ask(inner, True)
            case key.Negated(inner):
                return query.Not(ask(inner, fuzzy))
            case key.Either(one, other):
                return query.Or((ask(one, fuzzy), ask(other, fuzzy)))
            case key.Every(keys):
                return query.And(tuple(ask(each, fuzzy) for each in keys))

    return ask(value, fuzzy)
