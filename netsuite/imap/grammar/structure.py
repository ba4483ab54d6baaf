"""ENVELOPE, BODY and BODYSTRUCTURE as a client reads them (RFC 3501, 7.4.2)."""

from __future__ import annotations

from typing import Final

from netsuite.imap.commands.fetch import BodyStructure
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.message.structure import Envelope, Mailbox

_OPEN: Final = ord("(")
_CLOSE: Final = ord(")")
_RFC822: Final = (b"message", b"rfc822")

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
    octets = cursor.space().number()
    envelope, lines = None, None
    children: tuple[BodyStructure, ...] = ()
    if media == _RFC822 and cursor.take(ord(" ")):
        envelope = parse_envelope(cursor)
        children = (parse_structure(cursor.space()),)
        lines = cursor.space().number()
    elif kind == b"text" and cursor.take(ord(" ")):
        lines = cursor.number()
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
        _skip_extension(cursor)
    cursor.expect(_CLOSE)
    return disposition, language, location


def _skip_extension(cursor: Cursor) -> None:
    # body-extension = nstring / number / "(" body-extension *(SP body-extension) ")"
    if cursor.peek() == _OPEN:
        cursor.items(lambda: _skip_extension(cursor), empty=True)
    elif ord("0") <= cursor.peek() <= ord("9"):
        cursor.number()
    else:
        cursor.nstring()
