"""The policy of MTA-STS that is published for our domains (RFC 8461, 3.2)."""

from __future__ import annotations

from netsuite.accounts.resolver import same_domain
from netsuite.config.schema import Settings


def policy_of(settings: Settings) -> str:
    """Return the policy; empty where none is published."""
    section = settings.mta_sts
    if section.mode == "off":
        return ""
    lines = ["version: STSv1", f"mode: {section.mode}"]
    if section.mode != "none":
        hosts = section.mx or [settings.site.hostname]
        lines += [f"mx: {same_domain(each)}" for each in hosts]
    lines.append(f"max_age: {section.max_age_seconds}")
    return "".join(f"{each}\r\n" for each in lines)
