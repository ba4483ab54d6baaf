"""What the SMTP services bring along: the time of trace fields, settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from netsuite.accounts.arrivals import MailEnvelope
from netsuite.config.load import load
from netsuite.site import Site
from netsuite.smtp.policy.greylisting import UNKNOWN
from netsuite.smtp.policy.interface import Stage
from netsuite.smtp.server.shared import LocalTime
from netsuite.smtp.service import make_lmtp, make_smtp, make_submission
from netsuite.smtp.service.delivery import make_delivery, make_router, route_settings
from netsuite.smtp.settings import DeliverySettings
from netsuite.store.outgoing import Envelope
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.asking import facts


class LocalTimes(SynchronousTestCase):
    """The clock of trace fields."""

    def test_follows_the_clock(self) -> None:
        """It tells whole seconds in the local zone, each for as long as it lasts, also when the
        system's clock is set back."""
        now = LocalTime()
        given = []
        for second in (1_000_000.2, 1_000_000.9, 1_000_001.0, 999_999.5):
            with mock.patch("time.time", lambda second=second: second):
                given.append(now())
        first, same, following, back = given
        self.assertEqual(1_000_000, first.timestamp())
        self.assertEqual(datetime.fromtimestamp(1_000_000).astimezone().tzinfo, first.tzinfo)
        self.assertIs(first, same)
        self.assertEqual(timedelta(seconds=1), following - first)
        self.assertEqual(999_999, back.timestamp())


class Services(TestCase):
    """What a service takes from the configuration."""

    def test_five_minutes(self) -> None:
        """The first command has five minutes (RFC 5321, 4.5.3.2.7), or what the operator says."""
        home = Path(self.mktemp()).absolute()
        site = Site(home, settings=load(None, ["submission.greeting_seconds=7"]), reactor=reactor)
        self.assertEqual(300, make_smtp(site).factory.shared.settings.greeting_seconds)
        self.assertEqual(7, make_submission(site).factory.shared.settings.greeting_seconds)

    async def test_remembered(self) -> None:
        """What policies learn, and what domains say by MTA-STS, outlives a restart."""
        home = Path(self.mktemp()).absolute()
        settings = load(None, ['policy.smtp=["greylisting"]', "policy.greylisting_seconds=0"])
        dns = FakeDNS({"_mta-sts.there.test": Name(failing=True)})
        until = datetime.now(UTC) + timedelta(days=1)
        text = f"1 {until.timestamp():.0f}\nversion: STSv1\nmode: enforce\nmx: a.test\nmax_age: 9\n"
        for expected in (UNKNOWN, None):
            site = Site(home, settings=settings, reactor=reactor)
            await site.store.open()
            try:
                policies = make_smtp(site).factory.shared.policies
                assert policies is not None
                found = await policies.judge(Stage.RECIPIENT, facts())
                self.assertEqual(expected, found.refusal)
                router = make_router(
                    settings.delivery, "mx.test", reactor, dns, site.store.remembered
                )
                if expected is None:
                    dns.names["there.test"] = Name(mx=[(1, "a.test"), (2, "forged.test")])
                    hosts = [each.host for each in await router.route("there.test")]
                    self.assertEqual(["a.test"], hosts)
                site.store.remembered.remember("mta-sts", "there.test", text, until)
            finally:
                await site.store.close()

    async def test_arrivals_from_the_queue(self) -> None:
        """Who waits for mail hears of what is delivered here from the queue."""
        settings = load(None, ['site.domains=["ours.test"]'])
        site = Site(settings=settings, memory=True, reactor=reactor)
        heard: Deferred[MailEnvelope] = Deferred()
        site.on_mail(lambda envelope, message: heard.callback(envelope))
        agent = make_delivery(site)
        site.startService()
        agent.startService()
        try:
            await site.when_open()
            await site.store.accounts.add_account("ann", None)
            to = await site.resolver.resolve("ann", "ours.test")
            draft = site.delivery.draft()
            draft.write(b"Return-Path: <>\r\n\r\n")
            await site.delivery.deliver(draft, [replace(to, notify="SUCCESS")], Envelope(""))
            envelope = await heard
            self.assertEqual(("", ("ann@ours.test",)), (envelope.sender, envelope.recipients))
        finally:
            await agent.stopService()
            await site.stopService()

    def test_lmtp_policies(self) -> None:
        """The policies of LMTP are named as those of the others, and are none otherwise."""
        home = Path(self.mktemp()).absolute()
        for named, expected in (("[]", None), ('["authentication", "rates"]', 2)):
            settings = load(None, [f"policy.lmtp={named}"])
            made = make_lmtp(Site(home, settings=settings, reactor=reactor))
            policies = made.factory.shared.policies
            self.assertEqual(expected, policies and len(policies.rules))

    def test_names_of_domains(self) -> None:
        """Routes and rules are found under the form in which domains of recipients are compared."""
        settings = DeliverySettings.model_validate(
            {
                "routes": {"Bücher.example": "smtp://a", ".Bücher.example": "smtp://b"},
                "security": {"Bücher.example": "verified"},
            }
        )
        found = route_settings(settings, "mx.test")
        self.assertEqual({"xn--bcher-kva.example", ".xn--bcher-kva.example"}, set(found.routes))
        self.assertEqual({"xn--bcher-kva.example"}, set(found.security))
