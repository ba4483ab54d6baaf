"""Fields of a header as values: MIME fields of a part, envelope and threading of a message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from netsuite.message.address import parse_address_list
from netsuite.message.headers import fields
from netsuite.message.parameters import (
    Parameters,
    parse_content_type,
    parse_disposition,
    parse_languages,
    parse_token,
)
from netsuite.message.structure import Envelope, Mailbox

TEXT_PLAIN: Final = (b"text", b"plain")
MESSAGE_RFC822: Final = (b"message", b"rfc822")

#: RFC 2046, 4.1.2: what a text without a charset is in.
_US_ASCII: Final = (b"charset", b"us-ascii")
#: Message-IDs kept of References: the first one and the newest.
REFERENCES: Final = 200
MESSAGE_ID_OCTETS: Final = 998
#: Lists of addresses no longer than this are remembered.
CACHED_OCTETS: Final = 256

# RFC 5322, 3.6.4: msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]; senders leave the @ out.
_message_id: Final = re.compile(rb"<[ \t]*+([^<>\s]{1,%d})[ \t]*+>" % MESSAGE_ID_OCTETS)


@dataclass(slots=True)
class PartHeader:
    """The MIME fields of one part, defaults filled in (RFC 2045, 5.2 and 6.1)."""

    type: tuple[bytes, bytes]
    parameters: Parameters
    encoding: bytes = b"7bit"
    id: bytes | None = None
    description: bytes | None = None
    md5: bytes | None = None
    disposition: tuple[bytes, Parameters] | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None

    def parameter(self, name: bytes) -> bytes | None:
        """Return a Content-Type parameter, or None."""
        return dict(self.parameters).get(name)


def all_values(header: bytes) -> list[tuple[bytes, bytes]]:
    """Return the fields of a header in order: name in lower case, and value."""
    return [(item.name.lower(), item.value) for item in fields(header)]


def first_values(values: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the first value of every field, from ``all_values``, by its name."""
    return dict(reversed(values))


def part_header(values: dict[bytes, bytes], default: tuple[bytes, bytes]) -> PartHeader:
    """Read the MIME fields of a part, from ``first_values``.

    Args:
        default: the type of a part that names none: text/plain, or message/rfc822 within a
            multipart/digest (RFC 2046, 5.1.5).
    """
    given = values.get(b"content-type")
    parsed = parse_content_type(given) if given is not None else None
    if parsed is not None:
        part = PartHeader(*parsed)
    else:
        part = PartHeader(default, ())
    if part.type[0] == b"text" and part.parameter(b"charset") is None:
        part.parameters = (*part.parameters, _US_ASCII)
    encoding = values.get(b"content-transfer-encoding")
    if encoding is not None:
        part.encoding = parse_token(encoding) or b"7bit"
    # One that says nothing is none.
    part.id = values.get(b"content-id") or None
    part.description = values.get(b"content-description") or None
    part.md5 = values.get(b"content-md5") or None
    part.location = values.get(b"content-location") or None
    disposition = values.get(b"content-disposition")
    if disposition is not None:
        part.disposition = parse_disposition(disposition)
    language = values.get(b"content-language")
    if language is not None:
        part.language = parse_languages(language)
    return part


# The same few people write to the same few: 40 of the 150 us that a plain message takes.
_parsed = lru_cache(maxsize=4096)(parse_address_list)


def envelope(values: dict[bytes, bytes]) -> Envelope:
    """Read the envelope fields; Sender and Reply-To are as written, empty where absent.

    IMAP fills the two in from From when it prints (RFC 9051, 7.5.2); what is kept stays true to
    the message.
    """

    def addresses(name: bytes) -> tuple[Mailbox, ...]:
        value = values.get(name)
        if not value:
            return ()
        return _parsed(value) if len(value) <= CACHED_OCTETS else parse_address_list(value)

    return Envelope(
        date=values.get(b"date"),
        subject=values.get(b"subject"),
        from_=addresses(b"from"),
        sender=addresses(b"sender"),
        reply_to=addresses(b"reply-to"),
        to=addresses(b"to"),
        cc=addresses(b"cc"),
        bcc=addresses(b"bcc"),
        in_reply_to=values.get(b"in-reply-to"),
        message_id=values.get(b"message-id"),
    )


def message_ids(octets: bytes) -> list[str]:
    """Return the Message-IDs in a value without their angle brackets, in order."""
    return [found.decode("utf-8", "replace") for found in _message_id.findall(octets)]


def message_id(values: dict[bytes, bytes]) -> str:
    """Return the message's own Message-ID without angle brackets, or an empty string."""
    value = values.get(b"message-id")
    if not value:
        return ""
    found = message_ids(value)
    if found:
        return found[0]
    return value[:MESSAGE_ID_OCTETS].strip(b" \t<>").decode("utf-8", "replace")


def references(values: dict[bytes, bytes]) -> tuple[str, ...]:
    """Return what the message answers, oldest first: References, or where there are
    none In-Reply-To's first (RFC 5256, 3).

    A list longer than ``REFERENCES`` keeps its first (the thread's root) and its newest.
    """
    found = list(dict.fromkeys(message_ids(values.get(b"references", b""))))
    if not found:
        found = message_ids(values.get(b"in-reply-to", b""))[:1]
    if len(found) > REFERENCES:
        found = [found[0], *found[-(REFERENCES - 1) :]]
    return tuple(found)
