"""Policies as the configuration names them."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.smtp.policy import settings as policy_settings
from netsuite.smtp.policy.interface import Facts, Policy, Reject, Stage, Verdict
from netsuite.smtp.policy.ready import BadPolicy, Parts, make_policies
from netsuite.smtp.policy.settings import PolicySettings
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS
from tests.smtp.policy.asking import facts
from tests.smtp.policy.samples import at_once

HERE = "tests.smtp.policy.test_ready"


class NoXs(Policy):
    """A policy of one's own."""

    async def mail(self, facts: Facts) -> Verdict:
        return Reject("No x") if (facts.sender or "").startswith("x") else None


class Ready(SynchronousTestCase):
    """Chains made from settings."""

    def parts(self, **settings: object) -> Parts:
        return Parts(
            PolicySettings(**settings),  # type: ignore[arg-type] # pydantic looks
            Clock(),
            FakeDNS(),
            at_once,
            lambda: 0.0,
        )

    def test_all(self) -> None:
        """Each that has a name can be made, in any order."""
        parts = self.parts(milter_endpoint="tcp:127.0.0.1:1", report_only=["greylisting"])
        chain = make_policies(policy_settings.READY, parts)
        assert chain is not None
        self.assertEqual(policy_settings.READY, tuple(each.name for each in chain.rules))
        self.assertEqual(["greylisting"], [each.name for each in chain.rules if each.report_only])
        self.assertTrue(all(chain.hears(stage) for stage in set(Stage) - {Stage.HELO}))
        self.assertIsNone(make_policies([], parts))

    def test_own(self) -> None:
        """One's own is found by its module."""
        chain = make_policies([f"{HERE}:NoXs"], self.parts())
        assert chain is not None
        found = self.successResultOf(chain.judge(Stage.MAIL, facts(sender="x@y.test")))
        self.assertEqual(Reject("No x"), found.refusal)

    def test_bad(self) -> None:
        """What cannot be made is told with its name."""
        for name, settings, words in [
            ("no.such.module:X", {}, "no.such.module:X cannot be made"),
            (f"{HERE}:Nothing", {}, "KeyError"),
            (f"{HERE}:HERE", {}, "TypeError"),
            (f"{HERE}:Ready", {}, "is no netsuite.smtp.policy.interface.Policy"),
            ("milter", {}, "needs policy.milter_endpoint"),
            ("milter", {"milter_endpoint": "moo:x"}, "policy.milter_endpoint"),
        ]:
            with self.assertRaises(BadPolicy) as caught:
                make_policies([name], self.parts(**settings))
            self.assertIn(words, str(caught.exception))

    def test_names(self) -> None:
        """A name that can be no policy's is refused with the settings."""
        for name in ("moo", "a.b", ":x", "a:", "a:b:c", ""):
            with self.assertRaises(ValueError, msg=name):
                PolicySettings(smtp=[name])
        PolicySettings(smtp=["a.b:c", "rates"])
