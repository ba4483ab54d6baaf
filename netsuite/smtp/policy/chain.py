"""A chain of policies: asked in order, each within its time; the first refusal counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection.coroutine_task import CoroutineTask, Raised, Work, start
from netsuite.smtp.commands import Reply
from netsuite.smtp.policy.content import Spool
from netsuite.smtp.policy.interface import (
    Defer,
    Facts,
    NoNames,
    PeerNames,
    Policy,
    Refusal,
    Reject,
    Stage,
    Tag,
    Verdict,
)
from netsuite.smtp.policy.verification import RunInThread

#: RFC 7208, 4.6.4 wants at least 20 seconds for SPF alone.
POLICY_SECONDS: Final = 30.0
#: What a policy has said that did not say anything.
BROKEN: Final = Defer("Something went wrong here; try again later", enhanced="4.3.0")

#: The services that policies judge.
JUDGED: Final = ("smtp", "submission", "lmtp")

P = TypeVar("P", bound=Policy | type[Policy])
_Method = Callable[[Facts], Work[Verdict]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy with its place in the chain.

    Args:
        name: as the log and the configuration call it.
        report_only: what it would refuse or mark is logged, and not done.
    """

    name: str
    policy: Policy
    report_only: bool = False


class OwnPolicies:
    """The policies that a program brings, and which services they judge."""

    def __init__(self) -> None:
        self._rules: list[tuple[Collection[str], Rule]] = []
        self._asked_for: set[str] = set()

    def add(
        self,
        policy: P,
        *,
        services: Collection[str] = ("smtp",),
        report_only: bool = False,
    ) -> P:
        """Add a policy, which judges the services that are made from now on; return it.

        Args:
            policy: it, or its class, of which one is made: so this is a decorator, too.
            services: of ``smtp``, ``submission`` and ``lmtp``.
            report_only: what it would refuse or mark is logged, and not done.

        Raises:
            TypeError: it is no ``netsuite.smtp.policy.interface.Policy``.
            ValueError: there is no such service to be judged, or it has been made already.
        """
        made = policy() if isinstance(policy, type) else policy
        if not isinstance(made, Policy):
            raise TypeError(f"{policy!r} is no netsuite.smtp.policy.interface.Policy")
        wanted = (services,) if isinstance(services, str) else tuple(services)
        for service in wanted:
            if service not in JUDGED:
                raise ValueError(f"policies judge {', '.join(JUDGED)}, not {service!r}")
            if service in self._asked_for:
                raise ValueError(f"{service} is made already; add its policies before")
        self._rules.append((wanted, Rule(type(made).__name__, made, report_only)))
        return policy

    def of(self, service: str) -> Sequence[Rule]:
        """Return those that judge a service, which is being made, in the order they were added."""
        self._asked_for.add(service)
        return [rule for services, rule in self._rules if service in services]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a whole chain says.

    Args:
        refusal: None where all accept.
        tags: of those that were asked until then.
        rule: the name of the policy that refuses.
    """

    refusal: Refusal | None = None
    tags: Sequence[Tag] = ()
    rule: str = ""


ACCEPTED: Final = Judgement()


class _TooLate(Exception):
    """It took longer than it may."""


class Policies:
    """A chain. To ask it where no policy listens costs nothing: see ``hears``.

    Args:
        clock: for the time a policy may take.
        seconds: that each policy may take at each stage.
        names: returns the names of an address, which are looked up when somebody asks.
        run: runs in a thread what may wait for the disk.
        folder: where large messages are kept while they are judged; None for the system's.
        counts: of what policies say, by metric, policy and verdict; None for its own.
    """

    log = Logger()

    def __init__(
        self,
        rules: Sequence[Rule],
        clock: IReactorTime,
        *,
        seconds: float = POLICY_SECONDS,
        names: Callable[[str], PeerNames] = lambda address: NoNames(),
        run: RunInThread = maybeDeferred,
        folder: Path | None = None,
        counts: Counter[tuple[str, ...]] | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self.seconds = seconds
        self.names = names
        self.counts: Counter[tuple[str, ...]] = Counter() if counts is None else counts
        self._run = run
        self._folder = folder
        self._clock = clock
        self._asked: dict[Stage, Sequence[tuple[Rule, _Method]]] = {}
        for rule in self.rules:
            for stage, method in _methods(rule.policy).items():
                self._asked[stage] = (*self._asked.get(stage, ()), (rule, method))
        self._hear_refusals = [
            rule.policy for rule in self.rules if type(rule.policy).refused is not Policy.refused
        ]

    def hears(self, stage: Stage) -> bool:
        """Return whether any policy has a method for a stage."""
        return stage in self._asked

    def spool(self, trace: int) -> Spool:
        """Return where a message is kept until it is judged.

        Args:
            trace: octets at its beginning that are ours.
        """
        return Spool(self._run, trace, self._folder)

    async def judge(self, stage: Stage, facts: Facts) -> Judgement:
        """Ask the policies that have a method for a stage."""
        tags: list[Tag] = []
        for rule, method in self._asked.get(stage, ()):
            outcome: object
            try:
                outcome = start(method(facts))
            except Exception as error:  # of a method that is not async, as it has to be
                outcome = Raised(error)
            if outcome is None:
                continue
            if type(outcome) is CoroutineTask:
                verdict = self._verdict(rule, stage, await self._in_time(outcome))
            else:
                verdict = self._verdict(rule, stage, outcome)
            if verdict is None:
                continue
            self._count(rule, verdict)
            if rule.report_only:
                self.log.info(
                    "policy {rule} would say at {stage}, to {address}: {verdict}",
                    rule=rule.name,
                    stage=stage.name,
                    address=facts.client.peer.address,
                    verdict=verdict,
                )
            elif isinstance(verdict, Tag):
                tags.append(verdict)
            elif isinstance(verdict, Refusal):
                self.log.debug("policy {rule} refuses at {stage}", rule=rule.name, stage=stage.name)
                return Judgement(verdict, tags, rule.name)
        return Judgement(None, tags) if tags else ACCEPTED

    def refused(self, facts: Facts, answer: Reply) -> None:
        """Tell the policies that listen that a recipient was refused."""
        for policy in self._hear_refusals:
            try:
                policy.refused(facts, answer)
            except Exception:
                self.log.failure("telling a policy of a refusal")

    def _count(self, rule: Rule, verdict: Defer | Reject | Tag) -> None:
        """Count a verdict."""
        said = "failed" if verdict is BROKEN else type(verdict).__name__.lower()
        kind = "reported" if rule.report_only else said
        self.counts["netsuite_policy_verdicts", rule.name, kind] += 1

    def _verdict(self, rule: Rule, stage: Stage, outcome: object) -> Verdict:
        """Return what a policy has said; that it is to be tried again where it has not."""
        if outcome is None or isinstance(outcome, Defer | Reject | Tag):
            return outcome
        wrong = TypeError(f"no verdict: {outcome!r}")
        error = outcome.error if isinstance(outcome, Raised) else wrong
        self.log.failure(
            "policy {rule} at {stage}", Failure(error), rule=rule.name, stage=stage.name
        )
        return BROKEN

    def _in_time(self, task: CoroutineTask[Verdict]) -> Awaitable[object]:
        """Return what a policy says that has to wait; ``Raised`` where that takes too long."""
        ended: Deferred[object] = Deferred(lambda _: left())
        waiting = True

        def over(outcome: object) -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                timer.cancel()
                ended.callback(outcome)

        def expired() -> None:
            nonlocal waiting
            waiting = False
            ended.callback(Raised(_TooLate(f"after {self.seconds:g} seconds")))
            task.cancel()

        def left() -> None:
            nonlocal waiting
            waiting = False
            timer.cancel()
            task.cancel()
            ended.errback(CancelledError())

        timer = self._clock.callLater(self.seconds, expired)
        task.when_ended(over)
        return ended


def _methods(policy: Policy) -> dict[Stage, _Method]:
    """Return the methods that a policy has of its own."""
    kind = type(policy)
    found: dict[Stage, _Method] = {}
    if kind.connection is not Policy.connection:
        found[Stage.CONNECTION] = policy.connection
    if kind.helo is not Policy.helo:
        found[Stage.HELO] = policy.helo
    if kind.mail is not Policy.mail:
        found[Stage.MAIL] = policy.mail
    if kind.recipient is not Policy.recipient:
        found[Stage.RECIPIENT] = policy.recipient
    if kind.message is not Policy.message:
        found[Stage.MESSAGE] = policy.message
    return found
