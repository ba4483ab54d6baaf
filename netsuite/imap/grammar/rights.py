"""The grammar of rights on mailboxes, both ways (RFC 4314, 7)."""

from __future__ import annotations

import re
from typing import Final

from netsuite.imap.commands.rights import (
    AclData,
    DeleteAcl,
    GetAcl,
    ListRights,
    ListRightsData,
    MyRights,
    MyRightsData,
    RightsAction,
    SetAcl,
)
from netsuite.imap.grammar.names import NamePrinter
from netsuite.imap.grammar.printing import format_astring
from netsuite.imap.grammar.tokens import BadSyntax, Cursor

_SPACE: Final = ord(" ")
#: Rights there are, those of RFC 2086 among them: others are BAD (RFC 4314, 3.1).
_RIGHTS: Final = re.compile(r"[lrswipkxteacd]*")
#: What a server may show: digits stand for rights of its own (RFC 4314, 2).
_SHOWN: Final = re.compile(r"[a-z0-9]*")
_IDENTIFIER_OCTETS: Final = 255


def set_acl_request(cursor: Cursor) -> SetAcl:
    """Read SETACL after its name."""
    # setacl = "SETACL" SP mailbox SP identifier SP mod-rights
    mailbox = cursor.space().mailbox()
    who = _identifier(cursor.space())
    # mod-rights = astring   ; +rights to add, -rights to remove, rights to replace
    words = _text(cursor.space())
    action = RightsAction(words[:1]) if words[:1] in ("+", "-") else RightsAction.REPLACE
    letters = words[len(action.value) :]
    if not _RIGHTS.fullmatch(letters):
        raise BadSyntax("a right is not known")
    return SetAcl(mailbox, who, action, letters)


def delete_acl_request(cursor: Cursor) -> DeleteAcl:
    """Read DELETEACL after its name."""
    # deleteacl = "DELETEACL" SP mailbox SP identifier
    mailbox = cursor.space().mailbox()
    return DeleteAcl(mailbox, _identifier(cursor.space()))


def get_acl_request(cursor: Cursor) -> GetAcl:
    """Read GETACL after its name."""
    # getacl = "GETACL" SP mailbox
    return GetAcl(cursor.space().mailbox())


def list_rights_request(cursor: Cursor) -> ListRights:
    """Read LISTRIGHTS after its name."""
    # listrights = "LISTRIGHTS" SP mailbox SP identifier
    mailbox = cursor.space().mailbox()
    return ListRights(mailbox, _identifier(cursor.space()))


def my_rights_request(cursor: Cursor) -> MyRights:
    """Read MYRIGHTS after its name."""
    # myrights = "MYRIGHTS" SP mailbox
    return MyRights(cursor.space().mailbox())


def _text(cursor: Cursor) -> str:
    try:
        return cursor.astring().decode("utf-8")
    except UnicodeDecodeError:
        raise BadSyntax("UTF-8 was expected") from None


def _identifier(cursor: Cursor) -> str:
    # identifier = astring   ; RFC 4314, 3: an empty one, or one that no SASLprep lets pass, is BAD
    who = _text(cursor)
    if not who or not who.isprintable() or len(who.encode()) > _IDENTIFIER_OCTETS:
        raise BadSyntax("that can be nobody's identifier")
    return who


def format_set_acl(mailbox: NamePrinter, request: SetAcl) -> bytes:
    """Return SETACL."""
    rights = format_astring(f"{request.action.value}{request.rights}".encode())
    return b"SETACL %b %b" % (_pair(mailbox, request), rights)


def format_delete_acl(mailbox: NamePrinter, request: DeleteAcl) -> bytes:
    """Return DELETEACL."""
    return b"DELETEACL " + _pair(mailbox, request)


def format_get_acl(mailbox: NamePrinter, request: GetAcl) -> bytes:
    """Return GETACL."""
    return b"GETACL " + mailbox(request.mailbox)


def format_list_rights(mailbox: NamePrinter, request: ListRights) -> bytes:
    """Return LISTRIGHTS."""
    return b"LISTRIGHTS " + _pair(mailbox, request)


def format_my_rights(mailbox: NamePrinter, request: MyRights) -> bytes:
    """Return MYRIGHTS."""
    return b"MYRIGHTS " + mailbox(request.mailbox)


def _pair(mailbox: NamePrinter, request: SetAcl | DeleteAcl | ListRights) -> bytes:
    return b"%b %b" % (mailbox(request.mailbox), format_astring(request.identifier.encode()))


# -- responses -----------------------------------------------------------------------------------


def format_acl(mailbox: NamePrinter, value: AclData) -> bytes:
    """Return ACL."""
    # acl-data = "ACL" SP mailbox *(SP identifier SP rights)
    words = b"".join(
        b" %b %b" % (format_astring(who.encode()), format_astring(letters.encode()))
        for who, letters in value.rows
    )
    return b"* ACL %b%b\r\n" % (mailbox(value.mailbox), words)


def format_list_rights_data(mailbox: NamePrinter, value: ListRightsData) -> bytes:
    """Return LISTRIGHTS."""
    # listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
    words = (value.identifier, value.always, *value.may)
    return b"* LISTRIGHTS %b%b\r\n" % (
        mailbox(value.mailbox),
        b"".join(b" " + format_astring(word.encode()) for word in words),
    )


def format_my_rights_data(mailbox: NamePrinter, value: MyRightsData) -> bytes:
    """Return MYRIGHTS."""
    # myrights-data = "MYRIGHTS" SP mailbox SP rights
    return b"* MYRIGHTS %b %b\r\n" % (mailbox(value.mailbox), format_astring(value.rights.encode()))


def _rights(cursor: Cursor) -> str:
    letters = _text(cursor)
    if not _SHOWN.fullmatch(letters):
        raise BadSyntax("rights were expected")
    return letters


def parse_acl(cursor: Cursor) -> AclData:
    """Read ACL after its name."""
    mailbox = cursor.space().shown_mailbox()
    rows = []
    while cursor.take(_SPACE):
        if cursor.at_end():
            break  # some servers end lines so
        who = _text(cursor)
        rows.append((who, _rights(cursor.space())))
    return AclData(mailbox, tuple(rows))


def parse_list_rights(cursor: Cursor) -> ListRightsData:
    """Read LISTRIGHTS after its name."""
    mailbox = cursor.space().shown_mailbox()
    who = _text(cursor.space())
    always = _rights(cursor.space())
    may = []
    while cursor.take(_SPACE):
        if cursor.at_end():
            break
        may.append(_rights(cursor))
    return ListRightsData(mailbox, who, always, tuple(may))


def parse_my_rights(cursor: Cursor) -> MyRightsData:
    """Read MYRIGHTS after its name."""
    mailbox = cursor.space().shown_mailbox()
    return MyRightsData(mailbox, _rights(cursor.space()))
