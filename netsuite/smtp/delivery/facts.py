"""The facts of a queue item, in words for an operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from netsuite.smtp.parameters import ReportRequest, parse_report_request
from netsuite.store.outgoing import QueueItem

#: What RET has given back of a message that fails (RFC 3461, 4.3).
_RETURNED: Final = {"FULL": "FULL, the whole message", "HDRS": "HDRS, the header alone"}


def facts(item: QueueItem) -> Sequence[tuple[str, str]]:
    """Return what is known of an item, name by name; values may hold anything that a client or a
    server has said."""
    envelope, recipient = item.envelope, item.recipient
    asked = parse_report_request(envelope.ret)
    found = [
        ("Item", f"{item.id} of message {item.message}"),
        ("From", f"<{envelope.sender}>"),
        ("For", f"<{recipient.address}>"),
        ("Forwarded by", recipient.forwarded_by),
        ("By way of", recipient.domain or "a mailbox here"),
        ("Size", f"{item.octets} octets"),
        ("Queued", moment(item.queued)),
        ("State", "held" if item.held else item.state.value),
        ("Tries", str(item.attempts)),
        ("Last try", moment(item.last_attempt)),
        ("Next try", moment(item.next_attempt)),
        ("Given back", moment(recipient.expires)),
        ("Sender told", moment(recipient.warn) if recipient.warn else "of the delay already"),
        ("Last said", item.last_reply),
        ("Said by", item.remote),
        ("NOTIFY", recipient.notify),
        ("ORCPT", recipient.original),
        ("RET", _RETURNED.get(asked.ret, "")),
        ("BY", _deliver_by(asked, recipient.deliver_by)),
        ("HOLD", _hold(asked.hold)),
        ("ENVID", envelope.envelope_id),
        ("BODY", envelope.body),
        ("SMTPUTF8", "yes" if envelope.utf8 else ""),
        ("REQUIRETLS", "yes" if envelope.require_tls else ""),
    ]
    return [(name, value) for name, value in found if value]


def _deliver_by(asked: ReportRequest, way: str) -> str:
    """Say until when the message was to arrive, and what happens then (RFC 2852, 4)."""
    if asked.by is None:
        return ""
    then = {"R": ", then given back", "N": ", then its sender is told"}.get(way, "")
    trace = "; each relaying is told, too" if asked.trace else ""
    return f"{moment(asked.by)}{then}{trace}"


def _hold(asked: str) -> str:
    """Say how long the message was to be held: ``for;60``, or until when (RFC 4865, 5.1.2)."""
    way, _, value = asked.partition(";")
    if way == "for":
        return f"for {value} second{'' if value == '1' else 's'}"
    return f"until {moment(datetime.fromisoformat(value))}" if value else ""


def moment(when: datetime | None) -> str:
    """Return a moment in this machine's time zone; empty for none."""
    return "" if when is None else when.astimezone().isoformat(" ", "seconds")


def until(span: timedelta) -> str:
    """Return how long it is until then, ``now`` where it is over."""
    return short_span(span) if span > timedelta(0) else "now"


def short_span(span: timedelta) -> str:
    """Return a time in its largest unit, as 12s, 5m, 3h or 2d."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
