"""What a message cannot say, told from its octets as they are, without decoding them.

A search that comes before its messages are indexed reads them. Most of them do not have what is
looked for, and of most of those that can be seen at a twentieth of the price.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from netsuite.message.headers import header_end
from netsuite.message.text import disguises
from netsuite.store import query as q

#: What shows that text may be there in other octets than its own.
_CODED: Final = (
    b"=?", b"base64", b"quoted-printable", b"x-uu", b"uuencode", b"utf-7", b"utf7", b"iso-2022",
    b"hz-gb", b"utf-16", b"utf16", b"utf-32", b"utf32", b"ebcdic", b"cp037",
)  # fmt: skip
#: What shows in a header that parts follow, with headers of their own.
_OF_PARTS: Final = (b"multipart", b"message/")
#: Fields of addresses, in which what stands between may hide them.
_ADDRESSES: Final = re.compile(
    rb"^(?:from|to|cc|bcc|sender|reply-to)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE
)


def _sought(query: q.Query) -> bytes | None:
    """Return octets that a message has, in small letters, if a text is in it; None where that
    cannot be said."""
    if not isinstance(query, q.Body | q.Text | q.Field):
        return None
    text = query.text
    # A line that is folded, or broken in a body, may have other white space than its text has.
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        return None
    return text.lower().encode()


class RulingOut:
    """Some terms of a search, each about a text.

    Args:
        terms: those that a message is judged by.
    """

    def __init__(self, terms: Collection[q.Query]) -> None:
        sought = [_sought(term) for term in terms]
        self._sought = [octets for octets in sought if octets is not None]
        self._can = len(self._sought) == len(terms)

    def rules_out(self, octets: bytes) -> bool:
        """Return whether none of the terms can match a message; False where that is not clear.

        Args:
            octets: all of the message.
        """
        if not self._can or not octets.isascii():
            return False
        small = octets.lower()
        if any(sought in small for sought in self._sought):
            return False
        head = small[: header_end(small)]
        # A message of one part says in its header how it is coded; to look through all takes long.
        coding = small if any(each in head for each in _OF_PARTS) else head
        if any(coded in coding for coded in _CODED):
            return False
        return not any(disguises(value) for value in _ADDRESSES.findall(head))
