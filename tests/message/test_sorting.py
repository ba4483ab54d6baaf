"""What messages are sorted and threaded by."""

from __future__ import annotations

from netsuite.message import sorting
from netsuite.message.scan import scan
from netsuite.testing.cases import SynchronousTestCase


class Subjects(SynchronousTestCase):
    """Base subjects (RFC 5256, 2.1)."""

    def test_base_subjects(self) -> None:
        """What answering and forwarding adds goes, everything else stays."""
        for subject, base, answers in (
            ("", "", False),
            ("Plain  \t words", "Plain words", False),
            ("Re: one", "one", True),
            ("RE:re : Fwd:  FW: one (fwd) (Fwd)", "one", True),
            ("[list] Re: [list] one", "one", True),
            ("Re[2]: one", "one", True),
            ("re [2] : one", "one", True),
            ("[list] one", "one", False),
            ("[list]", "[list]", False),
            ("[a] [b]", "[b]", False),
            ("Re: [a]", "[a]", True),
            ("[Fwd: Re: one]", "one", True),
            ("[fwd: [fwd: one]]", "one", True),
            ("[fwd: one", "[fwd: one", False),
            ("Reply: one", "Reply: one", False),
            ("(fwd)", "", True),
            ("Re:", "", True),
            ("[unclosed Re: one", "[unclosed Re: one", False),
        ):
            with self.subTest(subject):
                self.assertEqual((base, answers), sorting.base_subject(subject))

    def test_long(self) -> None:
        """The worst a sender can do takes time that grows with its length."""
        for subject in ("[" * 4096, "[]" * 2048, "re" * 2048, "re:" * 1300, "[fwd:" * 800):
            sorting.base_subject(subject)


class Keys(SynchronousTestCase):
    """The keys of a whole message."""

    def test_keys(self) -> None:
        """Addresses by their local part or the name shown, without case; kept and read back."""
        summary = scan(
            b"Subject: =?utf-8?q?AW=3A_Gr=C3=BC=C3=9Fe?=\r\n"
            b"From: =?utf-8?q?Z=C3=96E?= <Zoe@x>, a@b\r\n"
            b"To: friends: Bob@y, c@d;\r\nCc: Carol@z\r\n\r\n"
        )
        keys = sorting.sort_keys(summary)
        self.assertEqual(
            sorting.SortKeys(
                "aw: gr\u00fcsse", False, "zoe", "friends", "carol", "z\u00f6e", "friends"
            ),
            keys,
        )
        kept = sorting.format_keys(keys)
        self.assertEqual((keys.subject, keys.answers), sorting.read_subject(kept))
        for name in ("subject", "from_", "to", "cc", "from_shown", "to_shown"):
            self.assertEqual([getattr(keys, name)] * 2, sorting.read_values([kept, kept], name))
        bare = sorting.sort_keys(scan(b"From: a@b\r\n\r\n"))
        self.assertEqual(("a@b", "", ""), (bare.from_shown, bare.to_shown, bare.to))
