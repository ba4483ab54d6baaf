"""Overview lines and single fields of articles, from the overviews that a store keeps.

Xref is no part of the stored article: an article is one content in all its groups, and which
numbers it has there is known only after it was stored. The server puts it before the header of what
it gives, as its readers' server (RFC 5537, 3.7); the octets behind it are those IMAP gives, and
``:bytes`` counts both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from netsuite.message.headers import find, header_end
from netsuite.message.news import locations
from netsuite.message.overview import Overview, clean, read_overview

#: What LIST OVERVIEW.FMT says (RFC 3977, 8.4).
FORMAT: Final = (
    "Subject:", "From:", "Date:", "Message-ID:", "References:", ":bytes", ":lines", "Xref:full",
)  # fmt: skip
#: What LIST HEADERS says: any header, and these metadata (RFC 3977, 8.6).
HEADERS: Final = (":", ":bytes", ":lines")
METADATA: Final = frozenset({":bytes", ":lines"})


def xref(host: str, places: Sequence[tuple[str, int]]) -> bytes:
    """Return an Xref field's body (RFC 5536, 3.2.14)."""
    return f"{host} {locations(places)}".encode()


def xref_field(host: str, where: str) -> bytes:
    """Return the Xref field that goes before an article; *where* is what ``locations`` gave."""
    return f"Xref: {host} {where}\r\n".encode()


def _octets(stored: int, places: bytes) -> int:
    """Return the size of an article as it is given: as it is stored, with its Xref field."""
    return stored + len(places) + len(b"Xref: \r\n")


def line(number: int, kept: bytes, *, message_id: bytes, octets: int, places: bytes) -> bytes:
    """Return an article's overview line with its CRLF (RFC 3977, 8.3).

    Args:
        number: in the group, or 0.
        kept: its overview (``message.overview``).
        message_id: with its angle brackets, of one that says none itself; else empty.
        octets: of the article as it is stored.
        places: what ``xref`` gave.
    """
    fields, _, lines = kept.rpartition(b"\t")
    if message_id:
        fields = b"\t".join(read_overview(kept)._replace(message_id=message_id)[:-1])
    return b"%d\t%b\t%d\t%b\tXref: %b\r\n" % (
        number,
        fields,
        _octets(octets, places),
        lines,
        places,
    )


#: Fields that HDR may ask for, in lower case, which an overview has as they stand.
_KEPT: Final[Mapping[str, Callable[[Overview], bytes]]] = {
    "subject": lambda kept: kept.subject,
    "from": lambda kept: kept.from_,
    "date": lambda kept: kept.date,
    "message-id": lambda kept: kept.message_id,
    ":lines": lambda kept: kept.lines,
}


def kept_field(field: str, kept: bytes, *, message_id: bytes, octets: int, places: bytes) -> bytes:
    """Return the body of a field (in lower case) as HDR prints it; of those that ``is_kept``
    knows. Arguments are those of ``line``."""
    if field == ":bytes":
        return b"%d" % _octets(octets, places)
    if field == "xref":
        return places
    if field == "message-id" and message_id:
        return message_id
    return _KEPT[field](read_overview(kept))


def is_kept(field: str) -> bool:
    """Return whether ``kept_field`` knows a field (in lower case)."""
    return field in (":bytes", "xref") or field in _KEPT


def field_of(octets: bytes, field: str) -> bytes:
    """Return a field's body as HDR prints it, read out of an article; its first one, if many."""
    value = find(octets[: header_end(octets)], field.encode("utf-8", "replace"))
    return clean(value)
