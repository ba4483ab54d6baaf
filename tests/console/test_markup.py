"""HTML as values."""

from __future__ import annotations

from netsuite.console.markup import count, element, foreign, link, markup, size, url
from netsuite.testing.cases import SynchronousTestCase


class Elements(SynchronousTestCase):
    """What is escaped, and what is markup."""

    def test_text_is_escaped_everywhere(self) -> None:
        """In content, in attributes, however deep; markup stays as it is, and no character that
        no page may hold is on one."""
        hostile = "<b a='1' b=\"2\">&\0\x1b"
        safe = "&lt;b a=&#x27;1&#x27; b=&quot;2&quot;&gt;&amp;\ufffd\ufffd"
        self.assertEqual(
            f'<p title="{safe}">{safe}<i>{safe}</i>1</p>',
            element("p", hostile, [None, (element("i", hostile), 1)], title=hostile),
        )
        self.assertEqual(f"<bdi>{safe}</bdi>", foreign(hostile))

    def test_attributes(self) -> None:
        """Names as HTML has them; those that are not there are left out."""
        self.assertEqual(
            '<input name="a" aria-label="b" class="c" checked>',
            element(
                "input", name="a", aria_label="b", class_="c", checked=True, value=None,
                disabled=False,
            ),
        )  # fmt: skip
        self.assertEqual("<td></td>", element("td"))

    def test_links(self) -> None:
        """Whatever a name is, its link leads to a page of ours."""
        self.assertEqual("/accounts/..%2F%3Fa%23%22", url("accounts", '../?a#"'))
        self.assertEqual("/queue?domain=a%26b", url("queue", domain="a&b", after=0, held=""))
        self.assertEqual(
            '<a href="/accounts/javascript%3A1?find=%22">x</a>',
            link("x", "accounts", "javascript:1", find='"'),
        )
        self.assertEqual("", markup(None, [], ()))

    def test_numbers(self) -> None:
        """As they are read."""
        self.assertEqual("1,234,567", count(1234567))
        sizes = [size(each) for each in (0, 1023, 1024, 1536 * 1024, 5 * 1024**4)]
        self.assertEqual(["0 octets", "1023 octets", "1.0 KiB", "1.5 MiB", "5.0 TiB"], sizes)
