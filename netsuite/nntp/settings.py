"""What one NNTP service is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an NNTP service.

    Args:
        host: the name it goes by; in Path, Xref, and Message-IDs it makes.
        anonymous: what somebody who has not logged in may do: read, or nothing.
        posting: who may post: those who have logged in, all who may read, or nobody.
        article_octets: the largest article taken; None for no limit.
        crossposts: newsgroups that one article may be posted to.
        oldest: how far an article's Date may lie back (RFC 5537, 3.5: 72 hours at least).
        tell_source: whether Injection-Info and Path tell the poster's address.
        complaints: a mail address for Injection-Info; empty for none.
        software: what the greeting and CAPABILITIES call it.
    """

    host: str
    anonymous: Literal["read", "none"] = "read"
    posting: Literal["login", "open", "none"] = "login"
    article_octets: int | None = 4 * 1024 * 1024
    crossposts: int = 10
    oldest: timedelta = timedelta(days=10)
    tell_source: bool = False
    complaints: str = ""
    software: str = "netsuite"
