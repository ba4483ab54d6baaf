"""URLs of messages and their parts, as CATENATE names them (RFC 5092; RFC 4469, 3).

Only those that mean a message of this very server and session: an absolute URL is none here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from netsuite.imap.commands.fetch import BodySection
from netsuite.imap.grammar.fetch import parse_section
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.imap.sequences import TOP

# imap-message-part = enc-mailbox [uidvalidity] iuid [isection] [ipartial]
# uidvalidity    = ";UIDVALIDITY=" nz-number
# iuid           = "/" ";UID=" nz-number
# isection       = "/" ";SECTION=" enc-section
# ipartial       = "/" ";PARTIAL=" partial-range
# partial-range  = number ["." nz-number]
# Relative to a mailbox, the URL begins with its ";UID=". RFC 5092, 7.2
_MESSAGE: Final = re.compile(
    rb"(?:/([^;/][^;]*?)(?:;UIDVALIDITY=([1-9][0-9]{0,9}))?/)?"
    rb";UID=([1-9][0-9]{0,9})"
    rb"(?:/;SECTION=([^;/]+))?"
    rb"(?:/;PARTIAL=([0-9]{1,10})(?:\.([1-9][0-9]{0,9}))?)?",
    re.IGNORECASE,
)
#: No section is longer.
_SECTION_OCTETS: Final = 8192


@dataclass(frozen=True, slots=True)
class MessagePart:
    """What such a URL names.

    Args:
        mailbox: None for the one that is selected.
        uid_validity: that of the mailbox when the URL was made; None where it does not say.
        section: with its partial, ``start`` and ``octets``; without the latter to its end.
    """

    mailbox: str | None
    uid_validity: int | None
    uid: int
    section: BodySection


def parse_message_url(octets: bytes) -> MessagePart:
    """Read the URL of a message or of a part of it.

    Raises:
        BadSyntax: it is none, or an absolute one.
    """
    match = _MESSAGE.fullmatch(octets)
    if match is None:
        raise BadSyntax("not the URL of a message")
    name, validity, uid, coded, start, length = match.groups()
    section = _section(coded)
    if start is not None:
        section = BodySection(
            section.part,
            section.text,
            section.fields,
            True,
            _number(start),
            None if length is None else _number(length),
        )
    return MessagePart(
        None if name is None else _name(name),
        None if validity is None else _number(validity),
        _number(uid),
        section,
    )


def _number(digits: bytes) -> int:
    number = int(digits)
    if number > TOP:
        raise BadSyntax("a number is too large")
    return number


def _name(coded: bytes) -> str:
    try:
        name = unquote_to_bytes(coded).decode("utf-8")
    except UnicodeDecodeError:
        raise BadSyntax("a mailbox name is not in UTF-8") from None
    return "INBOX" if name.upper() == "INBOX" else name


def _section(coded: bytes | None) -> BodySection:
    if coded is None:
        return BodySection(peek=True)
    octets = unquote_to_bytes(coded)
    if len(octets) > _SECTION_OCTETS or not octets or b"\r" in octets or b"\n" in octets:
        raise BadSyntax("no section")
    cursor = Cursor([b"[%b]" % octets])
    section = parse_section(cursor, peek=True)
    cursor.end()
    return section
