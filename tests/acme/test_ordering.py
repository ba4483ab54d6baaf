"""One certificate: the challenge that can be met, and what the authority takes its time over."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite.acme.advice import HTTP, TLS
from netsuite.acme.authority import new_key
from netsuite.acme.ordering import LONGEST_LOOK_SECONDS, STEP_SECONDS, NotIssued, request_for
from netsuite.testing.cases import SynchronousTestCase
from tests.acme.authority_double import Problem
from tests.acme.worlds import World
from tests.connection.places import temporary


class Case(SynchronousTestCase):
    """A certificate that is ordered."""

    def setUp(self) -> None:
        self.world = World(temporary(self))

    def begin(self, *kinds: str) -> Deferred[str]:
        ordering = self.world.ordering(self.world.authority())
        return ensureDeferred(ordering.issue("a.test", request_for("a.test", new_key()), kinds))

    def issue(self, *kinds: str, seconds: float = 60) -> str:
        ordered = self.begin(*kinds)
        self.world.pass_time(seconds)
        return self.successResultOf(ordered)

    def refused(self, *kinds: str, seconds: float = 400) -> NotIssued:
        ordered = self.begin(*kinds)
        self.world.pass_time(seconds)
        return self.failureResultOf(ordered, NotIssued).value


class Challenges(Case):
    """By which challenge."""

    def test_each(self) -> None:
        """Each does alone; the first is taken where it is met, else the next."""
        for closed, kinds, judged in [
            ((), (HTTP,), [HTTP]),
            ((), (TLS,), [TLS]),
            ((), (HTTP, TLS), [HTTP]),
            ((HTTP,), (HTTP, TLS), [HTTP, TLS]),
            ((TLS,), (TLS, HTTP), [TLS, HTTP]),
        ]:
            self.world.judged.clear()
            self.world.closed = set(closed)
            chain = self.issue(*kinds)
            self.assertEqual(2, chain.count("BEGIN CERTIFICATE"))
            self.assertEqual(judged, self.world.judged)
            self.assertEqual({}, self.world.certificates.challenges)

    def test_what_the_authority_offers(self) -> None:
        """One that is not offered is passed over; where none is left, it says so."""
        self.world.double.kinds = ("dns-01", TLS)
        self.issue(HTTP, TLS)
        self.assertEqual([TLS], self.world.judged)
        self.world.double.kinds = ("dns-01",)
        self.assertIn("no way to prove a.test", str(self.refused(HTTP, TLS)))
        self.assertIn("no way to prove a.test", str(self.refused()))

    def test_both_fail(self) -> None:
        """What to change is said for each; the answers are given no more."""
        self.world.closed = {HTTP, TLS}
        said = str(self.refused(HTTP, TLS))
        self.assertIn("at port 80", said)
        self.assertIn("; or the authority does not reach a.test at port 443", said)
        self.assertEqual({}, self.world.certificates.challenges)

    def test_proved_before(self) -> None:
        """What an authority remembers as proved is not proved again."""
        double = self.world.double
        self.patch(double, "authorizations", _ValidOnes())
        self.issue(HTTP)
        self.assertEqual([], self.world.judged)

    def test_other_refusals(self) -> None:
        """What no other challenge would help is tried once."""
        for code in ("rateLimited", "caa", "rejectedIdentifier", "serverInternal", "malformed"):
            self.world.double.problems["order"] = Problem(code, retry="90")
            count = len(self.world.double.requests)
            refused = self.refused(HTTP, TLS)
            self.assertEqual(90.0, refused.retry_seconds)
            asked = self.world.double.requests[count:]
            self.assertEqual(1, asked.count("POST order"), code)


class _ValidOnes(list[object]):
    """Authorizations that are valid from the start."""

    def append(self, each: object) -> None:
        vars(each)["status"] = "valid"
        super().append(each)


class Patience(Case):
    """An authority that takes its time."""

    def test_slow(self) -> None:
        """It is looked after, more and more seldom, and not sooner than it likes."""
        self.world.double.slow = 4
        chain = self.issue(HTTP, seconds=150)
        self.assertTrue(chain)
        looks = self.world.double.requests.count("POST authorization")
        self.assertEqual(1 + 5, looks)

    def test_never_done(self) -> None:
        """It is given up after a while, and the answer is given no more."""
        self.world.double.slow = 10**9
        ordered = self.begin(HTTP)
        self.world.pass_time(STEP_SECONDS + LONGEST_LOOK_SECONDS)
        refused = self.failureResultOf(ordered, NotIssued).value
        self.assertIn("not done yet", str(refused))
        self.assertLess(self.world.double.requests.count("POST authorization"), 30)

    def test_not_ready(self) -> None:
        """An order that is not ready is finalized when it is."""
        self.world.double.problems["finalize"] = Problem("orderNotReady", status=403)
        ordered = self.begin(HTTP)
        self.world.pass_time(1.5)
        self.assertNoResult(ordered)
        del self.world.double.problems["finalize"]
        self.world.pass_time(30)
        self.successResultOf(ordered)

    def test_cancelled(self) -> None:
        """A daemon that stops gives no answer any more."""
        self.world.double.slow = 10**9
        ordered = self.begin(TLS)
        self.world.pass_time(3)
        self.assertEqual(["a.test"], list(self.world.certificates.challenges))
        ordered.addErrback(lambda _: None)
        ordered.cancel()
        self.assertEqual({}, self.world.certificates.challenges)
