"""The parser of responses, as a client reads them: tables by name (RFC 3501, 7 and 9).

Generous where servers are known to be loose and nothing is lost by it; what is not understood
is a ``BadSyntax``, never a guess.
"""

from __future__ import annotations

import re
from array import array
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from netsuite.imap.commands import responses as said
from netsuite.imap.commands.responses import Status
from netsuite.imap.grammar import metadata, quota, rights, tokens
from netsuite.imap.grammar.esearch import parse_esearch
from netsuite.imap.grammar.fetch_response import parse_fetch_data, parse_uid_fetch_data
from netsuite.imap.grammar.sorting import parse_sort, parse_thread

_CODE_TEXT: Final = re.compile(rb"[^\]\r\n]*")
_CODE_WORD: Final = re.compile(rb"[^ \]\r\n]+")
_WORD: Final = re.compile(rb"[^ \r\n]+")
_STATUSES: Final[Mapping[bytes, Status]] = {status.value: status for status in Status}
_OPEN, _SPACE = ord("("), ord(" ")


def parse_response(cursor: tokens.Cursor) -> said.Response:
    """Read one response line with its literals. Raises BadSyntax for what is not known."""
    if cursor.take(ord("+")):
        return _continue(cursor)
    if cursor.take(ord("*")):
        cursor.space()
        return _untagged(cursor)
    tag = cursor.word(tokens.TAG, "a tag")
    status = _STATUSES.get(cursor.space().name())
    if status is None:
        raise tokens.BadSyntax("OK, NO or BAD was expected")
    code, text = _resp_text(cursor)
    return said.Tagged(tag, status, text, code)


def _continue(cursor: tokens.Cursor) -> said.Continue:
    cursor.take(_SPACE)  # some servers leave it out
    octets = cursor.rest()
    try:
        challenge = a2b_base64(octets, strict_mode=True) if octets else b""
    except Base64Error:
        challenge = None
    return said.Continue(octets.decode("utf-8", "replace"), challenge)


def _untagged(cursor: tokens.Cursor) -> said.Response:
    first = cursor.peek()
    if ord("0") <= first <= ord("9"):
        number = cursor.number()
        name = cursor.space().name()
        read_numbered = _NUMBERED.get(name)
        if read_numbered is None:
            raise tokens.BadSyntax("unknown response")
        value = read_numbered(cursor, number)
    else:
        name = cursor.name()
        status = _STATUSES.get(name)
        if status is not None:
            code, text = _resp_text(cursor)
            return said.Condition(status, text, code)
        read = _UNTAGGED.get(name)
        if read is None:
            raise tokens.BadSyntax("unknown response")
        value = read(cursor)
    cursor.take(_SPACE)  # some servers end lines so
    cursor.end()
    return value


# -- conditions and codes -------------------------------------------------------------------------


def _resp_text(cursor: tokens.Cursor) -> tuple[said.Code | None, str]:
    # resp-text = ["[" resp-text-code "]" SP] text
    cursor.take(_SPACE)
    code = None
    if cursor.take(ord("[")):
        start = cursor.place
        try:
            code = _resp_text_code(cursor)
        except tokens.BadSyntax:  # text, with a bracket before it
            cursor.place = start - 1
        cursor.take(_SPACE)
    return code, cursor.rest().decode("utf-8", "replace")


def _resp_text_code(cursor: tokens.Cursor) -> said.Code:
    name = cursor.word(_CODE_WORD, "a code").upper().decode("ascii", "replace")
    argument: said.Argument | None = None
    if cursor.take(_SPACE):
        start = cursor.place
        try:
            argument = _CODES.get(name, _code_text)(cursor)
        except tokens.BadSyntax:  # as of a code that is not known
            cursor.place = start
        if cursor.peek() != ord("]"):
            cursor.place = start
            argument = _code_text(cursor)
    cursor.expect(ord("]"))
    return said.Code(name, argument)


