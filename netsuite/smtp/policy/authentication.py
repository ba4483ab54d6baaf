"""The policy that verifies mail by SPF, DKIM, ARC and DMARC, and notes what it has found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IReactorTime

from netsuite.connection.peer import Peer
from netsuite.dns import DNS
from netsuite.smtp.policy.arc import ARCResult, verify_chain
from netsuite.smtp.policy.authors import a_labels, author_domains
from netsuite.smtp.policy.canonical import HeaderFields
from netsuite.smtp.policy.dmarc import POLICIES, DMARCResult, check_dmarc, organization
from netsuite.smtp.policy.hurry import HurriedDNS
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Reject, Tag, Verdict
from netsuite.smtp.policy.keys import is_domain
from netsuite.smtp.policy.results import MethodResult, claimed, results_field
from netsuite.smtp.policy.spf import SPFResult, check_host
from netsuite.smtp.policy.verification import RunInThread, Verified, verify

#: Of a policy's time, what the DNS has for SPF and DKIM, at once, and then for DMARC: 20 seconds
#: of 30, which RFC 7208, 4.6.4 wants for SPF, and 5. The rest is for the work.
_FIRST: Final = 2 / 3
_THEN: Final = 1 / 6


class MailAuthentication(Policy):
    """Puts Authentication-Results before mail that comes without a login, and takes out what
    others have written in our name; refuses what a domain asks to be refused, where it may.

    Args:
        run: for hashing and verifying.
        now: seconds since 1970.
        clock: for the time that the DNS has.
        seconds: that a policy may take; what the DNS does not say in time is noted as unknown.
        refuse: whether ``p=reject`` is done, and ``p=quarantine`` files mail into *folder*;
            otherwise both are only noted.
        folder: of the recipients; empty for INBOX, too.
        trusted: domains that are believed, where they have sealed last, that a message that fails
            now came to them from its author's domain (RFC 8617, 7.2.1).
    """

    def __init__(
        self,
        dns: DNS,
        run: RunInThread,
        now: Callable[[], float],
        clock: IReactorTime,
        *,
        seconds: float = 30.0,
        refuse: bool = False,
        folder: str = "",
        trusted: Iterable[str] = (),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._dns = dns
        self._run = run
        self._now = now
        self._clock = clock
        self._seconds = seconds
        self._refuse = refuse
        self._folder = folder
        self._trusted = frozenset(map(a_labels, trusted))
        self._chance = chance
        organization("example.org")  # reads the list now: 40 ms, which no message is to wait for

    async def message(self, facts: Facts) -> Verdict:
        """Verify a message."""
        message, client = facts.message, facts.client
        if message is None:
            return None
        forged = claimed(message.header, client.host)
        if client.account is not None:  # not judged; but nobody writes in our name
            return Tag(dropped=forged) if forged else None
        dns = HurriedDNS(self._dns, self._clock, self._seconds * _FIRST)
        now = self._now()
        asked = ensureDeferred(self._spf(dns, facts))
        sealed = ensureDeferred(verify_chain(message, dns, self._run, now=now))
        try:
            dkim = await verify(message, dns, self._run, now=now)
            spf, identity = await asked
            arc = await sealed
        except BaseException:
            for each in (asked, sealed):
                each.addErrback(lambda _: None).cancel()
            raise
        dns = HurriedDNS(self._dns, self._clock, self._seconds * _THEN)
        authors = author_domains(HeaderFields(message.header))
        dmarc = [
            self._with_chain(await check_dmarc(dns, author, spf, dkim, self._chance), arc)
            for author in (authors or ())[:4]
        ]
        if self._refuse:
            refusal = _refusal(authors, dmarc)
            if refusal is not None:
                return refusal
        results = [
            *_dkim_results(dkim),
            _arc_result(arc, client.peer),
            _spf_result(spf, identity),
            *map(_dmarc_result, dmarc),
        ]
        filed = self._refuse and any(each.applied != "none" for each in dmarc)
        return Tag(
            results_field(client.host, results),
            self._folder if filed else "",
            forged,
        )

    def _with_chain(self, dmarc: DMARCResult, arc: ARCResult) -> DMARCResult:
        """Return what is done where DMARC fails: nothing, if a host that is trusted saw it pass."""
        witness = arc.witness(dmarc.domain, self._trusted) if dmarc.result == "fail" else None
        if witness is None:
            return dmarc
        reason = f"local policy: arc=pass as[{witness[0]}].d={witness[1]}"  # as in RFC 8617, 7.2.2
        return replace(dmarc, reason=reason, applied="none")

    async def _spf(self, dns: DNS, facts: Facts) -> tuple[SPFResult, str]:
        """Return SPF's result, and which identity it is about (RFC 7208, 2.4)."""
        client, sender = facts.client, facts.sender or ""
        domain = a_labels(sender.rpartition("@")[2])
        identity = "mailfrom" if sender else "helo"
        address = "" if client.peer.local else client.peer.address
        found = await check_host(
            dns, address, domain or a_labels(client.helo), sender=sender, helo=client.helo
        )
        return found, identity


def _refusal(authors: Sequence[str] | None, dmarc: Sequence[DMARCResult]) -> Defer | Reject | None:
    if authors is None or len(authors) > len(dmarc) or not all(map(is_domain, authors)):
        # RFC 7489, 6.6.1: whose policy would count? So it would be a way around all of them. Of
        # "ceo@bank.test@x" and '"ceo@bank.test' readers see what they like.
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


def _arc_result(arc: ARCResult, peer: Peer) -> MethodResult:
    """Return a chain's result (RFC 8617, 6), and whose it is."""
    if arc.result != "pass":
        return MethodResult("arc", arc.result, arc.reason)
    properties = [
        ("smtp.remote-ip", "" if peer.local else peer.address),
        ("header.oldest-pass", str(arc.oldest_pass)),
    ]
    return MethodResult("arc", "pass", f"sealed by {arc.sealer}", properties)


def _spf_result(spf: SPFResult, identity: str) -> MethodResult:
    reason = "" if spf.result == "pass" else spf.reason
    return MethodResult("spf", spf.result, reason, [(f"smtp.{identity}", spf.domain)])


def _dmarc_result(dmarc: DMARCResult) -> MethodResult:
    asked = [("policy.published-domain-policy", dmarc.asked)]
    return MethodResult(
        "dmarc", dmarc.result, dmarc.reason, [("header.from", dmarc.domain), *asked]
    )
