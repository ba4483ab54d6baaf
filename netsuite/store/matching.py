"""Whether one message matches a query: what every query means, written once for all stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final, Protocol

from netsuite.store import query as q
from netsuite.store.model import Message
from netsuite.store.summarize import Document, folded, folded_line
from netsuite.store.timestamps import day_digits


class Candidate(Protocol):
    """A message that is looked at; what costs something is a method, asked for when needed."""

    @property
    def message(self) -> Message:
        """The message as the asking account sees it."""

    def sent_day(self) -> int | None:
        """The Date field's day as ``YYYYMMDD``."""

    def document(self) -> Document:
        """The text."""


def matches(query: q.Query, candidate: Candidate) -> bool:
    """Say whether a message matches."""
    return _MATCH[type(query)](query, candidate)


def within(day: date, since: date | None, before: date | None) -> bool:
    """Say whether a day lies in ``since <= day < before``."""
    return (since is None or since <= day) and (before is None or day < before)


def has_field(document: Document, name: str, text: str) -> bool:
    """Say whether a field of that name has the text; folded already."""
    return any(field == name and text in value for field, value in document.fields)


def has_text(document: Document, text: str) -> bool:
    """Say whether a field (with its name) or the body has the text; folded already."""
    return text in document.body or any(
        text in f"{name}: {value}" for name, value in document.fields
    )


def _field(query: q.Field, candidate: Candidate) -> bool:
    return has_field(candidate.document(), folded_line(query.name), folded(query.text))


def _text(query: q.Text, candidate: Candidate) -> bool:
    return has_text(candidate.document(), folded(query.text))


def _has_flag(query: q.HasFlag, candidate: Candidate) -> bool:
    wanted = query.flag.lower()
    return any(flag.lower() == wanted for flag in candidate.message.flags)


def _sent(query: q.Sent, candidate: Candidate) -> bool:
    day = candidate.sent_day()
    return (
        day is not None
        and (query.since is None or day_digits(query.since) <= day)
        and (query.before is None or day < day_digits(query.before))
    )


_MATCH: Final[dict[type, Callable[[Any, Candidate], bool]]] = {
    q.All: lambda query, candidate: True,
    q.And: lambda query, candidate: all(matches(term, candidate) for term in query.terms),
    q.Or: lambda query, candidate: any(matches(term, candidate) for term in query.terms),
    q.Not: lambda query, candidate: not matches(query.term, candidate),
    q.Uids: lambda query, candidate: any(
        first <= candidate.message.uid <= last for first, last in query.ranges
    ),
    q.HasFlag: _has_flag,
    q.Larger: lambda query, candidate: candidate.message.octets > query.octets,
    q.Smaller: lambda query, candidate: candidate.message.octets < query.octets,
    q.Received: lambda query, candidate: within(
        candidate.message.internal_date.date(), query.since, query.before
    ),
    q.Sent: _sent,
    q.Saved: lambda query, candidate: within(
        candidate.message.saved.date(), query.since, query.before
    ),
    q.Field: _field,
    q.Body: lambda query, candidate: folded(query.text) in candidate.document().body,
    q.Text: _text,
    q.ChangedSince: lambda query, candidate: candidate.message.modseq >= query.modseq,
}
