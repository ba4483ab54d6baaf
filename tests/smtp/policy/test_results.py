"""The Authentication-Results field, printed, and others' found that claim to be ours."""

from __future__ import annotations

from netsuite.smtp.policy.results import MethodResult, claimed, parse_results, results_field
from netsuite.testing.cases import SynchronousTestCase


class Results(SynchronousTestCase):
    """The field of RFC 8601."""

    def test_printed(self) -> None:
        """A method stands on a line, with what it is about; an empty list says none."""
        found = results_field(
            "mx.example.org",
            [
                MethodResult("spf", "pass", "", [("smtp.mailfrom", "example.net")]),
                MethodResult("dkim", "fail", 'a "b"\r\nc', [("header.d", ""), ("header.i", "é@x")]),
            ],
        )
        self.assertEqual(
            b"Authentication-Results: mx.example.org;\r\n spf=pass\r\n  smtp.mailfrom=example.net;"
            b'\r\n dkim=fail reason="a ?b???c"\r\n  header.i="?@x"\r\n',
            found,
        )
        self.assertEqual(
            b"Authentication-Results: xn--mx-yka.test;\r\n none\r\n", results_field("mxü.test", [])
        )

    def test_claimed(self) -> None:
        """Who claims to be us, or cannot be read, is found; others are left alone."""
        for value, ours in [
            (b"mx.example.org; spf=pass", True),
            (b"MX.Example.ORG 1; none", True),
            (b"(a (nested) comment) mx.example.org(x); none", True),
            (b'"mx.example.org"; none', True),
            (b'"mx\\.example.org"; none', True),
            (b"\r\n mx.example.org;\r\n none", True),
            (b"mx.example.org", True),
            (b"other.example.org; spf=pass", False),
            (b"mx.example.org.other.test; none", False),
            (b"other.test 1; none", False),
            (b"other.test 2; none", True),
            (b"; none", True),
            (b"", True),
            (b"((((((mx.example.org))))))", True),
            (b"(" * 100_000 + b"x" + b")" * 100_000, True),
            (b"(" * 100_000, True),
            (b"(\\(" * 100_000, True),
            (b"(" + b"x" * 990 + b")mx.example.org; none", True),
            (b"(" + b"x" * 900 + b")other.test; none" + b"x" * 200, False),
        ]:
            header = b"A: mx.example.org\r\nAuthentication-RESULTS:" + value + b"\r\n\r\n"
            found = [each.name for each in claimed(header, "mx.example.org")]
            self.assertEqual([b"Authentication-RESULTS"] * ours, found, value[:60])

    def test_read(self) -> None:
        """What others have found is read as they mean it, and no text of a stranger's within it."""
        read = parse_results(
            b'mx.test; spf=pass smtp.mailfrom=a@b.test;\r\n DKIM/1 = Pass reason="no; dmarc=pass" '
            b'header.d="b\\.test"; =; dmarc = none "'
        )
        self.assertEqual(
            [
                MethodResult("spf", "pass", "", [("smtp.mailfrom", "a@b.test")]),
                MethodResult("dkim", "pass", "no; dmarc=pass", [("header.d", "b.test")]),
                MethodResult("dmarc", "none", "", []),
            ],
            read,
        )
        self.assertEqual([], parse_results(b""))
