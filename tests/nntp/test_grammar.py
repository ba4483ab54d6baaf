"""NNTP's grammar: commands both ways, and everything that is none."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from netsuite.nntp import commands as c
from netsuite.nntp.commands import Range, Status
from netsuite.nntp.grammar import (
    format_command,
    format_status,
    parse_command,
    parse_sasl_response,
    parse_status,
)
from netsuite.nntp.wildmat import BadWildmat, parse_wildmat
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

#: What is said, and what it means: both directions.
BOTH: list[tuple[bytes, c.Command]] = [
    (b"CAPABILITIES", c.Capabilities()),
    (b"CAPABILITIES AUTOUPDATE", c.Capabilities("AUTOUPDATE")),
    (b"MODE READER", c.ModeReader()),
    (b"GROUP comp.lang.python", c.Group("comp.lang.python")),
    ("GROUP gr\u00fc\u00dfe.\u65e5\u672c".encode(), c.Group("gr\u00fc\u00dfe.\u65e5\u672c")),
    (b"LISTGROUP", c.ListGroup()),
    (b"LISTGROUP misc.test", c.ListGroup("misc.test")),
    (b"LISTGROUP misc.test 3-", c.ListGroup("misc.test", Range(3, None))),
    (b"LISTGROUP misc.test 3-7", c.ListGroup("misc.test", Range(3, 7))),
    (b"NEXT", c.Next()),
    (b"LAST", c.Last()),
    (b"ARTICLE", c.Article()),
    (b"ARTICLE 3000234", c.Article(3000234)),
    (b"HEAD <i.am@example.com>", c.Head("<i.am@example.com>")),
    (b"BODY 9999999999999999", c.Body(9999999999999999)),
    (b"STAT", c.Stat()),
    (b"OVER", c.Over()),
    (b"OVER 3-", c.Over(Range(3, None))),
    (b"OVER <a@b>", c.Over("<a@b>")),
    (b"XOVER 5", c.Over(Range(5, 5), legacy=True)),
    (b"HDR Subject", c.Hdr("Subject")),
    (b"HDR :lines 3-5", c.Hdr(":lines", Range(3, 5))),
    (b"XHDR subject <a@b>", c.Hdr("subject", "<a@b>", legacy=True)),
    (b"LIST ACTIVE", c.ListCommand()),
    (b"LIST ACTIVE.TIMES *.test", c.ListCommand("ACTIVE.TIMES", "*.test")),
    (b"LIST HEADERS MSGID", c.ListCommand("HEADERS", "MSGID")),
    (b"LIST OVERVIEW.FMT", c.ListCommand("OVERVIEW.FMT")),
    (b"NEWGROUPS 20260101 000000 GMT", c.NewGroups("20260101", "000000")),
    (b"NEWNEWS *,!a.* 20260101 000000 GMT", c.NewNews("*,!a.*", "20260101", "000000")),
    (b"POST", c.Post()),
    (b"DATE", c.Date()),
    (b"HELP", c.Help()),
    (b"AUTHINFO USER ann", c.AuthInfoUser("ann")),
    (b"AUTHINFO PASS se cret ", c.AuthInfoPass("se cret ")),
    (b"AUTHINFO SASL PLAIN", c.AuthInfoSASL("PLAIN")),
    (b"AUTHINFO SASL PLAIN =", c.AuthInfoSASL("PLAIN", b"")),
    (b"AUTHINFO SASL PLAIN AGEAYg==", c.AuthInfoSASL("PLAIN", b"\0a\0b")),
    (b"STARTTLS", c.StartTLS()),
    (b"QUIT", c.Quit()),
]  # fmt: skip

#: Said in other ways.
READ = [
    (b"quit", c.Quit()),
    (b"Quit \t ", c.Quit()),
    (b"mode\treader", c.ModeReader()),
    (b"STAT \t 007", c.Stat(7)),
    (b"LIST", c.ListCommand()),
    (b"list active.TIMES", c.ListCommand("ACTIVE.TIMES")),
    (b"NEWGROUPS 260101 000000", c.NewGroups("260101", "000000")),
    (b"authinfo  sasl \t plain  AGEAYg== ", c.AuthInfoSASL("PLAIN", b"\0a\0b")),
    (b"OVER 9-3", c.Over(Range(9, 3))),
]

REFUSED = [
    (b"", 500), (b" QUIT", 500), (b"\0", 500), (b"\xff", 500), (b"NEWNEWS * 260101 000000 CET", 501),
    (b"IHAVE <a@b>", 500), (b"SLAVE", 500), (b"QUI", 500), (b"GET / HTTP/1.1", 500),
    (b"QUIT now", 501), (b"DATE x", 501), (b"POST <a@b>", 501), (b"POST / HTTP/1.1", 501),
    (b"MODE", 501), (b"MODE POSTER", 501), (b"MODE READER x", 501), (b"MODE STREAM", 501),
    (b"GROUP", 501), (b"GROUP a b", 501), (b"GROUP a\0b", 501), (b"GROUP a\x7fb", 501),
    (b"GROUP a\xffb", 501), (b"LISTGROUP a b", 501), (b"LISTGROUP a 1- 2", 501),
    (b"STAT x", 501), (b"STAT 1 2", 501), (b"STAT -1", 501), (b"STAT 12345678901234567", 501),
    (b"STAT <>", 501), (b"STAT <a b>", 501), (b"STAT <a>b>", 501), (b"STAT a@b", 501),
    (b"STAT <" + b"x" * 249 + b">", 501), ("STAT \u0663".encode(), 501), ("STAT <\u00fc@x>".encode(), 501),
    (b"OVER 1-2-3", 501), (b"OVER -5", 501), (b"OVER 1 2", 501), (b"XOVER <a@b>", 501),
    (b"HDR", 501), (b"HDR a:b", 501), (b"HDR : 1", 501), (b"HDR subject x", 501), (b"HDR a 1 2", 501),
    (b"LIST NOTHING", 501), (b"LIST ACTIVE a b", 501), (b"LIST OVERVIEW.FMT *", 501),
    (b"LIST HEADERS BOTH", 501), (b"LIST MOTD x", 501),
    (b"NEWGROUPS", 501), (b"NEWGROUPS 260101", 501), (b"NEWGROUPS 2601011 000000", 501),
    (b"NEWGROUPS 260101 0000", 501), (b"NEWGROUPS 260101 000000 UTC", 501),
    (b"AUTHINFO", 501), (b"AUTHINFO USER", 501), (b"AUTHINFO PASS", 501), (b"AUTHINFO GENERIC x", 501),
    (b"AUTHINFO USER a\0", 501), (b"AUTHINFO SASL", 501), (b"AUTHINFO SASL A B C", 501),
    (b"AUTHINFO SASL PLAIN a=b", 504), (b"AUTHINFO SASL PLAIN =AAA", 504), (b"AUTHINFO SASL PLAIN A", 504),
    (b"GROUP " + b"x" * 600, 501), (b"x" * 600, 501), (b"AUTHINFO PASS " + b"x" * 600, 501),
]  # fmt: skip


class Commands(SynchronousTestCase):
    """Command lines."""

    def test_both_ways(self) -> None:
        """What is printed is what is read."""
        for line, command in BOTH:
            self.assertEqual(command, parse_command(line), line)
            self.assertEqual(line + b"\r\n", format_command(command))

    def test_other_ways(self) -> None:
        """Keywords in any case, white space as it comes, shorter forms."""
        for line, command in READ:
            self.assertEqual(command, parse_command(line), line)

    def test_refused(self) -> None:
        """500 for what is unknown, 501 for bad arguments, 504 for what is no base64."""
        for line, code in REFUSED:
            error = self.assertRaises(RemoteProtocolError, parse_command, line)
            self.assertEqual(code, error.reply.code, line)

    def test_browsers_are_not_talked_to(self) -> None:
        """A request that a web page made somebody's browser send ends the connection."""
        for line in (b"GET / HTTP/1.1", b"POST / HTTP/1.1", b"OPTIONS * HTTP/1.1"):
            self.assertTrue(self.assertRaises(RemoteProtocolError, parse_command, line).close)

    def test_unsayable(self) -> None:
        """Nothing that would end a line, or become another argument, can be said."""
        for command in (
            c.Group("a\r\nQUIT"), c.Group("a b"), c.Group(""), c.Group("a\0"), c.Stat("<a b>"),
            c.Stat("1\r\nQUIT"), c.Over("x"), c.Hdr("a b"), c.Hdr("a", "b"), c.AuthInfoUser("a b"),
            c.AuthInfoPass("a\nb"), c.ListCommand("ACTIVE", "a\tb"), c.Group("x" * 600),
            c.ListGroup(None, Range(1, 2)), c.AuthInfoSASL("PLAIN X"), c.NewGroups("1 2", "3"),
        ):  # fmt: skip
            self.assertRaises(LocalProtocolError, format_command, command)

    def test_passwords_are_not_shown(self) -> None:
        """A password is in no text that a log may hold."""
        for command in (
            c.AuthInfoPass("secret"), c.AuthInfoSASL("PLAIN", b"secret"), c.SASLResponse(b"secret"),
        ):  # fmt: skip
            self.assertNotIn("secret", repr(command))

    @given(st.binary(max_size=600))
    def test_anything(self, line: bytes) -> None:
        """Any octets are a command or are refused; never anything else."""
        self.read(line)

    def read(self, line: bytes) -> None:
        try:
            command = parse_command(line)
        except RemoteProtocolError as error:
            self.assertIn(error.reply.code, (500, 501, 504))
        else:
            self.assertEqual(command, parse_command(format_command(command)[:-2]))

    @given(st.lists(st.sampled_from([
        b"STAT", b"LIST", b"ACTIVE", b" ", b"\t", b"<a@b>", b"1", b"-", b"OVER", b"HDR", b":x", b"*", b"AUTHINFO",
        b"SASL", b"=", b"USER", b"\xc3\xbc", b"NEWGROUPS", b"260101", b"000000", b"MODE", b"READER",
    ]), max_size=12))  # fmt: skip
    def test_soup(self, words: list[bytes]) -> None:
        """Words of commands in any order likewise."""
        self.read(b"".join(words))


