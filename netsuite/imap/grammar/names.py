"""Mailbox names on the wire: in modified UTF-7, or in UTF-8 where the client has enabled that.

See RFC 3501, 5.1.3; RFC 6855, 3 (UTF8=ACCEPT); RFC 9051, 5.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from netsuite.imap.grammar.printing import format_astring, format_mailbox
from netsuite.wire.errors import LocalProtocolError

#: Prints a mailbox name as one kind of client reads it.
NamePrinter: TypeAlias = Callable[[str], bytes]

#: What stands in no quoted string, of either RFC.
_UNQUOTABLE: Final = frozenset(b"\r\n\0")
#: A longer name becomes a literal.
_QUOTED_OCTETS: Final = 1024


def format_utf8_mailbox(name: str) -> bytes:
    """Return ``mailbox`` for a client that has enabled UTF-8: an astring, or quoted UTF-8.

    Raises:
        LocalProtocolError: the name is no text (a lone surrogate), or would end its line.
    """
    try:
        octets = name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LocalProtocolError(str(error)) from None
    if octets.isascii() or len(octets) > _QUOTED_OCTETS:
        return format_astring(octets)
    if not _UNQUOTABLE.isdisjoint(octets):
        raise LocalProtocolError("CR, LF or NUL in a mailbox name")
    return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


#: By whether the client has enabled UTF-8.
NAME_PRINTERS: Final[dict[bool, NamePrinter]] = {
    False: format_mailbox,
    True: format_utf8_mailbox,
}
