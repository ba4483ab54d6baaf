"""Composing messages and the trace fields that servers put before them.

Everything that changes from call to call (date, Message-ID, boundary) is an argument, so the
same arguments always give the same octets.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from netsuite.message.address import format_list, parse_address
from netsuite.message.words import encode_words, fold, needs_encoding
from netsuite.wire.dates import format_message_date
from netsuite.wire.reader import CRLF

#: RFC 5322, 2.1.1: a line may not be longer.
LINE_OCTETS: Final = 998

_field_name: Final = re.compile(r"[!-9;-~]+")
_token: Final = re.compile(r"[!#-'*+\-.0-9A-Z^-~]+")
_media_type: Final = re.compile(f"{_token.pattern}/{_token.pattern}")
_line_end: Final = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message.

    Args:
        inline: whether to show it within the text rather than beside it.
        id: a Content-ID without angle brackets, for HTML that refers to it.
    """

    name: str
    type: str
    octets: bytes
    inline: bool = False
    id: str = ""


def header_field(name: str, value: str) -> bytes:
    """Print one header field, folded, in ASCII: encoded words where the value needs them.

    Raises:
        ValueError: the name is no field name, or the value holds CR, LF or NUL.
    """
    if not _field_name.fullmatch(name):
        raise ValueError(f"no field name: {name!r}")
    if any(c in value for c in "\r\n\0"):
        raise ValueError(f"a line end within the {name} field")
    coded = value.encode()
    if needs_encoding(value):
        coded = encode_words(value, first_octets=len(name) + 2)
    return fold(name.encode("ascii"), coded)


def address_field(name: str, mailboxes: Iterable[tuple[str, str]]) -> bytes:
    """Print an address field from display names and addresses.

    Raises:
        ValueError: a name or an address holds CR, LF or NUL, or an address is none.
    """
    pairs = list(mailboxes)
    if any(c in text for pair in pairs for text in pair for c in "\r\n\0"):
        raise ValueError(f"a line end within the {name} field")
    for _, address in pairs:
        if parse_address(address) is None:
            raise ValueError(f"no address for the {name} field: {address!r}")
    return fold(name.encode("ascii"), format_list(pairs))


def parameter(name: str, value: str) -> str:
    """Print a parameter with the semicolon before it: token, quoted, or RFC 2231 coded."""
    if _token.fullmatch(value):
        return f"; {name}={value}"
    if value.isascii() and value.isprintable():
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'; {name}="{quoted}"'
    coded = "".join(
        chr(o) if chr(o).isascii() and chr(o).isalnum() else f"%{o:02X}"
        for o in value.encode("utf-8", "replace")
    )
    return f"; {name}*=utf-8''{coded}"


def canonical(octets: bytes) -> bytes:
    """Return text with CRLF for every kind of line end."""
    return _line_end.sub(CRLF, octets)


def encode_base64(octets: bytes) -> bytes:
    """Return base64 in lines of 76 (RFC 2045, 6.8)."""
    size = 57 * 1024
    return b"".join(
        binascii.b2a_base64(octets[start : start + 57])[:-1] + CRLF
        for block in range(0, len(octets), size)
        for start in range(block, min(block + size, len(octets)), 57)
    )


def _text_part(text: str, kind: str) -> tuple[list[bytes], bytes]:
    """Return the MIME fields and the coded body of a text; 7bit where it can be."""
    octets = canonical(text.encode("utf-8", "replace"))
    if octets and not octets.endswith(CRLF):
        octets += CRLF
    charset = "us-ascii" if octets.isascii() else "utf-8"
    long = any(len(line) > LINE_OCTETS for line in octets.split(CRLF))
    if octets.isascii() and not long and b"\0" not in octets:
        encoding, body = b"7bit", octets
    elif sum(o < 0x80 for o in octets) * 6 > len(octets) * 5:
        encoding = b"quoted-printable"
        body = canonical(binascii.b2a_qp(octets, istext=True))
    else:
        encoding, body = b"base64", encode_base64(octets)
    fields = [
        fold(b"Content-Type", f"{kind}{parameter('charset', charset)}".encode("ascii")),
        fold(b"Content-Transfer-Encoding", encoding),
    ]
    return fields, body


def _attachment_part(attachment: Attachment) -> tuple[list[bytes], bytes]:
    kind = attachment.type
    if not _media_type.fullmatch(kind):
        raise ValueError(f"no media type: {kind!r}")
    name = parameter("name", attachment.name) if attachment.name else ""
    file_name = parameter("filename", attachment.name) if attachment.name else ""
    disposition = "inline" if attachment.inline else "attachment"
    fields = [
        fold(b"Content-Type", f"{kind}{name}".encode("ascii")),
        fold(b"Content-Transfer-Encoding", b"base64"),
        fold(b"Content-Disposition", f"{disposition}{file_name}".encode("ascii")),
    ]
    if attachment.id:
        fields.append(header_field("Content-ID", f"<{attachment.id}>"))
    return fields, encode_base64(attachment.octets)


