"""What is worked out of contents behind deliveries: descriptions first, then text to search.

Descriptions are what lists of messages and headings are read from, so they are made at once; the
trigrams of texts take longer, and wait for a quiet moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from twisted.logger import Logger

from netsuite.message.structure import Summary
from netsuite.store.errors import NoSuchMessage
from netsuite.store.sql import schema as t
from netsuite.store.sql import summaries
from netsuite.store.sql.contents import chunks_of, read_whole, sizes, small, text_of
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.transaction import Transaction
from netsuite.store.summarize import Description, Document, describe
from netsuite.store.tally import MOST_COUNTED

_log = Logger()

#: One step of describing reads no more than that, unless one content alone is larger.
DESCRIBED_CONTENTS: Final = 256
DESCRIBED_OCTETS: Final = 2 * 1024 * 1024
#: The same of indexing.
STEP_CONTENTS: Final = 64
STEP_OCTETS: Final = 256 * 1024
#: Trigrams of longer text are not kept: noise of a megabyte takes seconds to write. Searches
#: look through the text itself.
INDEXED_CHARACTERS: Final = 64 * 1024

_P: Final = t.pending.c
_UNDESCRIBED: Final = (
    sa.select(_P.content)
    .outerjoin(t.summary, t.summary.c.content == _P.content)
    .where(_P.content > sa.bindparam("after"), t.summary.c.content.is_(None))
    .order_by(_P.content.asc())
    .limit(sa.bindparam("most"))
)
_SOME_PENDING: Final = sa.select(_P.content).order_by(_P.content.asc()).limit(sa.bindparam("most"))
_COUNT_PENDING: Final = sa.select(sa.func.count()).select_from(
    sa.select(_P.content).limit(MOST_COUNTED).subquery()
)
_SETTLE: Final = sa.delete(t.pending).where(_P.content == sa.bindparam("content"))
_INSERT_TEXT: Final = sa.insert(t.content_text)
_DROP_TEXT: Final = sa.delete(t.content_text).where(OneOf(t.content_text.c.content, "contents"))


def count_pending(session: DatabaseSession) -> int:
    """Return how many contents are not indexed; ``MOST_COUNTED`` for so many or more."""
    (count,) = session.single(_COUNT_PENDING)
    return int(count)


def _first(session: DatabaseSession, contents: Sequence[int], limit_octets: int) -> list[int]:
    """Return the first of some contents, those that can be read in one step."""
    octets = sizes(session, contents)
    total = 0
    for count, content in enumerate(contents):
        total += octets.get(content, 0)
        if count and total > limit_octets:
            return list(contents[:count])
    return list(contents)


# -- descriptions --------------------------------------------------------------------------------


def read_undescribed(session: DatabaseSession, after: int) -> tuple[dict[int, Description], int]:
    """Describe some contents; return them, and the last that was looked at, 0 where there are no
    more.

    Args:
        after: the last one of the time before.
    """
    rows = session.all(_UNDESCRIBED, after=after, most=DESCRIBED_CONTENTS)
    if not rows:
        return {}, 0
    some = _first(session, [row[0] for row in rows], DESCRIBED_OCTETS)
    return descriptions(session, some), some[-1]


def descriptions(session: DatabaseSession, contents: Iterable[int]) -> dict[int, Description]:
    """Describe contents, those that are there."""
    described = {}
    for content, octets in _octets_of(session, contents):
        try:
            described[content] = describe(octets)[1]
        except NoSuchMessage:
            continue
        except Exception:
            # It would come back at every step and hold up all others.
            _log.failure("content {content} cannot be described", content=content)
            described[content] = describe([])[1]
    return described


def _octets_of(
    session: DatabaseSession, contents: Iterable[int]
) -> Iterator[tuple[int, Iterable[bytes]]]:
    """Return each content with its octets, small ones read together; large ones raise
    NoSuchMessage while they are read."""
    waiting = list(dict.fromkeys(contents))
    while waiting:
        some = waiting[:STEP_CONTENTS]
        del waiting[:STEP_CONTENTS]
        there = small(session, some)
        for content in some:
            yield content, [there[content]] if content in there else chunks_of(session, content)


def keep_described(transaction: Transaction, described: Mapping[int, Description]) -> None:
    """Write descriptions."""
    summaries.keep(transaction, described)


# -- text ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Indexed:
    """The text of a content; None where it is gone."""

    content: int
    document: Document | None


def read_pending(session: DatabaseSession) -> list[Indexed]:
    """Read the texts of some contents that are not indexed; none when there are no more."""
    waiting = [row[0] for row in session.all(_SOME_PENDING, most=STEP_CONTENTS)]
    some = _first(session, waiting, STEP_OCTETS)
    known = summaries.read_kept(session, some)
    return [
        Indexed(content, _text(content, octets, known.get(content)))
        for content, octets in _octets_of(session, some)
    ]


def _text(content: int, octets: Iterable[bytes], summary: Summary | None) -> Document | None:
    try:
        return read_whole(octets)[1] if summary is None else text_of(octets, summary)
    except NoSuchMessage:
        return None
    except Exception:
        _log.failure("content {content} cannot be indexed", content=content)
        return Document((), "")


def keep_indexed(transaction: Transaction, read: Sequence[Indexed]) -> None:
    """Write the texts of contents that no other process wrote meanwhile."""
    session = transaction.session
    there = sizes(session, [each.content for each in read])
    mine = [each for each in read if session.run(_SETTLE, content=each.content)]
    rows: list[tuple[int, int, str, str]] = [
        _text_row(each.content, each.document)
        for each in mine
        if each.document is not None and each.content in there
    ]
    # What was repaired may have its text already.
    session.run(_DROP_TEXT, contents=session.database.numbers(row[0] for row in rows))
    session.many(_INSERT_TEXT, rows)


def _text_row(content: int, document: Document) -> tuple[int, int, str, str]:
    header, body = document.header(), document.body
    return (content, int(len(header) + len(body) > INDEXED_CHARACTERS), header, body)
