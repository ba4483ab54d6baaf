"""Quotas: what is asked and told of them (RFC 9208)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GetQuota:
    """GETQUOTA."""

    root: str


@dataclass(frozen=True, slots=True)
class GetQuotaRoot:
    """GETQUOTAROOT."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class SetQuota:
    """SETQUOTA: resources in upper case, with the limit of each."""

    root: str
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class QuotaData:
    """QUOTA: resources, with usage and limit of each."""

    root: str
    resources: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class QuotaRootData:
    """QUOTAROOT."""

    mailbox: str
    roots: tuple[str, ...]