class Answers(SynchronousTestCase):
    """Response lines and SASL's lines."""

    def test_status(self) -> None:
        """Response lines both ways; what would end one becomes a space."""
        for status in (Status(200, "hi"), Status(441, "no \u00fc"), Status(111, "2026")):
            self.assertEqual(status, parse_status(format_status(status.code, status.text)[:-2]))
        self.assertEqual(b"441 a b c\r\n", format_status(441, "a\r\nb\0c"))
        self.assertEqual(Status(205), parse_status(b"205"))
        for line in (b"", b"20", b"2000", b"600 x", b"200-x", b"+OK", b"\xff"):
            self.assertRaises(RemoteProtocolError, parse_status, line)

    def test_sasl(self) -> None:
        """An equals sign is nothing, an asterisk cancels, an empty line is no base64."""
        self.assertEqual(c.SASLResponse(b""), parse_sasl_response(b"="))
        self.assertEqual(c.SASLResponse(None), parse_sasl_response(b"*"))
        self.assertEqual(c.SASLResponse(b"a"), parse_sasl_response(b"YQ=="))
        for line in (b"", b"==", b"YQ", b"Y Q=", b"=AAA", b"AAA=BBB"):
            error = self.assertRaises(RemoteProtocolError, parse_sasl_response, line)
            self.assertEqual(504, error.reply.code)


