"""The tokenizer: words, numbers, strings and literals out of one command or response.

A command is a row of parts: line octets, literal, line octets, literal, ..., line octets; the
``{n}`` that announced a literal is not in the line before it. Every rule looks at an octet
once; nothing is tried twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from netsuite.imap import mutf7
from netsuite.imap.commands.fetch import Streamed
from netsuite.imap.sequences import SAVED, SEQUENCE_SET, TOP, SequenceSet

T = TypeVar("T")

#: Lists in lists: what ENVELOPE, BODYSTRUCTURE and SEARCH need, and no more.
DEPTH: Final = 50
MODSEQ_TOP: Final = 9_223_372_036_854_775_807  # RFC 7162, 7: 63 bits

# atom-specials  = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials /
#                  resp-specials
# ATOM-CHAR      = <any CHAR except atom-specials>
# ASTRING-CHAR   = ATOM-CHAR / resp-specials
# list-char      = ATOM-CHAR / list-wildcards / resp-specials
# tag            = 1*<any ASTRING-CHAR except "+">
_ATOM_CHARS: Final = rb"!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~"
ATOM = re.compile(rb"[%b]+" % _ATOM_CHARS)
ASTRING_CHARS = re.compile(rb"[%b\]]+" % _ATOM_CHARS)
LIST_CHARS = re.compile(rb"[%b\]%%*]+" % _ATOM_CHARS)
TAG = re.compile(rb"[%b\]]+" % _ATOM_CHARS.replace(b"+", b""))
# number         = 1*DIGIT
NUMBER = re.compile(rb"[0-9]{1,20}(?![0-9])")
# quoted         = DQUOTE *QUOTED-CHAR DQUOTE
# QUOTED-CHAR    = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials
# Octets above 127 are taken too: RFC 9051 has UTF-8 here, and clients send such passwords.
QUOTED = re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"')
_ESCAPE = re.compile(rb'\\(["\\])')
# flag           = "\" atom / atom
FLAG = re.compile(rb"\\?[%b]+" % _ATOM_CHARS)
_SPACE: Final = ord(" ")
_NIL = re.compile(rb"[Nn][Ii][Ll](?![%b\]])" % _ATOM_CHARS)

#: RFC 3501, 2.3.2: as they are spelled here, whatever the case they came in.
SYSTEM_FLAGS: Final = {
    name.lower(): name
    for name in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "\\Recent")
}
# flag-perm = flag / "\*"; generous, since what a server says harms nobody
_FLAG_PERM: Final = re.compile(rb"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+|\\\*")
#: Flags in one command, and octets of each: what a folder's keywords may cost.
_FLAGS_IN_ALL, _FLAG_OCTETS = 100, 128


class BadSyntax(Exception):
    """What was said is not in the grammar; the message may be shown to who said it."""


class Cursor:
    """A place in the parts of one command or response."""

    __slots__ = ("_line", "_parts", "depth", "part", "place", "utf8")

    def __init__(
        self, parts: Sequence[bytes | Streamed], place: int = 0, *, utf8: bool = False
    ) -> None:
        self._parts = parts
        self.utf8 = utf8  # the client has enabled it: mailbox names are in UTF-8
        self.part = 0  # even: a line; the literal after it is at part + 1
        line = parts[0]
        assert isinstance(line, bytes)
        self._line = line
        self.place = place
        self.depth = 0

    # -- looking ------------------------------------------------------------------------------

    def peek(self) -> int:
        """Return the next octet of the line; -1 at its end."""
        return self._line[self.place] if self.place < len(self._line) else -1

    def at_literal(self) -> bool:
        """Return whether a literal comes next."""
        return self.place == len(self._line) and self.part + 1 < len(self._parts)

    def at_end(self) -> bool:
        """Return whether nothing comes any more."""
        return self.place == len(self._line) and self.part + 1 >= len(self._parts)

    def end(self) -> None:
        """Check that this is the end."""
        if not self.at_end():
            raise BadSyntax("too much was said")

    # -- single things ------------------------------------------------------------------------

    def take(self, octet: int) -> bool:
        """Step over an octet if it is that one."""
        if self.peek() != octet:
            return False
        self.place += 1
        return True

    def expect(self, octet: int) -> None:
        """Step over that octet."""
        if not self.take(octet):
            raise BadSyntax(f"{chr(octet)!r} is missing")

    def space(self) -> Cursor:
        """Step over the one space that may stand between two words; return the place behind."""
        if not self.take(_SPACE):
            raise BadSyntax("a space is missing" if self.peek() < 0 else "one space was expected")
        return self

    def match(self, pattern: re.Pattern[bytes]) -> bytes | None:
        """Step over what matches here; None, and no step, when nothing does."""
        found = pattern.match(self._line, self.place)
        if found is None:
            return None
        self.place = found.end()
        return found.group()

    def word(self, pattern: re.Pattern[bytes], what: str) -> bytes:
        """Step over what matches here, or say that *what* was expected."""
        found = self.match(pattern)
        if found is None:
            raise BadSyntax(f"{what} was expected")
        return found

    def rest(self) -> bytes:
        """Step over the rest of the line."""
        octets = self._line[self.place :]
        self.place = len(self._line)
        return octets

    # -- words --------------------------------------------------------------------------------

    def atom(self) -> bytes:
        """``atom``."""
        return self.word(ATOM, "an atom")

    def name(self) -> bytes:
        """An atom compared without case, in upper case."""
        return self.atom().upper()

    def number(self, top: int = TOP) -> int:
        """``number``, at most *top*."""
        value = int(self.word(NUMBER, "a number"))
        if value > top:
            raise BadSyntax("a number is too large")
        return value

    def nz_number(self, top: int = TOP) -> int:
        """``nz-number``."""
        value = self.number(top)
        if value == 0:
            raise BadSyntax("zero is not a number here")
        return value

    def sequence_set(self) -> SequenceSet:
        """``sequence-set``."""
        numbers = SequenceSet.parse(self.word(SEQUENCE_SET, "a sequence set"))
        if numbers is None:
            raise BadSyntax("a number is too large")
        return numbers

    def named_set(self) -> SequenceSet:
        """``sequence-set``, or ``$`` for what was saved (RFC 5182, 3)."""
        return SAVED if self.take(ord("$")) else self.sequence_set()

    def quoted(self) -> bytes:
        """``quoted``, its escapes undone."""
        octets = self.word(QUOTED, "a quoted string")[1:-1]
        return _ESCAPE.sub(rb"\1", octets) if b"\\" in octets else octets

    def literal(self) -> bytes | Streamed:
        """The literal that comes next; ``Streamed`` only where its octets were not kept."""
        value = self._parts[self.part + 1]
        line = self._parts[self.part + 2]
        assert isinstance(line, bytes)
        self.part += 2
        self._line = line
        self.place = 0
        return value

    def string(self) -> bytes:
        """``string``: quoted or literal."""
        if not self.at_literal():
            return self.quoted()
        value = self.literal()
        if not isinstance(value, bytes):
            raise BadSyntax("a literal is too long for where it stands")
        if b"\0" in value:  # CHAR8 = %x01-ff
            raise BadSyntax("NUL in a literal")
        return value

    def astring(self) -> bytes:
        """``astring``."""
        return self._or_string(ASTRING_CHARS)

    def _or_string(self, pattern: re.Pattern[bytes]) -> bytes:
        found = self.match(pattern)
        return found if found is not None else self.string()

    def nil(self) -> bool:
        """Step over NIL if it comes next."""
        return self.match(_NIL) is not None

    def nstring(self) -> bytes | None:
        """``nstring``."""
        return None if self.nil() else self.string()

    # -- names --------------------------------------------------------------------------------

    def mailbox(self) -> str:
        """``mailbox``: INBOX in any case, else modified UTF-7, or UTF-8 where it is enabled."""
        return mailbox_name(self.astring(), utf8=self.utf8)

    def shown_mailbox(self) -> str:
        """``mailbox`` as a server shows it, modified UTF-7 or not (see ``mutf7.decode_any``)."""
        return shown_name(self.astring(), utf8=self.utf8)

    def list_mailbox(self) -> str:
        """``list-mailbox``: a name with wildcards."""
        return mailbox_name(self._or_string(LIST_CHARS), utf8=self.utf8)

    def flag(self) -> str:
        """``flag``, system flags in their own spelling."""
        return flag_name(self.word(FLAG, "a flag"))

    # -- lists --------------------------------------------------------------------------------

    def items(self, read: Callable[[], T], *, empty: bool = False) -> list[T]:
        """``"(" x *(SP x) ")"``."""
        self.expect(ord("("))
        if empty and self.take(ord(")")):
            return []
        self.descend()
        values = [read()]
        while not self.take(ord(")")):
            self.space()
            values.append(read())
        self.depth -= 1
        return values

    def descend(self) -> None:
        """Count one level more; whoever comes back up counts it off."""
        self.depth += 1
        if self.depth > DEPTH:
            raise BadSyntax("nested too deeply")


def mailbox_name(octets: bytes, *, utf8: bool = False) -> str:
    """Read a mailbox name as it is on the wire (RFC 3501, 5.1; in UTF-8 RFC 6855, 3)."""
    if utf8:  # "&" stands for itself there
        try:
            return _in_capitals(octets.decode("utf-8"))
        except UnicodeDecodeError:
            raise BadSyntax("a mailbox name is not in UTF-8") from None
    try:
        name = mutf7.decode(octets)
    except mutf7.BadName:
        # No mailbox has that name, and none can get it; that is no fault of grammar.
        name = mutf7.decode_any(octets)
    return _in_capitals(name)


def shown_name(octets: bytes, *, utf8: bool = False) -> str:
    """Read a mailbox name as a server shows it (see ``mutf7.decode_any``)."""
    if utf8:
        with suppress(UnicodeDecodeError):
            return _in_capitals(octets.decode("utf-8"))
    return _in_capitals(mutf7.decode_any(octets))


def _in_capitals(name: str) -> str:
    return "INBOX" if name.upper() == "INBOX" else name


def flag_name(octets: bytes) -> str:
    """Return a flag as text; system flags are spelled one way only."""
    flag = octets.decode("ascii")
    return SYSTEM_FLAGS.get(flag.lower(), flag) if flag[0] == "\\" else flag


# -- flags --------------------------------------------------------------------------------------


def any_flag(cursor: Cursor) -> str:
    """Read a flag that a message may have, \\\\Recent among them."""
    flag = cursor.flag()
    if flag[0] == "\\" and flag not in SYSTEM_FLAGS.values():
        # flag-extension: servers "MUST NOT generate" it (RFC 3501, 9), so they cannot keep it.
        raise BadSyntax("there is no such system flag")
    if len(flag) > _FLAG_OCTETS:
        raise BadSyntax("a flag is too long")
    return flag


def flag(cursor: Cursor) -> str:
    """Read a flag that a client may set."""
    name = any_flag(cursor)
    if name == "\\Recent":  # RFC 3501, 9: flag does not include it
        raise BadSyntax("\\Recent cannot be set")
    return name


def flag_set(flags: Sequence[str]) -> frozenset[str]:
    """Return a set of flags, of which there must not be too many."""
    # Keywords are compared without case: the first spelling stays.
    unique = {flag.lower(): flag for flag in reversed(flags)}
    if len(unique) > _FLAGS_IN_ALL:
        raise BadSyntax("too many flags")
    return frozenset(unique.values())


def shown_flags(cursor: Cursor) -> tuple[str, ...]:
    """Read a flag list of a response."""
    return tuple(cursor.items(lambda: flag_name(cursor.word(_FLAG_PERM, "a flag")), empty=True))
