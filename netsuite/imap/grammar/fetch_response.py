"""FETCH responses, both ways: what is said of one message (RFC 3501, 7.4.2; RFC 7162, 7).

A server prints them item by item: what one FETCH asks for is worked out once, and flags that
another session changed are told unasked in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from netsuite.imap.commands.fetch import BinarySection, BodySection, FetchData, Streamed
from netsuite.imap.grammar.dates import DATE_TIME, format_date_time, parse_date_time
from netsuite.imap.grammar.fetch import (
    OLD_NAMES,
    format_shown_section,
    parse_section,
    parse_section_binary,
)
from netsuite.imap.grammar.printing import format_flag_set
from netsuite.imap.grammar.structure import parse_envelope, parse_structure, skip_value
from netsuite.imap.grammar.tokens import MODSEQ_TOP, Cursor, shown_flags
from netsuite.message.form import format_envelope, without_nul
from netsuite.message.structure import Envelope
from netsuite.wire.errors import LocalProtocolError

# -- onto the wire --------------------------------------------------------------------------------

#: What stands around the items; for who sends a large content between two of them.
BEGINNING: Final = b"* %d FETCH ("
UID_BEGINNING: Final = b"* %d UIDFETCH ("
END: Final = b")\r\n"
_RESPONSE: Final = BEGINNING + b"%b" + END

_OBJECT_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,255}")
_ITEM_NAME: Final = re.compile(rb"[A-Za-z0-9.-]+")


def format_fetch(number: int, items: Iterable[bytes]) -> bytes:
    """Return the response of a message's number and its printed items."""
    return _RESPONSE % (number, b" ".join(items))


def format_uid_fetch(uid: int, items: Iterable[bytes]) -> bytes:
    """Return the same for who has enabled UIDONLY: by its UID (RFC 9586)."""
    return UID_BEGINNING % uid + b" ".join(items) + END


def uid_item(uid: int) -> bytes:
    """Return ``UID``."""
    return b"UID %d" % uid


def flags_item(flags: frozenset[str], recent: bool) -> bytes:
    """Return ``FLAGS``, with ``\\Recent`` or without it."""
    return b"FLAGS " + format_flag_set(flags, recent)


def modseq_item(modseq: int) -> bytes:
    """Return ``MODSEQ``."""
    return b"MODSEQ (%d)" % modseq


def date_item(date: datetime) -> bytes:
    """Return ``INTERNALDATE``."""
    return b"INTERNALDATE " + format_date_time(date)


def size_item(octets: int) -> bytes:
    """Return ``RFC822.SIZE``."""
    return b"RFC822.SIZE %d" % octets


def envelope_item(envelope: Envelope) -> bytes:
    """Return ``ENVELOPE``."""
    return b"ENVELOPE " + format_envelope(envelope)


def section_item(name: bytes, octets: bytes | None) -> tuple[bytes, bytes]:
    """Return a section, by its name as ``format_shown_section`` has it: what stands before its
    octets, and they."""
    if octets is None:
        return name + b" NIL", b""
    return b"%b {%d}\r\n" % (name, len(octets)), without_nul(octets)


def binary_item(name: bytes, octets: bytes | None) -> tuple[bytes, bytes]:
    """Return a decoded section in the same way: a literal8 where it holds NUL, and only there (RFC
    3516, 4.3)."""
    if octets is not None and b"\0" in octets:
        return b"%b ~{%d}\r\n" % (name, len(octets)), octets
    return section_item(name, octets)


def format_fetch_data(value: FetchData) -> bytes:
    """Return the response that a value is. ``BODY`` and ``BODYSTRUCTURE`` are left out: servers
    print them from the part tree itself.

    Raises:
        LocalProtocolError: it says nothing, or has a content that is not at hand.
    """
    items = []
    if value.uid is not None:
        items.append(uid_item(value.uid))
    if value.modseq is not None:
        items.append(modseq_item(value.modseq))
    if value.flags is not None:
        items.append(flags_item(value.flags - {"\\Recent"}, "\\Recent" in value.flags))
    if value.internal_date is not None:
        items.append(date_item(value.internal_date))
    if value.octets is not None:
        items.append(size_item(value.octets))
    if value.envelope is not None:
        items.append(envelope_item(value.envelope))
    for section, octets in value.sections.items():
        if isinstance(octets, Streamed):
            raise LocalProtocolError("a streamed literal cannot be said as a value")
        items.append(b"".join(section_item(format_shown_section(section), octets)))
    for part, decoded in value.binary.items():
        if isinstance(decoded, Streamed):
            raise LocalProtocolError("a streamed literal cannot be said as a value")
        name = format_shown_section(part)
        if isinstance(decoded, int):
            items.append(b"%b %d" % (name, decoded))
        else:
            items.append(b"".join(binary_item(name, decoded)))
    if not items:
        raise LocalProtocolError("a FETCH response says something")
    return format_fetch(value.number, items)


