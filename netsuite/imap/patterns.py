"""LIST's patterns: ``*`` stands for anything, ``%`` for anything but the separator.

No regular expression of a peer's making is run: what each place of the pattern can have
reached is followed name by name, in steps of pattern times name at most.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"[*%]{2,}")

#: Longer patterns match nothing: no name is that long.
LONGEST = 2000


class Pattern:
    """A pattern to match many names with.

    Args:
        text: the reference and the pattern, joined (RFC 3501, 6.3.8).
        separator: what ``%`` does not cross.
    """

    __slots__ = ("_plain", "_text", "separator")

    def __init__(self, text: str, separator: str) -> None:
        # A run of wildcards is as wide as its widest.
        self._text = _RUN.sub(lambda run: "*" if "*" in run.group() else "%", text)
        self._plain = "*" not in self._text and "%" not in self._text
        self.separator = separator

    def matches(self, name: str) -> bool:
        """Tell whether a name is meant. INBOX is, in whatever case its pattern is written."""
        if self._match(self._text, name):
            return True
        return name == "INBOX" and self._match(self._text.upper(), name)

    def _match(self, text: str, name: str) -> bool:
        if self._plain:
            return text == name
        if text == "*":
            return True
        if text == "%":
            return self.separator not in name
        if len(text) > LONGEST:
            return False
        places = _closure(text, {0})
        for character in name:
            reached = set()
            for place in places:
                if place == len(text):
                    continue
                wanted = text[place]
                if wanted == "*" or (wanted == "%" and character != self.separator):
                    reached.add(place)
                elif wanted == character:
                    reached.add(place + 1)
            if not reached:
                return False
            places = _closure(text, reached)
        return len(text) in places


def _closure(text: str, places: set[int]) -> set[int]:
    """Add the places behind wildcards that stand for nothing."""
    for place in list(places):
        while place < len(text) and text[place] in "*%":
            place += 1
            places.add(place)
    return places


def parents(name: str, separator: str) -> list[str]:
    """Give the names above a name, the highest first."""
    return [
        name[:place] for place, character in enumerate(name) if character == separator and place
    ]
