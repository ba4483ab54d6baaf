"""ENVELOPE, BODY and BODYSTRUCTURE, both ways (RFC 3501, 7.4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.imap.commands.fetch import BodyStructure
from netsuite.imap.grammar.printing import format_nstring, format_string, is_plain
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.message.structure import Envelope, Mailbox, Part

_OPEN: Final = ord("(")
_CLOSE: Final = ord(")")
_RFC822: Final = (b"message", b"rfc822")

Parameters = tuple[tuple[bytes, bytes], ...]


# -- onto the wire ----------------------------------------------------------------------------


def _unfolded(octets: bytes | None) -> bytes:
    # Envelope fields are one line each; what a header folded is shown unfolded. Nearly all of
    # them are plain short words, so these are told apart first.
    if octets is None:
        return b"NIL"
    if is_plain(octets):
        return b'"%b"' % octets
    if b"\n" in octets or b"\r" in octets:
        octets = octets.replace(b"\r", b"").replace(b"\n", b"")
    return format_string(octets)


def _addresses(mailboxes: Sequence[Mailbox]) -> bytes:
    # address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
    if not mailboxes:
        return b"NIL"
    return b"(%b)" % b"".join(
        [
            b"(%b %b %b %b)"
            % (
                _unfolded(one.name),
                _unfolded(one.route),
                _unfolded(one.local),
                _unfolded(one.domain),
            )
            for one in mailboxes
        ]
    )


def format_envelope(envelope: Envelope) -> bytes:
    """Return ``envelope``. Sender and Reply-To stand for From where the message has none of
    them (RFC 3501, 7.4.2)."""
    from_ = _addresses(envelope.from_)
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        _unfolded(envelope.date),
        _unfolded(envelope.subject),
        from_,
        _addresses(envelope.sender) if envelope.sender else from_,
        _addresses(envelope.reply_to) if envelope.reply_to else from_,
        _addresses(envelope.to),
        _addresses(envelope.cc),
        _addresses(envelope.bcc),
        _unfolded(envelope.in_reply_to),
        _unfolded(envelope.message_id),
    )


def _parameters(parameters: Parameters) -> bytes:
    # body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
    if not parameters:
        return b"NIL"
    return b"(%b)" % b" ".join(
        b"%b %b" % (format_string(name), format_string(value)) for name, value in parameters
    )


def _extension(part: Part) -> bytes:
    # [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
    if part.disposition is None:
        disposition = b"NIL"
    else:
        kind, parameters = part.disposition
        disposition = b"(%b %b)" % (format_string(kind), _parameters(parameters))
    if len(part.language) > 1:
        language = b"(%b)" % b" ".join(map(format_string, part.language))
    else:
        language = format_string(part.language[0]) if part.language else b"NIL"
    return b" %b %b %b" % (disposition, language, format_nstring(part.location))


def format_structure(part: Part, *, extended: bool) -> bytes:
    """Return ``body``: BODYSTRUCTURE, or BODY, which has no extension data."""
    kind, subtype = part.type
    if kind == b"multipart":
        # body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
        # A multipart without parts cannot be said; an empty text stands in for them.
        children = b"".join(format_structure(child, extended=extended) for child in part.children)
        octets = (children or _NO_PART) + b" " + format_string(subtype)
        if extended:
            octets += b" " + _parameters(part.parameters) + _extension(part)
        return b"(%b)" % octets
    # body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
    #               body-fld-octets
    octets = b"%b %b %b %b %b %b %d" % (
        format_string(kind),
        format_string(subtype),
        _parameters(part.parameters),
        format_nstring(part.id),
        _unfolded(part.description),
        format_string(part.encoding),
        part.octets,
    )
    if part.type == _RFC822 and part.children:
        # body-type-msg = media-message SP body-fields SP envelope SP body SP body-fld-lines
        octets += b" %b %b %d" % (
            format_envelope(part.envelope or Envelope()),
            format_structure(part.children[0], extended=extended),
            part.lines,
        )
    elif part.type == _RFC822:
        octets += b" %b %b %d" % (format_envelope(Envelope()), _NO_PART, part.lines)
    elif kind == b"text":
        octets += b" %d" % part.lines
    if extended:
        octets += b" " + format_nstring(part.md5) + _extension(part)
    return b"(%b)" % octets


_NO_PART: Final = b'("text" "plain" NIL NIL NIL "7bit" 0 0)'


# -- from the wire ----------------------------------------------------------------------------


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
