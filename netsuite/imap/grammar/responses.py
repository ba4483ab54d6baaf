"""The printer of responses: one table, a function a response (RFC 3501, 7 and 9)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from netsuite.imap.commands import metadata as metadata_values
from netsuite.imap.commands import quota as quota_values
from netsuite.imap.commands import responses as say
from netsuite.imap.commands import rights as rights_values
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.sorting import SortData, ThreadData
from netsuite.imap.grammar import metadata, quota, rights
from netsuite.imap.grammar.esearch import format_esearch
from netsuite.imap.grammar.fetch_response import format_fetch_data
from netsuite.imap.grammar.names import NAME_PRINTERS, NamePrinter
from netsuite.imap.grammar.printing import (
    format_astring,
    format_atom,
    format_flags,
    format_text,
)
from netsuite.imap.grammar.sorting import format_sort_data, format_thread_data
from netsuite.imap.sequences import SequenceSet
from netsuite.message.form import format_string
from netsuite.wire.errors import LocalProtocolError

Pairs = tuple[tuple[str, str | None], ...]


def _quoted(text: str | None) -> bytes:
    return b"NIL" if text is None else format_string(text.encode("utf-8", "replace"))


def _names(names: tuple[str, ...]) -> bytes:
    return b"".join(b" " + name.encode("ascii") for name in names)


def _code_names(names: tuple[str, ...]) -> bytes:
    return b" (%b)" % b" ".join(format_astring(name.encode()) for name in names)


#: Codes whose argument is a tuple; a number, a set and a CopyUid write themselves.
_CODES: Final[Mapping[str, Callable[[tuple[str, ...]], bytes]]] = {
    "PERMANENTFLAGS": lambda flags: b" " + format_flags(flags),
    "BADCHARSET": _code_names,
    "BADEVENT": _code_names,
    "MAILBOXID": _code_names,
    "CAPABILITY": _names,
}


def format_code(code: say.Code) -> bytes:
    """Return ``resp-text-code`` with its brackets."""
    name, argument = code.name.encode("ascii"), code.argument
    match argument:
        case None:
            words = b""
        case int():
            words = b" %d" % argument
        case bytes():
            if b"]" in argument or b"\r" in argument or b"\n" in argument:
                raise LocalProtocolError("a code's argument cannot hold that")
            words = b" " + argument
        case SequenceSet():
            words = b" " + bytes(argument)
        case say.CopyUid(validity, None, uids):
            words = b" %d %b" % (validity, bytes(uids))
        case say.CopyUid(validity, sources, uids):
            words = b" %d %b %b" % (validity, bytes(sources or uids), bytes(uids))
        case tuple():
            words = _CODES[code.name](argument)
    return b"[%b%b] " % (name, words)


def _condition(tag: bytes, value: say.Condition | say.Tagged) -> bytes:
    code = b"" if value.code is None else format_code(value.code)
    return b"%b %b %b%b\r\n" % (tag, value.status.value, code, format_text(value.text))


def _continue(value: say.Continue) -> bytes:
    if value.challenge is not None:
        return b"+ %b\r\n" % b2a_base64(value.challenge, newline=False)
    return b"+ %b\r\n" % format_text(value.text)


def _id(value: say.IdData) -> bytes:
    if value.parameters is None:
        return b"* ID NIL\r\n"
    pairs = (word for pair in value.parameters for word in pair)
    return b"* ID (%b)\r\n" % b" ".join(map(_quoted, pairs))


def _namespaces(mailbox: NamePrinter, value: say.NamespaceData) -> bytes:
    words = (_namespace(mailbox, each) for each in (value.personal, value.others, value.shared))
    return b"* NAMESPACE %b\r\n" % b" ".join(words)


def _namespace(mailbox: NamePrinter, pairs: Pairs) -> bytes:
    # namespace = nil / "(" 1*( "(" string SP (<"> QUOTED_CHAR <"> / nil) ")" ) ")"
    if not pairs:
        return b"NIL"
    return b"(%b)" % b"".join(
        b"(%b %b)" % (_mailbox_string(mailbox(prefix)), _quoted(separator))
        for prefix, separator in pairs
    )


def _mailbox_string(octets: bytes) -> bytes:
    return octets if octets[:1] in b'"{' else format_string(octets)


def _listed(mailbox: NamePrinter, value: say.Listed) -> bytes:
    octets = b"* %b (%b) %b %b" % (
        b"LSUB" if value.lsub else b"LIST",
        b" ".join(name.encode("ascii") for name in value.attributes),
        _quoted(value.separator),
        mailbox(value.mailbox),
    )
    extended = []
    if value.childinfo:  # RFC 5258, 6: childinfo-extended-item
        words = b" ".join(_quoted(word) for word in value.childinfo)
        extended.append(b'"CHILDINFO" (%b)' % words)
    if value.oldname is not None:  # RFC 5465, 8: oldname-extended-item
        extended.append(b'"OLDNAME" (%b)' % mailbox(value.oldname))
    if extended:
        octets += b" (%b)" % b" ".join(extended)
    return octets + b"\r\n"


def _status(mailbox: NamePrinter, value: say.StatusData) -> bytes:
    words = [b"%b %d" % (format_atom(name), number) for name, number in value.values]
    if value.object_id is not None:
        words.append(b"MAILBOXID (%b)" % value.object_id.encode("ascii"))
    return b"* STATUS %b (%b)\r\n" % (mailbox(value.mailbox), b" ".join(words))


def _search(value: say.SearchData) -> bytes:
    words = b"".join(map(b" %d".__mod__, value.numbers))
    modseq = b"" if value.modseq is None else b" (MODSEQ %d)" % value.modseq
    return b"* SEARCH%b%b\r\n" % (words, modseq)


# Any: each of its own key's kind, which no type can say.
_FORMATS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    say.Condition: lambda value: _condition(b"*", value),
    say.Tagged: lambda value: _condition(value.tag, value),
    say.Continue: _continue,
    say.CapabilityData: lambda value: b"* CAPABILITY%b\r\n" % _names(value.names),
    say.EnabledData: lambda value: b"* ENABLED%b\r\n" % _names(value.names),
    say.IdData: _id,
    say.FlagsData: lambda value: b"* FLAGS %b\r\n" % format_flags(value.flags),
    say.Exists: lambda value: b"* %d EXISTS\r\n" % value.messages,
    say.Recent: lambda value: b"* %d RECENT\r\n" % value.messages,
    say.Expunged: lambda value: b"* %d EXPUNGE\r\n" % value.number,
    say.Vanished: lambda value: (
        b"* VANISHED %b%b\r\n" % (b"(EARLIER) " if value.earlier else b"", bytes(value.uids))
    ),
    say.SearchData: _search,
    say.ExtendedSearchData: format_esearch,
    SortData: format_sort_data,
    ThreadData: format_thread_data,
    FetchData: format_fetch_data,
    quota_values.QuotaData: quota.format_quota,
}


#: Those that show mailbox names, which a client may have in UTF-8 (RFC 6855, 3).
_WITH_NAMES: Final[Mapping[type, Callable[[NamePrinter, Any], bytes]]] = {
    say.NamespaceData: _namespaces,
    say.Listed: _listed,
    say.StatusData: _status,
    rights_values.AclData: rights.format_acl,
    rights_values.ListRightsData: rights.format_list_rights_data,
    rights_values.MyRightsData: rights.format_my_rights_data,
    quota_values.QuotaRootData: quota.format_quota_root,
    metadata_values.MetadataData: metadata.format_metadata,
    metadata_values.MetadataChanged: metadata.format_metadata_changed,
}


def format_response(value: say.Response, *, utf8: bool = False) -> bytes:
    """Return a response, its line end included. Raises LocalProtocolError.

    Args:
        utf8: whether the client has enabled mailbox names in UTF-8.
    """
    kind = type(value)
    write = _FORMATS.get(kind)
    if write is not None:
        return write(value)
    write_names = _WITH_NAMES.get(kind)
    if write_names is None:
        raise LocalProtocolError(f"not a response: {kind.__name__}")
    return write_names(NAME_PRINTERS[utf8], value)
