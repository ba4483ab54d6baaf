"""Tag=value lists, and what is none. See RFC 6376, 3.2."""

from __future__ import annotations

from netsuite.smtp.policy.tags import decode_base64, parse_tags
from netsuite.testing.cases import SynchronousTestCase


class Tags(SynchronousTestCase):
    """Lists of tags."""

    def test_lists(self) -> None:
        """Names keep their order, values lose the white space around them."""
        for text, tags in [
            ("a=b", [("a", "b")]),
            (" a = b ;\r\n c=d e ; ", [("a", "b"), ("c", "d e")]),
            ("b=1;a=;", [("b", "1"), ("a", "")]),
            ("a=b=c==", [("a", "b=c==")]),
            ("", []),
        ]:
            self.assertEqual(tags, list(parse_tags(text).items()))

    def test_none(self) -> None:
        """What is no list is refused."""
        for text in ("a", "a=b;;c=d", "=b", "1a=b", "a b=c", "a=b; a=c", "a=\x00", "a=é", "-a=b"):
            with self.assertRaises(ValueError, msg=text):
                parse_tags(text)

    def test_base64(self) -> None:
        """White space is nothing; what is no base64 is refused."""
        self.assertEqual(b"abc", decode_base64(" YW\r\n Jj "))
        for text in ("YW", "YW*j", "Y=Wj"):
            with self.assertRaises(ValueError):
                decode_base64(text)
