"""The text a person would read in a message: for searching, and the first words of it."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netsuite.message.address import parse_address_list
from netsuite.message.charsets import decode
from netsuite.message.fields import all_values
from netsuite.message.structure import Part, Summary
from netsuite.message.words import decode_base64, decode_words

#: Text kept of one message for searching: characters of the body, octets of the header.
BODY_CHARACTERS: Final = 2 * 1024 * 1024
HEADER_OCTETS: Final = 256 * 1024
PREVIEW_CHARACTERS: Final = 200  # RFC 8970, 3.1 allows 256

_invisible: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(style|script|head|title)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_tag: Final = re.compile(r"<[!/?a-zA-Z][^<>]*+(?:>|\Z)")
#: What marketing mail puts before its text to fill the preview; nobody sees it.
_filler: Final = re.compile(
    "[\u00ad\u034f\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x08\x0e-\x1f]+"
)
_quoted_line: Final = re.compile(r"^>.*$", re.MULTILINE)
_QUOTED_PRINTABLE: Final = b"quoted-printable"
_BASE64: Final = b"base64"
_UUENCODE: Final = frozenset({b"x-uuencode", b"x-uue", b"uuencode"})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text part, still coded."""

    octets: bytes
    encoding: bytes
    charset: bytes | None


@dataclass(frozen=True, slots=True)
class Searchable:
    """A message's text for searching.

    Args:
        fields: of the message's own header in order: name in lower case, decoded value, in fields
            of addresses with those that comments and quotes break up.
        body: of every text part, and the headers of embedded messages, each ending its line.
    """

    fields: tuple[tuple[str, str], ...]
    body: str


def decode_transfer(octets: bytes, encoding: bytes) -> bytes:
    """Undo a content transfer encoding as far as it goes; never raises. See RFC 2045, 6."""
    if encoding == _BASE64:
        return decode_base64(octets)
    if encoding == _QUOTED_PRINTABLE:
        return binascii.a2b_qp(octets)
    if encoding in _UUENCODE:
        return _uudecode(octets)
    return octets


def _uudecode(octets: bytes) -> bytes:
    pieces: list[bytes] = []
    for line in octets.splitlines():
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(pieces)


def without_markup(text: str) -> str:
    """Return what a browser would show of HTML, roughly; linear, and never raises."""
    return html.unescape(_tag.sub(" ", _invisible.sub(" ", text)))


def _text(excerpt: Excerpt) -> str:
    charset = (excerpt.charset or b"").decode("ascii", "replace")
    return decode(decode_transfer(excerpt.octets, excerpt.encoding), charset)


def _words(text: str) -> str:
    # Cut first: what a filler hides of the text beyond that is not missed.
    shown = " ".join(text.split())[: PREVIEW_CHARACTERS * 8]
    return " ".join(_filler.sub("", shown).split())


def preview(plain: Excerpt | None, markup: Excerpt | None) -> str:
    """Return the first characters of the plain, else of the HTML text, white space made single.

    Quoted lines are left out unless there is nothing else.
    """
    if plain is not None:
        text = _text(plain)
        quotes = text.startswith(">") or "\n>" in text
        words = (_words(_quoted_line.sub("", text)) if quotes else "") or _words(text)
        if words:
            return words[:PREVIEW_CHARACTERS]
    if markup is not None:
        return _words(without_markup(_text(markup)))[:PREVIEW_CHARACTERS]
    return ""


#: Fields of addresses; what stands in an address beside it hides it from who looks for it as text.
_ADDRESSES: Final = frozenset({b"from", b"to", b"cc", b"bcc", b"sender", b"reply-to"})
#: Tells whether a field of addresses has something that breaks one up.
disguises = re.compile(rb'[(\\]|"\s*@|\s[@.]|[@.]\s').search


def _line(name: bytes, value: bytes) -> tuple[str, str]:
    text = decode_words(value)
    if name in _ADDRESSES and disguises(value):
        # RFC 3501, 6.4.4: FROM, TO, CC and BCC look into the envelope's addresses.
        for each in parse_address_list(value):
            address = decode_words((each.local or b"") + b"@" + (each.domain or b""))
            if each.domain and address not in text:
                text += " " + address
    return name.decode("ascii", "replace"), text


def header_lines(values: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return fields, from ``all_values``, as ``Searchable`` has them."""
    return [_line(name, value) for name, value in values]


def _lines_of(octets: bytes, part: Part) -> list[tuple[str, str]]:
    stop = min(part.body_start, part.header_start + HEADER_OCTETS)
    return header_lines(all_values(octets[part.header_start : stop]))


def _part_text(octets: bytes, part: Part, room: int) -> str:
    # base64 takes four octets for three and quoted-printable three for one, characters up to four.
    taken = octets[part.body_start : min(part.body_end, part.body_start + room * 4)]
    return _text(Excerpt(taken, part.encoding, dict(part.parameters).get(b"charset")))


def searchable(octets: bytes, summary: Summary) -> Searchable:
    """Return the text of a message, transfer encodings and charsets undone; never raises.

    Markup stays in the text of HTML parts: IMAP's SEARCH looks for a string in the body of the
    message (RFC 9051, 6.4.4), not in a rendering of it.
    """
    root = summary.root
    pieces: list[str] = []
    room = BODY_CHARACTERS
    embedded: set[int] = set()  # where headers of embedded messages start
    for part in root.walk():
        if room <= 0:
            break
        text = ""
        if part.header_start in embedded and part is not root:
            text = "".join(f"{name}: {value}\n" for name, value in _lines_of(octets, part))
        if part.envelope is not None:
            embedded.update(child.header_start for child in part.children)
        if part.type[0] == b"text":
            text += _part_text(octets, part, room)
        if text:
            pieces.append(text[:room])
            room -= len(text)
    return Searchable(tuple(_lines_of(octets, root)), "\n".join(pieces))
