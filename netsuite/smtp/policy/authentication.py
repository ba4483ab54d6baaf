"""The policy that verifies mail by SPF, DKIM and DMARC, and notes what it has found."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from netsuite.dns import DNS
from netsuite.smtp.policy.authors import a_labels, author_domains
from netsuite.smtp.policy.canonical import HeaderFields
from netsuite.smtp.policy.dmarc import POLICIES, DMARCResult, check_dmarc, organization
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Reject, Tag, Verdict
from netsuite.smtp.policy.results import MethodResult, claimed, results_field
from netsuite.smtp.policy.spf import SPFResult, check_host
from netsuite.smtp.policy.verification import RunInThread, Verified, verify


class MailAuthentication(Policy):
    """Puts Authentication-Results before mail that comes without a login, and takes out what
    others have written in our name; refuses what a domain asks to be refused, where it may.

    Args:
        run: for hashing and verifying.
        now: seconds since 1970.
        refuse: whether ``p=reject`` is done, and ``p=quarantine`` files mail into *folder*;
            otherwise both are only noted.
        folder: of the recipients; empty for INBOX, too.
    """

    def __init__(
        self,
        dns: DNS,
        run: RunInThread,
        now: Callable[[], float],
        *,
        refuse: bool = False,
        folder: str = "",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._dns = dns
        self._run = run
        self._now = now
        self._refuse = refuse
        self._folder = folder
        self._chance = chance
        organization("example.org")  # reads the list now: 40 ms, which no message is to wait for

    async def message(self, facts: Facts) -> Verdict:
        """Verify a message."""
        message, client = facts.message, facts.client
        if message is None or client.account is not None:
            return None
        spf, identity = await self._spf(facts)
        dkim = await verify(message, self._dns, self._run, now=self._now())
        authors = author_domains(HeaderFields(message.header))
        dmarc = [
            await check_dmarc(self._dns, author, spf, dkim, self._chance)
            for author in (authors or ())[:4]
        ]
        if self._refuse:
            refusal = _refusal(authors, dmarc)
            if refusal is not None:
                return refusal
        results = [*_dkim_results(dkim), _spf_result(spf, identity), *map(_dmarc_result, dmarc)]
        filed = self._refuse and any(each.applied != "none" for each in dmarc)
        return Tag(
            results_field(client.host, results),
            self._folder if filed else "",
            claimed(message.header, client.host),
        )

    async def _spf(self, facts: Facts) -> tuple[SPFResult, str]:
        """Return SPF's result, and which identity it is about (RFC 7208, 2.4)."""
        client, sender = facts.client, facts.sender or ""
        domain = a_labels(sender.rpartition("@")[2])
        identity = "mailfrom" if sender else "helo"
        address = "" if client.peer.local else client.peer.address
        found = await check_host(
            self._dns, address, domain or a_labels(client.helo), sender=sender, helo=client.helo
        )
        return found, identity


def _refusal(authors: Sequence[str] | None, dmarc: Sequence[DMARCResult]) -> Defer | Reject | None:
    if authors is None or len(authors) > len(dmarc):
        # RFC 7489, 6.6.1: whose policy would count? So it would be a way around all of them.
        return Reject("The message has not one From field with one author", 554, "5.6.0")
    worst = max(dmarc, key=lambda each: POLICIES.index(each.applied), default=None)
    if worst is not None and worst.applied == "reject":
        domain = "".join(c for c in worst.domain if "!" <= c <= "~")[:200]
        return Reject(f"{domain} asks to refuse mail that it did not send (DMARC)", 550, "5.7.1")
    if any(each.result == "temperror" for each in dmarc):
        return Defer("The author's domain cannot be verified now (DMARC)", 451, "4.7.5")
    return None


def _dkim_results(dkim: Sequence[Verified]) -> Sequence[MethodResult]:
    return [
        MethodResult(
            "dkim",
            each.result,
            each.reason,
            (
                ("header.d", each.domain),
                ("header.i", each.identity),
                ("header.s", each.selector),
                ("header.a", each.kind),
                ("header.b", each.data),
            ),
        )
        for each in dkim
    ] or [MethodResult("dkim", "none")]


def _spf_result(spf: SPFResult, identity: str) -> MethodResult:
    reason = "" if spf.result == "pass" else spf.reason
    return MethodResult("spf", spf.result, reason, [(f"smtp.{identity}", spf.domain)])


def _dmarc_result(dmarc: DMARCResult) -> MethodResult:
    asked = [("policy.published-domain-policy", dmarc.asked)]
    return MethodResult(
        "dmarc", dmarc.result, dmarc.reason, [("header.from", dmarc.domain), *asked]
    )
