"""ENVELOPE, BODY and BODYSTRUCTURE as a client reads them (RFC 3501, 7.4.2)."""

from __future__ import annotations

import re
from typing import Final

from netsuite.imap.commands.fetch import BodyStructure
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.message.structure import Envelope, Mailbox

_OPEN: Final = ord("(")
_CLOSE: Final = ord(")")
_RFC822: Final = (b"message", b"rfc822")
#: What stands for itself: a number, an atom, a flag, NIL.
_WORD: Final = re.compile(rb'[^ (){"\r\n]+')
#: Some servers have a space there.
_BETWEEN_PARTS: Final = re.compile(rb" +(?=\()")

Parameters = tuple[tuple[bytes, bytes], ...]


def parse_envelope(cursor: Cursor) -> Envelope:
    """Read ``envelope``."""
    cursor.expect(_OPEN)
    envelope = Envelope(  # in the order of the grammar, which is the order of the fields
        cursor.nstring(),
        cursor.space().nstring(),
        _parse_addresses(cursor.space()),
        _parse_addresses(cursor.space()),
        _parse_addresses(cursor.space()),
        _parse_addresses(cursor.space()),
        _parse_addresses(cursor.space()),
        _parse_addresses(cursor.space()),
        cursor.space().nstring(),
        cursor.space().nstring(),
    )
    cursor.expect(_CLOSE)
    return envelope


def _parse_addresses(cursor: Cursor) -> tuple[Mailbox, ...]:
    # env-from = "(" 1*address ")" / nil
    if cursor.nil():
        return ()
    cursor.expect(_OPEN)
    mailboxes = []
    while not cursor.take(_CLOSE):
        cursor.take(ord(" "))  # some servers put one there
        cursor.expect(_OPEN)
        name = cursor.nstring()
        route = cursor.space().nstring()
        local = cursor.space().nstring()
        mailboxes.append(Mailbox(name, route, local, cursor.space().nstring()))
        cursor.expect(_CLOSE)
    return tuple(mailboxes)


def _parse_parameters(cursor: Cursor) -> Parameters:
    if cursor.nil():
        return ()
    words = cursor.items(cursor.string, empty=True)
    if len(words) % 2:
        raise BadSyntax("a parameter without a value")
    return tuple((name.lower(), value) for name, value in zip(words[::2], words[1::2], strict=True))


def parse_structure(cursor: Cursor) -> BodyStructure:
    """Read ``body``, with as much extension data as there is."""
    cursor.expect(_OPEN)
    cursor.descend()
    part = _parse_multipart(cursor) if cursor.peek() == _OPEN else _parse_single(cursor)
    cursor.depth -= 1
    return part


def _parse_multipart(cursor: Cursor) -> BodyStructure:
    children = []
    while cursor.peek() == _OPEN:
        children.append(parse_structure(cursor))
        cursor.match(_BETWEEN_PARTS)
    subtype = cursor.space().string().lower()
    parameters: Parameters = ()
    if cursor.take(ord(" ")):
        parameters = _parse_parameters(cursor)
    disposition, language, location = _parse_extension(cursor)
    return BodyStructure(
        (b"multipart", subtype),
        parameters,
        disposition=disposition,
        language=language,
        location=location,
        children=tuple(children),
    )


def _parse_single(cursor: Cursor) -> BodyStructure:
    kind = cursor.string().lower()
    media = kind, cursor.space().string().lower()
    parameters = _parse_parameters(cursor.space())
    identity = cursor.space().nstring()
    description = cursor.space().nstring()
    encoding = cursor.space().nstring() or b"7bit"
    octets = _parse_count(cursor.space())
    envelope, lines = None, None
    children: tuple[BodyStructure, ...] = ()
    if media == _RFC822 and cursor.take(ord(" ")):
        envelope = parse_envelope(cursor)
        children = (parse_structure(cursor.space()),)
        lines = _parse_count(cursor.space())
    elif kind == b"text" and cursor.take(ord(" ")):
        lines = _parse_count(cursor)
    md5 = cursor.nstring() if cursor.take(ord(" ")) else None
    disposition, language, location = _parse_extension(cursor)
    return BodyStructure(
        media,
        parameters,
        identity,
        description,
        encoding.lower(),
        octets,
        lines,
        md5,
        disposition,
        language,
        location,
        children,
        envelope,
    )


def _parse_count(cursor: Cursor) -> int:
    # number; some servers say NIL, or a negative number, of what they do not know
    if cursor.nil():
        return 0
    negative = cursor.take(ord("-"))
    count = cursor.number()
    return 0 if negative else count


_Extension = tuple[tuple[bytes, Parameters] | None, tuple[bytes, ...], bytes | None]


def _parse_extension(cursor: Cursor) -> _Extension:
    disposition: tuple[bytes, Parameters] | None = None
    language: tuple[bytes, ...] = ()
    location = None
    if cursor.take(ord(" ")) and not cursor.nil():
        cursor.expect(_OPEN)
        disposition = cursor.string().lower(), _parse_parameters(cursor.space())
        cursor.expect(_CLOSE)
    if cursor.take(ord(" ")):
        if cursor.peek() == _OPEN:
            language = tuple(cursor.items(cursor.string))
        else:
            word = cursor.nstring()
            language = () if word is None else (word,)
    if cursor.take(ord(" ")):
        location = cursor.nstring()
    while cursor.take(ord(" ")):
        skip_value(cursor)
    cursor.expect(_CLOSE)
    return disposition, language, location


def skip_value(cursor: Cursor) -> None:
    """Step over a value of which only the shape is known."""
    # body-extension = nstring / number / "(" body-extension *(SP body-extension) ")"
    # and atoms and flags, of which extensions of FETCH consist
    if cursor.peek() == _OPEN:
        cursor.items(lambda: skip_value(cursor), empty=True)
    elif cursor.match(_WORD) is None:
        cursor.string()
