"""Octets to text by the name of a charset, for octets and names from anywhere.

Python looks unknown codec names up on disk and remembers them for ever, and knows codecs that
are no charsets or take quadratic time; so only names of its own table are ever looked up.
"""

from __future__ import annotations

from encodings.aliases import aliases
from typing import Final

#: Codecs that are no charset of a message (or, idna and punycode, not linear).
_UNFIT: Final = frozenset(
    {
        "base64_codec",
        "bz2_codec",
        "hex_codec",
        "idna",
        "mbcs",
        "punycode",
        "quopri_codec",
        "raw_unicode_escape",
        "rot_13",
        "undefined",
        "unicode_escape",
        "uu_codec",
        "zlib_codec",
    }
)
_CODECS: Final = {
    **{name: codec for name, codec in aliases.items() if codec not in _UNFIT},
    **{codec: codec for codec in set(aliases.values()) - _UNFIT},
    # What senders mean: most "latin1" and "us-ascii" mail with 8-bit octets is windows-1252.
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "x_sjis": "shift_jis",
    "x_gbk": "gbk",
    "gb2312": "gb18030",  # a superset that senders label so
    "ks_c_5601_1987": "cp949",
    "utf8mb4": "utf_8",
    "x_unknown": "utf_8",
    "unknown_8bit": "utf_8",
}


def codec_of(charset: str) -> str | None:
    """Return the name of Python's codec for a charset, or None where there is none fit."""
    name = charset.strip().lower()
    if len(name) > 40:
        return None
    return _CODECS.get(name.replace("-", "_").replace(" ", "_").replace(":", "_"))


def guess(octets: bytes) -> str:
    """Return text for octets of unknown charset: UTF-8 if they are, else windows-1252."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def decode(octets: bytes, charset: str | None) -> str:
    """Return text for octets, by the charset the sender named, if any; never raises."""
    codec = codec_of(charset) if charset else None
    if codec is None or codec == "ascii":
        return guess(octets)
    try:
        return octets.decode(codec, "replace")
    except (UnicodeError, LookupError):  # some codecs raise whatever was asked (utf_16, utf_7)
        return guess(octets)
