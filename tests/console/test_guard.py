"""Whom a request asks, and which page has sent a form."""

from __future__ import annotations

from netsuite.console.guard import is_from_us, is_our_host, is_our_path
from netsuite.http.commands import Fields, Request
from netsuite.testing.cases import SynchronousTestCase


class Hosts(SynchronousTestCase):
    """DNS rebinding needs a name; ours are known."""

    def test_hosts(self) -> None:
        """Addresses, localhost and our names, in any case and with any port."""
        for host, ours in (
            ("mail.example.org", True),
            ("MAIL.example.org:8090", True),
            ("mail.example.org.", True),
            ("localhost:8090", True),
            ("127.0.0.1", True),
            ("192.0.2.1:8490", True),
            ("[::1]:8090", True),
            ("", False),
            (":8090", False),
            ("evil.example", False),
            ("mail.example.org.evil.example", False),
            ("xmail.example.org", False),
            ("127.0.0.1.evil.example", False),
            ("2130706433", False),
            ("[::1", False),
            ("a b", False),
        ):
            self.assertIs(ours, is_our_host(host, {"mail.example.org"}), host)


class Senders(SynchronousTestCase):
    """A form of another site, of a neighbour's page on another port, of a sandboxed frame."""

    def test_senders(self) -> None:
        """Only our own pages' forms are taken, as far as a browser tells whose they are."""
        for origin, site, secure, ours in (
            ("", "", False, True),
            ("http://127.0.0.1:8090", "same-origin", False, True),
            ("https://127.0.0.1:8090", "", False, True),  # behind a proxy that takes TLS off
            ("https://127.0.0.1:8090", "", True, True),
            ("http://127.0.0.1:8090", "", True, False),
            ("http://127.0.0.1:8080", "same-site", False, False),
            ("http://127.0.0.1:8080", "", False, False),
            ("http://127.0.0.1", "", False, False),
            ("http://evil.example", "cross-site", False, False),
            ("http://evil.example:8090", "", False, False),
            ("null", "", False, False),
            ("http://127.0.0.1:99999", "", False, False),
            ("ftp://127.0.0.1:8090", "", False, False),
            ("", "cross-site", False, False),
            ("", "same-site", False, False),
            ("", "none", False, True),
        ):
            pairs = [("origin", origin), ("sec-fetch-site", site)]
            head = Request(
                "POST", "/", Fields(pair for pair in pairs if pair[1]), host="127.0.0.1:8090"
            )
            self.assertIs(ours, is_from_us(head, secure=secure), (origin, site, secure))

    def test_default_ports(self) -> None:
        """A port that is not said is the scheme's."""
        head = Request("POST", "/", Fields([("origin", "https://a.test")]), host="a.test:443")
        self.assertTrue(is_from_us(head, secure=True))
        head = Request("POST", "/", Fields([("origin", "https://A.test")]), host="a.test")
        self.assertTrue(is_from_us(head, secure=True))


class Paths(SynchronousTestCase):
    """Where one is led after the login."""

    def test_paths(self) -> None:
        """To pages of ours alone, whatever a browser makes of what it reads."""
        for path, ours in (
            ("/", True),
            ("/queue?domain=a.test&after=5", True),
            ("/accounts/%C3%A9", True),
            ("", False),
            ("queue", False),
            ("//evil.example", False),
            ("/\\evil.example", False),
            ("/a\\..\\b", False),
            ("http://evil.example", False),
            ("/\t/evil.example", False),
            ("/a\r\nSet-Cookie: b", False),
            ("/é", False),
            ("/" + "a" * 2001, False),
        ):
            self.assertIs(ours, is_our_path(path), path)
