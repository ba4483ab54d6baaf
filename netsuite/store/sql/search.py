"""Search of a folder: what SQL can tell by SQL, text by the index, the rest by reading.

A query is evaluated as sets of UIDs. A subtree without text becomes one statement. A text term
asks the trigram index (or, where trigrams cannot answer, the text column) for the messages
that are indexed; messages that are not are read and judged with ``netsuite.store.matching``, so
that the answer is exact at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from netsuite.store import query as q
from netsuite.store.errors import NoSuchMessage, StoreClosed
from netsuite.store.matching import matches
from netsuite.store.model import Message
from netsuite.store.sql import arrivals
from netsuite.store.sql import schema as t
from netsuite.store.sql.contents import make_description, make_document
from netsuite.store.sql.database import DatabaseSession, Row
from netsuite.store.sql.messages import is_apart
from netsuite.store.sql.rows import BITS, message_of, select_private, select_public
from netsuite.store.summarize import Document, folded, folded_line
from netsuite.store.timestamps import day_digits, day_number

_S: Final = t.state.c
_T: Final = t.content_text.c
_H: Final = t.heading.c
_DAY_SECONDS: Final = 86400

#: Messages that have just come, under the name that conditions have for messages.
_ARRIVAL: Final = t.arrival.alias("message")


def _is_pending(message: sa.Table) -> ColumnElement[bool]:
    return message.c.content.in_(sa.select(t.pending.c.content))


_PENDING_PUBLIC: Final = select_public(_is_pending)
_PENDING: Final = select_private(_is_pending, tables=[t.message])
_PENDING_ARRIVAL: Final = select_private(_is_pending, tables=[t.arrival])

#: The shortest text that trigrams can answer.
SHORTEST: Final = 3

_TEXTUAL: Final = (q.Field, q.Body, q.Text, q.Sent)
_Condition: TypeAlias = ColumnElement[bool]
_Select: TypeAlias = sa.Select[Row]


def search(session: DatabaseSession, folder: int, query: q.Query, account: int | None) -> list[int]:
    """Return the UIDs that match, ascending. Raises NoSuchFolder."""
    public = is_apart(session, folder, account)
    found = _Search(session, folder, account or 0, query, public=public).evaluate(query)
    if not public and arrivals.are_there(session, folder):
        arrived = _Search(session, folder, account or 0, query, public=False, arrived=True)
        found |= arrived.evaluate(query)
    return sorted(found)


@dataclass(slots=True)
class _Unindexed:
    """A message whose text is not indexed; read when a term needs it, then kept."""

    message: Message
    session: DatabaseSession
    read: tuple[int | None, Document] | None = None

    def _made(self) -> tuple[int | None, Document]:
        if self.read is None:
            try:
                content = self.message.content
                summary, _ = make_description(self.session, content)
                self.read = (summary.sent_day, make_document(self.session, content, summary))
            except NoSuchMessage:
                self.read = (None, Document((), ""))
        return self.read

    def sent_day(self) -> int | None:
        """The Date field's day."""
        return self._made()[0]

    def document(self) -> Document:
        """The text."""
        return self._made()[1]


