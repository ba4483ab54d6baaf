"""APPEND and REPLACE, both ways: piece by piece, since literals of theirs are never held.

A line is read up to the literal it announces. Where a string is announced (the mailbox, a URL), it
is collected as in any command, and the line is read again from its beginning; where octets of a
message are, the pieces so far are given, and ``Place`` says what may come behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from netsuite.imap.commands.append import (
    Append,
    MessageLiteral,
    MessageUrl,
    NewMessage,
    Piece,
    Replace,
)
from netsuite.imap.grammar.dates import DATE_TIME, format_date_time, parse_date_time
from netsuite.imap.grammar.names import NamePrinter
from netsuite.imap.grammar.printing import format_astring, format_flags
from netsuite.imap.grammar.tokens import BadSyntax, Cursor, flag, flag_set

# append          = "APPEND" SP mailbox 1*append-message                         (RFC 3502)
# replace         = "REPLACE" SP seq-number SP mailbox append-message            (RFC 8508, 5)
# append-message  = append-opts SP append-data                                   (RFC 4466, 6)
# append-opts     = [SP flag-list] [SP date-time]
# append-data     = literal / literal8 / append-data-ext
# append-data     =/ "CATENATE" SP "(" cat-part *(SP cat-part) ")"               (RFC 4469, 5)
# cat-part        = text-literal / url / utf8-literal
# text-literal    = "TEXT" SP literal
# url             = "URL" SP astring
# utf8-literal    = "UTF8" SP "(" literal8 ")"                                   (RFC 6855, 4)

_OPEN: Final = ord("(")
_CLOSE: Final = ord(")")

_Request: TypeAlias = Append | Replace


class WantsString(Exception):
    """A string comes next, and is the literal that the line announces."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A literal at the end of a line.

    Args:
        octets: how many it has.
        synchronising: whether the client waits for leave to send it.
    """

    octets: int
    synchronising: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the grammar a line begins.

    Args:
        messages: how many have begun.
        in_list: within the list of CATENATE, behind a part.
        in_utf8: within the parentheses of UTF8, behind its literal.
        limit: how many there may be; None for any number.
    """

    messages: int = 0
    in_list: bool = False
    in_utf8: bool = False
    limit: int | None = None


class _Reader:
    """Reads pieces up to a literal of a message, or to the end of the command."""

    def __init__(self, cursor: Cursor, place: Place, announced: Announced | None) -> None:
        self._cursor = cursor
        self._announced = announced
        self.messages = place.messages
        self.in_list = place.in_list
        self.in_utf8 = place.in_utf8
        self.limit = place.limit
        self.pieces: list[Piece] = []

    def read(self) -> None:
        cursor = self._cursor
        if self.in_utf8:
            cursor.expect(_CLOSE)
            self.in_utf8 = False
        while True:
            if self.in_list:
                if cursor.take(_CLOSE):
                    self.in_list = False
                    continue
                cursor.space()
                ended = self._part()
            elif cursor.at_end() and self._announced is None:
                return
            else:
                cursor.space()
                ended = self._message()
            if ended:
                return

    def _message(self) -> bool:
        cursor = self._cursor
        if self.messages == self.limit:
            raise BadSyntax("too many messages")
        flags: frozenset[str] = frozenset()
        if cursor.peek() == _OPEN:
            flags = flag_set(cursor.items(partial(flag, cursor), empty=True))
            cursor.space()
        date = None
        if cursor.peek() == ord('"'):
            date = parse_date_time(cursor.word(DATE_TIME, "a date and time"))
            cursor.space()
        self.messages += 1
        if cursor.peek() in (-1, ord("~")):
            self.pieces.append(NewMessage(flags, date))
            return self._literal()
        name = cursor.name()
        if name == b"UTF8":
            self.pieces.append(NewMessage(flags, date))
            return self._utf8()
        if name != b"CATENATE":
            raise BadSyntax("a literal was expected")
        self.pieces.append(NewMessage(flags, date, catenated=True))
        cursor.space().expect(_OPEN)
        self.in_list = True
        return self._part()

    def _part(self) -> bool:
        name = self._cursor.name()
        if name == b"UTF8":
            return self._utf8()
        if name == b"TEXT":
            self._cursor.space()
            return self._literal()
        if name != b"URL":
            raise BadSyntax("TEXT or URL was expected")
        self.pieces.append(MessageUrl(_string(self._cursor.space(), self._announced)))
        return False

    def _utf8(self) -> bool:
        self._cursor.space().expect(_OPEN)
        if self._cursor.peek() != ord("~"):
            raise BadSyntax("a literal8 was expected")
        self.in_utf8 = True
        return self._literal()

    def _literal(self) -> bool:
        literal8 = self._cursor.take(ord("~"))
        if self._announced is None or not self._cursor.at_end():
            raise BadSyntax("a literal was expected")
        octets, synchronising = self._announced.octets, self._announced.synchronising
        self.pieces.append(MessageLiteral(octets, synchronising, literal8, self.in_utf8))
        return True


