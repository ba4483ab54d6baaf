"""URLs of items."""

from __future__ import annotations

from netsuite.gopher.commands import Item, information
from netsuite.gopher.urls import url_of
from netsuite.testing.cases import SynchronousTestCase


class URLs(SynchronousTestCase):
    """Each kind of item."""

    def test_all(self) -> None:
        """What leads somewhere has a URL that leads there."""
        for item, url in {
            Item("0", "x", "/a b.txt", "h.test", 70): "gopher://h.test/0/a%20b.txt",
            Item("1", "x", "", "h.test", 7070): "gopher://h.test:7070/1",
            Item("0", "x", "/caf\udce9", "h.test", 70): "gopher://h.test/0/caf%E9",
            Item("0", "x", "/é?#%", "h.test", 70): "gopher://h.test/0/%C3%A9%3F%23%25",
            Item("1", "x", "/", "::1", 70): "gopher://[::1]/1/",
            Item("h", "x", "URL:https://x.test/?a=b#c", "h", 70): "https://x.test/?a=b#c",
            Item("h", "x", "/URL:https://x.test/", "h", 70): "https://x.test/",
            Item("h", "x", "/page.html", "h", 70): "gopher://h/h/page.html",
            Item("8", "x", "bob", "h.test", 23): "telnet://bob@h.test/",
            Item("8", "x", "", "h.test", 8023): "telnet://h.test:8023/",
            Item("T", "x", "", "h.test", 23): "tn3270://h.test/",
            information("x"): "",
            Item("3", "x", "/x", "h", 70): "",
        }.items():
            self.assertEqual(url, url_of(item), item)
        self.assertEqual("gophers://h/0/x", url_of(Item("0", "x", "/x", "h", 70), secure=True))
