"""What policies may say: replies that can be said, fields that are fields."""

from __future__ import annotations

from netsuite.smtp.policy.interface import Defer, Reject, Tag, values
from netsuite.testing.cases import SynchronousTestCase


class Verdicts(SynchronousTestCase):
    """What cannot be said is refused where it is made."""

    def test_reply(self) -> None:
        """A refusal has its own code, enhanced code and text."""
        self.assertEqual("451 4.7.1 Later", str(Defer("Later").reply))
        self.assertEqual("550 5.7.1 No", str(Reject("No").reply))
        self.assertEqual("554 5.7.9 Go", str(Reject("Go", 554, "5.7.9", close=True).reply))

    def test_impossible(self) -> None:
        """Codes that do not go together, of the other kind, and texts of two lines, are refused."""
        for text, code, enhanced in [
            ("a\r\nb", 451, "4.7.1"),
            ("", 451, "4.7.1"),
            ("a", 451, "5.7.1"),
            ("a", 550, "5.7.1"),
            ("a", 250, "2.0.0"),
            ("a", 451, "4.7"),
        ]:
            with self.assertRaises(ValueError, msg=f"{text!r} {code} {enhanced}"):
                Defer(text, code, enhanced)
        with self.assertRaises(ValueError):
            Reject("a", 451, "4.7.1")

    def test_closing(self) -> None:
        """421 says that the connection is closed, so it is."""
        self.assertTrue(Defer("Later", 421, "4.7.0").close)
        self.assertFalse(Defer("Later", 450, "4.7.0").close)

    def test_field(self) -> None:
        """A tag has whole fields, folded or not, and nothing glued to them."""
        Tag(b"A: b\r\n")
        Tag(b"A: b\r\n c\r\n")
        Tag(b"A: b\r\nB: c\r\n")
        for wrong in (b"A: b", b"A: b\r\nB\r\n", b"A: b\n", b"A b\r\n", b"A: b\r\n\r\n"):
            with self.assertRaises(ValueError, msg=repr(wrong)):
                Tag(wrong)

    def test_values(self) -> None:
        """All fields of a name are found, up to the empty line."""
        header = b"To: a\r\nFROM: b\r\n c\r\nTo: d\r\n\r\nTo: e\r\n"
        self.assertEqual([b"a", b"d"], values(header, b"to"))
        self.assertEqual([b"b c"], values(header, b"from"))
