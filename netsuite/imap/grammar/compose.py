"""Commands onto the wire, as a client says them: one table, a function a command."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from netsuite.imap.commands import metadata as metadata_values
from netsuite.imap.commands import quota as quota_values
from netsuite.imap.commands import requests as say
from netsuite.imap.commands import rights as rights_values
from netsuite.imap.commands.append import Append, MessageLiteral, Replace
from netsuite.imap.commands.notify import Notify
from netsuite.imap.commands.sorting import Sort, Thread
from netsuite.imap.grammar import metadata, quota, rights
from netsuite.imap.grammar.append import format_append
from netsuite.imap.grammar.esearch import format_returns, format_window
from netsuite.imap.grammar.fetch import format_fetch_item
from netsuite.imap.grammar.names import NAME_PRINTERS, NamePrinter
from netsuite.imap.grammar.notify import format_notify
from netsuite.imap.grammar.printing import (
    format_astring,
    format_atom,
    format_flags,
)
from netsuite.imap.grammar.search import format_key, needs_charset
from netsuite.imap.grammar.sorting import format_sort, format_thread
from netsuite.imap.grammar.tokens import TAG
from netsuite.message.form import format_string
from netsuite.wire.errors import LocalProtocolError

#: No atom holds "{" and a quoted string ends with its quote: at a line's end only a literal
#: can look so.
_ANNOUNCED: Final = re.compile(rb"\{([0-9]+)\}\Z")


@dataclass(frozen=True, slots=True)
class Segment:
    """Octets of a command up to where the server's leave may be needed.

    Args:
        octets: what to send; ends with an announced literal, except in the last segment.
        last: whether the command is whole with it.
        tag: of the command that begins with it; empty where it goes on.
    """

    octets: bytes
    last: bool
    tag: bytes = b""


_OfMailbox: TypeAlias = say.Delete | say.Subscribe | say.Unsubscribe
_ByUID: TypeAlias = say.Search | Sort | Thread | say.Fetch | say.Store | say.Copy | say.Move


def _bare(name: bytes) -> Callable[[say.Request], bytes]:
    return lambda request: name


def _mailbox(name: bytes) -> Callable[[NamePrinter, _OfMailbox], bytes]:
    return lambda mailbox, request: name + b" " + mailbox(request.mailbox)


def _by_uid(request: _ByUID, octets: bytes) -> bytes:
    return b"UID " + octets if request.by_uid else octets


def _word(text: str) -> bytes:
    return format_string(_sayable(text.encode("utf-8")))


def _sayable(octets: bytes) -> bytes:
    if b"\0" in octets or b"\r" in octets or b"\n" in octets:
        raise LocalProtocolError("CR, LF or NUL in an argument")
    return octets


def _id(request: say.Id) -> bytes:
    if request.parameters is None:
        return b"ID NIL"
    words = (word for pair in request.parameters for word in pair)
    return b"ID (%b)" % b" ".join(b"NIL" if word is None else _word(word) for word in words)


def _authenticate(request: say.Authenticate) -> bytes:
    octets = b"AUTHENTICATE " + format_atom(request.mechanism)
    if request.initial is None:
        return octets
    return octets + b" " + (b2a_base64(request.initial, newline=False) or b"=")


def _login(request: say.Login) -> bytes:
    words = format_string(_sayable(request.user)), format_string(_sayable(request.password))
    return b"LOGIN %b %b" % words


def _select(mailbox: NamePrinter, request: say.Select | say.Examine) -> bytes:
    name = b"SELECT " if isinstance(request, say.Select) else b"EXAMINE "
    octets = name + mailbox(request.mailbox)
    parameters = [b"CONDSTORE"] if request.condstore else []
    if request.resync is not None:
        resync = request.resync
        known = b"" if resync.known is None else b" " + bytes(resync.known)
        if resync.matches is not None:
            known += b" (%b %b)" % tuple(map(bytes, resync.matches))
        parameters.append(b"QRESYNC (%d %d%b)" % (resync.uid_validity, resync.modseq, known))
    return octets + b" (%b)" % b" ".join(parameters) if parameters else octets


def _create(mailbox: NamePrinter, request: say.Create) -> bytes:
    octets = b"CREATE " + mailbox(request.mailbox)
    if request.special_use:
        octets += b" (USE %b)" % format_flags(request.special_use)
    return octets


def _pattern(mailbox: NamePrinter, pattern: str) -> bytes:
    # A quoted pattern is a pattern as well, and needs no second look at its octets.
    octets = mailbox(pattern)
    return octets if octets[:1] in (b'"', b"{") else format_string(octets)


def _atoms(names: Iterable[str]) -> bytes:
    return b" ".join(map(format_atom, names))


def _list(mailbox: NamePrinter, request: say.List) -> bytes:
    words = [b"LIST"]
    if request.select:
        words.append(b"(%b)" % _atoms(sorted(request.select)))
    words.append(mailbox(request.reference))
    patterns = b" ".join(_pattern(mailbox, each) for each in request.patterns)
    words.append(patterns if len(request.patterns) == 1 else b"(%b)" % patterns)
    returns = [format_atom(name) for name in sorted(request.returns)]
    if request.status:
        returns.append(b"STATUS (%b)" % _atoms(request.status))
    if request.metadata:
        returns.append(b"METADATA " + metadata.format_entries(request.metadata))
    if returns:
        words.append(b"RETURN (%b)" % b" ".join(returns))
    return b" ".join(words)


def _lsub(mailbox: NamePrinter, request: say.Lsub) -> bytes:
    return b"LSUB %b %b" % (mailbox(request.reference), _pattern(mailbox, request.pattern))


def _rename(mailbox: NamePrinter, request: say.Rename) -> bytes:
    return b"RENAME %b %b" % (mailbox(request.old), mailbox(request.new))


def _status(mailbox: NamePrinter, request: say.StatusOf) -> bytes:
    return b"STATUS %b (%b)" % (mailbox(request.mailbox), _atoms(request.items))


def _expunge(request: say.Expunge) -> bytes:
    return b"EXPUNGE" if request.uids is None else b"UID EXPUNGE " + bytes(request.uids)


def _search(request: say.Search) -> bytes:
    words = [b"SEARCH" + format_returns(request.returns)]
    charset = request.charset or ("UTF-8" if needs_charset(request.key) else None)
    if charset is not None:
        words.append(b"CHARSET " + format_astring(charset.encode("ascii")))
    words.append(format_key(request.key))
    return _by_uid(request, b" ".join(words))


def _fetch(request: say.Fetch) -> bytes:
    items = b" ".join(map(format_fetch_item, request.items))
    octets = b"FETCH %b (%b)" % (bytes(request.numbers), items)
    modifiers = []
    if request.changed_since is not None:
        modifiers.append(b"CHANGEDSINCE %d" % request.changed_since)
    if request.vanished:
        modifiers.append(b"VANISHED")
    if request.window is not None:
        modifiers.append(b"PARTIAL " + format_window(request.window))
    if modifiers:
        octets += b" (%b)" % b" ".join(modifiers)
    return _by_uid(request, octets)


def _store(request: say.Store) -> bytes:
    words = [b"STORE", bytes(request.numbers)]
    if request.unchanged_since is not None:
        words.append(b"(UNCHANGEDSINCE %d)" % request.unchanged_since)
    silent = b".SILENT" if request.silent else b""
    words.append(b"%bFLAGS%b" % (request.action.value, silent))
    words.append(format_flags(sorted(request.flags)))
    return _by_uid(request, b" ".join(words))


def _copy(mailbox: NamePrinter, request: say.Copy | say.Move) -> bytes:
    name = b"COPY" if isinstance(request, say.Copy) else b"MOVE"
    words = name, bytes(request.numbers), mailbox(request.mailbox)
    return _by_uid(request, b" ".join(words))


# Any: each of its own key's kind, which no type can say.
_FORMATS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    say.Capability: _bare(b"CAPABILITY"),
    say.Noop: _bare(b"NOOP"),
    say.Logout: _bare(b"LOGOUT"),
    say.Id: _id,
    say.StartTls: _bare(b"STARTTLS"),
    say.Authenticate: _authenticate,
    say.Login: _login,
    say.Unauthenticate: _bare(b"UNAUTHENTICATE"),
    say.Compress: lambda request: b"COMPRESS " + format_atom(request.mechanism),
    say.Enable: lambda request: b"ENABLE " + _atoms(request.names),
    say.Namespace: _bare(b"NAMESPACE"),
    quota_values.GetQuota: quota.format_get_quota,
    quota_values.SetQuota: quota.format_set_quota,
    say.Idle: _bare(b"IDLE"),
    say.Check: _bare(b"CHECK"),
    say.Close: _bare(b"CLOSE"),
    say.Unselect: _bare(b"UNSELECT"),
    say.Expunge: _expunge,
    say.Search: _search,
    Sort: lambda request: _by_uid(request, format_sort(request)),
    Thread: lambda request: _by_uid(request, format_thread(request)),
    say.Fetch: _fetch,
    say.Store: _store,
}
#: Those that name mailboxes.
_WITH_NAMES: Final[Mapping[type, Callable[[NamePrinter, Any], bytes]]] = {
    say.Select: _select,
    say.Examine: _select,
    say.Create: _create,
    say.Delete: _mailbox(b"DELETE"),
    say.Rename: _rename,
    say.Subscribe: _mailbox(b"SUBSCRIBE"),
    say.Unsubscribe: _mailbox(b"UNSUBSCRIBE"),
    say.List: _list,
    say.Lsub: _lsub,
    say.StatusOf: _status,
    rights_values.SetAcl: rights.format_set_acl,
    rights_values.DeleteAcl: rights.format_delete_acl,
    rights_values.GetAcl: rights.format_get_acl,
    rights_values.ListRights: rights.format_list_rights,
    rights_values.MyRights: rights.format_my_rights,
    quota_values.GetQuotaRoot: quota.format_get_quota_root,
    metadata_values.GetMetadata: metadata.format_get_metadata,
    metadata_values.SetMetadata: metadata.format_set_metadata,
    Append: format_append,
    Replace: format_append,
    Notify: format_notify,
    say.Copy: _copy,
    say.Move: _copy,
}


def format_command(command: say.Command, *, utf8: bool = False) -> bytes:
    """Return a command whole, its literals synchronising; an APPEND up to its first message.

    Args:
        utf8: whether names are in UTF-8, as the client has enabled it (RFC 6855, 3; RFC 9051, 5.1).

    Raises:
        LocalProtocolError: it cannot be said: CR, LF or NUL where no literal may hide them.
    """
    if not TAG.fullmatch(command.tag):
        raise LocalProtocolError("not a tag")
    request = command.request
    kind = type(request)
    if kind in _WITH_NAMES:
        octets = _WITH_NAMES[kind](NAME_PRINTERS[utf8], request)
    else:
        octets = _FORMATS[kind](request)
    octets = command.tag + b" " + octets
    if isinstance(request, Append | Replace) and isinstance(request.pieces[-1], MessageLiteral):
        return octets
    return octets + b"\r\n"


def split_command(octets: bytes, *, literal_plus: bool) -> list[Segment]:
    """Cut a written command where the server's leave is needed.

    Args:
        literal_plus: the server takes literals without being asked (RFC 7888).

    A line end can stand in a command only at its end and behind an announced literal, so the
    places are found without parsing.
    """
    pieces: list[bytes] = []
    segments: list[Segment] = []
    tag = octets.partition(b" ")[0]
    place = 0
    while (end := octets.find(b"\r\n", place)) >= 0:
        line = octets[place:end]
        announced = _ANNOUNCED.search(line)
        if announced is None:
            pieces += line, b"\r\n"
            break
        size = int(announced.group(1))
        pieces.append(line[:-1] + b"+}\r\n" if literal_plus else line + b"\r\n")
        if not literal_plus:
            segments.append(Segment(b"".join(pieces), last=False, tag=tag))
            pieces, tag = [], b""
        place = end + 2 + size
        pieces.append(octets[end + 2 : place])
    segments.append(Segment(b"".join(pieces), last=True, tag=tag))
    return segments
