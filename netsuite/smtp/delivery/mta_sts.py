"""MTA-STS (RFC 8461): what a domain says, by HTTPS, of the hosts that take its mail."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import Agent, ResponseDone

from netsuite.dns import DNS, DNSError
from netsuite.store.errors import StoreClosed
from netsuite.store.interfaces import RememberedStore

T = TypeVar("T")

#: How long each step of fetching a policy may take.
FETCH_SECONDS: Final = 30.0
#: A policy is no longer than that (RFC 8461, 3.3).
POLICY_OCTETS: Final = 64 * 1024
#: It is kept for a year at the most, and at least for as long as a retry takes.
MOST_SECONDS: Final = 31_557_600.0
#: How often it is asked whether a policy that is kept is still that of its domain, and how long it
#: is not asked for one that could not be had (3.3).
AGAIN_SECONDS: Final = 3600.0
#: A policy that is used in this last part of its life is fetched anew while it still counts: who
#: can keep its site away just when it ends does not end it (3.3).
LAST_PART: Final = 1 / 3
#: How often that is tried at the most.
REFRESH_SECONDS: Final = 86_400.0
KEPT: Final = 10_000
PATTERNS: Final = 100
#: The kind of what the store remembers.
REMEMBERED: Final = "mta-sts"

# RFC 8461, 3.1: sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
_record = re.compile(
    r"v=STSv1[ \t]*(?:;[ \t]*[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+[ \t]*)*;?[ \t]*"
)
_id = re.compile(r";[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;|\Z)")
_remembered = re.compile(r"([A-Za-z0-9]{1,32}) ([0-9]{1,12})\n(.*)", re.DOTALL)
_host = re.compile(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a domain says.

    Args:
        mode: ``enforce``, ``testing`` or ``none``.
        patterns: names of hosts, the first label may be ``*``.
        max_age: how long it is good for, in seconds.
    """

    mode: str
    patterns: tuple[str, ...]
    max_age: float

    @property
    def enforced(self) -> bool:
        """Whether no mail may go to another host, or without the host's own certificate."""
        return self.mode == "enforce"

    def allows(self, host: str) -> bool:
        """Return whether a host is one of the domain's (4.1)."""
        rest = host.partition(".")[2]
        return any(
            host == each or (each.startswith("*.") and rest == each[2:]) for each in self.patterns
        )


def parse_record(texts: list[bytes]) -> str | None:
    """Return the id of the policy that TXT records tell of; None where there is none (3.1)."""
    found = []
    for octets in texts:
        text = octets.decode("ascii", "replace")
        if text.startswith("v=STSv1") and _record.fullmatch(text):
            found.append(text)
    if len(found) != 1:
        return None
    match = _id.search(found[0])
    return match[1] if match is not None else None


def parse_policy(octets: bytes) -> Policy | None:
    """Read a policy; None where it is none (3.2)."""
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for line in octets.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if colon and key == "mx" and _host.fullmatch(value) and len(patterns) < PATTERNS:
            patterns.append(value.lower())
        elif colon:
            fields.setdefault(key, value)
    age = fields.get("max_age", "")
    mode = fields.get("mode", "")
    if fields.get("version") != "STSv1" or mode not in ("enforce", "testing", "none"):
        return None
    if not age.isascii() or not age.isdigit() or len(age) > 10 or (mode != "none" and not patterns):
        return None
    return Policy(mode, tuple(patterns), min(float(age), MOST_SECONDS))


def print_policy(policy: Policy) -> str:
    """Print a policy as ``parse_policy`` reads it."""
    hosts = "".join(f"mx: {each}\n" for each in policy.patterns)
    return f"version: STSv1\nmode: {policy.mode}\n{hosts}max_age: {policy.max_age:.0f}\n"


@dataclass(slots=True)
class _Kept:
    id: str
    policy: Policy | None
    until: float  # it is good for
    ask_at: float  # whether it is still the domain's
    refresh_at: float = 0.0  # not before