def _code_text(cursor: tokens.Cursor) -> bytes:
    return cursor.match(_CODE_TEXT) or b""


def _astrings(cursor: tokens.Cursor) -> tuple[str, ...]:
    return tuple(word.decode("ascii", "replace") for word in cursor.items(cursor.astring))


def _words(cursor: tokens.Cursor) -> tuple[str, ...]:
    # Atoms as RFC 3501 has them, and what stands in capability lists besides.
    words = []
    while True:
        word = cursor.match(_CODE_WORD)
        if word is not None:
            words.append(word.decode("ascii", "replace"))
        if not cursor.take(_SPACE):
            return tuple(words)


def _append_uid(cursor: tokens.Cursor) -> said.CopyUid:
    validity = cursor.nz_number()
    return said.CopyUid(validity, None, cursor.space().sequence_set())


def _copy_uid(cursor: tokens.Cursor) -> said.CopyUid:
    validity = cursor.nz_number()
    sources = cursor.space().sequence_set()
    return said.CopyUid(validity, sources, cursor.space().sequence_set())


_CODES: Final[Mapping[str, Callable[[tokens.Cursor], said.Argument]]] = {
    "UIDNEXT": tokens.Cursor.number,
    "UIDVALIDITY": tokens.Cursor.number,
    "UNSEEN": tokens.Cursor.number,
    "HIGHESTMODSEQ": lambda cursor: cursor.number(tokens.MODSEQ_TOP),
    "PERMANENTFLAGS": tokens.shown_flags,
    "BADCHARSET": _astrings,
    "MAILBOXID": _astrings,
    "CAPABILITY": _words,
    "APPENDUID": _append_uid,
    "COPYUID": _copy_uid,
    "MODIFIED": tokens.Cursor.sequence_set,
}


# -- data -----------------------------------------------------------------------------------------


def _names(
    make: Callable[[tuple[str, ...]], said.Response], cursor: tokens.Cursor
) -> said.Response:
    cursor.take(_SPACE)
    names = []
    while not cursor.at_end():
        names.append(cursor.word(_WORD, "a name").decode("ascii", "replace"))
        cursor.take(_SPACE)
    return make(tuple(names))


def _id(cursor: tokens.Cursor) -> said.Response:
    cursor.space()
    if cursor.nil():
        return said.IdData(None)
    words = [
        None if word is None else word.decode("utf-8", "replace")
        for word in cursor.items(cursor.nstring, empty=True)
    ]
    if len(words) % 2:
        raise tokens.BadSyntax("a key without a value")
    return said.IdData(
        tuple((key or "", value) for key, value in zip(words[::2], words[1::2], strict=True))
    )


def _namespace(cursor: tokens.Cursor) -> said.Response:
    def one() -> tuple[str, str | None]:
        cursor.expect(_OPEN)
        prefix = tokens.shown_name(cursor.string(), utf8=cursor.utf8)
        separator = cursor.space().nstring()
        while cursor.take(_SPACE):  # extensions
            cursor.string()
            cursor.space().items(cursor.string)
        cursor.expect(ord(")"))
        return prefix, None if separator is None else separator.decode("utf-8", "replace")

    def several() -> tuple[tuple[str, str | None], ...]:
        cursor.space()
        if cursor.nil():
            return ()
        cursor.expect(_OPEN)
        pairs = []
        while not cursor.take(ord(")")):
            cursor.take(_SPACE)
            pairs.append(one())
        return tuple(pairs)

    return said.NamespaceData(several(), several(), several())


