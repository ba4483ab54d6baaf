"""What the SMTP services bring along: the time of trace fields, settings."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from twisted.internet import reactor

from netsuite.config.load import load
from netsuite.site import Site
from netsuite.smtp.server.shared import LocalTime
from netsuite.smtp.service import make_smtp, make_submission, route_settings
from netsuite.smtp.settings import DeliverySettings
from netsuite.testing.cases import SynchronousTestCase, TestCase


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
