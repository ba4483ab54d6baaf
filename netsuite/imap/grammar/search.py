"""The grammar of SEARCH's keys, both ways (RFC 3501, 6.4.4)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Final

from netsuite.imap.commands import search as key
from netsuite.imap.commands.search import Comparison, SearchKey
from netsuite.imap.grammar.dates import DATE_TEXT, format_date, parse_date
from netsuite.imap.grammar.printing import format_astring, format_atom
from netsuite.imap.grammar.tokens import MODSEQ_TOP, BadSyntax, Cursor

#: Charsets SEARCH takes, as BADCHARSET lists them.
CHARSETS: Final = ("US-ASCII", "UTF-8")
#: Keys in one SEARCH, all levels together.
_KEYS = 1000

_FLAGS: Final = ("\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen")
_DATES: Final[
    Mapping[bytes, tuple[type[key.ReceivedOn | key.SentOn | key.SavedOn], Comparison]]
] = {
    b"BEFORE": (key.ReceivedOn, Comparison.BEFORE),
    b"ON": (key.ReceivedOn, Comparison.ON),
    b"SINCE": (key.ReceivedOn, Comparison.SINCE),
    b"SENTBEFORE": (key.SentOn, Comparison.BEFORE),
    b"SENTON": (key.SentOn, Comparison.ON),
    b"SENTSINCE": (key.SentOn, Comparison.SINCE),
    b"SAVEDBEFORE": (key.SavedOn, Comparison.BEFORE),
    b"SAVEDON": (key.SavedOn, Comparison.ON),
    b"SAVEDSINCE": (key.SavedOn, Comparison.SINCE),
}
_BARE: Final[Mapping[bytes, SearchKey]] = {
    b"ALL": key.AllMessages(),
    b"NEW": key.Every((key.IsRecent(), key.Flagged("\\Seen", False))),
    b"OLD": key.IsRecent(False),
    b"RECENT": key.IsRecent(),
    b"SAVEDATESUPPORTED": key.SaveDateSupported(),
    **{flag[1:].upper().encode(): key.Flagged(flag) for flag in _FLAGS},
    **{b"UN" + flag[1:].upper().encode(): key.Flagged(flag, False) for flag in _FLAGS},
}
#: What is no digit and begins a set.
_SET_BEGINS: Final = (ord("*"), ord("$"))
# objectid = 1*255(ALPHA / DIGIT / "_" / "-")                               (RFC 8474, 7)
_OBJECT_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,255}(?![A-Za-z0-9_-])")
_FIELDS: Final = {name.upper().encode(): name for name in ("Bcc", "Cc", "From", "Subject", "To")}


class BadCharset(BadSyntax):
    """SEARCH names a charset that is not one of ``CHARSETS``."""


class _Reader:
    """One search program: how its text is to be read, and how many keys it has."""

    def __init__(self, cursor: Cursor, codec: str) -> None:
        self.cursor = cursor
        self.codec = codec
        self.left = _KEYS

    def key(self) -> SearchKey:
        """Read a ``search-key``."""
        cursor = self.cursor
        self.left -= 1
        if self.left < 0:
            raise BadSyntax("too many search keys")
        first = cursor.peek()
        if first == ord("("):
            return key.Every(tuple(cursor.items(self.key)))
        if ord("0") <= first <= ord("9") or first in _SET_BEGINS:
            return key.Numbered(cursor.named_set())
        name = cursor.name()
        bare = _BARE.get(name)
        if bare is not None:
            return bare
        read = _KEYS_WITH_ARGUMENTS.get(name)
        if read is None:
            raise BadSyntax("unknown search key")
        cursor.space()
        return read(self)

    def nested(self) -> SearchKey:
        """Read a ``search-key`` within NOT, OR or FUZZY."""
        self.cursor.descend()
        value = self.key()
        self.cursor.depth -= 1
        return value

    def text(self) -> str:
        """Read ``astring`` in the program's charset."""
        try:
            return self.cursor.astring().decode(self.codec)
        except UnicodeDecodeError:
            raise BadSyntax("text is not in the charset") from None

    def date(self) -> date:
        """Read ``date``."""
        quoted = self.cursor.take(ord('"'))
        day = parse_date(self.cursor.word(DATE_TEXT, "a date"))
        if quoted:
            self.cursor.expect(ord('"'))
        return day


def _header(reader: _Reader) -> SearchKey:
    name = reader.cursor.astring()
    reader.cursor.space()
    return key.HeaderHas(name.decode("latin-1"), reader.text())


def _either(reader: _Reader) -> SearchKey:
    one = reader.nested()
    reader.cursor.space()
    return key.Either(one, reader.nested())


def _object_id(reader: _Reader) -> str:
    return reader.cursor.word(_OBJECT_ID, "an object's id").decode("ascii")


def _modseq(reader: _Reader) -> SearchKey:
    # "MODSEQ" [SP search-modseq-ext] SP mod-sequence-valzer                    (RFC 7162, 7)
    cursor = reader.cursor
    if cursor.peek() == ord('"'):
        cursor.quoted()
        cursor.space()
        if cursor.name() not in (b"SHARED", b"PRIV", b"ALL"):
            raise BadSyntax("unknown entry type")
        cursor.space()
    return key.ModifiedSince(cursor.number(MODSEQ_TOP))


def _dated(
    make: Callable[[Comparison, date], SearchKey], comparison: Comparison, reader: _Reader
) -> SearchKey:
    return make(comparison, reader.date())


def _field(name: str, reader: _Reader) -> SearchKey:
    return key.HeaderHas(name, reader.text())


