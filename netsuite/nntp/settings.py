"""What one NNTP service is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an NNTP service.

    Args:
        host: the name it goes by; in Xref too, so the path identity of the posting policy.
        anonymous: what somebody who has not logged in may do: read, or nothing.
        motd: the message of the day; empty for none.
        subscriptions: newsgroups recommended to newcomers, the most important first; those that
            are not here are left out.
        distributions: each a value, a space, and what it means.
        distribution_patterns: weight, wildmat and distribution, with colons between them.
        software: what the greeting and CAPABILITIES call it.
    """

    host: str
    anonymous: Literal["read", "none"] = "read"
    motd: str = ""
    subscriptions: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    distribution_patterns: tuple[str, ...] = ()
    software: str = "netsuite"
