"""The tokenizer of responses: takes what servers get wrong where nothing is lost by it.

Spaces too many, octets above 127 outside of quotes, backslashes that escape nothing, structures
as deep as messages are: servers in use send each of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from netsuite.imap.grammar.tokens import LIST_CHARS, BadSyntax, Cursor

#: Lists in lists, more than twice as deep as our server shows them. It bounds a recursion.
DEPTH: Final = 150

# Where the grammar has one space or none: spaces that stand before a closing parenthesis belong
# to that, those behind an opening one to this.
_LOOSE: Final[Mapping[int, re.Pattern[bytes]]] = {
    ord(" "): re.compile(rb" +(?![ )])"),
    ord("("): re.compile(rb"\( *"),
    ord(")"): re.compile(rb" *\)"),
}
_ASTRING: Final = re.compile(LIST_CHARS.pattern.replace(b"]+", rb"\x80-\xff]+"))
_QUOTED: Final = re.compile(rb'"((?:[^"\\\r\n]|\\[^\r\n])*)"')
_ESCAPE: Final = re.compile(rb'\\(["\\])')


class ResponseCursor(Cursor):
    """A place in the parts of one response."""

    __slots__ = ()

    def take(self, octet: int) -> bool:
        """Step over an octet if it is that one, and over spaces that should not be there."""
        loose = _LOOSE.get(octet)
        return super().take(octet) if loose is None else self.match(loose) is not None

    def quoted(self) -> bytes:
        """``quoted``; a backslash that escapes nothing stands for itself."""
        octets = self.word(_QUOTED, "a quoted string")[1:-1]
        return _ESCAPE.sub(rb"\1", octets) if b"\\" in octets else octets

    def astring(self) -> bytes:
        """``astring``, wildcards and octets above 127 among its characters."""
        return self._or_string(_ASTRING)

    def descend(self) -> None:
        """Count one level more; see ``DEPTH``."""
        self.depth += 1
        if self.depth > DEPTH:
            raise BadSyntax("nested too deeply")