def _string(cursor: Cursor, announced: Announced | None) -> bytes:
    """Read ``astring``. Raises WantsString."""
    if announced is not None and cursor.at_end():
        raise WantsString
    return cursor.astring()


def read_pieces(
    cursor: Cursor, place: Place, announced: Announced | None
) -> tuple[tuple[Piece, ...], Place]:
    """Read a line from a place on; return its pieces, and where the next one begins.

    Args:
        announced: the literal that the line ends with; None where the command ends.

    Raises:
        WantsString: the literal is to be collected, and the line to be read again.
    """
    reader = _Reader(cursor, place, announced)
    reader.read()
    place = Place(reader.messages, reader.in_list, reader.in_utf8, reader.limit)
    return tuple(reader.pieces), place


def _append(cursor: Cursor, announced: Announced | None) -> tuple[_Request, Place]:
    mailbox = _mailbox(cursor.space(), announced)
    pieces, place = read_pieces(cursor, Place(), announced)
    return Append(mailbox, pieces), place


def _replace(by_uid: bool, cursor: Cursor, announced: Announced | None) -> tuple[_Request, Place]:
    number = cursor.space().sequence_set()
    if len(number.ranges) != 1 or number.ranges[0][0] != number.ranges[0][1]:
        raise BadSyntax("one number was expected")
    mailbox = _mailbox(cursor.space(), announced)
    pieces, place = read_pieces(cursor, Place(limit=1), announced)
    return Replace(number, mailbox, pieces, by_uid), place


def _mailbox(cursor: Cursor, announced: Announced | None) -> str:
    if announced is not None and cursor.at_end():
        raise WantsString
    return cursor.mailbox()


def read_request(
    cursor: Cursor, announced: Announced | None = None
) -> tuple[_Request, Place] | None:
    """Read an APPEND or REPLACE from its name on; None where the command is another.

    Raises:
        WantsString: as of ``read_pieces``.
    """
    name = cursor.name()
    if name == b"APPEND":
        return _append(cursor, announced)
    by_uid = name == b"UID" and cursor.take(ord(" "))
    if by_uid:
        name = cursor.name()
    return _replace(by_uid, cursor, announced) if name == b"REPLACE" else None


def _whole(read: tuple[_Request, Place]) -> _Request:
    request, _ = read
    if not request.pieces:
        raise BadSyntax("a literal was expected")
    return request


def append_request(cursor: Cursor) -> _Request:
    """Read an APPEND that has no literal of a message: all of it are URLs."""
    return _whole(_append(cursor, None))


def replace_request(by_uid: bool, cursor: Cursor) -> _Request:
    """Read such a REPLACE."""
    return _whole(_replace(by_uid, cursor, None))


# -- onto the wire ------------------------------------------------------------------------------


def format_append(mailbox: NamePrinter, request: _Request) -> bytes:
    """Return an APPEND or REPLACE up to its first literal, which it announces."""
    if isinstance(request, Append):
        words = b"APPEND"
    else:
        words = b"UID REPLACE " if request.by_uid else b"REPLACE "
        words += bytes(request.number)
    octets, _ = format_pieces(request.pieces, Place())
    return b"%b %b%b" % (words, mailbox(request.mailbox), octets)


def format_pieces(pieces: tuple[Piece, ...], place: Place) -> tuple[bytes, Place]:
    """Return pieces as they stand behind a place, and where the next ones stand."""
    words: list[bytes] = []
    messages, in_list, in_utf8 = place.messages, place.in_list, place.in_utf8
    begins_list = False
    for piece in pieces:
        if in_utf8:
            words.append(b")")
            in_utf8 = False
        if isinstance(piece, NewMessage):
            words.append(b")" if in_list else b"")
            words.append(_format_message(piece))
            messages += 1
            in_list = begins_list = piece.catenated
            continue
        words.append(b"" if begins_list else b" ")
        begins_list = False
        if isinstance(piece, MessageUrl):
            words.append(b"URL " + format_astring(piece.url))
            continue
        plus = b"" if piece.synchronising else b"+"
        literal = b"%b{%d%b}\r\n" % (b"~" if piece.literal8 else b"", piece.octets, plus)
        if piece.utf8:
            in_utf8 = True
            literal = b"UTF8 (" + literal
        elif in_list:
            literal = b"TEXT " + literal
        words.append(literal)
    if not isinstance(pieces[-1] if pieces else None, MessageLiteral):
        words.append(b")" * (in_list + in_utf8))
        in_list = in_utf8 = False
    return b"".join(words), Place(messages, in_list, in_utf8)


def _format_message(message: NewMessage) -> bytes:
    words = []
    if message.flags:
        words.append(b" " + format_flags(sorted(message.flags)))
    if message.date is not None:
        words.append(b" " + format_date_time(message.date))
    if message.catenated:
        words.append(b" CATENATE (")
    return b"".join(words)
