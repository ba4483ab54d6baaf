"""What clients call themselves, and the names of their addresses."""

from __future__ import annotations

from netsuite.smtp.policy.greeting import NO_NAME, NO_REVERSE, NOT_NOW, OUR_NAME, Greeting
from netsuite.smtp.policy.names import LookedUpNames
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.asking import facts

REVERSE = "7.2.0.192.in-addr.arpa"


class Names(SynchronousTestCase):
    """Clients at 192.0.2.7."""

    def setUp(self) -> None:
        self.dns = FakeDNS()

    def test_helo(self) -> None:
        """A name has a dot, or is a literal, and is not ours; who has logged in may say what they
        like."""
        policy = Greeting(["mx.example.org", "example.org"])
        for helo, verdict in [
            ("mail.y.test", None),
            ("mail.y.test.", None),
            ("[192.0.2.7]", None),
            ("[IPv6:2001:db8::1]", None),
            ("grün.test", None),
            ("localhost", NO_NAME),
            ("192.0.2.7", NO_NAME),
            ("a..b", NO_NAME),
            ("a b.c", NO_NAME),
            ("", NO_NAME),
            ("mx.example.org", OUR_NAME),
            ("EXAMPLE.org.", OUR_NAME),
        ]:
            found = self.successResultOf(policy.mail(facts(helo=helo)))
            self.assertIs(verdict, found, helo)
            for more in ({"account": "ann"}, {"local": True}):
                self.assertIsNone(self.successResultOf(policy.mail(facts(helo=helo, **more))))

    def reverse(self) -> object:
        """Return what is said of the address's names, and see that they are looked up once."""
        names = LookedUpNames(self.dns, "192.0.2.7")
        policy = Greeting([], reverse=True)
        found = self.successResultOf(policy.mail(facts(names=names)))
        asked = len(self.dns.asked)
        self.assertIs(found, self.successResultOf(policy.mail(facts(names=names))))
        if found is not NOT_NOW:
            self.assertEqual(asked, len(self.dns.asked))
        return found

    def test_reverse(self) -> None:
        """An address needs a name that leads back to it; no answer is told apart."""
        self.assertIs(NO_REVERSE, self.reverse())
        self.dns.names[REVERSE] = Name(ptr=["other.test", "failing.test", "mail.y.test"])
        self.assertIs(NO_REVERSE, self.reverse())
        self.dns.names["failing.test"] = Name(failing=True)
        self.dns.names["mail.y.test"] = Name(addresses=["192.0.2.8"])
        self.assertIs(NO_REVERSE, self.reverse())
        self.dns.names["mail.y.test"] = Name(addresses=["192.0.2.8", "192.0.2.7"])
        self.assertIsNone(self.reverse())
        self.dns.names[REVERSE] = Name(failing=True)
        self.assertIs(NOT_NOW, self.reverse())

    def test_bounded(self) -> None:
        """Of a thousand names ten are looked at."""
        self.dns.names[REVERSE] = Name(ptr=[f"n{number}.test" for number in range(1000)])
        self.assertIs(NO_REVERSE, self.reverse())
        self.assertEqual(11, len(self.dns.asked))
