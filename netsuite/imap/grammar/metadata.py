"""The grammar of annotations, both ways (RFC 5464, 5)."""

from __future__ import annotations

import re
from typing import Final

from netsuite.imap.commands.metadata import (
    GetMetadata,
    MetadataChanged,
    MetadataData,
    SetMetadata,
)
from netsuite.imap.grammar.names import NamePrinter
from netsuite.imap.grammar.printing import format_astring
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.message.form import format_string

_OPEN, _SPACE, _TILDE = ord("("), ord(" "), ord("~")
#: RFC 5464, 3.2: no "*", "%", control character, empty component, "/" at the end.
_COMPONENT: Final = r"/[!-$&-)+-.0-~ ]+"
#: At least two components, and four below the names of vendors.
_ENTRY: Final = re.compile(
    rf"/(?:private|shared)(?:/vendor{_COMPONENT}{_COMPONENT}|(?!/vendor(?:/|$)){_COMPONENT})"
    rf"(?:{_COMPONENT})*"
)
#: What may be asked for, with what lies below it.
_ASKED: Final = re.compile(rf"/(?:private|shared)(?:{_COMPONENT})*")
_ENTRY_OCTETS: Final = 255
_AT_OPTION: Final = re.compile(rb"\((?=[A-Za-z])")
#: Entries of one command.
_ENTRIES: Final = 100
_DEPTHS: Final = {b"0": 0, b"1": 1, b"INFINITY": None}


def get_metadata_request(cursor: Cursor) -> GetMetadata:
    """Read GETMETADATA after its name."""
    # getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
    # The examples of RFC 5464 have the options behind the mailbox, and clients do as they do.
    options: dict[bytes, int | None] = {}
    cursor.space()
    if cursor.peek() == _OPEN:
        _options(cursor, options)
        cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    if not options and cursor.match(_AT_OPTION) is not None:
        cursor.place -= 1  # no entry begins with a letter
        _options(cursor, options)
        cursor.space()
    entries = _entries(cursor)
    return GetMetadata(
        mailbox, tuple(dict.fromkeys(entries)), options.get(b"MAXSIZE"), options.get(b"DEPTH", 0)
    )


def _options(cursor: Cursor, options: dict[bytes, int | None]) -> None:
    # getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")"
    def option() -> None:
        name = cursor.name()
        cursor.space()
        if name in options:
            raise BadSyntax("an option stands twice")
        if name == b"MAXSIZE":  # maxsize-opt = "MAXSIZE" SP number
            options[name] = cursor.number()
        elif name == b"DEPTH":  # scope-opt = "DEPTH" SP ("0" / "1" / "infinity")
            depth = cursor.name()
            if depth not in _DEPTHS:
                raise BadSyntax("a depth is 0, 1 or infinity")
            options[name] = _DEPTHS[depth]
        else:
            raise BadSyntax("unknown option")

    cursor.items(option)


def metadata_entries(cursor: Cursor) -> tuple[str, ...]:
    """Read ``entries``: one, or a list of them."""
    # entries = entry / "(" entry *(SP entry) ")"
    return tuple(dict.fromkeys(_entries(cursor)))


def _entries(cursor: Cursor) -> list[str]:
    if cursor.peek() == _OPEN:
        entries = cursor.items(lambda: _entry(cursor, _ASKED))
    else:
        entries = [_entry(cursor, _ASKED)]
        while cursor.take(_SPACE):  # as RFC 5464, 4.4.1 shows it
            entries.append(_entry(cursor, _ASKED))
    if len(entries) > _ENTRIES:
        raise BadSyntax("too many entries")
    return entries


def _entry(cursor: Cursor, pattern: re.Pattern[str]) -> str:
    # entry = astring   ; slash-separated path, without case
    octets = cursor.astring()
    name = octets.decode("ascii", "replace").lower()
    if len(octets) > _ENTRY_OCTETS or not pattern.fullmatch(name):
        raise BadSyntax("that can be no entry's name")
    return name