# -- from the wire --------------------------------------------------------------------------------


def parse_fetch_data(cursor: Cursor, number: int) -> FetchData:
    """Read what follows the word FETCH."""
    # msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP ...) ")"
    cursor.space()
    fields: dict[str, Any] = {}  # each by its own parser, of its own type
    sections: dict[BodySection, bytes | Streamed | None] = {}
    binary: dict[BinarySection, bytes | Streamed | int | None] = {}

    def item() -> None:
        name = cursor.word(_ITEM_NAME, "an item").upper()
        if name in (b"BODY", b"BODY.PEEK") and cursor.peek() == ord("["):
            section = parse_shown_section(cursor)
            cursor.space()
            sections[section] = _content(cursor)
            return
        if name in (b"BINARY", b"BINARY.SIZE") and cursor.peek() == ord("["):
            part = parse_shown_binary(cursor, size=name == b"BINARY.SIZE")
            cursor.space()
            binary[part] = cursor.number(MODSEQ_TOP) if part.size else _content(cursor)
            return
        old = OLD_NAMES.get(name)
        cursor.space()
        if old is not None:
            sections[old] = _content(cursor)
            return
        read = _ITEMS.get(name)
        if read is None:
            skip_value(cursor)  # an extension that was not asked for
            return
        field, parse = read
        fields[field] = parse(cursor)

    cursor.items(item, empty=True)
    return FetchData(number, **fields, sections=sections, binary=binary)


def parse_uid_fetch_data(cursor: Cursor, uid: int) -> FetchData:
    """Read what follows the word UIDFETCH: in UIDONLY there are no numbers (RFC 9586, 3)."""
    return replace(parse_fetch_data(cursor, 0), uid=uid)


def parse_shown_section(cursor: Cursor) -> BodySection:
    """Read ``section ["<" number ">"]`` as a response has it."""
    section = parse_section(cursor, peek=False)
    if not cursor.take(ord("<")):
        return section
    start = cursor.number()
    cursor.expect(ord(">"))
    return BodySection(section.part, section.text, section.fields, start=start)


def parse_shown_binary(cursor: Cursor, *, size: bool = False) -> BinarySection:
    """Read what stands behind BINARY or, for a *size*, BINARY.SIZE in a response."""
    # "BINARY" section-binary ["<" number ">"], "BINARY.SIZE" section-binary
    part = parse_section_binary(cursor)
    if size or not cursor.take(ord("<")):
        return BinarySection(part, size=size)
    start = cursor.number()
    cursor.expect(ord(">"))
    return BinarySection(part, start=start)


def _content(cursor: Cursor) -> bytes | Streamed | None:
    cursor.take(ord("~"))  # literal8
    if cursor.at_literal():
        return cursor.literal()
    return cursor.nstring()


def _object_id(cursor: Cursor) -> str:
    # objectid = 1*255(ALPHA / DIGIT / "_" / "-")    (RFC 8474, 7)
    cursor.expect(ord("("))
    identity = cursor.word(_OBJECT_ID, "an identifier").decode()
    cursor.expect(ord(")"))
    return identity


def _preview(cursor: Cursor) -> str | None:
    octets = cursor.nstring()
    return None if octets is None else octets.decode("utf-8", "replace")


_ITEMS: Final[Mapping[bytes, tuple[str, Callable[[Cursor], object]]]] = {
    b"UID": ("uid", Cursor.nz_number),
    b"FLAGS": ("flags", lambda cursor: frozenset(shown_flags(cursor))),
    b"INTERNALDATE": (
        "internal_date",
        lambda cursor: parse_date_time(cursor.word(DATE_TIME, "a date and time")),
    ),
    b"RFC822.SIZE": ("octets", lambda cursor: cursor.number(MODSEQ_TOP)),
    b"MODSEQ": (
        "modseq",
        lambda cursor: cursor.items(partial(cursor.number, MODSEQ_TOP))[0],
    ),
    b"EMAILID": ("email_id", _object_id),
    b"THREADID": ("thread_id", lambda cursor: None if cursor.nil() else _object_id(cursor)),
    b"SAVEDATE": (
        "save_date",
        lambda cursor: (
            None if cursor.nil() else parse_date_time(cursor.word(DATE_TIME, "a date and time"))
        ),
    ),
    b"PREVIEW": ("preview", _preview),
    b"ENVELOPE": ("envelope", parse_envelope),
    b"BODY": ("body", parse_structure),
    b"BODYSTRUCTURE": ("structure", parse_structure),
}
