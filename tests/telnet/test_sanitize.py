"""Content made harmless: what acts on a terminal is shown, and does not act."""

from __future__ import annotations

import unicodedata

from netsuite.telnet.sanitize import cut, one_line, sanitized, width
from netsuite.testing.cases import SynchronousTestCase


class Sanitized(SynchronousTestCase):
    """What becomes of what."""

    def test_table(self) -> None:
        """Escapes, C0, DEL, C1, bidi, invisible characters, octets that are no UTF-8."""
        for text, shown in [
            ("plain Grüße 日本\n\tx", "plain Grüße 日本\n\tx"),
            ("\x1b[2J", "^[[2J"),
            ("\x1b]0;title\x07", "^[]0;title^G"),
            ("a\rb\0c\x7f", "a^Mb^@c^?"),
            ("\x9b31m\x85", "<U+009B>31m<U+0085>"),
            ("\u202etxt.exe\u202c", "<U+202E>txt.exe<U+202C>"),
            ("\u2066\u2069\u200f\u061c", "<U+2066><U+2069><U+200F><U+061C>"),
            ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
            ("\U000e0041", "<U+E0041>"),
            ("caf\udce9", "caf<E9>"),
            ("\ud800", "<U+D800>"),
            ("a\u2028b", "a<U+2028>b"),
        ]:
            self.assertEqual(shown, sanitized(text), ascii(text))
        self.assertEqual("a b c^[", one_line("a\nb\tc\x1b"))

    def test_every_character(self) -> None:
        """No control character and no override is left, of all there are."""
        bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        for code in range(0x110000):
            character = chr(code)
            category = unicodedata.category(character)
            harmful = (
                category in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in bidi
            )
            if harmful and character not in "\n\t":
                shown = sanitized(character)
                self.assertTrue(shown.isascii() and shown.isprintable(), hex(code))

    def test_width(self) -> None:
        """Columns, not characters."""
        self.assertEqual([1, 2, 1, 4], [width(text) for text in ("a", "日", "e\u0301", "日本")])
        self.assertEqual(
            ["ab", "日", "日本", ""], [cut("abc", 2), cut("日本", 3), cut("日本", 4), cut("日", 1)]
        )
