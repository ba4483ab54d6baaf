"""Commands from octets: one table, a function a command (RFC 3501, 6 and 9)."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from netsuite.imap.commands import requests as say
from netsuite.imap.grammar import append, mailboxes, metadata, quota, rights, tokens
from netsuite.imap.grammar.esearch import parse_returns, parse_window
from netsuite.imap.grammar.fetch import parse_fetch_items
from netsuite.imap.grammar.notify import notify_request
from netsuite.imap.grammar.search import parse_search
from netsuite.imap.grammar.sorting import sort_request, thread_request
from netsuite.imap.sequences import SequenceSet

_OPEN: Final = ord("(")
_BASE64 = re.compile(rb"=|[A-Za-z0-9+/]+={0,2}")
_STORE_ITEM = re.compile(rb"([+-]?)FLAGS(\.SILENT)?", re.IGNORECASE)


#: RFC 2971, 3.3.
_ID_PAIRS, _ID_KEY_OCTETS, _ID_VALUE_OCTETS = 30, 30, 1024


def read_tag(cursor: tokens.Cursor) -> bytes | None:
    """Step over ``tag SP``; None when the line does not begin with them."""
    tag = cursor.match(tokens.TAG)
    return tag if tag is not None and cursor.take(ord(" ")) else None


def parse_request(cursor: tokens.Cursor) -> say.Request:
    """Read what follows the tag.

    Raises:
        BadSyntax: nothing is known of that name, or the arguments are not the command's.
        BadCharset: SEARCH names a charset that is not known.
    """
    name = cursor.name()
    parse = _REQUESTS.get(name)
    if parse is None:
        raise tokens.BadSyntax("unknown command")
    request = parse(cursor)
    cursor.end()
    return request


# -- words that several commands share ----------------------------------------------------------


def _mailbox(make: Callable[[str], say.Request], cursor: tokens.Cursor) -> say.Request:
    return make(cursor.space().mailbox())


def _bare(make: Callable[[], say.Request], cursor: tokens.Cursor) -> say.Request:
    return make()


# -- before and around a login --------------------------------------------------------------------


def _login(cursor: tokens.Cursor) -> say.Request:
    # login = "LOGIN" SP userid SP password
    user = cursor.space().astring()
    return say.Login(user, cursor.space().astring())


def _authenticate(cursor: tokens.Cursor) -> say.Request:
    # authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]        (RFC 4959, 7)
    mechanism = cursor.space().name().decode("ascii")
    if not cursor.take(ord(" ")):
        return say.Authenticate(mechanism)
    octets = cursor.word(_BASE64, "base64")
    return say.Authenticate(mechanism, b"" if octets == b"=" else decode_base64(octets))


def decode_base64(octets: bytes) -> bytes:
    """Read ``base64``, strictly."""
    try:
        return a2b_base64(octets, strict_mode=True) if octets else b""
    except Base64Error:
        raise tokens.BadSyntax("broken base64") from None


def _id(cursor: tokens.Cursor) -> say.Request:
    # id = "ID" SP id-params-list
    # id-params-list = "(" #(string SP nstring) ")" / nil                        (RFC 2971, 4)
    cursor.space()
    if cursor.nil():
        return say.Id(None)

    def pair() -> tuple[str, str | None]:
        key = cursor.string()
        value = cursor.space().nstring()
        if len(key) > _ID_KEY_OCTETS or (value is not None and len(value) > _ID_VALUE_OCTETS):
            raise tokens.BadSyntax("a word is too long")
        text = None if value is None else value.decode("utf-8", "replace")
        return key.decode("utf-8", "replace"), text

    pairs = cursor.items(pair, empty=True)
    if len(pairs) > _ID_PAIRS:
        raise tokens.BadSyntax("too many pairs")
    return say.Id(tuple(pairs))


def _compress(cursor: tokens.Cursor) -> say.Request:
    # compress = "COMPRESS" SP algorithm                                         (RFC 4978, 5)
    return say.Compress(cursor.space().name().decode("ascii"))


def _enable(cursor: tokens.Cursor) -> say.Request:
    # enable = "ENABLE" 1*(SP capability)                                        (RFC 5161, 4)
    names = []
    while cursor.take(ord(" ")):
        names.append(cursor.name().decode("ascii"))
    if not names:
        raise tokens.BadSyntax("a capability was expected")
    return say.Enable(tuple(names))


# -- messages -------------------------------------------------------------------------------------


def _fetch(by_uid: bool, cursor: tokens.Cursor) -> say.Request:
    # fetch = "FETCH" SP sequence-set SP (macro / fetch-att / "(" ... ")") [fetch-modifiers]
    numbers = cursor.space().named_set()
    cursor.space()
    items = parse_fetch_items(cursor)
    changed_since = None
    vanished = False
    window = None

    def modifier() -> None:
        # "CHANGEDSINCE" SP mod-sequence-value / "VANISHED"                      (RFC 7162, 7)
        # "PARTIAL" SP partial-range                                             (RFC 9394, 4)
        nonlocal changed_since, vanished, window
        name = cursor.name()
        if name == b"CHANGEDSINCE":
            changed_since = cursor.space().number(tokens.MODSEQ_TOP)
        elif name == b"VANISHED" and by_uid:
            vanished = True
        elif name == b"PARTIAL" and by_uid and window is None:
            window = parse_window(cursor.space())
        else:
            raise tokens.BadSyntax("unknown modifier")

    if cursor.take(ord(" ")):
        cursor.items(modifier)
    if vanished and changed_since is None:
        raise tokens.BadSyntax("VANISHED needs CHANGEDSINCE")
    return say.Fetch(numbers, items, by_uid, changed_since, vanished, window)


def _unchanged_since(cursor: tokens.Cursor) -> int:
    # store-modifier =/ "UNCHANGEDSINCE" SP mod-sequence-valzer                  (RFC 7162, 7)
    if cursor.name() != b"UNCHANGEDSINCE":
        raise tokens.BadSyntax("unknown modifier")
    return cursor.space().number(tokens.MODSEQ_TOP)


def _store(by_uid: bool, cursor: tokens.Cursor) -> say.Request:
    # store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
    # store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
    numbers = cursor.space().named_set()
    cursor.space()
    unchanged_since = None
    if cursor.peek() == _OPEN:
        values = cursor.items(partial(_unchanged_since, cursor))
        if len(values) != 1:
            raise tokens.BadSyntax("a modifier stands twice")
        unchanged_since = values[0]
        cursor.space()
    match = _STORE_ITEM.fullmatch(cursor.word(_STORE_ITEM, "FLAGS"))
    assert match is not None
    cursor.space()
    read = partial(tokens.flag, cursor)
    if cursor.peek() == _OPEN:
        flags = cursor.items(read, empty=True)
    else:
        flags = [read()]
        while cursor.take(ord(" ")):
            flags.append(read())
    return say.Store(
        numbers,
        say.StoreAction(match.group(1)),
        tokens.flag_set(flags),
        silent=match.group(2) is not None,
        by_uid=by_uid,
        unchanged_since=unchanged_since,
    )


def _copy(
    make: Callable[[SequenceSet, str, bool], say.Request], by_uid: bool, cursor: tokens.Cursor
) -> say.Request:
    # copy = "COPY" SP sequence-set SP mailbox, and MOVE likewise                (RFC 6851, 7)
    numbers = cursor.space().named_set()
    return make(numbers, cursor.space().mailbox(), by_uid)


def _search(by_uid: bool, cursor: tokens.Cursor) -> say.Request:
    returns = parse_returns(cursor)
    charset, key = parse_search(cursor)
    return say.Search(key, charset, by_uid, returns)


def _uid_expunge(cursor: tokens.Cursor) -> say.Request:
    # uid-expunge = "UID" SP "EXPUNGE" SP sequence-set                           (RFC 4315, 4)
    return say.Expunge(cursor.space().named_set())


def _uid(cursor: tokens.Cursor) -> say.Request:
    # uid = "UID" SP (copy / fetch / search / store / move / uid-expunge)
    parse = _UID_REQUESTS.get(cursor.space().name())
    if parse is None:
        raise tokens.BadSyntax("unknown UID command")
    return parse(cursor)


_Parse = Callable[[tokens.Cursor], say.Request]

_UID_REQUESTS: Mapping[bytes, _Parse] = {
    b"COPY": partial(_copy, say.Copy, True),
    b"MOVE": partial(_copy, say.Move, True),
    b"FETCH": partial(_fetch, True),
    b"STORE": partial(_store, True),
    b"SEARCH": partial(_search, True),
    b"SORT": partial(sort_request, True),
    b"THREAD": partial(thread_request, True),
    b"EXPUNGE": _uid_expunge,
    b"REPLACE": partial(append.replace_request, True),
}

_REQUESTS: Mapping[bytes, _Parse] = {
    b"CAPABILITY": partial(_bare, say.Capability),
    b"NOOP": partial(_bare, say.Noop),
    b"LOGOUT": partial(_bare, say.Logout),
    b"ID": _id,
    b"STARTTLS": partial(_bare, say.StartTls),
    b"AUTHENTICATE": _authenticate,
    b"LOGIN": _login,
    b"UNAUTHENTICATE": partial(_bare, say.Unauthenticate),
    b"COMPRESS": _compress,
    b"ENABLE": _enable,
    b"SELECT": partial(mailboxes.select_request, say.Select),
    b"EXAMINE": partial(mailboxes.select_request, say.Examine),
    b"CREATE": mailboxes.create_request,
    b"DELETE": partial(_mailbox, say.Delete),
    b"RENAME": mailboxes.rename_request,
    b"SUBSCRIBE": partial(_mailbox, say.Subscribe),
    b"UNSUBSCRIBE": partial(_mailbox, say.Unsubscribe),
    b"LIST": mailboxes.list_request,
    b"LSUB": mailboxes.lsub_request,
    b"NAMESPACE": partial(_bare, say.Namespace),
    b"STATUS": mailboxes.status_request,
    b"SETACL": rights.set_acl_request,
    b"DELETEACL": rights.delete_acl_request,
    b"GETACL": rights.get_acl_request,
    b"LISTRIGHTS": rights.list_rights_request,
    b"MYRIGHTS": rights.my_rights_request,
    b"GETQUOTA": quota.get_quota_request,
    b"GETQUOTAROOT": quota.get_quota_root_request,
    b"SETQUOTA": quota.set_quota_request,
    b"GETMETADATA": metadata.get_metadata_request,
    b"SETMETADATA": metadata.set_metadata_request,
    b"APPEND": append.append_request,
    b"REPLACE": partial(append.replace_request, False),
    b"IDLE": partial(_bare, say.Idle),
    b"NOTIFY": notify_request,
    b"CHECK": partial(_bare, say.Check),
    b"CLOSE": partial(_bare, say.Close),
    b"UNSELECT": partial(_bare, say.Unselect),
    b"EXPUNGE": partial(_bare, say.Expunge),
    b"SEARCH": partial(_search, False),
    b"SORT": partial(sort_request, False),
    b"THREAD": partial(thread_request, False),
    b"FETCH": partial(_fetch, False),
    b"STORE": partial(_store, False),
    b"COPY": partial(_copy, say.Copy, False),
    b"MOVE": partial(_copy, say.Move, False),
    b"UID": _uid,
}
