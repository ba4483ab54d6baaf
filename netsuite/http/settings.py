"""What one HTTP service is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from netsuite.http.grammar import HeadLimits


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an HTTP service.

    Args:
        host: the name it goes by; the realm of logins.
        software: what the field Server says; empty for no such field.
        limits: of heads.
        body_octets: the largest body of a request; None for any.
    """

    host: str
    software: str = "netsuite"
    limits: HeadLimits = field(default_factory=HeadLimits)
    body_octets: int | None = None