class _Search:
    """One search in one folder, on one state of the store.

    Args:
        arrived: whether among what has just come, or among what is filed.
    """

    def __init__(
        self,
        session: DatabaseSession,
        folder: int,
        account: int,
        query: q.Query,
        *,
        public: bool,
        arrived: bool = False,
    ) -> None:
        self._session = session
        self._folder = folder
        self._public = public
        self._messages: sa.FromClause = _ARRIVAL if arrived else t.message
        self._m = self._messages.c
        self._pending: ClauseElement = (
            _PENDING_PUBLIC if public else _PENDING_ARRIVAL if arrived else _PENDING
        )
        self._account = account
        self._terms = frozenset(_text_terms(query))
        self._unindexed: dict[q.Query, set[int]] | None = None

    def evaluate(self, query: q.Query) -> set[int]:
        """Return the UIDs that match."""
        if not _textual(query):
            return self._by_sql(self._condition(query))
        if isinstance(query, q.And):
            return self._all_of(query.terms)
        if isinstance(query, q.Or):
            return set().union(*(self.evaluate(term) for term in query.terms))
        if isinstance(query, q.Not):
            return self._by_sql(sa.true()) - self.evaluate(query.term)
        return self._by_index(query) | self._by_reading(query)

    def _all_of(self, terms: tuple[q.Query, ...]) -> set[int]:
        """Intersect, cheap terms first; no text is looked at when they leave nothing."""
        plain = tuple(term for term in terms if not _textual(term))
        found = self.evaluate(q.And(plain)) if plain else None
        for term in terms:
            if found is not None and not found:
                break
            if _textual(term):
                matching = self.evaluate(term)
                found = matching if found is None else found & matching
        return found or set()

    def _select(self) -> _Select:
        select = sa.select(self._m.uid).where(self._m.folder == self._folder)
        if self._public:
            own = sa.and_(
                _S.folder == self._m.folder, _S.account == self._account, _S.uid == self._m.uid
            )
            select = select.select_from(self._messages.outerjoin(t.state, own))
        return select

    def _by_sql(self, condition: _Condition) -> set[int]:
        return {row[0] for row in self._session.once(self._select().where(condition))}

    # -- text

    def _by_index(self, query: q.Query) -> set[int]:
        """Judge the messages that are indexed."""
        match query:
            case q.Body(text):
                return self._body(folded(text))
            case q.Text(text):
                return self._text(folded(text))
            case q.Field(name, text):
                return self._field(folded_line(name), folded(text))
            case q.Sent():
                return self._sent(query)
            case _:
                raise TypeError(f"not about a message's text: {query}")

    def _by_reading(self, query: q.Query) -> set[int]:
        """Judge the messages that are not indexed yet; each is read once, for all terms.

        Raises:
            StoreClosed: whoever asked has gone, or the store is closing.
        """
        if self._unindexed is None:
            self._unindexed = {term: set() for term in self._terms}
            values = {"account": self._account} if self._public else {}
            for row in self._session.all(self._pending, folder=self._folder, **values):
                if self._session.cancelled():
                    raise StoreClosed("nobody waits for the search any more")
                message = _Unindexed(message_of(row), self._session)
                for term, uids in self._unindexed.items():
                    if matches(term, message):
                        uids.add(message.message.uid)
        return self._unindexed[query]

    def _indexed(self, *columns: ColumnElement[str]) -> _Select:
        return (
            sa.select(self._m.uid, *columns)
            .join_from(self._messages, t.content_text, _T.content == self._m.content)
            .where(self._m.folder == self._folder)
        )

    def _containing(self, select: _Select, column: ColumnElement[str], text: str) -> Sequence[Row]:
        """Return the rows of *select* whose text column contains the text, both folded."""
        if not self._session.sqlite:
            return self._session.once(select.where(column.contains(text, autoescape=True)))
        found_by_reading = sa.func.instr(column, text) > 0
        if len(text) < SHORTEST:
            return self._session.once(select.where(found_by_reading))
        quoted = text.replace('"', '""')
        indexed = sa.text(
            "message.content IN (SELECT rowid FROM content_fts WHERE content_fts MATCH :wanted)"
        ).bindparams(wanted=f'{column.key} : "{quoted}"')
        long = sa.text("message.content IN (SELECT content FROM content_text WHERE long = 1)")
        return [
            *self._session.once(select.where(indexed)),
            *self._session.once(select.where(long, found_by_reading)),
        ]

    def _uids(self, rows: Iterable[Row]) -> set[int]:
        return {row[0] for row in rows}

    def _body(self, text: str) -> set[int]:
        if not text:
            return self._uids(self._session.once(self._indexed()))
        return self._uids(self._containing(self._indexed(), _T.body, text))

    def _text(self, text: str) -> set[int]:
        found = self._body(text)
        if text and "\n" not in text:  # a line feed stands between fields, in none of them
            found |= self._uids(self._containing(self._indexed(), _T.fields, text))
        return found

    def _field(self, name: str, text: str) -> set[int]:
        """The index tells where the text is in any field; the field's line is looked at here."""
        if "\n" in text or "\r" in text:
            return set()
        line = f"\n{name}: "
        wanted = text if len(text) >= SHORTEST else line
        return {
            uid
            for uid, fields in self._containing(self._indexed(_T.fields), _T.fields, wanted)
            if any(
                each.startswith(line[1:]) and text in each[len(line) - 1 :]
                for each in fields.split("\n")
            )
        }

    def _sent(self, query: q.Sent) -> set[int]:
        select = self._indexed().join(t.heading, _H.content == self._m.content)
        select = select.where(_H.sent_day.is_not(None))
        if query.since is not None:
            select = select.where(_H.sent_day >= day_digits(query.since))
        if query.before is not None:
            select = select.where(_H.sent_day < day_digits(query.before))
        return self._uids(self._session.once(select))

    # -- what needs no content

    def _condition(self, query: q.Query) -> _Condition:
        """Compile a query that needs no content: a condition on a message and the account's own
        state."""
        match query:
            case q.All():
                return sa.true()
            case q.And(terms):
                return sa.and_(sa.true(), *map(self._condition, terms))
            case q.Or(terms):
                return sa.or_(sa.false(), *map(self._condition, terms))
            case q.Not(term):
                return sa.not_(self._condition(term))
            case q.Uids(ranges):
                return sa.or_(
                    sa.false(), *(self._m.uid.between(first, last) for first, last in ranges)
                )
            case q.HasFlag(flag):
                return self._has_flag(flag.lower())
            case q.Larger(octets):
                return self._m.octets > octets
            case q.Smaller(octets):
                return self._m.octets < octets
            case q.Received(since, before):
                return _between(self._m.date + self._m.zone * 60, since, before)
            case q.Saved(since, before):
                return _between(self._m.saved, since, before)
            case q.ChangedSince(modseq):
                return self._changed_since(modseq)
            case _:
                raise TypeError(f"not without a message's text: {query}")

    def _has_flag(self, wanted: str) -> _Condition:
        for flag, bit in BITS.items():
            if flag.lower() == wanted:
                return self._has_bit(bit)
        common = self._has_word(self._m.keywords, wanted)
        if not self._public:
            return common
        return sa.or_(common, self._has_word(sa.func.coalesce(_S.keywords, ""), wanted))

    def _has_bit(self, bit: int) -> _Condition:
        # Literals: a partial index answers only for a condition that is written like its own.
        common: _Condition = sa.literal_column(f"((message.flags & {bit}) = {bit})", sa.Boolean)
        if not self._public:
            return common
        own: _Condition = sa.literal_column(
            f"((coalesce(state.flags, 0) & {bit}) = {bit})", sa.Boolean
        )
        return own if bit == t.BIT_SEEN else sa.or_(common, own)

    def _has_word(self, column: ColumnElement[str], word: str) -> _Condition:
        padded = sa.func.lower(sa.literal(" ") + column + sa.literal(" "))
        return padded.contains(f" {word} ", autoescape=True)

    def _changed_since(self, modseq: int) -> _Condition:
        common: _Condition = self._m.modseq >= modseq
        if not self._public:
            return common
        return sa.or_(common, sa.func.coalesce(_S.modseq, 0) >= modseq)


def _text_terms(query: q.Query) -> Iterator[q.Query]:
    """Return what of a query asks for something in the content."""
    if isinstance(query, q.And | q.Or):
        for term in query.terms:
            yield from _text_terms(term)
    elif isinstance(query, q.Not):
        yield from _text_terms(query.term)
    elif isinstance(query, _TEXTUAL):
        yield query


def _textual(query: q.Query) -> bool:
    return any(True for _ in _text_terms(query))


def _between(seconds: ColumnElement[int], since: date | None, before: date | None) -> _Condition:
    condition: _Condition = sa.true()
    if since is not None:
        condition = sa.and_(condition, seconds >= day_number(since) * _DAY_SECONDS)
    if before is not None:
        condition = sa.and_(condition, seconds < day_number(before) * _DAY_SECONDS)
    return condition
