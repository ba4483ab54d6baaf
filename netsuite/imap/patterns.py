"""LIST's patterns: ``*`` stands for anything, ``%`` for anything but the separator.

No regular expression of a peer's making is run. All patterns of a LIST are run over a name at
once, as a set of places in one integer, a step for each character: the time is the length of the
name, whatever the wildcards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from unicodedata import normalize

#: Longer patterns match nothing: no name is that long.
LONGEST: Final = 2000

_INBOX: Final = "INBOX"


class Patterns:
    """Patterns to match many names with; a name is meant where one of them matches.

    Args:
        texts: the reference and a pattern each, joined (RFC 3501, 6.3.8).
        separator: what ``%`` does not cross.
    """

    __slots__ = ("_all", "_inbox", "_plain", "_separator", "_top", "_wild")

    def __init__(self, texts: Iterable[str], separator: str) -> None:
        # Names are kept in normal form C.
        texts = [normalize("NFC", text) for text in texts if len(text) <= LONGEST]
        # So is INBOX in capitals, above others, too.
        texts += [_INBOX + text[5:] for text in texts if _begins_with_inbox(text, separator)]
        self._separator = separator
        self._all = "*" in texts
        self._top = "%" in texts
        self._plain = frozenset(text for text in texts if "*" not in text and "%" not in text)
        wild = [text for text in texts if text not in self._plain]
        self._wild = _Wild(wild, separator) if wild else None
        # INBOX is meant in whatever case its pattern is written.
        upper = [text.upper() for text in texts]
        self._inbox = _INBOX in upper or _Wild(upper, separator).matches(_INBOX)

    def matches(self, name: str) -> bool:
        """Return whether a name is meant."""
        if self._all or name in self._plain:
            return True
        if name == _INBOX:
            return self._inbox
        if self._top and self._separator not in name:
            return True
        return self._wild is not None and self._wild.matches(name)


def _begins_with_inbox(text: str, separator: str) -> bool:
    first = text[: len(_INBOX)]
    after = text[len(_INBOX) : len(_INBOX) + 1]
    return first != _INBOX and first.upper() == _INBOX and after in ("*", "%", separator)


class _Wild:
    """The places of all patterns, one behind the other: a bit for each character that is to be
    met, and one for each end, from which nothing leads on to the next pattern."""

    __slots__ = ("_begin", "_ends", "_places", "_separator", "_stay", "_stay_within")

    def __init__(self, texts: Iterable[str], separator: str) -> None:
        self._separator = separator
        self._begin = 0  # where each of them begins
        self._ends = 0  # where one has matched
        self._stay = 0  # where any character lets one stay, as ``*`` does
        self._stay_within = 0  # where any but the separator does, as ``%``
        self._places: dict[str, int] = {}  # where this character leads on
        place = 1
        for text in texts:
            self._begin |= place
            for character in text:
                if character == "*":
                    self._stay |= place
                elif character == "%":
                    self._stay_within |= place
                else:
                    self._places[character] = self._places.get(character, 0) | place
                    place <<= 1
            self._ends |= place
            place <<= 1
        self._stay_within |= self._stay

    def matches(self, name: str) -> bool:
        reached = self._begin
        for character in name:
            stay = self._stay if character == self._separator else self._stay_within
            reached = (reached & self._places.get(character, 0)) << 1 | reached & stay
            if not reached:
                return False
        return bool(reached & self._ends)


def parents(name: str, separator: str) -> list[str]:
    """Return the names above a name, the highest first."""
    return [
        name[:place] for place, character in enumerate(name) if character == separator and place
    ]