_KEYS_WITH_ARGUMENTS: Final[Mapping[bytes, Callable[[_Reader], SearchKey]]] = {
    b"BODY": lambda reader: key.BodyHas(reader.text()),
    b"TEXT": lambda reader: key.TextHas(reader.text()),
    b"HEADER": _header,
    b"KEYWORD": lambda reader: key.Flagged(reader.cursor.atom().decode("ascii")),
    b"UNKEYWORD": lambda reader: key.Flagged(reader.cursor.atom().decode("ascii"), False),
    b"LARGER": lambda reader: key.LargerThan(reader.cursor.number(MODSEQ_TOP)),
    b"SMALLER": lambda reader: key.SmallerThan(reader.cursor.number(MODSEQ_TOP)),
    b"UID": lambda reader: key.Numbered(reader.cursor.named_set(), by_uid=True),
    # RFC 5032, 3
    b"OLDER": lambda reader: key.Aged(reader.cursor.nz_number(), younger=False),
    b"YOUNGER": lambda reader: key.Aged(reader.cursor.nz_number(), younger=True),
    # RFC 8474, 7
    b"EMAILID": lambda reader: key.HasObjectId(_object_id(reader)),
    b"THREADID": lambda reader: key.HasObjectId(_object_id(reader), thread=True),
    # RFC 6203, 7
    b"FUZZY": lambda reader: key.Fuzzy(reader.nested()),
    b"MODSEQ": _modseq,
    b"NOT": lambda reader: key.Negated(reader.nested()),
    b"OR": _either,
    **{name: partial(_field, field) for name, field in _FIELDS.items()},
    **{name: partial(_dated, *how) for name, how in _DATES.items()},
}


def parse_search(cursor: Cursor) -> tuple[str | None, SearchKey]:
    """Read what follows SEARCH: the charset, and the keys (``Every`` when there are several).
    Raises BadCharset.
    """
    # search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
    charset = None
    place = cursor.place
    if cursor.space().peek() in (ord("C"), ord("c")) and cursor.name() == b"CHARSET":
        charset = parse_charset(cursor.space())
    else:
        cursor.place = place
    # Without a charset US-ASCII is meant (RFC 3501, 6.4.4); clients send UTF-8 nevertheless,
    # which contains it.
    return charset, parse_program(cursor, charset or "UTF-8")


def parse_charset(cursor: Cursor) -> str:
    """Read ``charset``. Raises BadCharset for one that is not of ``CHARSETS``."""
    charset = cursor.astring().decode("ascii", "replace").upper()
    if charset not in CHARSETS:
        raise BadCharset("unknown charset")
    return charset


def parse_program(cursor: Cursor, charset: str) -> SearchKey:
    """Read ``1*(SP search-key)``: ``Every`` where there are several."""
    reader = _Reader(cursor, codecs.lookup(charset).name)
    keys = [reader.key() for _ in iter(partial(cursor.take, ord(" ")), False)]
    if not keys:
        raise BadSyntax("a search key was expected")
    return keys[0] if len(keys) == 1 else key.Every(tuple(keys))


# -- the other way ----------------------------------------------------------------------------


def needs_charset(value: SearchKey) -> bool:
    """Return whether text in it is beyond US-ASCII."""
    texts = (key.HeaderHas, key.BodyHas, key.TextHas)
    return any(isinstance(each, texts) and not each.text.isascii() for each in key.walk(value))


def format_key(value: SearchKey) -> bytes:  # one case a key, nothing else: long but flat
    """Return a search-key; literals in it are those of ``format_string``."""
    match value:
        case key.AllMessages():
            return b"ALL"
        case key.Flagged(flag, wanted):
            if flag.startswith("\\"):
                return (b"" if wanted else b"UN") + format_atom(flag[1:]).upper()
            return (b"KEYWORD " if wanted else b"UNKEYWORD ") + format_atom(flag)
        case key.IsRecent(wanted):
            return b"RECENT" if wanted else b"OLD"
        case key.HeaderHas(name, text):
            words = format_astring(name.encode("latin-1")), format_astring(text.encode())
            return b"HEADER %b %b" % words
        case key.BodyHas(text):
            return b"BODY " + format_astring(text.encode())
        case key.TextHas(text):
            return b"TEXT " + format_astring(text.encode())
        case key.ReceivedOn(comparison, day):
            return comparison.name.encode() + b" " + format_date(day)
        case key.SentOn(comparison, day):
            return b"SENT" + comparison.name.encode() + b" " + format_date(day)
        case key.SavedOn(comparison, day):
            return b"SAVED" + comparison.name.encode() + b" " + format_date(day)
        case key.SaveDateSupported():
            return b"SAVEDATESUPPORTED"
        case key.Aged(seconds, younger):
            return b"%b %d" % (b"YOUNGER" if younger else b"OLDER", seconds)
        case key.HasObjectId(name, thread):
            return b"%b %b" % (b"THREADID" if thread else b"EMAILID", format_atom(name))
        case key.Fuzzy(inner):
            return b"FUZZY " + format_key(inner)
        case key.LargerThan(octets):
            return b"LARGER %d" % octets
        case key.SmallerThan(octets):
            return b"SMALLER %d" % octets
        case key.Numbered(numbers, by_uid):
            return (b"UID " if by_uid else b"") + bytes(numbers)
        case key.ModifiedSince(modseq):
            return b"MODSEQ %d" % modseq
        case key.Negated(inner):
            return b"NOT " + format_key(inner)
        case key.Either(one, other):
            return b"OR %b %b" % (format_key(one), format_key(other))
        case key.Every(keys):
            return b"(%b)" % b" ".join(map(format_key, keys)) if keys else b"ALL"