class DomainPolicies:
    """Policies of domains, kept as long as they say, and fetched anew before they end.

    They are kept in memory, and in the store where there is one to remember them: without one each
    domain is asked anew after a start, so an attacker who can forge the DNS just then, and keep it
    forged, is not noticed.

    Args:
        clock: tells the time of day, as reactors do: it is compared with that of earlier runs.
        fetch: returns what an HTTPS URL has, the certificate verified and no redirection
            followed; raises OSError where it cannot be had.
        remembered: where policies outlive a restart; None for nowhere.
    """

    log = Logger()

    def __init__(
        self,
        dns: DNS,
        clock: IReactorTime,
        fetch: Callable[[str], Awaitable[bytes]],
        remembered: RememberedStore | None = None,
    ) -> None:
        self._dns = dns
        self._clock = clock
        self._fetch = fetch
        self._remembered = remembered
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def policy(self, domain: str) -> Policy | None:
        """Return the policy of a domain, None where it has none, or none can be had.

        Raises:
            StoreError: it cannot be known whether one is remembered, and so not whether mail may
                go without.
        """
        kept = self._kept.get(domain) or await self._recalled(domain)
        now = self._clock.seconds()
        if kept is not None and now < min(kept.ask_at, kept.until):
            return kept.policy
        try:
            answer = await self._dns.txt(f"_mta-sts.{domain}")
            identifier = parse_record(list(answer.records))
        except DNSError:
            identifier = None
        good = kept is not None and now < kept.until
        if kept is not None and good and identifier in (None, kept.id):
            # That the record is gone does not end a policy: who can forge could make it go (2).
            kept.ask_at = now + AGAIN_SECONDS
            if identifier is not None:  # without a record there is no policy to be had (3.1)
                self._refresh(domain, kept)
            return kept.policy
        if identifier is None:
            return None
        policy = await self._asked(domain)
        if policy is None and kept is not None and good:
            kept.ask_at = now + AGAIN_SECONDS
            return kept.policy
        until = now + (policy.max_age if policy is not None else AGAIN_SECONDS)
        refresh_at = kept.refresh_at if kept is not None else 0.0
        self._learn(domain, _Kept(identifier, policy, until, now + AGAIN_SECONDS, refresh_at))
        return policy

    def _refresh(self, domain: str, kept: _Kept) -> None:
        """Fetch a policy anew that ends before long; mail does not wait for it, and goes by
        the one that is kept."""
        now = self._clock.seconds()
        policy = kept.policy
        if policy is None or now < max(kept.until - policy.max_age * LAST_PART, kept.refresh_at):
            return
        kept.refresh_at = now + REFRESH_SECONDS
        ensureDeferred(self._refreshed(domain, kept)).addErrback(
            lambda failure: self.log.failure("refreshing an MTA-STS policy", failure)
        )

    async def _refreshed(self, domain: str, kept: _Kept) -> None:
        policy = await self._asked(domain)
        # Where another has been learned meanwhile, this one may be older.
        if policy is None or self._kept.get(domain) is not kept:
            return
        until = self._clock.seconds() + policy.max_age
        with suppress(StoreClosed):  # while it was fetched
            self._learn(domain, _Kept(kept.id, policy, until, kept.ask_at, kept.refresh_at))

    def _learn(self, domain: str, kept: _Kept) -> None:
        """Keep what a domain says; a policy in the store, too. Raises StoreClosed."""
        self._keep(domain, kept)
        if kept.policy is not None and self._remembered is not None:
            value = f"{kept.id} {kept.until:.0f}\n{print_policy(kept.policy)}"
            end = datetime.fromtimestamp(kept.until, UTC)
            self._remembered.remember(REMEMBERED, domain, value, end)

    async def _recalled(self, domain: str) -> _Kept | None:
        """Return what an earlier run has kept; whether it is still the domain's is to be asked."""
        value = None
        if self._remembered is not None:
            value = await self._remembered.recall(REMEMBERED, domain)
        found = _remembered.fullmatch(value) if value is not None else None
        policy = parse_policy(found[3].encode()) if found is not None else None
        if found is None or policy is None:
            return None
        kept = _Kept(found[1], policy, float(found[2]), 0.0)
        self._keep(domain, kept)
        return kept

    def _keep(self, domain: str, kept: _Kept) -> None:
        self._kept[domain] = kept
        self._kept.move_to_end(domain)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _asked(self, domain: str) -> Policy | None:
        url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
        try:
            octets = await self._fetch(url)
        except OSError as error:
            self.log.warn("no MTA-STS policy of {domain}: {error}", domain=domain, error=error)
            return None
        policy = parse_policy(octets)
        if policy is None:
            self.log.warn("what {url} has is no MTA-STS policy", url=url)
        return policy


async def fetch(reactor: IReactorTime, url: str) -> bytes:
    """Return what an HTTPS URL has (RFC 8461, 3.3): the certificate is verified, no redirection is
    followed. Raises OSError."""
    agent = Agent(reactor, connectTimeout=FETCH_SECONDS)
    try:
        response = await _in_time(agent.request(b"GET", url.encode("ascii")), reactor)
        if response.code != 200:
            raise OSError(f"{url} is answered with {response.code}")
        body = _Body()
        response.deliverBody(body)
        return await _in_time(body.ended, reactor)
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{url} cannot be read: {type(error).__name__} {error}") from None


def _in_time(waiting: Deferred[T], reactor: IReactorTime) -> Deferred[T]:
    return waiting.addTimeout(FETCH_SECONDS, reactor)


class _Body(Protocol):
    """Gathers a body, as much of it as a policy may have."""

    def __init__(self) -> None:
        # Who sends an octet a minute would hold the connection for weeks.
        self.ended: Deferred[bytes] = Deferred(lambda _: self._break_off())
        self._octets = b""

    def _break_off(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self._octets += data
        if len(self._octets) > POLICY_OCTETS:
            self._break_off()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        if self.ended.called:
            return
        if len(self._octets) > POLICY_OCTETS:
            self.ended.errback(OSError("more than a policy may have"))
        elif reason.check(ResponseDone):
            self.ended.callback(self._octets)
        else:
            self.ended.errback(OSError("broken off"))
