"""Mail hosts as they are written in the configuration."""

from __future__ import annotations

from netsuite.smtp.relay import Relay, Security, parse_relay
from netsuite.testing.cases import SynchronousTestCase


class Relays(SynchronousTestCase):
    """URLs of mail hosts."""

    def test_read(self) -> None:
        """With a login, or TLS from the first octet, the certificate must be the host's own."""
        for url, expected in (
            ("smtp://mx.test", Relay("mx.test")),
            ("smtp://mx.test:2525/", Relay("mx.test", 2525)),
            ("smtps://mx.test", Relay("mx.test", 465, Security.VERIFIED, True)),
            (
                "smtp://me%40x:p%3Aw@[2001:db8::1]:587",
                Relay("2001:db8::1", 587, Security.VERIFIED, False, ("me@x", "p:w")),
            ),
        ):
            self.assertEqual(expected, parse_relay(url), url)

    def test_shown(self) -> None:
        """Without the password."""
        self.assertEqual("mx.test:25", str(parse_relay("smtp://me:secret@mx.test")))
        self.assertEqual("[2001:db8::1]:25", str(parse_relay("smtp://[2001:db8::1]")))
        self.assertNotIn("secret", repr(parse_relay("smtp://me:secret@mx.test")))

    def test_refused(self) -> None:
        """What is none; nothing of a password is told."""
        for url in (
            "mx.test",
            "http://mx.test",
            "smtp://",
            "smtp://mx.test/inbox",
            "smtp://mx.test?x",
            "smtp://me@mx.test",
            "smtp://:secret@mx.test",
            "smtp://me:secret@mx.test:port",
            "smtp://[mx:secret@",
        ):
            with self.assertRaises(ValueError, msg=url) as raised:
                parse_relay(url)
            self.assertNotIn("secret", str(raised.exception))
