"""The shape of a message, computed once and kept: part tree with octet offsets, envelope.

The values here are what the store keeps beside a content and what protocols print; ``scan``
(in ``netsuite.message.scan``) makes them in one pass over the streamed octets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of an address field; group ends and starts are mailboxes without a domain.

    All four are the octets as written (encoded words kept), or None for absent: that is what
    IMAP's ENVELOPE shows (RFC 3501, 7.4.2). A group starts with ``domain is None`` and
    ``local`` its name, and ends with both None.
    """

    name: bytes | None
    route: bytes | None
    local: bytes | None
    domain: bytes | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of a message's header that a list of messages shows, octets as written."""

    date: bytes | None = None
    subject: bytes | None = None
    from_: tuple[Mailbox, ...] = ()
    sender: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    in_reply_to: bytes | None = None
    message_id: bytes | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME entity: where its octets lie in the message, and what its header says of it.

    Offsets are counted from the message's first octet. ``header_start`` to ``body_start`` is
    the header with the empty line that ends it; ``body_start`` to ``body_end`` the body
    without the CRLF that belongs to the boundary after it.

    Args:
        type: the media type and subtype in lower case, ``(b"text", b"plain")``.
        parameters: Content-Type parameters, names in lower case, values decoded
            (RFC 2231 continuations joined), in order.
        disposition: the Content-Disposition and its parameters, or None.
        lines: number of lines of the body (a last one without CRLF counts), for every part.
        children: the parts of a multipart; the one message of a message/rfc822.
        envelope: of the embedded message, for message/rfc822 only.
    """

    type: tuple[bytes, bytes]
    parameters: tuple[tuple[bytes, bytes], ...]
    header_start: int
    body_start: int
    body_end: int
    lines: int
    encoding: bytes = b"7bit"
    id: bytes | None = None
    description: bytes | None = None
    md5: bytes | None = None
    disposition: tuple[bytes, tuple[tuple[bytes, bytes], ...]] | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    children: tuple[Part, ...] = ()
    envelope: Envelope | None = None

    @property
    def octets(self) -> int:
        """The size of the body."""
        return self.body_end - self.body_start

    def walk(self) -> Iterator[Part]:
        """Return this part and all beneath it, in order of their octets."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of a message beside its octets.

    Args:
        root: the part tree; ``root.header_start`` is 0.
        envelope: of the message itself.
        sent: seconds since the epoch of the Date field, None where it has none or a bad one.
        sent_day: the Date field's own calendar day as ``YYYYMMDD``, for searching without
            regard to time zone; None likewise.
        subject: decoded text of the Subject field.
        preview: the first up to 200 characters of readable text.
        references: Message-IDs of References and In-Reply-To, oldest first, for threading.
        message_id: the Message-ID without angle brackets, or empty.
    """

    root: Part
    envelope: Envelope
    sent: int | None
    sent_day: int | None
    subject: str
    preview: str
    references: tuple[str, ...] = ()
    message_id: str = ""
