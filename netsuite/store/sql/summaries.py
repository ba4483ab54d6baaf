"""Summaries kept: as compact octets, JSON arrays with octets as Latin-1, compressed.

The first octet is the version of the form; what another version wrote is made anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from netsuite.message.structure import Envelope, Mailbox, Part, Summary
from netsuite.store.sql import schema as t
from netsuite.store.sql.contents import present
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.transaction import Transaction

VERSION: Final = 1

_S: Final = t.summary.c
_SELECT: Final = sa.select(_S.content, _S.data).where(OneOf(_S.content, "contents"))
_DROP: Final = sa.delete(t.summary).where(OneOf(_S.content, "contents"))
_INSERT: Final = sa.insert(t.summary)

#: What JSON gives: its values have the types that were written.
_Array: TypeAlias = list[Any]


def read_kept(session: DatabaseSession, contents: Sequence[int]) -> dict[int, Summary]:
    """Return the summaries that are kept."""
    found = {}
    for content, data in session.all(_SELECT, contents=session.database.numbers(contents)):
        summary = decoded(bytes(data))
        if summary is not None:
            found[content] = summary
    return found


def keep(transaction: Transaction, summaries: Mapping[int, Summary]) -> None:
    """Write summaries of contents that are still there."""
    session = transaction.session
    there = present(session, summaries.keys())
    session.run(_DROP, contents=session.database.numbers(there))
    session.many(_INSERT, [(content, encoded(summaries[content])) for content in sorted(there)])


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else octets.decode("latin-1")


def _octets(text: str | None) -> bytes | None:
    return None if text is None else text.encode("latin-1")


def _mailboxes(mailboxes: tuple[Mailbox, ...]) -> _Array:
    return [[_text(m.name), _text(m.route), _text(m.local), _text(m.domain)] for m in mailboxes]


def _pairs(pairs: tuple[tuple[bytes, bytes], ...]) -> _Array:
    return [[_text(name), _text(value)] for name, value in pairs]


def _envelope(envelope: Envelope | None) -> _Array | None:
    if envelope is None:
        return None
    return [
        _text(envelope.date),
        _text(envelope.subject),
        _mailboxes(envelope.from_),
        _mailboxes(envelope.sender),
        _mailboxes(envelope.reply_to),
        _mailboxes(envelope.to),
        _mailboxes(envelope.cc),
        _mailboxes(envelope.bcc),
        _text(envelope.in_reply_to),
        _text(envelope.message_id),
    ]


def _part(part: Part) -> _Array:
    disposition = part.disposition
    return [
        [_text(part.type[0]), _text(part.type[1])],
        _pairs(part.parameters),
        [part.header_start, part.body_start, part.body_end, part.lines],
        _text(part.encoding),
        _text(part.id),
        _text(part.description),
        _text(part.md5),
        None if disposition is None else [_text(disposition[0]), _pairs(disposition[1])],
        [_text(language) for language in part.language],
        _text(part.location),
        [_part(child) for child in part.children],
        _envelope(part.envelope),
    ]


def encoded(summary: Summary) -> bytes:
    """Return a summary as octets."""
    written = json.dumps(
        [
            _part(summary.root),
            _envelope(summary.envelope),
            summary.sent,
            summary.sent_day,
            summary.subject,
            summary.preview,
            summary.references,
            summary.message_id,
        ],
        separators=(",", ":"),
    )
    return bytes([VERSION]) + zlib.compress(written.encode(), 1)


def _read_mailboxes(read: _Array) -> tuple[Mailbox, ...]:
    if not read:
        return ()
    return tuple(
        [
            Mailbox(*[None if text is None else text.encode("latin-1") for text in each])
            for each in read
        ]
    )


def _read_pairs(read: _Array) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in read)


def _read_envelope(read: _Array) -> Envelope:
    return Envelope(
        _octets(read[0]),
        _octets(read[1]),
        _read_mailboxes(read[2]),
        _read_mailboxes(read[3]),
        _read_mailboxes(read[4]),
        _read_mailboxes(read[5]),
        _read_mailboxes(read[6]),
        _read_mailboxes(read[7]),
        _octets(read[8]),
        _octets(read[9]),
    )


def _read_part(read: _Array) -> Part:
    kind, parameters, offsets, encoding, ident, description, md5, disposition = read[:8]
    language, location, children, envelope = read[8:]
    return Part(
        type=(kind[0].encode("latin-1"), kind[1].encode("latin-1")),
        parameters=_read_pairs(parameters),
        header_start=offsets[0],
        body_start=offsets[1],
        body_end=offsets[2],
        lines=offsets[3],
        encoding=encoding.encode("latin-1"),
        id=_octets(ident),
        description=_octets(description),
        md5=_octets(md5),
        disposition=None
        if disposition is None
        else (disposition[0].encode("latin-1"), _read_pairs(disposition[1])),
        language=tuple(each.encode("latin-1") for each in language),
        location=_octets(location),
        children=tuple(_read_part(child) for child in children),
        envelope=None if envelope is None else _read_envelope(envelope),
    )


def decoded(octets: bytes) -> Summary | None:
    """Return the summary, None when another version wrote it."""
    if octets[0] != VERSION:
        return None
    read = json.loads(zlib.decompress(octets[1:]))
    return Summary(
        root=_read_part(read[0]),
        envelope=_read_envelope(read[1]),
        sent=read[2],
        sent_day=read[3],
        subject=read[4],
        preview=read[5],
        references=tuple(read[6]),
        message_id=read[7],
    )
