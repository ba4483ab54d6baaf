"""What may become of an attempt to deliver."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.store.model import QueueState, Settlement


def check_settlements(settlements: Sequence[Settlement]) -> None:
    """Refuse what cannot be the end of an attempt.

    Raises:
        ValueError: CLAIMED, or WAITING without ``next_attempt``.
    """
    for settlement in settlements:
        if settlement.state is QueueState.CLAIMED or (
            settlement.state is QueueState.WAITING and settlement.next_attempt is None
        ):
            raise ValueError(f"not the end of an attempt: {settlement}")
