"""The life of one recipient in the queue, as a machine: queued, tried, put off, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from automat import TypeMachineBuilder

from netsuite.message.bounce import Action, Outcome
from netsuite.smtp.commands import Reply
from netsuite.smtp.parameters import parse_report_request
from netsuite.store.outgoing import QueueItem, QueueState, Settlement


@dataclass(frozen=True, slots=True)
class Said:
    """What decided over a recipient.

    Args:
        reply: the other server's, or our own words in the form of one.
        remote: the server that said it; empty for our own.
        reports: it will tell the sender itself of what becomes of the mail (RFC 3461).
    """

    reply: Reply
    remote: str = ""
    reports: bool = False


class Lifecycle(Protocol):
    """What can happen to a recipient; in another order it is an error."""

    def claimed(self) -> None:
        """It is to be tried."""

    def accepted(self, said: Said, now: datetime) -> None:
        """Another server has taken charge of it, or a mailbox of ours has it."""

    def refused(self, said: Said, now: datetime) -> None:
        """It will never be taken."""

    def put_off(self, said: Said, now: datetime, next_attempt: datetime) -> None:
        """It is to be tried again."""

    def expired(self, said: Said, now: datetime) -> None:
        """It has been tried for long enough."""

    def untried(self, next_attempt: datetime) -> None:
        """It was not its turn."""


class Core:
    """What has become of the recipient.

    Args:
        item: as it was claimed.
    """

    def __init__(self, item: QueueItem) -> None:
        self.item = item
        #: To be told to the queue, when the attempt is over.
        self.settlement: Settlement | None = None
        #: To be told to the sender, who may not want to know.
        self.outcome: Outcome | None = None

    def settle(
        self, state: QueueState, said: Said | None, next_attempt: datetime | None = None
    ) -> None:
        """Note how the attempt has ended."""
        self.settlement = Settlement(
            self.item.id,
            self.item.lease,
            state,
            "" if said is None else str(said.reply),
            "" if said is None else said.remote,
            next_attempt,
        )

    def report(self, action: Action, said: Said, now: datetime, status: str = "") -> None:
        """Note what the sender may be told."""
        recipient = self.item.recipient
        self.outcome = Outcome(
            recipient.address,
            action,
            status or status_of(said.reply),
            str(said.reply),
            said.remote,
            recipient.original,
            now,
            recipient.expires if action is Action.DELAYED else None,
            said.reports,
        )

    @property
    def traced(self) -> bool:
        """Whether the sender wants to hear of each relaying (RFC 2852, 4.1.4)."""
        return parse_report_request(self.item.envelope.ret).trace


def status_of(reply: Reply) -> str:
    """Return the enhanced status code of a reply; of one without, the class alone (RFC 3463)."""
    return reply.enhanced or f"{min(max(reply.code // 100, 2), 5)}.0.0"


_builder = TypeMachineBuilder(Lifecycle, Core)
_queued = _builder.state("queued")
_trying = _builder.state("trying")
_deferred = _builder.state("deferred")
_delivered = _builder.state("delivered")
_failed = _builder.state("failed")
_expired = _builder.state("expired")


def _claimed(item: Lifecycle, core: Core) -> None:
    core.settlement = core.outcome = None


for _state in (_queued, _deferred):
    _state.upon(Lifecycle.claimed).to(_trying)(_claimed)


@_trying.upon(Lifecycle.accepted).to(_delivered)
def _accepted(item: Lifecycle, core: Core, said: Said, now: datetime) -> None:
    core.settle(QueueState.DELIVERED, said)
    if not said.reports or (said.remote and core.traced):
        # Our own mailbox has it, or a server that will not tell (RFC 3461, 5.2.2 and 5.3.1); or
        # the way that it takes is to be told.
        core.report(Action.RELAYED if said.remote else Action.DELIVERED, said, now)


@_trying.upon(Lifecycle.refused).to(_failed)
def _refused(item: Lifecycle, core: Core, said: Said, now: datetime) -> None:
    core.settle(QueueState.FAILED, said)
    core.report(Action.FAILED, said, now)


@_trying.upon(Lifecycle.put_off).to(_deferred)
def _put_off(
    item: Lifecycle, core: Core, said: Said, now: datetime, next_attempt: datetime
) -> None:
    core.settle(QueueState.DEFERRED, said, next_attempt)
    # RFC 2852, 4.1.3: that time has expired is what is told of, whatever keeps it waiting.
    status = "4.4.7" if core.item.recipient.deliver_by == "N" else ""
    core.report(Action.DELAYED, said, now, status)


@_trying.upon(Lifecycle.expired).to(_expired)
def _expire(item: Lifecycle, core: Core, said: Said, now: datetime) -> None:
    core.settle(QueueState.EXPIRED, said)
    # RFC 3463, 3.5: delivery time expired; RFC 2852, 4.1.3 has it permanent.
    status = "5.4.7" if core.item.recipient.deliver_by == "R" else "4.4.7"
    core.report(Action.FAILED, said, now, status)


@_trying.upon(Lifecycle.untried).to(_queued)
def _untried(item: Lifecycle, core: Core, next_attempt: datetime) -> None:
    core.settle(QueueState.QUEUED, None, next_attempt)


_machine = _builder.build()


class Tried:
    """One item while it is tried: its machine, and what came of it."""

    def __init__(self, item: QueueItem) -> None:
        self._core = Core(item)
        self.life: Lifecycle = _machine(self._core)
        self.life.claimed()

    @property
    def item(self) -> QueueItem:
        """The item as it was claimed."""
        return self._core.item

    def claimed_again(self, item: QueueItem) -> None:
        """Accept that the item is on another lease now, of ours."""
        self._core.item = item

    @property
    def settlement(self) -> Settlement | None:
        """How the attempt has ended; None while it has not."""
        return self._core.settlement

    @property
    def outcome(self) -> Outcome | None:
        """What the sender may be told."""
        return self._core.outcome

    def decide(self, said: Said, now: datetime, next_attempt: datetime) -> None:
        """Accept what was said: yes, never, or not now, which has an end.

        Args:
            next_attempt: of one that is to be tried again.
        """
        if said.reply.positive:
            self.life.accepted(said, now)
        elif said.reply.permanent:
            self.life.refused(said, now)
        elif now >= self.item.recipient.expires:
            self.life.expired(said, now)
        else:
            self.life.put_off(said, now, next_attempt)


def is_wanted(notify: str, action: Action) -> bool:
    """Return whether a sender wants to be told (RFC 3461, 4.1 and 5.2).

    Args:
        notify: as in ``QueueRecipient``.
    """
    words = notify.split(",") if notify else ["FAILURE", "DELAY"]
    needed = {Action.FAILED: "FAILURE", Action.DELAYED: "DELAY"}.get(action, "SUCCESS")
    return needed in words
