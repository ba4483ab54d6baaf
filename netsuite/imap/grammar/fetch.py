"""The grammar of FETCH, both ways: fetch-att, sections, partials (RFC 3501, 6.4.5)."""

from __future__ import annotations

import re
from typing import Final

from netsuite.imap.commands.fetch import (
    MACROS,
    BinarySection,
    BodySection,
    FetchItem,
    Item,
    SectionText,
)
from netsuite.imap.grammar.printing import format_astring
from netsuite.imap.grammar.tokens import MODSEQ_TOP, BadSyntax, Cursor

#: Items of one FETCH, and numbers of one part: a message's nesting is bounded as well.
_ITEMS, _LEVELS, _FIELDS = 200, 100, 500

_BODY: Final = re.compile(rb"BODY(?:\.PEEK)?(?=\[)", re.IGNORECASE)
_BINARY: Final = re.compile(rb"BINARY(?:\.PEEK|\.SIZE)?(?=\[)", re.IGNORECASE)
_ITEM_NAME: Final = re.compile(rb"[A-Za-z0-9.]+")
# section-part = nz-number *("." nz-number)
_SECTION_PART: Final = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*")
_SECTION_TEXT: Final = re.compile(rb"HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME", re.I)
# RFC 8970, 3.2: previews are kept here, so there is none to be lazy about.
_LAZY: Final = re.compile(rb" \(LAZY\)", re.IGNORECASE)
_MODIFIERS: Final = re.compile(rb" \(")
_ITEMS_BY_NAME: Final = {item.value: item for item in Item}
#: RFC 3501, 6.4.5: equivalent to BODY[], BODY.PEEK[HEADER] and BODY[TEXT], but for the name.
OLD_NAMES: Final = {
    b"RFC822": BodySection(old=b"RFC822"),
    b"RFC822.HEADER": BodySection(text=SectionText.HEADER, peek=True, old=b"RFC822.HEADER"),
    b"RFC822.TEXT": BodySection(text=SectionText.TEXT, old=b"RFC822.TEXT"),
}


def parse_fetch_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """Read a macro, one item, or a list of them; each item stands once in what is given."""
    if cursor.peek() == ord("("):
        items = cursor.items(lambda: parse_fetch_item(cursor))
        if len(items) > _ITEMS:
            raise BadSyntax("too many items")
        return tuple(dict.fromkeys(items))
    place = cursor.place
    macro = MACROS.get((cursor.match(_ITEM_NAME) or b"").upper())
    if macro is not None:
        return macro
    cursor.place = place
    return (parse_fetch_item(cursor),)


def parse_fetch_item(cursor: Cursor) -> FetchItem:
    """Read one fetch-att."""
    body = cursor.match(_BODY)
    if body is not None:
        section = parse_section(cursor, peek=len(body) > len(b"BODY"))
        return _partial(cursor, section)
    binary = cursor.match(_BINARY)
    if binary is not None:
        return _parse_binary(cursor, binary.upper())
    name = cursor.word(_ITEM_NAME, "an item").upper()
    item = _ITEMS_BY_NAME.get(name) or OLD_NAMES.get(name)
    if item is None:
        raise BadSyntax("unknown item")
    if item is Item.PREVIEW and cursor.match(_LAZY) is None and cursor.match(_MODIFIERS):
        raise BadSyntax("an unknown modifier")
    return item


def parse_section(cursor: Cursor, *, peek: bool) -> BodySection:
    """Read ``section``: ``"[" [section-spec] "]"``."""
    # section-spec = section-msgtext / (section-part ["." section-text])
    cursor.expect(ord("["))
    numbers = cursor.match(_SECTION_PART)
    part = tuple(map(int, numbers.split(b"."))) if numbers else ()
    if len(part) > _LEVELS:
        raise BadSyntax("nested too deeply")
    text = None
    fields: tuple[bytes, ...] = ()
    if cursor.take(ord(".")) if part else cursor.peek() != ord("]"):
        text = SectionText(cursor.word(_SECTION_TEXT, "a section").upper())
        if text is SectionText.MIME and not part:
            raise BadSyntax("MIME needs a part")
        if text in (SectionText.FIELDS, SectionText.FIELDS_NOT):
            # header-list = "(" header-fld-name *(SP header-fld-name) ")"
            fields = tuple(cursor.space().items(cursor.astring))
            if len(fields) > _FIELDS:
                raise BadSyntax("too many fields")
    cursor.expect(ord("]"))
    return BodySection(part, text, fields, peek)


def _partial(cursor: Cursor, section: BodySection) -> BodySection:
    start, octets = _parse_range(cursor)
    if start is None:
        return section
    return BodySection(section.part, section.text, section.fields, section.peek, start, octets)


def _parse_range(cursor: Cursor) -> tuple[int | None, int | None]:
    # partial = "<" number64 "." nz-number64 ">"                                    (RFC 9051, 9)
    if not cursor.take(ord("<")):
        return None, None
    start = cursor.number(MODSEQ_TOP)
    cursor.expect(ord("."))
    octets = cursor.nz_number(MODSEQ_TOP)
    cursor.expect(ord(">"))
    return start, octets


def _parse_binary(cursor: Cursor, name: bytes) -> BinarySection:
    # "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary   (RFC 3516, 7)
    part = parse_section_binary(cursor)
    if name == b"BINARY.SIZE":
        return BinarySection(part, peek=True, size=True)
    start, octets = _parse_range(cursor)
    return BinarySection(part, name == b"BINARY.PEEK", start, octets)


def parse_section_binary(cursor: Cursor) -> tuple[int, ...]:
    """Read ``section-binary``: ``"[" [section-part] "]"``."""
    cursor.expect(ord("["))
    numbers = cursor.match(_SECTION_PART)
    part = tuple(map(int, numbers.split(b"."))) if numbers else ()
    if len(part) > _LEVELS:
        raise BadSyntax("nested too deeply")
    cursor.expect(ord("]"))
    return part


def format_section(section: BodySection) -> bytes:
    """Return ``section`` with its brackets."""
    words = [b".".join(b"%d" % number for number in section.part)] if section.part else []
    if section.text is not None:
        words.append(section.text.value)
    spec = b".".join(words)
    if section.fields:
        spec += b" (%b)" % b" ".join(map(format_astring, section.fields))
    return b"[%b]" % spec


def format_shown_section(section: BodySection | BinarySection) -> bytes:
    """Return a section's name as a response shows it: no PEEK, of a partial only its start."""
    if isinstance(section, BinarySection):
        part = b".".join(b"%d" % number for number in section.part)
        name = b"BINARY%b[%b]" % (b".SIZE" if section.size else b"", part)
        return name if section.start is None else b"%b<%d>" % (name, section.start)
    if section.old is not None:
        return section.old
    name = b"BODY" + format_section(section)
    return name if section.start is None else b"%b<%d>" % (name, section.start)


def format_fetch_item(item: FetchItem) -> bytes:
    """Return one fetch-att, as a client asks for it."""
    if isinstance(item, Item):
        return item.value
    if isinstance(item, BinarySection):
        part = b".".join(b"%d" % number for number in item.part)
        kind = b".SIZE" if item.size else b".PEEK" if item.peek else b""
        octets = b"BINARY%b[%b]" % (kind, part)
        return octets if item.start is None else octets + _range(item.start, item.octets)
    if item.old is not None:
        return item.old
    octets = (b"BODY.PEEK" if item.peek else b"BODY") + format_section(item)
    if item.start is not None:
        octets += _range(item.start, item.octets)
    return octets


def _range(start: int, octets: int | None) -> bytes:
    return b"<%d.%d>" % (start, octets or 1)
