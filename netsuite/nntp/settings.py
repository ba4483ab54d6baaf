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
        software: what the greeting and CAPABILITIES call it.
    """

    host: str
    anonymous: Literal["read", "none"] = "read"
    software: str = "netsuite"
