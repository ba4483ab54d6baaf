"""Modified UTF-7, the encoding of mailbox names (RFC 3501, 5.1.3), strict in both directions.

Every name has exactly one spelling: what decodes at all, encodes to the same octets again. So
two spellings can never name one mailbox.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

# RFC 3501, 5.1.3: printable US-ASCII stands for itself, except "&", written "&-".
# Everything else is "&" *modified-base64* "-" of UTF-16BE.
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_DIRECT = re.compile(rb"[\x20-\x25\x27-\x7e]*\Z")
_NOT_DIRECT = re.compile(r"&|[^\x20-\x7e]+")


class BadName(ValueError):
    """The octets are not modified UTF-7, or not the one spelling of what they say."""


def encode(name: str) -> bytes:
    """Return a mailbox name's octets. Raises BadName for a lone surrogate: UTF-16 has none."""
    try:
        return _NOT_DIRECT.sub(_shift, name).encode("ascii")
    except UnicodeEncodeError:
        raise BadName("a lone surrogate") from None


def _shift(match: re.Match[str]) -> str:
    text = match.group()
    if text == "&":
        return "&-"
    base64 = b2a_base64(text.encode("utf-16-be"), newline=False).rstrip(b"=")
    return "&" + base64.replace(b"/", b",").decode("ascii") + "-"


def decode(octets: bytes) -> str:
    """Return the mailbox name that octets spell.

    Raises:
        BadName: they spell none; an unshift is missing; base64 holds what could stand for
            itself; two shifts stand side by side; padding bits are not zero.
    """
    if _DIRECT.match(octets):
        return octets.decode("ascii")
    name: list[str] = []
    place = 0
    for match in _SHIFTED.finditer(octets):
        direct = octets[place : match.start()]
        if not _DIRECT.match(direct):
            raise BadName("an octet that cannot stand for itself")
        name += direct.decode("ascii"), _unshift(match.group(1))
        place = match.end()
    if not _DIRECT.match(octets, place):
        raise BadName("an octet that cannot stand for itself, or a shift without its end")
    name.append(octets[place:].decode("ascii"))
    whole = "".join(name)
    if encode(whole) != octets:
        raise BadName("not the one spelling of its name")
    return whole


def _unshift(base64: bytes) -> str:
    if not base64:
        return "&"
    padded = base64.replace(b",", b"/") + b"=" * (-len(base64) % 4)
    try:
        return a2b_base64(padded, strict_mode=True).decode("utf-16-be")
    except (Base64Error, UnicodeDecodeError):
        raise BadName("broken base64 or UTF-16") from None


# -- names that other servers have nevertheless --------------------------------------------------

#: What an octet that can stand for nothing becomes, so that the name can be said again.
_RAW = 0xDC00
_RAW_TEXT = re.compile(r"[\x20-\x25\x27-\x7e\udc00-\udcff]*")


def decode_any(octets: bytes) -> str:
    """Return the name that a server shows, in whichever encoding; ``encode_any`` undoes it.

    Where it is not modified UTF-7, each octet that cannot stand for itself becomes a lone
    surrogate, which no other name has.
    """
    try:
        return decode(octets)
    except BadName:
        return "".join(
            chr(each if _DIRECT.match(bytes([each])) else _RAW + each) for each in octets
        )


def encode_any(name: str) -> bytes:
    """Return the octets of a name that ``decode_any`` gave. Raises BadName."""
    try:
        return encode(name)
    except BadName:
        if not _RAW_TEXT.fullmatch(name):
            raise
        return bytes(ord(each) & 0xFF for each in name)


def readable(name: str) -> str:
    """Return a name of ``decode_any`` for people: where it is not modified UTF-7, as UTF-8."""
    try:
        encode(name)
    except BadName:
        return encode_any(name).decode("utf-8", "replace")
    return name
