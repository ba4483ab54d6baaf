"""Refusals of an authority, in words."""

from __future__ import annotations

from acme import messages

from netsuite.acme.advice import HTTP, TLS, explain
from netsuite.testing.cases import SynchronousTestCase


class Words(SynchronousTestCase):
    """``explain``."""

    def test_says_what_to_change(self) -> None:
        """Each says where to look; what the challenge was makes a difference."""
        for code, challenge, word in [
            ("connection", HTTP, "port 80"),
            ("connection", TLS, "port 443"),
            ("tls", TLS, "http.listen_tls"),
            ("unauthorized", HTTP, "another server answers at http://a.test/"),
            ("incorrectResponse", TLS, "another server answers for a.test at port 443"),
            ("dns", HTTP, "add A and AAAA records"),
            ("caa", HTTP, "CAA record"),
            ("rateLimited", "", "less often"),
            ("externalAccountRequired", "", "acme.external_account"),
            ("unreachable", "", "acme.directory"),
            ("noChallenge", "", "http.listen"),
        ]:
            self.assertIn(word, explain(code, "", "a.test", challenge), code)

    def test_every_error(self) -> None:
        """No error of RFC 8555 leaves a line without words, or with braces."""
        for code in [*messages.ERROR_CODES, "", "of{another}"]:
            for challenge in ("", HTTP, TLS):
                said = explain(code, "why {so}", "a.test", challenge)
                self.assertTrue(said.endswith(" (why {so})"), said)
                self.assertNotIn("{name}", said)

    def test_detail(self) -> None:
        """What the authority says is quoted: on one line, without control characters, not whole
        where it is long."""
        said = explain("caa", "one\r\ntwo\x1b[31m" + "x" * 9000, "a.test")
        self.assertIn("(one  two [31mxxx", said)
        self.assertLess(len(said), 500)
