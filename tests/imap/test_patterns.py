"""LIST's patterns, compared with what a regular expression would say."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from netsuite.imap.patterns import Pattern, parents

TEXT = st.text("ab/", max_size=8)


def as_expression(pattern: str) -> re.Pattern[str]:
    words = {"*": ".*", "%": "[^/]*"}
    return re.compile("".join(words.get(each) or re.escape(each) for each in pattern), re.DOTALL)


@given(st.text("ab/*%", max_size=8), TEXT)
def test_like_a_regular_expression(pattern: str, name: str) -> None:
    expected = as_expression(pattern).fullmatch(name) is not None
    assert Pattern(pattern, "/").matches(name) is expected


class Patterns(SynchronousTestCase):
    """Single things."""

    def test_inbox(self) -> None:
        """INBOX is found in any case, and only it."""
        self.assertTrue(Pattern("in%x", "/").matches("INBOX"))
        self.assertFalse(Pattern("in%x", "/").matches("INfoX"))

    def test_hostile(self) -> None:
        """A pattern of wildcards against a long name takes no time worth speaking of."""
        began = time.perf_counter()
        self.assertFalse(Pattern("*a%" * 300 + "b", "/").matches("a" * 500))
        self.assertLess(time.perf_counter() - began, 2.0)
        self.assertFalse(Pattern("*a" * 2000, "/").matches("a" * 5000))

    def test_parents(self) -> None:
        """The names above a name, highest first."""
        self.assertEqual(["a", "a/b"], parents("a/b/c", "/"))
        self.assertEqual([], parents("a", "/"))
