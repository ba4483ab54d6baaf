"""Matching of one message with a query: the meaning of every query, once for all stores."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from netsuite.store import query as q
from netsuite.store.model import Message
from netsuite.store.summarize import Document, folded, folded_line
from netsuite.store.timestamps import day_digits


class Readable(Protocol):
    """What a message says; each is a method, since it costs something, asked for when needed."""

    def sent_day(self) -> int | None:
        """The Date field's day as ``YYYYMMDD``."""

    def document(self) -> Document:
        """The text."""


class Candidate(Readable, Protocol):
    """A message that is looked at."""

    @property
    def message(self) -> Message:
        """The message as the asking account sees it."""


def matches(query: q.Query, candidate: Candidate) -> bool:
    """Return whether a message matches."""
    message = candidate.message
    match query:
        case q.All():
            return True
        case q.And(terms):
            return all(matches(term, candidate) for term in terms)
        case q.Or(terms):
            return any(matches(term, candidate) for term in terms)
        case q.Not(term):
            return not matches(term, candidate)
        case q.Uids(ranges):
            return any(first <= message.uid <= last for first, last in ranges)
        case q.HasFlag(flag):
            return flag.lower() in {each.lower() for each in message.flags}
        case q.Larger(octets):
            return message.octets > octets
        case q.Smaller(octets):
            return message.octets < octets
        case q.Received(since, before):
            return within(message.internal_date.date(), since, before)
        case q.Dated(since, until):
            moment = message.internal_date.timestamp()
            return (since is None or since <= moment) and (until is None or moment <= until)
        case q.HasGuid(guid):
            return message.guid == guid
        case q.Saved(since, before):
            return within(message.saved.date(), since, before)
        case q.ChangedSince(modseq):
            return message.modseq >= modseq
        case q.Sent() | q.Field() | q.Body() | q.Text():
            return says(query, candidate)


def says(query: q.Sent | q.Field | q.Body | q.Text, message: Readable) -> bool:
    """Return whether a message says what is looked for, whatever folder it is in."""
    match query:
        case q.Sent():
            return _was_sent(query, message.sent_day())
        case q.Field(name, text):
            return has_field(message.document(), folded_line(name), folded(text))
        case q.Body(text):
            return folded(text) in message.document().body
        case q.Text(text):
            return has_text(message.document(), folded(text))


def within(day: date, since: date | None, before: date | None) -> bool:
    """Return whether a day lies in ``since <= day < before``."""
    return (since is None or since <= day) and (before is None or day < before)


def has_field(document: Document, name: str, text: str) -> bool:
    """Return whether a field of that name has the text; folded already."""
    return any(field == name and text in value for field, value in document.fields)


def has_text(document: Document, text: str) -> bool:
    """Return whether a field (with its name) or the body has the text; folded already."""
    return text in document.body or any(
        text in f"{name}: {value}" for name, value in document.fields
    )


def _was_sent(query: q.Sent, day: int | None) -> bool:
    return (
        day is not None
        and (query.since is None or day_digits(query.since) <= day)
        and (query.before is None or day < day_digits(query.before))
    )