def multipart(
    kind: str, boundary: str, parts: Sequence[tuple[list[bytes], bytes]], **parameters: str
) -> tuple[list[bytes], bytes]:
    """Put parts together, each of header fields and a body.

    Args:
        boundary: must not begin a line of any part.
        parameters: further Content-Type parameters.

    Raises:
        ValueError: the boundary occurs in a part.
    """
    line = b"--" + boundary.encode("ascii")
    pieces: list[bytes] = []
    for fields, body in parts:
        if body.startswith(line) or b"\n" + line in body:
            raise ValueError("the boundary occurs within a part")
        pieces += (line, CRLF, *fields, CRLF, body)
        # The line end before a boundary belongs to it; a body keeps its own.
        pieces.append(CRLF)
    pieces += (line, b"--", CRLF)
    value = f"multipart/{kind}{parameter('boundary', boundary)}"
    value += "".join(parameter(name.replace("_", "-"), text) for name, text in parameters.items())
    return [fold(b"Content-Type", value.encode("ascii"))], b"".join(pieces)


def compose(
    *,
    sender: tuple[str, str],
    to: Sequence[tuple[str, str]],
    subject: str,
    text: str,
    date: datetime | None,
    message_id: str,
    boundary: str,
    cc: Sequence[tuple[str, str]] = (),
    html: str = "",
    attachments: Sequence[Attachment] = (),
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """Compose a message with CRLF line ends that every server takes.

    Args:
        sender: display name and address for From.
        to: display names and addresses.
        text: the plain text, any line ends.
        date: aware; for Date; None leaves it to who takes the message.
        message_id: without angle brackets; empty likewise.
        boundary: for the parts; with ``alternative`` before it for text beside HTML.
        html: the same as ``text``, as HTML.
        headers: further fields in order, names and values.

    Raises:
        ValueError: CR, LF or NUL in a header value, no media type, boundary within a part.
    """
    fields = [
        *([fold(b"Date", format_message_date(date))] if date is not None else []),
        address_field("From", [sender]),
        *([address_field("To", to)] if to else []),
        *([address_field("Cc", cc)] if cc else []),
        header_field("Subject", subject),
        *([header_field("Message-ID", f"<{message_id}>")] if message_id else []),
        *(header_field(name, value) for name, value in headers),
        fold(b"MIME-Version", b"1.0"),
    ]
    mime, body = _text_part(text, "text/plain")
    if html:
        both = [(mime, body), _text_part(html, "text/html")]
        mime, body = multipart("alternative", "alternative" + boundary, both)
    if attachments:
        parts = [(mime, body), *(_attachment_part(item) for item in attachments)]
        mime, body = multipart("mixed", boundary, parts)
    return b"".join((*fields, *mime, CRLF, body))


# -- trace fields -------------------------------------------------------------------------------

#: RFC 5321, 4.4 wants what the client said in a domain's place; what is none goes in a comment.
# Letters, digits, what is not ASCII, and ._:[]- may be in it: said by what may not, as in address.
_said: Final = re.compile(r"[^\x00-,/;-@\\^`{-\x7f]{1,255}")


def return_path(sender: str) -> bytes:
    """Print Return-Path for final delivery (RFC 5321, 4.4); empty for the null path."""
    return b"Return-Path: <" + sender.encode("utf-8") + b">\r\n"


def received_from(
    *, helo: str, address: str, by: str, protocol: str, tls: str = "", host: str = ""
) -> bytes:
    """Print what is the same in the Received fields of all messages of one session.

    Args:
        helo: what the client called itself.
        address: its IP address; empty for a local socket.
        protocol: the ``with`` word: ``SMTP``, ``ESMTPSA``, ``LMTP`` ... (RFC 3848, RFC 6531).
        tls: version and cipher, for a comment.
        host: the client's verified name.
    """
    name = helo if _said.fullmatch(helo) else "unknown"
    literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]" if address else ""
    info = " ".join(part for part in (host, literal) if part)
    lines = [f"Received: from {name}" + (f" ({info})" if info else "")]
    if tls:
        safe = "".join(c for c in tls if c.isascii() and c.isprintable() and c not in "()\\")
        lines.append(f" ({safe})")
    lines.append(f" by {by} with {protocol}")
    return "\r\n".join(lines).encode("utf-8", "replace")


def received(origin: bytes, *, identifier: str, date: bytes, recipient: str = "") -> bytes:
    """Print a Received field.

    ::

        Time-stamp-line = "Received:" FWS Stamp <CRLF>
        Stamp           = From-domain By-domain Opt-info [CFWS] ";" FWS date-time

    Args:
        origin: what ``received_from`` gives.
        identifier: of this transaction.
        date: printed, as ``format_message_date`` does.
        recipient: the address for ``for``; only where there is but one (RFC 5321, 7.6).

    See: RFC 5321, 4.4.
    """
    info = f" id {identifier}\r\n for <{recipient}>" if recipient else f" id {identifier}"
    return b"".join((origin, info.encode("utf-8", "replace"), b";\r\n ", date, CRLF))