def set_metadata_request(cursor: Cursor) -> SetMetadata:
    """Read SETMETADATA after its name."""
    # setmetadata = "SETMETADATA" SP mailbox SP entry-values
    # entry-values = "(" entry-value *(SP entry-value) ")"
    mailbox = cursor.space().mailbox()

    def pair() -> tuple[str, bytes | None]:
        # entry-value = entry SP value
        name = _entry(cursor, _ENTRY)
        return name, _value(cursor.space())

    pairs = cursor.space().items(pair)
    if len(pairs) > _ENTRIES:
        raise BadSyntax("too many entries")
    return SetMetadata(mailbox, tuple(dict(pairs).items()))


def _value(cursor: Cursor) -> bytes | None:
    # value = nstring / literal8                         ; literal8 may hold NUL (RFC 3516, 5)
    if not cursor.take(_TILDE):
        return cursor.nstring()
    if not cursor.at_literal():
        raise BadSyntax("a literal was expected")
    value = cursor.literal()
    if not isinstance(value, bytes):
        raise BadSyntax("a literal is too long for where it stands")
    return value


def format_get_metadata(mailbox: NamePrinter, request: GetMetadata) -> bytes:
    """Return GETMETADATA."""
    options = []
    if request.max_octets is not None:
        options.append(b"MAXSIZE %d" % request.max_octets)
    if request.depth != 0:
        options.append(b"DEPTH infinity" if request.depth is None else b"DEPTH %d" % request.depth)
    words = [b"GETMETADATA"]
    if options:
        words.append(b"(%b)" % b" ".join(options))
    words += mailbox(request.mailbox), format_entries(request.entries)
    return b" ".join(words)


def format_entries(entries: tuple[str, ...]) -> bytes:
    """Return a list of entries."""
    return b"(%b)" % b" ".join(format_astring(entry.encode("ascii")) for entry in entries)


def format_set_metadata(mailbox: NamePrinter, request: SetMetadata) -> bytes:
    """Return SETMETADATA."""
    return b"SETMETADATA %b %b" % (mailbox(request.mailbox), _values(request.values))


def _values(values: tuple[tuple[str, bytes | None], ...]) -> bytes:
    return b"(%b)" % b" ".join(
        b"%b %b" % (format_astring(entry.encode("ascii")), _format_value(value))
        for entry, value in values
    )


def _format_value(value: bytes | None) -> bytes:
    if value is None:
        return b"NIL"
    if b"\0" in value:
        return b"~{%d}\r\n%b" % (len(value), value)
    return format_string(value)


# -- responses -----------------------------------------------------------------------------------


def format_metadata(mailbox: NamePrinter, value: MetadataData) -> bytes:
    """Return METADATA with values."""
    # metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list)
    return b"* METADATA %b %b\r\n" % (mailbox(value.mailbox), _values(value.values))


def format_metadata_changed(mailbox: NamePrinter, value: MetadataChanged) -> bytes:
    """Return METADATA without values."""
    # entry-list = entry *(SP entry)
    words = b" ".join(format_astring(entry.encode("ascii")) for entry in value.entries)
    return b"* METADATA %b %b\r\n" % (mailbox(value.mailbox), words)


def parse_metadata(cursor: Cursor) -> MetadataData | MetadataChanged:
    """Read METADATA after its name."""
    mailbox = cursor.space().shown_mailbox()
    cursor.space()

    def name() -> str:
        return cursor.astring().decode("ascii", "replace").lower()

    def pair() -> tuple[str, bytes | None]:
        entry = name()
        return entry, _value(cursor.space())

    if cursor.peek() == _OPEN:
        return MetadataData(mailbox, tuple(cursor.items(pair, empty=True)))
    entries = [name()]
    while cursor.take(_SPACE):
        if cursor.at_end():
            break  # some servers end lines so
        entries.append(name())
    return MetadataChanged(mailbox, tuple(entries))
