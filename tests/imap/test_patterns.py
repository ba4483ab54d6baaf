"""LIST's patterns, compared with what a regular expression would say."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from netsuite.imap.patterns import Patterns, parents
from netsuite.testing.cases import SynchronousTestCase

TEXT = st.text("ab/", max_size=8)


def as_expression(pattern: str) -> re.Pattern[str]:
    words = {"*": ".*", "%": "[^/]*"}
    return re.compile("".join(words.get(each) or re.escape(each) for each in pattern), re.DOTALL)


@given(st.text("ab/*%", max_size=8), TEXT)
def test_like_a_regular_expression(pattern: str, name: str) -> None:
    expected = as_expression(pattern).fullmatch(name) is not None
    assert Patterns([pattern], "/").matches(name) is expected


@given(st.lists(st.text("ab/*%", max_size=6), max_size=4), TEXT)
def test_several(patterns: list[str], name: str) -> None:
    """A name is meant where one of them is for it: none leads on into the next."""
    expected = any(as_expression(pattern).fullmatch(name) for pattern in patterns)
    assert Patterns(patterns, "/").matches(name) is expected


class SingleThings(SynchronousTestCase):
    """Single things."""

    def test_inbox(self) -> None:
        """INBOX is found in any case, and only it."""
        self.assertTrue(Patterns(["in%x"], "/").matches("INBOX"))
        self.assertFalse(Patterns(["in%x"], "/").matches("INfoX"))

    def test_inbox_among_others(self) -> None:
        """So it is beside other patterns, and in the words of none."""
        for texts in (["x", "inbox"], ["%", "x"], ["b/%", "*BOX"], ["iN*", "zz"]):
            self.assertTrue(Patterns(texts, "/").matches("INBOX"), texts)
        for texts in ([], ["x"], ["INBOX/%"], ["in", "box"], ["%/"]):
            self.assertFalse(Patterns(texts, "/").matches("INBOX"), texts)

    def test_hostile(self) -> None:
        """Patterns of wildcards against long names take no time worth speaking of."""
        names = ["a" * 250 + str(number) for number in range(100)]
        for texts in (["*a%" * 600 + "b"], ["*a" * 300 + "b"] * 100, ["%a*" * 5000]):
            patterns = Patterns(texts, "/")
            began = time.process_time()
            self.assertFalse(any(map(patterns.matches, names)))
            self.assertLess(time.process_time() - began, 1.0)

    def test_parents(self) -> None:
        """The names above a name, highest first."""
        self.assertEqual(["a", "a/b"], parents("a/b/c", "/"))
        self.assertEqual([], parents("a", "/"))
