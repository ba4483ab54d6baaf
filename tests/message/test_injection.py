"""What an injecting agent refuses, and what it adds (RFC 5537, 3.5)."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta

from netsuite.message.injection import Trace, Unfit, check, inject
from netsuite.testing.cases import SynchronousTestCase

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

BASE = b"From: Ann <ann@example.test>\r\nNewsgroups: misc.test\r\nSubject: hello\r\n"
TRACE = Trace("news.example.test", NOW, "<made@news.example.test>", "ann")
DATE = b"Date: Sun, 01 Mar 2026 10:00:00 +0000\r\n"

#: Added to a good header; a part of why it is refused.
REFUSED = [
    (b"From: Bob <bob@example.test>\r\n", "2 times"),
    (b"Subject: again\r\n", "2 times"),
    (b"newsgroups: misc.test\r\n", "2 times"),
    (b"Message-ID: <a@b>\r\nMessage-Id: <c@d>\r\n", "2 times"),
    (b"Path: a!b\r\nPath: c\r\n", "2 times"),
    (b"Injection-Info: elsewhere\r\n", "Injection-Info is written by servers only"),
    (b"Xref: a misc.test:1\r\n", "Xref is written by servers only"),
    (b"NNTP-Posting-Host: a\r\n", "written by servers only"),
    (b"X-Trace: a\r\n", "written by servers only"),
    (b"Control: cancel <a@b>\r\n", "articles do not act on others"),
    (b"control: newgroup misc.evil\r\n", "articles do not act on others"),
    (b"Supersedes: <a@b>\r\n", "articles do not act on others"),
    (b"Also-Control: cancel <a@b>\r\n", "articles do not act on others"),
    (b"Bcc: a@b.c\r\n", "belongs in mail"),
    (b"Disposition-Notification-To: a@b.c\r\n", "belongs in mail"),
    (b"Path: news!.POSTED!not-for-mail\r\n", "injected already"),
    (b"Path: news!.posted.there!x\r\n", "injected already"),
    (b"Path: news! .POSTED!x\r\n", "injected already"),
    (b"Path: .POSTED!x\r\n", "injected already"),
    (b"Path: a b\xc3\xbc\r\n", "injected already"),
    (b"Path: " + b"a!" * 400 + b"b\r\n", "injected already"),
    (b"Message-ID: none\r\n", "Message-ID"),
    (b"Message-ID: <no-at>\r\n", "Message-ID"),
    (b"Message-ID: <a b@c>\r\n", "Message-ID"),
    (b"Message-ID: <a@b> (x)\r\n", "Message-ID"),
    (b"Message-ID: <a@b>\r\n <c@d>\r\n", "Message-ID"),
    (b"Message-ID: <" + b"a" * 250 + b"@b>\r\n", "Message-ID"),
    (b"Date: yesterday\r\n", "Date is no date"),
    (b"Date: Mon, 02 Mar 2026 13:00:00 +0000\r\n", "future"),
    (b"Date: Thu, 19 Feb 2026 10:00:00 +0000\r\n", "10 days back"),
    (b"Injection-Date: Mon, 02 Mar 2026 13:00:00 +0000\r\n", "Injection-Date lies in the future"),
    (b"Injection-Date: Thu, 19 Feb 2026 10:00:00 +0000\r\n", "Injection-Date lies more"),
    (b"Followup-To: a..b\r\n", "Followup-To"),
    (b"Followup-To: poster, misc.test, !\r\n", "Followup-To"),
    (b"References: garbage\r\n", "References is malformed"),
    (b"References: <a@b> <c@d\r\n", "References is malformed"),
    (b"References: (none)\r\n", "References is malformed"),
    (b"Distribution: a b\r\n", "Distribution is malformed"),
    (b"Distribution: local,\r\n", "Distribution is malformed"),
    (b"Expires: never\r\n", "Expires is no date"),
    (b"Sender: a@b@c\r\n", "Sender has no address"),
    (b"Sender: a@b.\r\n", "Sender has no address"),
    (b"Sender: nobody\r\n", "Sender has no address"),
    (b"Reply-To: @\r\n", "Reply-To has no address"),
    (b"Approved: yes\r\n", "Approved has no address"),
    (b"Organization:\r\n", "no field"),
    (b"Organization: \r\n", "Organization is empty"),
    (b"Organization:none\r\n", "no field"),
    (b"Organization : a\r\n", "no field"),
    (b"X-\xc3\xbc: a\r\n", "no field"),
    (b"no colon\r\n", "no field"),
    (b"X-A: b\r\n \t\r\n", "no field"),
    (b"X-A: " + b"x" * 995 + b"\r\n", "longer than 998"),
    (b"X-A: b\0c\r\n", "NUL"),
    (b"X-A: \xff\r\n", "neither ASCII nor UTF-8"),
    (b"X-A: a\nX-B: b\r\n", "stands alone"),
    (b"X-A: a\rControl: cancel <a@b>\r\n", "stands alone"),
]

#: Whole headers.
BAD = [
    (b"", "no field"),
    (b" folded\r\n", "no field"),
    (b"From: a@b.c\r\nSubject: x\r\n", "no Newsgroups"),
    (b"From: a@b.c\r\nNewsgroups: a.b\r\n", "no Subject"),
    (b"Newsgroups: a.b\r\nSubject: x\r\n", "no From"),
    (b"From: nobody\r\nNewsgroups: a.b\r\nSubject: x\r\n", "From has no address"),
    (b"From: a@b.c\r\nNewsgroups: a.b,,c\r\nSubject: x\r\n", "Newsgroups holds"),
    (b"From: a@b.c\r\nNewsgroups: a b\r\nSubject: x\r\n", "Newsgroups holds"),
    (b"From: a@b.c\r\nNewsgroups: ../etc\r\nSubject: x\r\n", "Newsgroups holds"),
    (b"From: a@b.c\r\nNewsgroups: a.*\r\nSubject: x\r\n", "Newsgroups holds"),
    (b"From: a@b.c\r\nNewsgroups: " + b"a" * 256 + b"\r\nSubject: x\r\n", "Newsgroups holds"),
]  # fmt: skip


class Injection(SynchronousTestCase):
    """Headers of proto-articles."""

    def refused(self, header: bytes) -> str:
        with self.assertRaises(Unfit) as caught:
            check(header, now=NOW, oldest=timedelta(days=10))
        return str(caught.exception)

    def injected(self, header: bytes, trace: Trace = TRACE) -> list[bytes]:
        proto = check(header, now=NOW, oldest=timedelta(days=10))
        octets, _ = inject(proto, trace)
        self.assertTrue(octets.endswith(b"\r\n"))
        return octets.split(b"\r\n")[:-1]

    def test_taken(self) -> None:
        """What is odd but well-formed is let through as it stands."""
        for field in (
            b"References: <a@b>\r\n <c.d@[e]>\t<f@g>", b"References: (x) <a@b> (y)",
            b"Distribution: local, de", b"Distribution: world", b"Expires: Sun, 01 Jan 2040 00:00:00 +0000",
            b"Expires: Thu, 01 Jan 1970 00:00:00 GMT", b"Reply-To: a@[192.0.2.1], \"x y\" <a@b-c.d>",
            b"Followup-To: poster", b"Archive: no", b"Comments: a\r\nComments: b", b"X-A: \xc3\xbc",
        ):  # fmt: skip
            self.assertIn(field, b"\r\n".join(self.injected(BASE + field + b"\r\n")))

    def test_long_fields_are_judged_at_once(self) -> None:
        """A header as long as may be costs no more than reading it."""
        began = time.process_time()
        for octets in (b"<a@b>", b"(", b"()", b"<", b"a,"):
            for name in (b"References", b"Distribution", b"Reply-To", b"Path"):
                lines = b"\r\n ".join([octets * (900 // len(octets))] * 70)
                with contextlib.suppress(Unfit):
                    check(BASE + name + b": " + lines + b"\r\n", now=NOW, oldest=timedelta(9))
        self.assertLess(time.process_time() - began, 5)

    def test_refused(self) -> None:
        """Forged, doubled, prohibited and broken fields are refused with what is wrong."""
        for added, why in REFUSED:
            self.assertIn(why, self.refused(BASE + added), added)
            if not added.startswith(b"no colon"):
                self.assertIn(why, self.refused(added + BASE), added)
        for header, why in BAD:
            self.assertIn(why, self.refused(header), header)

    def test_added(self) -> None:
        """What lacks is added behind what was there; Path comes first."""
        date = b"Sun, 1 Mar 2026 12:00:00 +0000"
        self.assertEqual(
            [
                b"Path: news.example.test!.POSTED!not-for-mail",
                *BASE.split(b"\r\n")[:-1],
                b"Message-ID: <made@news.example.test>",
                b"Date: " + date,
                b"Injection-Info: news.example.test;",
                b'\tposting-account="ann"',
                b"Injection-Date: " + date,
            ],
            self.injected(BASE),
        )

    def test_nothing_else_is_changed(self) -> None:
        """Fields keep their order, case, and folding; only Path is taken to the front."""
        odd = b"subject: a\r\n\tb\r\nPATH: old!x\r\nNewsGroups: a.b ,\r\n c.d\r\nX-Y: 1\r\nX-Y: 2\r\nfrom: a@b.c\r\n"
        lines = self.injected(odd + DATE + b"Message-ID: <own@x>\r\n")
        self.assertEqual(b"Path: news.example.test!.POSTED!old!x", lines[0])
        rest = (odd.replace(b"PATH: old!x\r\n", b"") + DATE + b"Message-ID: <own@x>\r\n").split(
            b"\r\n"
        )[:-1]
        self.assertEqual(rest, lines[1 : 1 + len(rest)])
        proto = check(odd, now=NOW, oldest=timedelta(days=10))
        self.assertEqual(("a.b", "c.d"), proto.newsgroups)

    def test_injection_date(self) -> None:
        """Not with both Message-ID and Date, not a second one (RFC 5537, 3.5, point 11)."""
        own = b"Message-ID: <own@x>\r\n"
        for added, wanted in ((b"", 1), (DATE, 1), (own, 1), (DATE + own, 0)):
            lines = self.injected(BASE + added)
            self.assertEqual(
                wanted, sum(line.startswith(b"Injection-Date:") for line in lines), added
            )
        given = b"Injection-Date: Sun, 01 Mar 2026 09:00:00 +0000"
        lines = self.injected(BASE + given + b"\r\n")
        self.assertEqual([given], [line for line in lines if line.startswith(b"Injection-Date:")])

    def test_trace(self) -> None:
        """The source and the address for complaints are told where they are given, quoted."""
        trace = Trace("h", NOW, "<m@h>", 'a"b\\c\r\nX: y', "2001:db8::1", "abuse@h")
        header = b"\r\n".join(self.injected(BASE, trace))
        self.assertIn(b"Path: h!.POSTED.2001:db8::1!not-for-mail\r\n", header)
        self.assertIn(
            b'Injection-Info: h;\r\n\tposting-host="2001:db8::1";\r\n\tposting-account="a\\"b\\\\cX: y";\r\n'
            b'\tmail-complaints-to="abuse@h"\r\n',
            header,
        )

    def test_good_ones(self) -> None:
        """What is unusual but right is taken."""
        for added in (
            b"Followup-To: poster\r\n", b"Followup-To: a.b\r\n", b"Organization: \xc3\xbc\r\n",
            b"Message-ID: <a@[127.0.0.1]>\r\n", b"Message-ID: <a!#$@b.c>\r\n", DATE,
            b"References: <a@b> <c@d>\r\n", b"X-A: " + b"x" * 993 + b"\r\n", b"Path: not-for-mail\r\n",
            b"Lines: 3\r\n", b"Cancel-Lock: sha256:abc\r\n",
        ):  # fmt: skip
            check(BASE + added, now=NOW, oldest=timedelta(days=10))
