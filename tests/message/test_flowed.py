"""Flowed text, as people who read it on a phone see it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.flowed import join_paragraphs, unflowed
from netsuite.message.scan import scan
from netsuite.testing.cases import SynchronousTestCase


class Flowed(SynchronousTestCase):
    """RFC 3676, 4."""

    def test_paragraphs(self) -> None:
        """Lines that flow are joined, others stand for themselves."""
        for lines, wanted in (
            ("one \ntwo \nthree\nfour", "one two three\nfour"),
            ("one \n\ntwo", "one \n\ntwo"),  # an empty line is kept
            ("a\r\nb \r\nc\r\n", "a\nb c\n"),
            (" > no quote", "> no quote"),  # stuffed
            (" From me", "From me"),
            ("  code \n", " code \n"),
            ("-- \nme \nyou", "-- \nme you"),
            ("goes on \n-- \nme", "goes on \n-- \nme"),
            ("> one \n> two\nthree", "> one two\nthree"),
            (">> one \n> two", ">> one \n> two"),  # another depth ends it
            (">one \n>  two", "> one  two"),
            ("> -- \n> me", "> -- \n> me"),
            (">", "> "),
            ("last ", "last "),
            ("", ""),
        ):
            self.assertEqual(wanted, join_paragraphs(lines), repr(lines))

    def test_delsp(self) -> None:
        """Where it says so, the space at the end is not of the text."""
        self.assertEqual("漢字 x", join_paragraphs("漢 \n字  \nx", delete_space=True))

    def test_said(self) -> None:
        """Only text that says so is flowed."""
        for said, wanted in (
            (b"text/plain; format=flowed", "one two"),
            (b"Text/Plain; Format=Flowed; DelSp=Yes", "onetwo"),
            (b"text/plain; format=fixed", "one \ntwo"),
            (b"text/plain", "one \ntwo"),
            (b"text/html; format=flowed", "one \ntwo"),
        ):
            part = scan(b"Content-Type: " + said + b"\r\n\r\n").root
            self.assertEqual(wanted, unflowed("one \ntwo", part), said)

    @given(st.text(alphabet="> -a\n", max_size=60))
    def test_nothing_is_lost(self, text: str) -> None:
        """No word goes, and none appears."""
        self.assertEqual(text.count("a"), join_paragraphs(text).count("a"))
        self.assertLessEqual(len(join_paragraphs(text).split("\n")), len(text.split("\n")))
