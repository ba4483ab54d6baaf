"""Words onto the wire: strings in the shortest legal form, flags, names (RFC 3501, 4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from netsuite.imap import mutf7
from netsuite.imap.grammar.tokens import ASTRING_CHARS, ATOM, FLAG
from netsuite.message.form import format_string
from netsuite.wire.errors import LocalProtocolError


def format_astring(octets: bytes) -> bytes:
    """Return ``astring``: bare where it may stand so, and is not NIL."""
    if ASTRING_CHARS.fullmatch(octets) and octets.upper() != b"NIL":
        return octets
    return format_string(octets)


def format_mailbox(name: str) -> bytes:
    """Return ``mailbox``. Raises LocalProtocolError for a name that UTF-16 cannot say, nor a
    server has shown."""
    try:
        return format_astring(mutf7.encode_any(name))
    except mutf7.BadName as error:
        raise LocalProtocolError(str(error)) from None


def is_flag(flag: str) -> bool:
    """Return whether IMAP can say a flag."""
    return flag.isascii() and (flag == "\\*" or FLAG.fullmatch(flag.encode()) is not None)


def format_flag(flag: str) -> bytes:
    """Return a flag. Raises LocalProtocolError for what is none."""
    if not is_flag(flag):
        raise LocalProtocolError(f"not a flag: {flag!r}")
    return flag.encode()


def format_atom(name: str) -> bytes:
    """Return an atom. Raises LocalProtocolError for what is none."""
    if not name.isascii() or not ATOM.fullmatch(name.encode()):
        raise LocalProtocolError(f"not an atom: {name!r}")
    return name.encode()


def format_flags(flags: Iterable[str]) -> bytes:
    """Return a flag list in the order given."""
    return b"(%b)" % b" ".join(map(format_flag, flags))


@lru_cache(maxsize=2048)
def format_flag_set(flags: frozenset[str], recent: bool = False) -> bytes:
    """Return what FLAGS shows of one message: a keyword that others set and IMAP cannot say is
    left out. Few sets make up a mailbox, so what was printed is kept."""
    names = sorted(filter(is_flag, flags), key=lambda flag: (flag[:1] != "\\", flag))
    return format_flags([*names, "\\Recent"] if recent else names)


def format_text(text: str) -> bytes:
    """Return human-readable text: one line, never empty, never opening with ``[``."""
    octets = " ".join(text.split()).encode("utf-8", "replace").replace(b"\0", b"")
    return b" " + octets if octets.startswith(b"[") else octets or b"-"
