"""The outgoing queue as values: envelopes, recipients elsewhere, what becomes of them.

A message is queued once, with its recipients; each of these is an item of its own, which is tried,
put off, and ends by itself.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from netsuite.store.errors import StoreError
from netsuite.store.model import AccountId, ContentId, FolderId, Placed


class QueueState(enum.Enum):
    """Where one recipient of a queued message stands; the last three are ends."""

    QUEUED = "queued"  #: not tried yet
    TRYING = "trying"  #: somebody has it on a lease
    DEFERRED = "deferred"  #: tried, and to be tried again
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


ENDS: Final = frozenset({QueueState.DELIVERED, QueueState.FAILED, QueueState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Envelope:
    """What MAIL said of a queued message, for whoever carries it on.

    Args:
        sender: the reverse path, empty for the null path.
        body: ``7BIT``, ``8BITMIME`` or ``BINARYMIME``; empty for not said (RFC 6152, RFC 3030).
        utf8: SMTPUTF8 was said (RFC 6531).
        require_tls: REQUIRETLS was said (RFC 8689).
        ret: what MAIL asked of reports, ``HDRS BY=2026-01-02T03:04:05Z;T HOLD=for;60``, each part
            left out where it was not said: what RET wants given back (RFC 3461, 4.3), the moment
            and the trace of BY (RFC 2852, 4), what HOLDFOR or HOLDUNTIL said (RFC 4865, 5.1.2).
        envelope_id: ENVID, its xtext undone; empty for none (RFC 3461, 4.4).
        account: who submitted it.
    """

    sender: str
    body: str = ""
    utf8: bool = False
    require_tls: bool = False
    ret: str = ""
    envelope_id: str = ""
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class QueueRecipient:
    """One recipient of a message to be queued.

    Args:
        address: RFC 5321 form without angle brackets.
        domain: where its mail is to be carried, by which items are claimed; empty for a mailbox
            here, which could not take it at once.
        expires: when trying ends.
        warn: when the sender is to be told of a delay; None for never.
        not_before: when it is tried first; None for at once (RFC 4865).
        notify: of what the sender wants to be told: ``NEVER``, or some of ``SUCCESS``,
            ``FAILURE`` and ``DELAY`` with commas between; empty for not said (RFC 3461, 4.1).
        original: ORCPT as RCPT gave it, ``rfc822;a@b``, its xtext undone (RFC 3461, 4.2).
        deliver_by: ``R`` or ``N`` of BY, where that has set *expires* or *warn* (RFC 2852).
        forwarded_by: the address of ours that led there; empty where the sender has named it.
    """

    address: str
    domain: str
    expires: datetime
    warn: datetime | None = None
    not_before: datetime | None = None
    notify: str = ""
    original: str = ""
    deliver_by: str = ""
    forwarded_by: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message's way into the queue, in the commit that makes its content durable.

    Args:
        where_full: who is queued instead, where the owner of a folder has no room for a copy;
            None where nobody is, and the copy is left out.
    """

    envelope: Envelope
    recipients: Sequence[QueueRecipient]
    where_full: Mapping[FolderId, QueueRecipient | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One recipient of one queued message.

    Args:
        message: the same for all recipients of one message.
        held: an operator has it wait, whatever its state.
        lease: the token of whoever tries it, which settles it; 0 while nobody does.
        next_attempt: when it is due; while somebody tries it, when the lease ends.
        last_reply: what the other server said last, or our own words.
        remote: the server that said it; empty for our own words.
    """

    id: int
    message: int
    content: ContentId
    octets: int
    envelope: Envelope
    recipient: QueueRecipient
    state: QueueState
    held: bool
    lease: int
    attempts: int
    queued: datetime
    next_attempt: datetime
    last_attempt: datetime | None = None
    last_reply: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one attempt to deliver a queue item.

    Args:
        lease: as the item was claimed.
        state: an end, which removes the item; or DEFERRED, with ``next_attempt``; or QUEUED, for
            an attempt that did not take place, due at ``next_attempt`` again.
        warned: the sender has been told of the delay.
    """

    item: int
    lease: int
    state: QueueState
    last_reply: str = ""
    remote: str = ""
    next_attempt: datetime | None = None
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the commit of settlements has put things.

    Args:
        message: the message.
        report: what its sender is told of it.
    """

    message: Sequence[Placed] = ()
    report: Sequence[Placed] = ()


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which items are meant; what is empty says nothing. Addresses and domains are compared
    without regard to case.

    Args:
        ids: of items.
        message: of a message.
        held: only those held, or only those not.
    """

    ids: Sequence[int] = ()
    message: int | None = None
    sender: str = ""
    recipient: str = ""
    domain: str = ""
    held: bool | None = None


ALL: Final = QueueFilter()


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How many items there are, of how many messages, and how old the oldest is."""

    items: int
    messages: int
    oldest: datetime | None = None


class LeaseLost(StoreError):
    """Nothing was done: somebody else has claimed the items since, or they are gone. A lease whose
    time is over is lost by that alone.

    Args:
        items: those whose lease it was.
    """

    def __init__(self, items: Sequence[int]) -> None:
        super().__init__(f"the lease of {len(items)} queue items is another's")
        self.items = items


def check_settlements(settlements: Sequence[Settlement]) -> None:
    """Check that these can be the ends of attempts.

    Raises:
        ValueError: TRYING, or one that is to be tried again without ``next_attempt``.
    """
    for settlement in settlements:
        if settlement.state is QueueState.TRYING or (
            settlement.state not in ENDS and settlement.next_attempt is None
        ):
            raise ValueError(f"not the end of an attempt: {settlement}")
