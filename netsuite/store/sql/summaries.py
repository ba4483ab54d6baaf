"""Summaries kept: as compact octets, JSON arrays with octets as Latin-1, compressed.

The first octet is the version of the form; what another version wrote is made anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from operator import methodcaller
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from netsuite.message.structure import Envelope, Mailbox, Part, Summary
from netsuite.store.sql import schema as t
from netsuite.store.sql.contents import sizes
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
    there = sizes(session, summaries)
    session.run(_DROP, contents=session.database.numbers(there))
    session.many(_INSERT, [(content, encoded(summaries[content])) for content in sorted(there)])


def _octets(text: str | None) -> bytes | None:
    return None if text is None else text.encode("latin-1")


def _mailboxes(mailboxes: tuple[Mailbox, ...]) -> _Array:
    return [[m.name, m.route, m.local, m.domain] for m in mailboxes]


def _envelope(envelope: Envelope | None) -> _Array | None:
    if envelope is None:
        return None
    e = envelope
    people = map(_mailboxes, (e.from_, e.sender, e.reply_to, e.to, e.cc, e.bcc))
    return [e.date, e.subject, *people, e.in_reply_to, e.message_id]


def _part(part: Part) -> _Array:
    return [
        part.type,
        part.parameters,
        [part.header_start, part.body_start, part.body_end, part.lines],
        part.encoding,
        part.id,
        part.description,
        part.md5,
        part.disposition,
        part.language,
        part.location,
        [_part(child) for child in part.children],
        _envelope(part.envelope),
    ]


_encode: Final = json.JSONEncoder(
    separators=(",", ":"), default=methodcaller("decode", "latin-1")
).encode


def encoded(summary: Summary) -> bytes:
    """Return a summary as octets."""
    s = summary
    written = _encode(
        [_part(s.root), _envelope(s.envelope), s.sent, s.sent_day, s.subject, s.preview,
         s.references, s.message_id]
    )  # fmt: skip
    return bytes([VERSION]) + zlib.compress(written.encode(), 1)


def _read_mailboxes(read: _Array) -> tuple[Mailbox, ...]:
    return tuple([Mailbox(*map(_octets, each)) for each in read])


def _read_pairs(read: _Array) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in read)


def _read_envelope(read: _Array) -> Envelope:
    date, subject, in_reply_to, message_id = map(_octets, read[:2] + read[8:])
    from_, sender, reply_to, to, cc, bcc = map(_read_mailboxes, read[2:8])
    return Envelope(date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id)


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
    root, envelope, sent, sent_day, subject, preview, references, message_id = read
    references = tuple(references)
    return Summary(
        _read_part(root), _read_envelope(envelope), sent, sent_day, subject, preview, references,
        message_id,
    )  # fmt: skip
