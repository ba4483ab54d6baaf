"""Content made harmless for a terminal: nothing in it moves the cursor or turns text around.

A message, an article, a file or its name may hold anything. What would act on a terminal is
shown instead: ``^[`` for ESC, ``<U+202E>`` for a right-to-left override.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

# Control characters but TAB and LF (C0, DEL, C1); what changes the direction of text (UAX 9, 2);
# line ends of Unicode; what is invisible and may hide text; tags; lone surrogates.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def sanitized(text: str) -> str:
    """Return text of which a terminal does nothing but show it; TAB and LF stay."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    if 0xDC80 <= code <= 0xDCFF:  # an octet of a file's name that is no UTF-8 (PEP 383)
        return f"<{code - 0xDC00:02X}>"
    return f"<U+{code:04X}>"


def one_line(text: str) -> str:
    """Return sanitized text without line ends and TABs, for lists and prompts."""
    return sanitized(" ".join(text.split("\n")).replace("\t", " "))


def width(text: str) -> int:
    """Return how many columns sanitized text takes on a terminal; TABs are expanded before."""
    if text.isascii():
        return len(text)
    columns = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def cut(text: str, columns: int) -> str:
    """Return so much of a text as fits into so many columns."""
    if text.isascii() or width(text) <= columns:
        return text[:columns]
    taken = 0
    for index, character in enumerate(text):
        taken += width(character)
        if taken > columns:
            return text[:index]
    return text


def in_columns(words: Sequence[str], columns: int) -> str:
    """Return words as lines of equal columns, down and then across, as wide as a window."""
    shown = [cut(one_line(word), columns - 1) for word in words]
    each = max(map(width, shown)) + 2
    across = max(1, (columns + 1) // each)
    rows = -(-len(shown) // across)
    lines = []
    for row in range(rows):
        cells = shown[row::rows]
        lines.append("".join(cell + " " * (each - width(cell)) for cell in cells).rstrip() + "\n")
    return "".join(lines)
