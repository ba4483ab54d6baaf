"""Delivery status notifications: what became of a message, for its sender (RFC 3461 to 3464)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from netsuite.message.build import address_field, canonical, header_field, multipart
from netsuite.message.headers import header_end
from netsuite.message.words import fold
from netsuite.wire.dates import format_message_date
from netsuite.wire.reader import CRLF

#: Kept of a returned header, and of a diagnostic text.
HEADER_OCTETS: Final = 64 * 1024
DIAGNOSTIC_CHARACTERS: Final = 2000


class Action(enum.Enum):
    """What the reporting server did (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the message for one recipient.

    Args:
        recipient: the address it was tried for.
        status: an enhanced status code, ``5.1.1``.
        diagnostic: the other server's reply, or our own words.
        remote: the server that said it; empty when it was this one.
        original: ORCPT as RCPT gave it, ``rfc822;a@b``.
        last_attempt: of delivery.
        retry_until: when trying will end, for DELAYED.
        reports: the server that has it will tell more of it, for RELAYED.
    """

    recipient: str
    action: Action
    status: str
    diagnostic: str = ""
    remote: str = ""
    original: str = ""
    last_attempt: datetime | None = None
    retry_until: datetime | None = None
    reports: bool = False


_SUBJECT: Final = {
    Action.FAILED: "Undelivered mail returned to sender",
    Action.DELAYED: "Delayed mail (still being tried)",
    Action.DELIVERED: "Successful mail delivery report",
    Action.RELAYED: "Successful mail delivery report",
    Action.EXPANDED: "Successful mail delivery report",
}
_RELAYED_ON: Final = "was passed on to a server that reports what becomes of it, if asked to."
_WORDS: Final = {
    Action.FAILED: "could not be delivered. It will not be tried again.",
    Action.DELAYED: "has not been delivered yet. It is still being tried; do not send it again.",
    Action.DELIVERED: "was delivered.",
    Action.RELAYED: "was passed on to a server that does not report further.",
    Action.EXPANDED: "was delivered to a list, which does not report further.",
}


def _one_line(text: str) -> str:
    shown = " ".join(text.split())[:DIAGNOSTIC_CHARACTERS]
    return "".join(c if c.isprintable() else "?" for c in shown)


def _status_field(name: str, value: str) -> bytes:
    return fold(name.encode("ascii"), value.encode("utf-8", "replace"))


def _coded_address(address: str, utf8: bool) -> str:
    """Return an address with its type: ``rfc822``, or ``utf-8`` (RFC 6533, 3)."""
    if address.isascii():
        return f"rfc822; {address}"
    if utf8:
        return f"utf-8; {address}"
    coded = "".join(
        c if "!" <= c <= "~" and c not in "\\+=" else f"\\x{{{ord(c):X}}}" for c in address
    )
    return f"utf-8; {coded}"


def _recipient_fields(outcome: Outcome, utf8: bool) -> bytes:
    """Print the fields of one recipient (RFC 3464, 2.3)."""
    lines: list[bytes] = []
    if outcome.original:
        lines.append(_status_field("Original-Recipient", outcome.original.replace(";", "; ", 1)))
    lines.append(_status_field("Final-Recipient", _coded_address(outcome.recipient, utf8)))
    lines.append(_status_field("Action", outcome.action.value))
    lines.append(_status_field("Status", outcome.status))
    if outcome.remote:
        lines.append(_status_field("Remote-MTA", f"dns; {outcome.remote}"))
    if outcome.diagnostic:
        text = _one_line(outcome.diagnostic)
        if not utf8:
            text = text.encode("ascii", "replace").decode("ascii")
        lines.append(_status_field("Diagnostic-Code", f"smtp; {text}"))
    if outcome.last_attempt:
        lines.append(fold(b"Last-Attempt-Date", format_message_date(outcome.last_attempt)))
    if outcome.retry_until:
        lines.append(fold(b"Will-Retry-Until", format_message_date(outcome.retry_until)))
    return b"".join(lines) + CRLF


def _words(outcome: Outcome) -> str:
    on = outcome.action is Action.RELAYED and outcome.reports
    return _RELAYED_ON if on else _WORDS[outcome.action]


def _explanation(outcomes: Sequence[Outcome], reporter: str, whole: bool) -> bytes:
    lines = [f"This is the mail server {reporter}.", ""]
    for words in (*_WORDS.values(), _RELAYED_ON):
        of_this = [outcome for outcome in outcomes if _words(outcome) == words]
        if not of_this:
            continue
        lines += [f"Your message {words}", ""]
        for outcome in of_this:
            lines.append(f"  <{outcome.recipient}>")
            if outcome.diagnostic:
                by = f"{outcome.remote} said: " if outcome.remote else ""
                lines.append(f"      {by}{_one_line(outcome.diagnostic)}")
        lines.append("")
    returned = "your message" if whole else "your message's header"
    lines.append(f"A report for programs and {returned} are attached.")
    return canonical(("\n".join(lines) + "\n").encode("utf-8", "replace"))


def compose_report(
    *,
    reporter: str,
    sender: str,
    outcomes: Sequence[Outcome],
    original: bytes,
    date: datetime,
    message_id: str,
    boundary: str,
    envelope_id: str = "",
    arrived: datetime | None = None,
    deliver_by: datetime | None = None,
    future_release: str = "",
    whole: bool = False,
    utf8: bool = False,
    tls_optional: bool = False,
) -> bytes:
    """Compose a delivery status notification, to be sent with the null reverse path.

    Args:
        reporter: this server's name.
        sender: whom to tell: the reverse path of the message it is about.
        outcomes: of at least one recipient.
        original: that message, or as much as begins with its header.
        date: of the report, aware.
        message_id: of the report, without angle brackets.
        boundary: must not occur in the original.
        envelope_id: ENVID as MAIL gave it.
        arrived: when the message came.
        deliver_by: by when it was to have arrived (RFC 2852, 5).
        future_release: for how long, or until when, it was to be held: ``for;60`` (RFC 4865,
            5.1.2).
        whole: whether to return all of it (RET=FULL) rather than its header.
        utf8: whether the sender's server takes SMTPUTF8 (RFC 6533).
        tls_optional: whether the message had ``TLS-Required: No``, which then holds of the report
            (RFC 8689, 6).

    Raises:
        ValueError: the boundary occurs in the original, or a header value has a line end.

    See: RFC 3464, 2; RFC 6522, 3; RFC 6533; RFC 2852, 5; RFC 4865, 5.1.2; RFC 8689, 6.
    """
    worst = min((outcome.action for outcome in outcomes), key=list(Action).index)
    fields = [
        fold(b"Date", format_message_date(date)),
        address_field("From", [("Mail Delivery System", f"MAILER-DAEMON@{reporter}")]),
        address_field("To", [("", sender)]),
        header_field("Subject", _SUBJECT[worst]),
        header_field("Message-ID", f"<{message_id}>"),
        fold(b"Auto-Submitted", b"auto-replied"),
        *([fold(b"TLS-Required", b"No")] if tls_optional else ()),
        fold(b"MIME-Version", b"1.0"),
    ]
    status = _message_fields(reporter, envelope_id, arrived, deliver_by, future_release)
    status += b"".join(_recipient_fields(outcome, utf8) for outcome in outcomes)
    returned = canonical(original if whole else original[: header_end(original)][:HEADER_OCTETS])
    parts = [
        _part("text/plain", _explanation(outcomes, reporter, whole)),
        _part("message/global-delivery-status" if utf8 else "message/delivery-status", status),
        _part(_returned_type(whole, utf8), returned),
    ]
    mime, body = multipart("report", boundary, parts, report_type="delivery-status")
    return b"".join((*fields, *mime, CRLF, body))


def _message_fields(
    reporter: str,
    envelope_id: str,
    arrived: datetime | None,
    deliver_by: datetime | None,
    future_release: str,
) -> bytes:
    """Print the fields of the message as a whole (RFC 3464, 2.2)."""
    lines: list[bytes] = []
    if envelope_id:
        lines.append(_status_field("Original-Envelope-Id", envelope_id))
    lines.append(_status_field("Reporting-MTA", f"dns; {reporter}"))
    if arrived:
        lines.append(fold(b"Arrival-Date", format_message_date(arrived)))
    if deliver_by:
        lines.append(fold(b"Deliver-By-Date", format_message_date(deliver_by)))
    if future_release:
        lines.append(_status_field("Future-Release-Request", future_release))
    return b"".join(lines) + CRLF


def _part(kind: str, octets: bytes) -> tuple[list[bytes], bytes]:
    charset = "; charset=utf-8" if kind == "text/plain" and not octets.isascii() else ""
    encoding = b"7bit" if octets.isascii() else b"8bit"
    fields = [
        b"Content-Type: " + kind.encode("ascii") + charset.encode("ascii") + CRLF,
        b"Content-Transfer-Encoding: " + encoding + CRLF,
    ]
    return fields, octets


def _returned_type(whole: bool, utf8: bool) -> str:
    if whole:
        return "message/global" if utf8 else "message/rfc822"
    return "message/global-headers" if utf8 else "text/rfc822-headers"
