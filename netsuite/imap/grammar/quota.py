"""The grammar of quotas, both ways (RFC 9208, 7)."""

from __future__ import annotations

from typing import Final

from netsuite.imap.commands.quota import (
    GetQuota,
    GetQuotaRoot,
    QuotaData,
    QuotaRootData,
    SetQuota,
)
from netsuite.imap.grammar.names import NamePrinter
from netsuite.imap.grammar.printing import format_astring, format_atom
from netsuite.imap.grammar.tokens import MODSEQ_TOP, BadSyntax, Cursor

_SPACE: Final = ord(" ")


def _root(cursor: Cursor) -> str:
    # quota-root-name = astring
    return cursor.astring().decode("utf-8", "replace")


def get_quota_request(cursor: Cursor) -> GetQuota:
    """Read GETQUOTA after its name."""
    # getquota = "GETQUOTA" SP quota-root-name
    return GetQuota(_root(cursor.space()))


def get_quota_root_request(cursor: Cursor) -> GetQuotaRoot:
    """Read GETQUOTAROOT after its name."""
    # getquotaroot = "GETQUOTAROOT" SP mailbox
    return GetQuotaRoot(cursor.space().mailbox())


def set_quota_request(cursor: Cursor) -> SetQuota:
    """Read SETQUOTA after its name."""
    # setquota = "SETQUOTA" SP quota-root-name SP setquota-list
    # setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")"
    # setquota-resource = resource-name SP resource-limit          ; resource-limit = number64
    root = _root(cursor.space())

    def resource() -> tuple[str, int]:
        name = cursor.name().decode("ascii")
        return name, cursor.space().number(MODSEQ_TOP)

    limits = cursor.space().items(resource, empty=True)
    if len({name for name, _ in limits}) < len(limits):
        raise BadSyntax("a resource is named twice")
    return SetQuota(root, tuple(limits))


def format_get_quota(request: GetQuota) -> bytes:
    """Return GETQUOTA."""
    return b"GETQUOTA " + format_astring(request.root.encode())


def format_get_quota_root(mailbox: NamePrinter, request: GetQuotaRoot) -> bytes:
    """Return GETQUOTAROOT."""
    return b"GETQUOTAROOT " + mailbox(request.mailbox)


def format_set_quota(request: SetQuota) -> bytes:
    """Return SETQUOTA."""
    limits = b" ".join(b"%b %d" % (format_atom(name), limit) for name, limit in request.limits)
    return b"SETQUOTA %b (%b)" % (format_astring(request.root.encode()), limits)


# -- responses -----------------------------------------------------------------------------------


def format_quota(value: QuotaData) -> bytes:
    """Return QUOTA."""
    # quota-response = "QUOTA" SP quota-root-name SP quota-list
    # quota-list = "(" quota-resource *(SP quota-resource) ")", and RFC 9208, 4.2.1 has it empty
    words = b" ".join(
        b"%b %d %d" % (format_atom(name), used, limit) for name, used, limit in value.resources
    )
    return b"* QUOTA %b (%b)\r\n" % (format_astring(value.root.encode()), words)


def format_quota_root(mailbox: NamePrinter, value: QuotaRootData) -> bytes:
    """Return QUOTAROOT."""
    # quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
    words = b"".join(b" " + format_astring(root.encode()) for root in value.roots)
    return b"* QUOTAROOT %b%b\r\n" % (mailbox(value.mailbox), words)


def parse_quota(cursor: Cursor) -> QuotaData:
    """Read QUOTA after its name."""

    def resource() -> tuple[str, int, int]:
        name = cursor.name().decode("ascii")
        used = cursor.space().number(MODSEQ_TOP)
        return name, used, cursor.space().number(MODSEQ_TOP)

    root = _root(cursor.space())
    return QuotaData(root, tuple(cursor.space().items(resource, empty=True)))


def parse_quota_root(cursor: Cursor) -> QuotaRootData:
    """Read QUOTAROOT after its name."""
    mailbox = cursor.space().shown_mailbox()
    roots = []
    while cursor.take(_SPACE):
        if cursor.at_end():
            break  # some servers end lines so
        roots.append(_root(cursor))
    return QuotaRootData(mailbox, tuple(roots))
