"""Search of a folder: what SQL can tell by SQL, text by the index, the rest by reading.

A query is evaluated as sets of UIDs. A subtree without text becomes one statement. Addresses,
subjects and dates are looked for in headings. Another text is looked for where the trigram index
says that it may be (or, where trigrams cannot tell, everywhere); messages that are not described or
indexed yet are read and judged with ``netsuite.store.matching``, so that the answer is exact at any
time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from netsuite.message.structure import Summary
from netsuite.store import query as q
from netsuite.store.errors import NoSuchMessage, StoreClosed
from netsuite.store.matching import says
from netsuite.store.ruling_out import RulingOut
from netsuite.store.sql import arrivals, summaries
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns
from netsuite.store.sql.contents import STEP_CONTENTS, chunks_of, read_whole, small, text_of
from netsuite.store.sql.database import DatabaseSession, Row
from netsuite.store.sql.reading import is_apart
from netsuite.store.sql.rows import BITS
from netsuite.store.summarize import Document, folded, folded_line
from netsuite.store.timestamps import day_digits, day_number

_S: Final = t.state.c
_T: Final = t.content_text.c
_H: Final = t.heading.c
_DAY_SECONDS: Final = 86400

#: Messages that have just come, under the name that conditions have for messages.
_ARRIVAL: Final = t.arrival.alias("message")


def _unread(table: sa.Table, *, described: bool) -> Columns:
    """Return UID and content of the messages of a folder that are not indexed; or, where it will do
    that they are described, of those that are not."""
    m = table.c
    where = [m.folder == sa.bindparam("folder"), m.content.in_(sa.select(t.pending.c.content))]
    if described:
        where.append(m.content.not_in(sa.select(_H.content)))
    return Columns(sa.select(m.uid, m.content).where(*where).order_by(m.uid.asc()))


#: What is read: by whether it has just come, and whether headings would tell enough of it.
_UNREAD: Final = {
    (arrived, described): _unread(t.arrival if arrived else t.message, described=described)
    for arrived in (False, True)
    for described in (False, True)
}

#: The shortest text that trigrams can answer, and how many of a text are asked for.
SHORTEST: Final = 3
TRIGRAMS: Final = 24
#: SQL of more conditions than that is too deep for SQLite: it is done in pieces.
CONDITIONS: Final = 100

#: A term about the text alone.
_Textual: TypeAlias = q.Field | q.Body | q.Text | q.Sent
_TEXTUAL: Final = (q.Field, q.Body, q.Text, q.Sent)
_HEADED: Final = {
    "from": _H.from_text,
    "to": _H.to_text,
    "cc": _H.cc_text,
    "bcc": _H.bcc_text,
    "subject": _H.subject_text,
}
#: SQLite's trigram index; its own name stands for all its columns.
_FTS: Final = sa.table("content_fts", sa.column("rowid"), sa.column("content_fts", sa.Text))
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


class _Unindexed:
    """A content whose text is not indexed; read when a term needs it, then kept.

    Args:
        octets: all of it, where they are at hand.
        summary: where it is described.
    """

    __slots__ = ("_content", "_octets", "_read", "_session", "_summary")

    def __init__(
        self,
        session: DatabaseSession,
        content: int,
        octets: bytes | None,
        summary: Summary | None,
    ) -> None:
        self._session = session
        self._content = content
        self._octets = octets
        self._summary = summary
        self._read: tuple[int | None, Document] | None = None

    def _made(self) -> tuple[int | None, Document]:
        if self._read is None:
            octets, summary = self._octets, self._summary
            pieces = chunks_of(self._session, self._content) if octets is None else [octets]
            try:
                if summary is None:
                    summary, text = read_whole(pieces)
                else:
                    text = text_of(pieces, summary)
                self._read = (summary.sent_day, text)
            except NoSuchMessage:
                self._read = (None, Document((), ""))
        return self._read

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
        self._arrived = arrived
        self._account = account
        self._terms = frozenset(_text_terms(query))
        self._unindexed: dict[_Textual, set[int]] | None = None

    def evaluate(self, query: q.Query) -> set[int]:
        """Return the UIDs that match."""
        if not _textual(query) and _size(query) <= CONDITIONS:
            return self._by_sql(self._condition(query))
        match query:
            case q.And(terms):
                return self._all_of(terms)
            case q.Or(terms):
                return set().union(*(self.evaluate(term) for term in terms))
            case q.Not(term):
                return self._by_sql(sa.true()) - self.evaluate(term)
            case q.Uids(ranges):
                return self._in_ranges(ranges)
            case q.Field() | q.Body() | q.Text() | q.Sent():
                return self._by_index(query) | self._by_reading(query)
            case _:
                raise TypeError(f"not in pieces: {query}")

    def _all_of(self, terms: tuple[q.Query, ...]) -> set[int]:
        """Intersect, cheap terms first; no text is looked at when they leave nothing."""
        plain = [term for term in terms if not _textual(term)]
        small = q.And(tuple(term for term in plain if _size(term) <= CONDITIONS // 2))
        if _size(small) > CONDITIONS:
            half = len(small.terms) // 2
            firsts: list[q.Query] = [q.And(small.terms[:half]), q.And(small.terms[half:])]
        else:
            firsts = [small]
        firsts += [term for term in plain if _size(term) > CONDITIONS // 2]
        found: set[int] | None = None
        for term in [*firsts, *(term for term in terms if _textual(term))]:
            matching = self.evaluate(term)
            found = matching if found is None else found & matching
            if not found:
                break
        return found or set()

    def _in_ranges(self, ranges: Sequence[tuple[int, int]]) -> set[int]:
        uids = sorted(self._by_sql(sa.true()))
        found: set[int] = set()
        for first, last in ranges:
            found.update(uids[bisect_left(uids, first) : bisect_right(uids, last)])
        return found

    def _select(self) -> _Select:
        select = sa.select(self._m.uid).where(self._m.folder == self._folder)
        if self._public:
            own = sa.and_(
                _S.folder == self._m.folder, _S.account == self._account, _S.uid == self._m.uid
            )
            select = select.select_from(self._messages.outerjoin(t.state, own))
        return select

    def _by_sql(self, condition: _Condition) -> set[int]:
        return self._uids(self._select().where(condition))

    def _uids(self, select: sa.SelectBase) -> set[int]:
        return set(Columns(select).once(self._session)[0])

    # -- text

    def _by_index(self, query: _Textual) -> set[int]:
        """Judge the messages that are described, or indexed."""
        match query:
            case q.Body(text):
                return self._body(folded(text))
            case q.Text(text):
                return self._text(folded(text))
            case q.Field(name, text):
                name, text = folded_line(name), folded(text)
                if "\n" in text or "\r" in text:
                    return set()
                if text and name in _HEADED:
                    return self._heading(self._contains(_HEADED[name], text))
                return self._field(name, text)
            case q.Sent():
                return self._sent(query)

    def _by_reading(self, query: _Textual) -> set[int]:
        """Judge the messages that are not described or, where texts are asked for, indexed yet;
        each is read once, for all terms.

        Raises:
            StoreClosed: whoever asked has gone, or the store is closing.
        """
        if self._unindexed is None:
            self._unindexed = {term: set() for term in self._terms}
            self._read(self._unindexed)
        return self._unindexed[query]

    def _read(self, found: Mapping[_Textual, set[int]]) -> None:
        """Add the messages that are not indexed to those that the terms have found, where they
        do."""
        ruling_out = RulingOut(found)
        unread = _UNREAD[self._arrived, all(map(_is_headed, found))]
        uids, contents = unread.read(self._session, folder=self._folder)
        for start in range(0, len(uids), STEP_CONTENTS):
            some = contents[start : start + STEP_CONTENTS]
            there = small(self._session, some)
            ruled_out = {each for each, octets in there.items() if ruling_out.rules_out(octets)}
            judged = [content for content in some if content not in ruled_out]
            described = summaries.read_kept(self._session, judged) if judged else {}
            for uid, content in zip(uids[start : start + STEP_CONTENTS], some, strict=True):
                if self._session.cancelled():
                    raise StoreClosed("nobody waits for the search any more")
                if content in ruled_out:
                    continue
                message = _Unindexed(
                    self._session, content, there.get(content), described.get(content)
                )
                for term, matching in found.items():
                    if says(term, message):
                        matching.add(uid)

    def _heading(self, condition: _Condition) -> set[int]:
        return self._uids(
            sa.select(self._m.uid)
            .join_from(self._messages, t.heading, _H.content == self._m.content)
            .where(self._m.folder == self._folder, condition)
        )

    def _indexed(self, *columns: ColumnElement[str]) -> _Select:
        return (
            sa.select(self._m.uid, *columns)
            .join_from(self._messages, t.content_text, _T.content == self._m.content)
            .where(self._m.folder == self._folder)
        )

    def _contains(self, column: ColumnElement[str], text: str) -> _Condition:
        if self._session.sqlite:
            return sa.func.instr(column, text) > 0
        return column.contains(text, autoescape=True)

    def _may_contain(self, text: str) -> _Condition:
        """Return what trigrams say of a text; it is to be looked for where they say that it may be
        there."""
        if not self._session.sqlite or len(text) < SHORTEST:
            return sa.true()
        trigrams = dict.fromkeys(text[at : at + 3] for at in range(len(text) - 2))
        step = -(-len(trigrams) // TRIGRAMS)
        wanted = " AND ".join(
            '"{}"'.format(each.replace('"', '""')) for each in list(trigrams)[::step]
        )
        matching = sa.select(_FTS.c.rowid).where(_FTS.c.content_fts.op("MATCH")(wanted))
        long = sa.select(_T.content).where(sa.text("long = 1"))
        return sa.or_(self._m.content.in_(matching), self._m.content.in_(long))

    def _containing(self, select: _Select, column: ColumnElement[str], text: str) -> _Select:
        """Return the SELECT of the rows whose text column contains the text, both folded."""
        return select.where(self._may_contain(text), self._contains(column, text))

    def _body(self, text: str) -> set[int]:
        if not text:
            return self._uids(self._indexed())
        return self._uids(self._containing(self._indexed(), _T.body, text))

    def _text(self, text: str) -> set[int]:
        found = self._body(text)
        if text and "\n" not in text:  # a line feed stands between fields, in none of them
            found |= self._uids(self._containing(self._indexed(), _T.fields, text))
        return found

    def _field(self, name: str, text: str) -> set[int]:
        """The index tells where the text is in any field; the field's line is looked at here."""
        line = f"\n{name}: "
        wanted = text if len(text) >= SHORTEST else line
        select = self._containing(self._indexed(_T.fields), _T.fields, wanted)
        uids, found = Columns(select.where(self._contains(_T.fields, line))).once(self._session)
        return {
            uid
            for uid, fields in zip(uids, found, strict=True)
            if any(
                each.startswith(line[1:]) and text in each[len(line) - 1 :]
                for each in fields.split("\n")
            )
        }

    def _sent(self, query: q.Sent) -> set[int]:
        condition: _Condition = _H.sent_day.is_not(None)
        if query.since is not None:
            condition = sa.and_(condition, _H.sent_day >= day_digits(query.since))
        if query.before is not None:
            condition = sa.and_(condition, _H.sent_day < day_digits(query.before))
        return self._heading(condition)

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
            case q.Dated(since, until):
                return sa.and_(
                    sa.true() if since is None else self._m.date >= since,
                    sa.true() if until is None else self._m.date <= until,
                )
            case q.HasGuid(guid):
                same = sa.select(t.content.c.id).where(t.content.c.guid == guid)
                return sa.exists(same.where(t.content.c.id == self._m.content))
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


def _text_terms(query: q.Query) -> Iterator[_Textual]:
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


def _is_headed(query: q.Query) -> bool:
    """Return whether headings tell of whom a term about the content holds."""
    if isinstance(query, q.Field):
        return bool(query.text) and folded_line(query.name) in _HEADED
    return isinstance(query, q.Sent)


def _size(query: q.Query) -> int:
    """Return how many conditions a query is."""
    match query:
        case q.And(terms) | q.Or(terms):
            return 1 + sum(map(_size, terms))
        case q.Not(term):
            return 1 + _size(term)
        case q.Uids(ranges):
            return len(ranges)
        case _:
            return 1


def _between(seconds: ColumnElement[int], since: date | None, before: date | None) -> _Condition:
    condition: _Condition = sa.true()
    if since is not None:
        condition = sa.and_(condition, seconds >= day_number(since) * _DAY_SECONDS)
    if before is not None:
        condition = sa.and_(condition, seconds < day_number(before) * _DAY_SECONDS)
    return condition
