"""Overview lines and single fields of articles, from the summaries a store keeps.

Xref is no part of the stored article: an article is one content in all its groups, and which
numbers it has there is known only after it was stored. The server puts it before the header of what
it gives, as its readers' server (RFC 5537, 3.7); the octets behind it are those IMAP gives, and
``:bytes`` counts both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from netsuite.message.headers import find, header_end
from netsuite.message.news import locations
from netsuite.message.structure import Envelope, Mailbox, Summary

#: What LIST OVERVIEW.FMT says (RFC 3977, 8.4).
FORMAT: Final = (
    "Subject:", "From:", "Date:", "Message-ID:", "References:", ":bytes", ":lines", "Xref:full",
)  # fmt: skip
#: What LIST HEADERS says: any header, and these metadata (RFC 3977, 8.6).
HEADERS: Final = (":", ":bytes", ":lines")
METADATA: Final = frozenset({":bytes", ":lines"})

_special: Final = re.compile(rb'[()<>\[\]:;@\\,."]')
_CLEAN: Final = bytes.maketrans(b"\t\r\n\0", b"    ")


def clean(value: bytes | None) -> bytes:
    """Return a field's body in one column: CRLF pairs go, then TAB, CR, LF and NUL become spaces.

    See RFC 3977, 8.3.2.
    """
    if not value:
        return b""
    return value.replace(b"\r\n", b"").translate(_CLEAN)


def _mailbox(mailbox: Mailbox) -> bytes:
    spec = (mailbox.local or b"") + (b"@" + mailbox.domain if mailbox.domain else b"")
    name = mailbox.name
    if not name:
        return spec
    if _special.search(name):
        name = b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return name + b" <" + spec + b">"


def sender(envelope: Envelope) -> bytes:
    """Return the From field's body, from its mailboxes."""
    return b", ".join(_mailbox(each) for each in envelope.from_ if each.domain is not None)


def references(summary: Summary) -> bytes:
    """Return what the article answers, oldest first: References, with a mail's In-Reply-To."""
    return b" ".join(b"<" + each.encode("utf-8", "replace") + b">" for each in summary.references)


def xref(host: str, places: Sequence[tuple[str, int]]) -> bytes:
    """Return an Xref field's body (RFC 5536, 3.2.14)."""
    return f"{host} {locations(places)}".encode()


def xref_field(host: str, where: str) -> bytes:
    """Return the Xref field that goes before an article; *where* is what ``locations`` gave."""
    return f"Xref: {host} {where}\r\n".encode()


def _octets(stored: int, places: bytes) -> int:
    """Return the size of an article as it is given: as it is stored, with its Xref field."""
    return stored + len(places) + len(b"Xref: \r\n")


def line(number: int, summary: Summary, *, message_id: str, octets: int, places: bytes) -> bytes:
    """Return an article's overview line with its CRLF (RFC 3977, 8.3).

    Args:
        number: in the group, or 0.
        message_id: with its angle brackets.
        octets: of the article as it is stored.
        places: what ``xref`` gave.
    """
    envelope = summary.envelope
    return b"%d\t%b\t%b\t%b\t%b\t%b\t%d\t%d\tXref: %b\r\n" % (
        number,
        clean(envelope.subject),
        clean(sender(envelope)),
        clean(envelope.date),
        message_id.encode(),
        clean(references(summary)),
        _octets(octets, places),
        summary.root.lines,
        places,
    )


def kept_field(
    field: str, summary: Summary, *, message_id: str, octets: int, places: bytes
) -> bytes | None:
    """Return the body of a field (in lower case) as HDR prints it, where the summary has it as it
    stands; else None."""
    envelope = summary.envelope
    kept: Mapping[str, bytes | None] = {
        ":bytes": b"%d" % _octets(octets, places),
        ":lines": b"%d" % summary.root.lines,
        "xref": places,
        "message-id": message_id.encode(),
        "subject": envelope.subject or b"",
        "date": envelope.date or b"",
    }
    value = kept.get(field)
    return None if value is None else clean(value)


def is_kept(field: str) -> bool:
    """Return whether ``kept_field`` knows a field (in lower case)."""
    return field in (":bytes", ":lines", "xref", "message-id", "subject", "date")


def field_of(octets: bytes, field: str) -> bytes:
    """Return a field's body as HDR prints it, read out of an article; its first one, if many."""
    value = find(octets[: header_end(octets)], field.encode("utf-8", "replace"))
    return clean(value)
