"""A chain of policies: order, refusals, time, failures, report only."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.task import Clock

from netsuite.smtp.commands import Reply
from netsuite.smtp.policy.chain import ACCEPTED, BROKEN, Policies, Rule
from netsuite.smtp.policy.interface import (
    Client,
    Defer,
    Facts,
    Policy,
    Reject,
    Stage,
    Tag,
    Verdict,
)
from netsuite.smtp.replies import TOO_BIG
from netsuite.testing.cases import SynchronousTestCase

FACTS = Facts(Client(), sender="ann@example.org")
NO = Reject("No")
LATER = Defer("Later")
SPAM = Tag(b"X-Spam: yes\r\n")


class Says(Policy):
    """Says one thing of each sender, after a while where it is told to wait."""

    def __init__(self, verdict: Verdict | Exception, waits: Deferred[None] | None = None) -> None:
        self.verdict = verdict
        self.waits = waits
        self.asked = 0

    async def mail(self, facts: Facts) -> Verdict:
        self.asked += 1
        if self.waits is not None:
            await self.waits
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


class NotAsync(Policy):
    """Has forgotten a word."""

    def __init__(self, says: Verdict | Exception) -> None:
        self.says = says

    def mail(self, facts: Facts) -> Verdict:  # type: ignore[override]
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Chain(SynchronousTestCase):
    """Several policies."""

    def setUp(self) -> None:
        self.clock = Clock()

    def chain(self, *policies: Policy, report_only: bool = False) -> Policies:
        rules = [Rule(type(each).__name__, each, report_only) for each in policies]
        return Policies(rules, self.clock, seconds=5.0)

    def test_nobody_listens(self) -> None:
        """A stage without a policy is known to be one, and accepts."""
        chain = self.chain(Says(NO))
        self.assertTrue(chain.hears(Stage.MAIL))
        for stage in set(Stage) - {Stage.MAIL}:
            self.assertFalse(chain.hears(stage))
            self.assertIs(ACCEPTED, self.successResultOf(chain.judge(stage, FACTS)))

    def test_first_refusal_counts(self) -> None:
        """Policies are asked in order until one refuses; tags until then are told with it."""
        last = Says(NO)
        chain = self.chain(Says(None), Says(SPAM), Says(LATER), last)
        found = self.successResultOf(chain.judge(Stage.MAIL, FACTS))
        self.assertEqual((LATER, [SPAM], "Says"), (found.refusal, found.tags, found.rule))
        self.assertEqual(0, last.asked)

    def test_tags(self) -> None:
        """Where all accept, all have their tags."""
        found = self.successResultOf(self.chain(Says(SPAM), Says(SPAM)).judge(Stage.MAIL, FACTS))
        self.assertEqual((None, [SPAM, SPAM]), (found.refusal, found.tags))

    def test_raises(self) -> None:
        """Who raises, or says what is no verdict, defers; at once or after a while."""
        later: Deferred[None] = Deferred()
        wrong: Verdict = True  # type: ignore[assignment]
        for policy in (Says(ValueError("x")), Says(wrong), Says(ValueError("y"), later)):
            judging = ensureDeferred(self.chain(policy).judge(Stage.MAIL, FACTS))
            if policy.waits:
                policy.waits.callback(None)
            self.assertIs(BROKEN, self.successResultOf(judging).refusal)
        self.assertEqual(2, len(self.flushLoggedErrors(ValueError)))
        self.assertEqual(1, len(self.flushLoggedErrors(TypeError)))

    def test_not_async(self) -> None:
        """A method that is not async defers; in report-only mode it is only logged, too."""
        for says in (ValueError("x"), NO):
            policy = NotAsync(says)
            judging = ensureDeferred(self.chain(policy).judge(Stage.MAIL, FACTS))
            self.assertIs(BROKEN, self.successResultOf(judging).refusal)
            judging = ensureDeferred(self.chain(policy, report_only=True).judge(Stage.MAIL, FACTS))
            self.assertIs(ACCEPTED, self.successResultOf(judging))
        self.assertEqual(4, len(self.flushLoggedErrors()))

    def test_waits(self) -> None:
        """Who says it in time is heard, and no timer is left."""
        waits: Deferred[None] = Deferred()
        judging = ensureDeferred(self.chain(Says(NO, waits)).judge(Stage.MAIL, FACTS))
        self.clock.advance(4.9)
        self.assertNoResult(judging)
        waits.callback(None)
        self.assertIs(NO, self.successResultOf(judging).refusal)
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_takes_too_long(self) -> None:
        """Who takes too long defers, whatever it would have said, and is cancelled."""
        cancelled: list[object] = []
        waits: Deferred[None] = Deferred(cancelled.append)
        judging = ensureDeferred(self.chain(Says(None, waits)).judge(Stage.MAIL, FACTS))
        self.clock.advance(5.0)
        self.assertIs(BROKEN, self.successResultOf(judging).refusal)
        self.assertEqual([waits], cancelled)
        self.assertEqual(1, len(self.flushLoggedErrors()))

    def test_client_goes(self) -> None:
        """When the session ends, whoever is asked is cancelled, and nothing is said."""
        cancelled: list[object] = []
        waits: Deferred[None] = Deferred(cancelled.append)
        judging = ensureDeferred(self.chain(Says(NO, waits)).judge(Stage.MAIL, FACTS))
        judging.cancel()
        self.failureResultOf(judging, CancelledError)
        self.assertEqual(([waits], []), (cancelled, self.clock.getDelayedCalls()))

    def test_report_only(self) -> None:
        """What would be refused, marked, or has failed, is only logged."""
        policies = [Says(NO), Says(SPAM), Says(ValueError("x"))]
        chain = self.chain(*policies, report_only=True)
        self.assertIs(ACCEPTED, self.successResultOf(chain.judge(Stage.MAIL, FACTS)))
        self.assertEqual([1, 1, 1], [each.asked for each in policies])
        self.flushLoggedErrors(ValueError)

    def test_refused(self) -> None:
        """Who listens hears of refused recipients; one that fails harms nobody."""
        heard: list[int] = []

        class Listens(Policy):
            def refused(self, facts: Facts, answer: Reply) -> None:
                heard.append(answer.code)
                raise ValueError

        self.chain(Says(None), Listens()).refused(FACTS, TOO_BIG)
        self.assertEqual([552], heard)
        self.flushLoggedErrors(ValueError)
