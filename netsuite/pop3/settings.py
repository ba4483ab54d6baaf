"""What one POP3 service is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a POP3 service.

    Args:
        host: the name it goes by.
        software: what the greeting and CAPA call it.
    """

    host: str
    software: str = "netsuite"