def _listed(cursor: tokens.Cursor, *, lsub: bool) -> said.Response:
    cursor.space()
    attributes = tokens.shown_flags(cursor)
    separator = cursor.space().nstring()
    mailbox = cursor.space().shown_mailbox()
    childinfo: tuple[str, ...] = ()
    oldname = None
    if cursor.take(_SPACE) and not cursor.at_end():
        for name, words in cursor.items(partial(_extended_item, cursor), empty=True):
            if name == b"CHILDINFO":
                childinfo = tuple(word.decode("utf-8", "replace") for word in words)
            elif name == b"OLDNAME" and words:
                oldname = tokens.shown_name(words[0], utf8=cursor.utf8)
    text = None if separator is None else separator.decode("utf-8", "replace")
    return said.Listed(attributes, text, mailbox, lsub, childinfo, oldname)


def _extended_item(cursor: tokens.Cursor) -> tuple[bytes, list[bytes]]:
    name = cursor.astring().upper()
    cursor.space()
    if cursor.peek() == _OPEN:
        words = cursor.items(cursor.astring, empty=True)
    else:
        words = [cursor.astring()]
    return name, words


def _status(cursor: tokens.Cursor) -> said.Response:
    mailbox = cursor.space().shown_mailbox()
    cursor.space()
    values: list[tuple[str, int]] = []
    object_id = None

    def item() -> None:
        nonlocal object_id
        name = cursor.name().decode("ascii")
        cursor.space()
        if name == "MAILBOXID":
            object_id = _astrings(cursor)[0]
        else:
            values.append((name, cursor.number(tokens.MODSEQ_TOP)))

    cursor.items(item, empty=True)
    return said.StatusData(mailbox, tuple(values), object_id)


def _flags_data(cursor: tokens.Cursor) -> said.Response:
    cursor.space()
    return said.FlagsData(tokens.shown_flags(cursor))


def _search(cursor: tokens.Cursor) -> said.Response:
    numbers = array("I")
    modseq = None
    while cursor.take(_SPACE):
        if cursor.peek() == _OPEN:
            modseq = cursor.items(partial(_modseq_pair, cursor))[0]
        elif cursor.at_end():
            break
        else:
            numbers.append(cursor.nz_number())
    return said.SearchData(tuple(numbers), modseq)


def _modseq_pair(cursor: tokens.Cursor) -> int:
    if cursor.name() != b"MODSEQ":
        raise tokens.BadSyntax("MODSEQ was expected")
    return cursor.space().number(tokens.MODSEQ_TOP)


def _vanished(cursor: tokens.Cursor) -> said.Response:
    earlier = cursor.space().peek() == _OPEN
    if earlier:
        cursor.items(cursor.name)
        cursor.space()
    return said.Vanished(cursor.sequence_set(), earlier)


_UNTAGGED: Final[Mapping[bytes, Callable[[tokens.Cursor], said.Response]]] = {
    b"CAPABILITY": partial(_names, said.CapabilityData),
    b"ENABLED": partial(_names, said.EnabledData),
    b"ID": _id,
    b"NAMESPACE": _namespace,
    b"LIST": partial(_listed, lsub=False),
    b"LSUB": partial(_listed, lsub=True),
    b"STATUS": _status,
    b"FLAGS": _flags_data,
    b"SEARCH": _search,
    b"ESEARCH": parse_esearch,
    b"SORT": parse_sort,
    b"THREAD": parse_thread,
    b"ACL": rights.parse_acl,
    b"LISTRIGHTS": rights.parse_list_rights,
    b"MYRIGHTS": rights.parse_my_rights,
    b"QUOTA": quota.parse_quota,
    b"QUOTAROOT": quota.parse_quota_root,
    b"METADATA": metadata.parse_metadata,
    b"VANISHED": _vanished,
}


_NUMBERED: Final[Mapping[bytes, Callable[[tokens.Cursor, int], said.Response]]] = {
    b"EXISTS": lambda cursor, number: said.Exists(number),
    b"RECENT": lambda cursor, number: said.Recent(number),
    b"EXPUNGE": lambda cursor, number: said.Expunged(number),
    b"FETCH": parse_fetch_data,
    b"UIDFETCH": parse_uid_fetch_data,
}
