"""The grammar of RETURN and of ESEARCH, both ways (RFC 4731, 4; RFC 5182, 3; RFC 9394, 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from netsuite.imap.commands.responses import ExtendedSearchData
from netsuite.imap.commands.search import Returns, Window
from netsuite.imap.grammar.tokens import MODSEQ_TOP, BadSyntax, Cursor
from netsuite.imap.sequences import TOP, SequenceSet
from netsuite.message.form import format_string

_OPEN, _CLOSE, _SPACE = ord("("), ord(")"), ord(" ")
_OPTIONS: Final = ("MIN", "MAX", "ALL", "COUNT", "SAVE")
# partial-range-first = nz-number ":" nz-number
# partial-range-last  = "-" nz-number ":" "-" nz-number
_WINDOW: Final = re.compile(rb"[1-9][0-9]{0,9}:[1-9][0-9]{0,9}|-[1-9][0-9]{0,9}:-[1-9][0-9]{0,9}")


def parse_returns(cursor: Cursor) -> Returns | None:
    """Read ``search-return-opts`` if they come next; None where they do not."""
    # search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
    place = cursor.place
    begins = cursor.take(_SPACE) and cursor.peek() in (ord("R"), ord("r"))
    if not begins or cursor.name() != b"RETURN":
        cursor.place = place
        return None
    options: set[str] = set()
    window = None

    def option() -> None:
        nonlocal window
        name = cursor.name().decode("ascii")
        if name == "PARTIAL":
            if window is not None:
                raise BadSyntax("PARTIAL stands twice")
            window = parse_window(cursor.space())
        elif name in _OPTIONS:
            options.add(name)
        else:
            raise BadSyntax("unknown return option")

    cursor.space().items(option, empty=True)
    if window is not None and "ALL" in options:
        raise BadSyntax("PARTIAL excludes ALL")  # RFC 9394, 3.1
    return Returns(frozenset(options), window)


def parse_window(cursor: Cursor) -> Window:
    """Read ``partial-range``, the lower number first."""
    one, other = map(int, cursor.word(_WINDOW, "a range").split(b":"))
    if max(abs(one), abs(other)) > TOP:
        raise BadSyntax("a number is too large")
    # Of two from the end, the one that is further from it is first.
    return min(one, other), max(one, other)


def format_window(window: Window) -> bytes:
    """Return ``partial-range``; from the end, it is counted from there."""
    first, last = window
    return b"%d:%d" % (window if first > 0 else (last, first))


def format_returns(returns: Returns | None) -> bytes:
    """Return ``search-return-opts``."""
    if returns is None:
        return b""
    words = [name.encode() for name in _OPTIONS if name in returns.options]
    if returns.window is not None:
        words.append(b"PARTIAL " + format_window(returns.window))
    return b" RETURN (%b)" % b" ".join(words)


def format_esearch(value: ExtendedSearchData) -> bytes:
    """Return an ESEARCH response."""
    return b"* ESEARCH%b\r\n" % b"".join(_words(value))


def _words(value: ExtendedSearchData) -> Iterator[bytes]:
    # esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    if value.tag is not None:
        yield b" (TAG %b)" % format_string(value.tag)
    if value.by_uid:
        yield b" UID"
    if value.lowest is not None:
        yield b" MIN %d" % value.lowest
    if value.highest is not None:
        yield b" MAX %d" % value.highest
    if value.all is not None:
        yield b" ALL " + bytes(value.all)
    if value.count is not None:
        yield b" COUNT %d" % value.count
    if value.window is not None:
        window, found = value.window
        yield b" PARTIAL (%b %b)" % (
            format_window(window),
            b"NIL" if found is None else bytes(found),
        )
    if value.modseq is not None:
        yield b" MODSEQ %d" % value.modseq


def parse_esearch(cursor: Cursor) -> ExtendedSearchData:
    """Read ESEARCH, of a server, after its name; what is not known is passed over."""
    tag: bytes | None = None
    by_uid = False
    numbers: dict[bytes, int] = {}
    found: SequenceSet | None = None
    window: tuple[Window, SequenceSet | None] | None = None
    while cursor.take(_SPACE) and not cursor.at_end():
        if cursor.take(_OPEN):
            if cursor.name() != b"TAG":
                raise BadSyntax("TAG was expected")
            tag = cursor.space().astring()
            cursor.expect(_CLOSE)
            continue
        name = cursor.name()
        if name == b"UID":
            by_uid = True
        elif name == b"ALL":
            found = cursor.space().sequence_set()
        elif name == b"PARTIAL":
            cursor.space().expect(_OPEN)
            which = parse_window(cursor)
            window = which, None if cursor.space().nil() else cursor.sequence_set()
            cursor.expect(_CLOSE)
        elif name in (b"MIN", b"MAX", b"COUNT", b"MODSEQ"):
            numbers[name] = cursor.space().number(MODSEQ_TOP)
        else:
            _pass_over(cursor.space())
    return ExtendedSearchData(
        tag,
        by_uid,
        numbers.get(b"MIN"),
        numbers.get(b"MAX"),
        found,
        numbers.get(b"COUNT"),
        window,
        numbers.get(b"MODSEQ"),
    )


def _pass_over(cursor: Cursor) -> None:
    # tagged-ext-val = tagged-ext-simple / "(" [tagged-ext-comp] ")"             (RFC 4466, 6)
    if cursor.peek() == _OPEN:
        cursor.items(lambda: _pass_over(cursor), empty=True)
    else:
        cursor.astring()
