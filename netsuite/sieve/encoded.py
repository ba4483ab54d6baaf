"""``encoded-character``: characters of a string by their numbers. See RFC 5228, 2.4.2.4."""

from __future__ import annotations

import re
from typing import Final

from netsuite.sieve.errors import ScriptError

#   encoded-arb-octets   = "${hex:" hex-pair-seq "}"
#   hex-pair-seq         = *blank hex-pair *(1*blank hex-pair) *blank
#   encoded-unicode-char = "${unicode:" unicode-hex-seq "}"
#   unicode-hex-seq      = *blank unicode-hex *(1*blank unicode-hex) *blank
_blank: Final = r"[ \t\r\n]"
_hex: Final = rf"{_blank}*+([0-9a-f]{{1,2}}(?:{_blank}++[0-9a-f]{{1,2}})*+){_blank}*+"
_unicode: Final = rf"{_blank}*+([0-9a-f]++(?:{_blank}++[0-9a-f]++)*+){_blank}*+"
_encoded: Final = re.compile(rf"\$\{{(?:hex:{_hex}|unicode:{_unicode})\}}", re.IGNORECASE)
_LAST: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


def _character(digits: str, line: int) -> str:
    number = int(digits.lstrip("0")[:8] or "0", 16) if len(digits.lstrip("0")) < 7 else _LAST + 1
    if number > _LAST or number in _SURROGATES:
        raise ScriptError(line, f"there is no character {digits[:12]}")
    return chr(number)


def decode_characters(text: str, line: int) -> str:
    """Return a string with what is encoded in it put in its place; what is not well-formed stays.

    Raises:
        ScriptError: a number of no character, or octets that together are no UTF-8.
    """
    if "${" not in text:
        return text
    pieces: list[bytes] = []
    position = 0
    for match in _encoded.finditer(text):
        pieces.append(text[position : match.start()].encode())
        position = match.end()
        octets, characters = match.groups()
        if octets is not None:
            pieces.append(bytes(int(pair, 16) for pair in octets.split()))
        else:
            pieces.append("".join(_character(each, line) for each in characters.split()).encode())
    pieces.append(text[position:].encode())
    try:
        return b"".join(pieces).decode("utf-8")
    except UnicodeDecodeError:
        raise ScriptError(line, "encoded octets that are no UTF-8") from None
