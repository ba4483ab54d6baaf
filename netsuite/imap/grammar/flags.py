"""Flags in commands: which may be set, how many, how long; and in responses (RFC 3501, 9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from netsuite.imap.grammar.tokens import SYSTEM_FLAGS, BadSyntax, Cursor, flag_name

# flag-perm = flag / "\*"; generous, since what a server says harms nobody
_FLAG_PERM: Final = re.compile(rb"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+|\\\*")

#: Flags in one command, and octets of each: what a folder's keywords may cost.
_FLAGS_IN_ALL, _FLAG_OCTETS = 100, 128


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
