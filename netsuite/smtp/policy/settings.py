"""Settings of policies: which judge which service, in which order, and each one's own."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from netsuite.config.sections import Section, setting
from netsuite.config.values import Count, DomainName, Seconds

#: The policies that come with the suite, in the order that is best: what costs least comes first.
READY: Final = (
    "rates",
    "harvesting",
    "greeting",
    "blocklists",
    "greylisting",
    "authentication",
    "milter",
)
_own: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _is_policy(name: str) -> str:
    if name not in READY and not _own.fullmatch(name):
        raise ValueError(
            f"{name!r} is no policy; write one of {', '.join(READY)}, or a class of one's own as "
            "package.module:Class"
        )
    return name


PolicyName = Annotated[str, AfterValidator(_is_policy)]


class PolicySettings(Section):
    """Policies: who judges sessions and messages, in which order, and by what."""

    smtp: list[PolicyName] = setting(
        [],
        "The policies of the `smtp` service, in the order they are asked; the first refusal "
        f"counts. There are {', '.join(READY)}; one's own is written package.module:Class.",
    )
    submission: list[PolicyName] = setting(["rates"], "The same of the `submission` service.")
    lmtp: list[PolicyName] = setting(
        [],
        "The same of the `lmtp` service. A client on a Unix socket is this machine, which most of "
        "them let be: `authentication` and `milter` judge its messages.",
    )
    report_only: list[PolicyName] = setting(
        [], "Policies of which it is only logged what they would refuse or mark."
    )
    seconds: Seconds = setting(
        30.0,
        "How long a policy may take at one step; then the client is told to try again later.",
        unit="seconds",
        ge=1,
    )
    rates_address_messages: Count = setting(
        0,
        "Messages in an hour from one address (one IPv6 /64) without a login; 0: any number.",
        unit="messages",
    )
    rates_account_hour: Count = setting(
        1000, "Recipients in an hour that an account may send to; 0: any number.", unit="recipients"
    )
    rates_account_day: Count = setting(
        5000, "Recipients in a day that an account may send to; 0: any number.", unit="recipients"
    )
    harvesting_unknown: int = setting(
        50,
        "Unknown recipients in an hour after which an address is sent away.",
        unit="recipients",
        ge=1,
    )
    greeting_reverse: bool = setting(
        False, "Whether `greeting` wants an address to have a name that leads back to it."
    )
    blocklists_zones: list[DomainName] = setting(
        [], "The block lists of `blocklists`, such as zen.spamhaus.org."
    )
    greylisting_seconds: Seconds = setting(
        300.0,
        "How long an unknown sender has to wait before it may come back.",
        unit="seconds",
    )
    authentication_refuse: bool = setting(
        False,
        "Whether `authentication` does what the author's domain asks for by DMARC: refuses mail "
        "(p=reject), or files it (p=quarantine). Otherwise it is noted in Authentication-Results "
        "and taken.",
    )
    authentication_arc_trusted: list[DomainName] = setting(
        [],
        "Domains of forwarders and mailing lists that are believed: a message that fails DMARC is "
        "taken all the same where such a domain has sealed it last (ARC) and noted that it came "
        "to it with dmarc=pass. Name only those that verify what they seal.",
    )
    quarantine_folder: str = setting(
        "Junk",
        "The folder of the recipient, where there is one, for mail that `authentication` or "
        "`milter` puts in quarantine; empty: where it went anyhow.",
    )
    milter_endpoint: str = setting(
        "",
        "Where the filter of `milter` listens: a Twisted client endpoint, such as "
        "tcp:127.0.0.1:11332 or unix:/run/rspamd/milter.sock.",
    )
