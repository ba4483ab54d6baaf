"""Flags in commands: which may be set, how many, how long (RFC 3501, 9)."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.imap.grammar.tokens import SYSTEM_FLAGS, BadSyntax, Cursor

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
    """Make a set of flags, of which there must not be too many."""
    # Keywords are compared without case: the first spelling stays.
    unique = {flag.lower(): flag for flag in reversed(flags)}
    if len(unique) > _FLAGS_IN_ALL:
        raise BadSyntax("too many flags")
    return frozenset(unique.values())
