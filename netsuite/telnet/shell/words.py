"""The words of a typed line, quoted as in a shell; of a word with wildcards, its pattern too.

::

    line  = *( blank word ) blank
    word  = 1*( plain / "'" *char "'" / '"' *( char / "\" char ) '"' / "\" char )
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

#: What stands for other characters in the name of a file, where it is not quoted.
_WILDCARDS: Final = "*?["
#: What has to be quoted to stand for itself.
_SPECIAL: Final = re.compile(r"([\s\\'\"*?\[\]])")


class Unended(Exception):
    """A quotation mark or a backslash has nothing behind it."""


class Word(str):
    """A word as it is meant, its quotes undone.

    ``pattern`` is the same with each quoted wildcard in brackets, for ``fnmatch``; empty where the
    word has no wildcard that counts.
    """

    __slots__ = ("pattern",)
    pattern: str

    def __new__(cls, text: str, pattern: str = "") -> Word:
        """Make one."""
        made = super().__new__(cls, text)
        made.pattern = pattern
        return made


def split(line: str) -> list[str]:
    """Return the words of a line. Raises Unended."""
    words, rest, end = split_unended(line)
    if end is not None:
        raise Unended
    return [*words, *([rest] if rest is not None else [])]


def split_unended(line: str) -> tuple[Sequence[Word], Word | None, str | None]:
    """Return the words that are ended, the one that the line ends with, if any, and what it lacks
    yet: its quotation mark, or a backslash's character; None for nothing."""
    words: list[Word] = []
    current: list[tuple[str, bool]] | None = None
    quote: str | None = None
    characters = iter(line)
    for each in characters:
        if quote is not None and each == quote:
            quote = None
        elif each == "\\" and quote != "'":
            following = next(characters, None)
            if following is None:
                return words, _word(current or []), "\\"
            kept = quote is not None and following not in '\\"'  # as a shell does
            current = [*(current or []), *([("\\", True)] if kept else []), (following, True)]
        elif quote is not None:
            current = current if current is not None else []
            current.append((each, True))
        elif each in "'\"":
            quote = each
            current = current if current is not None else []
        elif each.isspace():
            if current is not None:
                words.append(_word(current))
                current = None
        else:
            current = current if current is not None else []
            current.append((each, False))
    return words, None if current is None else _word(current), quote


def _word(characters: Sequence[tuple[str, bool]]) -> Word:
    text = "".join(each for each, _ in characters)
    if not any(each in _WILDCARDS and not quoted for each, quoted in characters):
        return Word(text)
    pattern = "".join(
        f"[{each}]" if quoted and each in _WILDCARDS else each for each, quoted in characters
    )
    return Word(text, pattern)


def quoted(text: str, mark: str | None = None) -> str:
    """Return a text such that it is read as one word, or as the rest of one.

    Args:
        mark: the quotation mark that it stands behind; None for none.
    """
    if mark == "'":
        return text.replace("'", "'\\''")
    if mark == '"':
        return re.sub(r'([\\"])', r"\\\1", text)
    return _SPECIAL.sub(r"\\\1", text)
