"""Settings of the NNTP service."""

from __future__ import annotations

from typing import Literal

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Distribution, DistributionPattern, Seconds
from netsuite.connection.settings import ServiceSettings, live, live_seconds


class Settings(ServiceSettings):
    """Newsgroups for newsreaders (RFC 3977)."""

    listen: list[str] = setting(loopback(119), "Where to listen, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(563), "Where to listen under TLS.")
    idle_seconds: Seconds = live_seconds(
        600.0,
        "How long a connection may say nothing; RFC 3977, 3.1 wants at least 3 minutes.",
        ge=180,
    )
    anonymous: Literal["read", "none"] = live(
        "read", "What somebody who has not logged in may do: read the news, or nothing."
    )
    posting: Literal["login", "open", "none"] = live(
        "login", "Who may post: those who have logged in, everybody who may read, or nobody."
    )
    article_octets: Count = live(
        4 * 1024 * 1024, "The largest article taken; 0: any.", unit="octets"
    )
    crossposts: int = live(
        10, "Newsgroups that one article may be posted to.", unit="newsgroups", ge=1
    )
    oldest_days: int = live(
        10,
        "How far the Date of a posted article may lie back; RFC 5537, 3.5 wants at least 3 days.",
        unit="days",
        ge=3,
    )
    tell_source: bool = live(
        False,
        "Whether articles tell the address they were posted from (in Path and Injection-Info).",
    )
    complaints: str = live(
        "", "A mail address for complaints about articles, told in Injection-Info; empty: none."
    )
    motd: str = live("", "A message of the day for newsreaders (LIST MOTD); empty: none.")
    subscriptions: list[str] = live(
        [], "Newsgroups recommended to newcomers, the most important first (LIST SUBSCRIPTIONS)."
    )
    distributions: list[Distribution] = live(
        [],
        "Values of the Distribution field that posters may choose from (LIST DISTRIBUTIONS): each "
        'the value, a space and its meaning, as in "local Local to this site".',
    )
    distribution_patterns: list[DistributionPattern] = live(
        [],
        "Which distribution suits which newsgroups (LIST DISTRIB.PATS), as WEIGHT:WILDMAT:VALUE.",
    )
