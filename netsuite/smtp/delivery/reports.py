"""Reports to the senders of queued mail: what could not be delivered, is late, or has arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from netsuite.accounts.interfaces import Delivery
from netsuite.message.bounce import Action, Outcome, compose_report
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Tried, is_wanted
from netsuite.smtp.parameters import parse_report_request
from netsuite.store.interfaces import Report
from netsuite.store.outgoing import Envelope, QueueItem

#: Of a message that failed, so much is given back whole where its sender did not say how much
#: (RET); of a larger one, the header.
RETURNED_OCTETS: Final = 50 * 1024
#: However large a message is, no more than this is given back.
LARGEST_OCTETS: Final = 1024 * 1024


class Reporter:
    """Writes reports (RFC 3464).

    Args:
        host: this host's name.
        identify: returns a name that no other message here has.
    """

    def __init__(
        self,
        delivery: Delivery,
        *,
        host: str,
        now: Callable[[], datetime],
        identify: Callable[[], str],
    ) -> None:
        self._delivery = delivery
        self.host = host
        self._now = now
        self._identify = identify

    async def report(self, tried: Sequence[Tried], content: Content) -> Report | None:
        """Return what the sender of one message is told of its recipients; None for nothing.

        The null path is told nothing: a report on a report could go round for ever (RFC 5321,
        4.5.5).
        """
        outcomes = [each for each in map(self.told, tried) if each is not None]
        item = tried[0].item
        sender = item.envelope.sender
        if not outcomes or not sender:
            return None
        name = self._identify()
        request = parse_report_request(item.envelope.ret)
        whole = await self._returned_whole(item.envelope, outcomes, content)
        original = whole if whole is not None else await content.header()
        # Said REQUIRETLS, the field says nothing (RFC 8689, 4.1).
        tls_optional = not item.envelope.require_tls and await content.tls_optional()
        octets = compose_report(
            reporter=self.host,
            sender=sender,
            outcomes=outcomes,
            original=original,
            date=self._now(),
            message_id=f"{name}@{self.host}",
            boundary=f"{name}/{self.host}",
            envelope_id=item.envelope.envelope_id,
            arrived=item.queued,
            deliver_by=request.by,
            future_release=request.hold,
            whole=whole is not None,
            utf8=not sender.isascii(),
            tls_optional=tls_optional,
        )
        return await self._delivery.report(sender, octets, require_tls=item.envelope.require_tls)

    def told(self, tried: Tried) -> Outcome | None:
        """Return what is told of one recipient: what the sender wants to know, a delay once."""
        outcome, recipient = tried.outcome, tried.item.recipient
        if outcome is None:
            return None
        if not is_wanted(recipient.notify, outcome.action) and (
            recipient.notify == "NEVER" or not self._is_way(tried.item, outcome)
        ):
            return None
        late = recipient.warn is not None and self._now() >= recipient.warn
        return outcome if outcome.action is not Action.DELAYED or late else None

    def _is_way(self, item: QueueItem, outcome: Outcome) -> bool:
        """Return whether it is the way that was taken, and BY has that told: each step where a
        trace is asked for (RFC 2852, 4.1.4); where who wants to hear of a delay would not hear of
        it from beyond, the step to there (4.1.4.2)."""
        if outcome.action is not Action.RELAYED:
            return False
        request = parse_report_request(item.envelope.ret)
        by = request.by or item.recipient.warn
        beyond = item.recipient.deliver_by == "N" and by is not None and self._now() < by
        return request.trace or (beyond and not outcome.reports)

    async def _returned_whole(
        self, envelope: Envelope, outcomes: Sequence[Outcome], content: Content
    ) -> bytes | None:
        """Return the message where it is given back whole (RFC 3461, 4.3): not one that must not
        go in the clear (RFC 8689, 5)."""
        ret = "HDRS" if envelope.require_tls else parse_report_request(envelope.ret).ret
        failed = any(each.action is Action.FAILED for each in outcomes)
        limit = LARGEST_OCTETS if ret == "FULL" else RETURNED_OCTETS
        if not failed or ret == "HDRS" or content.octets > limit:
            return None
        return await content.whole(limit)
