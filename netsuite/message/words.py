"""Encoded words of header fields: decode what comes, encode what goes (RFC 2047)."""

from __future__ import annotations

import binascii
import re
from typing import Final

from netsuite.message.charsets import decode, guess

# RFC 2047, 2 and RFC 2231, 5:
#   encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
# Encoded text with white space in it is not allowed but is seen with encoding Q; a length
# limit is not enforced (mail exceeds it all the time).
encoded_word: Final = re.compile(
    rb"=\?([!#-&+\--9A-Z^-~]{1,40})(?:\*[A-Za-z0-9-]{0,40})?\?([bBqQ])\?([^?\r\n]{0,4096})\?="
)
_base64_octets: Final = re.compile(rb"[^A-Za-z0-9+/]")
_ENCODED_WORD_OCTETS: Final = 75  # RFC 2047, 2
_LINE_OCTETS: Final = 76
#: A line has 998 octets at the most (RFC 5322, 2.1.1); the name of a field may stand before.
_WORD_OCTETS: Final = 900

# RFC 2047, 5 (3): what may stand for itself in a Q word within a phrase.
_Q_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def decode_base64(octets: bytes) -> bytes:
    """Undo base64 as far as it goes: foreign octets dropped, padding mended."""
    clean = _base64_octets.sub(b"", octets)
    rest = len(clean) % 4
    if rest == 1:  # six bits make no octet
        clean = clean[:-1]
    elif rest:
        clean += b"=" * (4 - rest)
    return binascii.a2b_base64(clean)


def decode_words(octets: bytes) -> str:
    """Return the text of an unfolded field value; never raises, whatever the octets.

    White space between neighbouring encoded words goes (RFC 2047, 6.2). Neighbours of the same
    charset are decoded together, since senders cut characters in two.
    """
    if b"=?" not in octets:
        return guess(octets)
    pieces: list[str] = []
    pending = bytearray()
    pending_charset = ""
    position = 0
    for match in encoded_word.finditer(octets):
        between = octets[position : match.start()]
        charset = match.group(1).decode("ascii", "replace").lower()
        adjacent = position > 0 and not between.strip(b" \t\r\n")
        if not adjacent or charset != pending_charset:
            if pending:
                pieces.append(decode(bytes(pending), pending_charset))
                pending.clear()
            if not adjacent:
                pieces.append(guess(between))
        pending_charset = charset
        text = match.group(3)
        in_base64 = match.group(2) in b"bB"
        pending += decode_base64(text) if in_base64 else binascii.a2b_qp(text, header=True)
        position = match.end()
    if pending:
        pieces.append(decode(bytes(pending), pending_charset))
    pieces.append(guess(octets[position:]))
    return "".join(pieces)


def needs_encoding(text: str) -> bool:
    """Return whether a text cannot stand in a header as it is."""
    return (
        not text.isascii()
        or "=?" in text
        or any(c < " " or c == "\x7f" for c in text)
        or max(map(len, text.split(" "))) > _WORD_OCTETS
    )


def _q(octets: bytes) -> bytes:
    return b"".join(
        b"_" if o == 0x20 else bytes((o,)) if o in _Q_SAFE else b"=%02X" % o for o in octets
    )


def encode_words(text: str, *, first_octets: int = 0) -> bytes:
    """Return encoded words for a text, parted by single spaces so that folding can part them.

    Surrogates become question marks. Q where most of it is ASCII, else B; every word holds whole
    characters (RFC 2047, 5). Of the first line *first_octets* are taken already.
    """
    ascii_share = sum(c.isascii() for c in text)
    quoted = ascii_share * 2 > len(text)
    prefix = b"=?utf-8?q?" if quoted else b"=?utf-8?b?"
    words: list[bytes] = []
    piece = bytearray()  # of octets in UTF-8
    size = 0  # of piece, when encoded with Q
    room = max(_ENCODED_WORD_OCTETS - first_octets, 32) - len(prefix) - 2

    def flush() -> None:
        coded = _q(bytes(piece)) if quoted else binascii.b2a_base64(bytes(piece), newline=False)
        words.append(prefix + coded + b"?=")
        piece.clear()

    for character in text:
        octets = character.encode("utf-8", "replace")
        extra = len(_q(octets))
        after = size + extra if quoted else (len(piece) + len(octets) + 2) // 3 * 4
        if piece and after > room:
            flush()
            size = 0
            room = _ENCODED_WORD_OCTETS - len(prefix) - 2
        piece += octets
        size += extra
    if piece:
        flush()
    return b" ".join(words)


def _parts(word: bytes) -> list[bytes]:
    """Return a word in parts that lines can hold, none of which ends within a character."""
    parts = []
    while len(word) > _WORD_OCTETS:
        end = _WORD_OCTETS
        while word[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(word[:end])
        word = word[end:]
    return [*parts, word]


def fold(name: bytes, value: bytes) -> bytes:
    """Return a header field with its line ends, folded at white space to 76 octets where it can.

    A word that no line can hold (RFC 5322, 2.1.1) is parted, between characters.
    """
    line = bytearray(name + b":")
    lines: list[bytes] = []
    words = value.split(b" ")
    if len(value) > _WORD_OCTETS:
        words = [part for word in words for part in _parts(word)]
    for word in words:
        too_long = len(line) + 1 + len(word) > _LINE_OCTETS
        # A line of white space alone would end the header; a name stays with its first word.
        if word and too_long and line[-1:] != b":" and line.strip():
            lines.append(bytes(line))
            line = bytearray()
        line += b" " + word
    lines.append(bytes(line))
    return b"\r\n".join(lines) + b"\r\n"
