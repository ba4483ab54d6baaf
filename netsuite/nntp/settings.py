"""Settings of the NNTP service."""

from __future__ import annotations

from typing import Literal

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Distribution, DistributionPattern, Seconds
from netsuite.connection.settings import ServiceSettings


class Settings(ServiceSettings):
    """Newsgroups for newsreaders (RFC 3977)."""

    listen: list[str] = setting(loopback(119), "Where to listen, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(563), "Where to listen under TLS.")
    idle_seconds: Seconds = setting(
        600.0,
        "How long a connection may say nothing; RFC 3977, 3.1 wants at least 3 minutes.",
        unit="seconds",
        ge=180,
        live=True,
    )
    anonymous: Literal["read", "none"] = setting(
        "read",
        "What somebody who has not logged in may do: read the news, or nothing.",
        live=True,
    )
    posting: Literal["login", "open", "none"] = setting(
        "login",
        "Who may post: those who have logged in, everybody who may read, or nobody.",
        live=True,
    )
    article_octets: Count = setting(
        4 * 1024 * 1024, "The largest article taken; 0: any.", unit="octets", live=True
    )
    crossposts: int = setting(
        10, "Newsgroups that one article may be posted to.", unit="newsgroups", ge=1, live=True
    )
    oldest_days: int = setting(
        10,
        "How far the Date of a posted article may lie back; RFC 5537, 3.5 wants at least 3 days.",
        unit="days",
        ge=3,
        live=True,
    )
    tell_source: bool = setting(
        False,
        "Whether articles tell the address they were posted from (in Path and Injection-Info).",
        live=True,
    )
    complaints: str = setting(
        "",
        "A mail address for complaints about articles, told in Injection-Info; empty: none.",
        live=True,
    )
    motd: str = setting(
        "", "A message of the day for newsreaders (LIST MOTD); empty: none.", live=True
    )
    subscriptions: list[str] = setting(
        [],
        "Newsgroups recommended to newcomers, the most important first (LIST SUBSCRIPTIONS).",
        live=True,
    )
    distributions: list[Distribution] = setting(
        [],
        "Values of the Distribution field that posters may choose from (LIST DISTRIBUTIONS): each "
        'the value, a space and its meaning, as in "local Local to this site".',
        live=True,
    )
    distribution_patterns: list[DistributionPattern] = setting(
        [],
        "Which distribution suits which newsgroups (LIST DISTRIB.PATS), as WEIGHT:WILDMAT:VALUE.",
        live=True,
    )
