"""Refusals by scripts: those that the protocol can say, and those that a report tells of.

See RFC 5429, 2: a refusal while the message is being handed in is better than a report, which may
go to somebody who has not sent anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netsuite.accounts.filtering import Place, Plan
from netsuite.accounts.interfaces import Recipient, Rejected
from netsuite.sieve.outcome import Reject


def refusals(
    plan: Plan, recipients: Sequence[Recipient], *, each: bool
) -> tuple[Mapping[str, Rejected], Sequence[tuple[Place, Reject]]]:
    """Return what is said of recipients, by their addresses, and what is told by reports.

    Args:
        recipients: of the transaction, without the folders that scripts decide about.
        each: each has a fate of its own (RFC 2033).

    Raises:
        Rejected: nobody is to get the message.
    """
    said: dict[str, Rejected] = {}
    told: list[tuple[Place, Reject]] = []
    for place, reject in plan.refused:
        # Words that the protocol cannot say are told by a report; of a refusal that is to be said
        # there they are left out (RFC 5429, 2.1.2, 2.2.1).
        sayable = reject.by_protocol or reject.reason.isascii()
        if sayable and not place.redirected and place.recipient.address not in plan.of:
            said[place.recipient.address] = Rejected(reject.reason)
        else:
            told.append((place, reject))
    if each:
        return said, told
    others = any(one.folders or one.onward or one.put_off for one in recipients)
    others = others or bool(plan.folders or plan.onward or plan.put_off or told)
    if said and not others and said.keys() >= {one.address for one in recipients}:
        raise next(iter(said.values()))
    return {}, plan.refused
