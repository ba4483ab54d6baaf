"""Descriptions kept: read as values for who wants those, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.message.form import read_envelope, read_structure
from netsuite.message.sorting import format_keys
from netsuite.message.structure import Summary
from netsuite.store.sql import schema as t
from netsuite.store.sql.contents import sizes
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.transaction import Transaction
from netsuite.store.summarize import Description

_S: Final = t.summary.c
_H: Final = t.heading.c
_SELECT: Final = (
    sa.select(
        _S.content, _S.structure, _S.offsets, _S.envelope, _H.sent, _H.sent_day, _S.subject,
        _S.preview, _H.refs, _H.message_id,
    )
    .join_from(t.summary, t.heading, _H.content == _S.content)
    .where(OneOf(_S.content, "contents"))
)  # fmt: skip
_DROP: Final = tuple(
    sa.delete(table).where(OneOf(table.c.content, "contents")) for table in (t.summary, t.heading)
)
_INSERT: Final = sa.insert(t.summary)
_INSERT_HEADING: Final = sa.insert(t.heading)


def read_kept(session: DatabaseSession, contents: Sequence[int]) -> dict[int, Summary]:
    """Return the summaries that are kept."""
    return {
        row[0]: Summary(
            read_structure(bytes(row[1]), row[2]), read_envelope(bytes(row[3])), row[4], row[5],
            row[6], row[7], tuple(row[8].split()), row[9],
        )
        for row in session.all(_SELECT, contents=session.database.numbers(contents))
    }  # fmt: skip


def keep(transaction: Transaction, described: Mapping[int, Description]) -> None:
    """Write descriptions of contents that are still there."""
    session = transaction.session
    there = sorted(sizes(session, described))
    for statement in _DROP:
        session.run(statement, contents=session.database.numbers(there))
    session.many(_INSERT, [_summary_row(content, described[content]) for content in there])
    session.many(_INSERT_HEADING, [_heading_row(content, described[content]) for content in there])


def _summary_row(content: int, d: Description) -> tuple[object, ...]:
    return (content, d.envelope, d.structure, d.offsets, d.overview, d.subject, d.preview)


def _heading_row(content: int, d: Description) -> tuple[object, ...]:
    h = d.heading
    return (
        content, h.sent, h.sent_day, h.from_, h.to, h.cc, h.bcc, h.subject, h.message_id,
        " ".join(h.references), format_keys(h.keys),
    )  # fmt: skip