def slow_match(pattern: str, name: str) -> bool:
    """Match a pattern in the plainest way."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return slow_match(pattern[1:], name) or bool(name and slow_match(pattern, name[1:]))
    return bool(name) and pattern[0] in ("?", name[0]) and slow_match(pattern[1:], name[1:])


class Wildmats(SynchronousTestCase):
    """Wildmats."""

    def test_of_the_rfc(self) -> None:
        """The examples of RFC 3977, 4.2 and 4.4."""
        matches = parse_wildmat("a*,!*b,*c*")
        self.assertEqual(
            [True, False, True, False], [matches(n) for n in ("aaa", "abb", "ccb", "xxx")]
        )
        self.assertTrue(parse_wildmat("*a*b*c")("xaxbxc"))
        self.assertTrue(parse_wildmat("?a?b")("xaxb"))
        self.assertTrue(parse_wildmat("\u00fc?.*")("\u00fc\u65e5.x"))

    def test_no_wildmats(self) -> None:
        """Brackets, backslashes, empty patterns, and white space are none."""
        for text in ("", ",", "a,", ",a", "!a", "a,!", "a,!!b", "u[ks].*", "a\\b", "a b", "a\0"):
            self.assertRaises(BadWildmat, parse_wildmat, text)

    @given(st.text("ab?*", min_size=1, max_size=8), st.text("abc", max_size=8))
    def test_like_the_plainest(self, pattern: str, name: str) -> None:
        """Positions in one integer match what recursion matches."""
        self.assertEqual(slow_match(pattern, name), parse_wildmat(pattern)(name))

    @given(
        st.lists(st.tuples(st.booleans(), st.text("ab?*", min_size=1, max_size=5)), min_size=1),
        st.text("abc", max_size=6),
    )
    def test_the_last_that_matches(self, patterns: list[tuple[bool, str]], name: str) -> None:
        """Many patterns at once match what one after the other matches."""
        patterns[0] = (False, patterns[0][1])  # the first is never negated
        wanted = False
        for negated, pattern in patterns:
            if slow_match(pattern, name):
                wanted = not negated
        text = ",".join("!" * negated + pattern for negated, pattern in patterns)
        self.assertEqual(wanted, parse_wildmat(text)(name))

    def test_commas_cost_nothing(self) -> None:
        """A hundred patterns are run in the steps of one: 20,000 names within a second."""
        matches = parse_wildmat(",".join(["*q*"] * 125))
        began = time.process_time()
        self.assertFalse(any(matches("alt.some.group.discussed") for _ in range(20_000)))
        self.assertLess(time.process_time() - began, 1)

    def test_stars_cost_nothing(self) -> None:
        """A pattern made to be slow is not: a step a character."""
        matches = parse_wildmat("*a" * 120 + "b")
        self.assertFalse(any(matches("a" * 255) for _ in range(100)))
