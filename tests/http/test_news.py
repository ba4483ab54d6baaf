"""The newsgroups over HTTP, as browsers, feed readers and strangers see them."""

from __future__ import annotations

import base64
import binascii
import json
import quopri
import re
import sys
from dataclasses import replace
from types import FrameType, SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from netsuite.accounts.files import HomesOfSite
from netsuite.config.schema import Settings
from netsuite.http.news import parts, prose, site
from netsuite.http.resources import SiteRouter
from netsuite.http.service import add_routes
from netsuite.http.xmlrpc.server import XMLRPCServer
from netsuite.message.reading import numbered, texts
from netsuite.message.scan import scan
from netsuite.nntp.settings import Settings as NNTPSettings
from netsuite.site import Site
from netsuite.store.errors import NoSuchMessage
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.http.test_files import body, field, status, unchunked
from tests.http.worlds import World

PLAIN = (
    b"From: =?utf-8?q?J=C3=BCrgen_=3Cb=3E?= <j@example.test>\r\nNewsgroups: example.talk\r\n"
    b"Subject: A <script>alert(1)</script> & more\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n"
    b"Message-ID: <plain@example.test>\r\nReferences: <one@example.test> <two@example.test>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Hello & <b>bold</b>\r\n> quoted\r\n>> deeper\r\n"
    b"See https://example.org/a?b=c&d=(e). and javascript:alert(1)\r\n"
    b"..dots\r\n.\r\n-- \r\nme\r\n"
)
MIXED = (
    b"From: a@example.test\r\nSubject: parts\r\nMessage-ID: <mixed@example.test>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
    b"--c\r\nContent-Type: text/plain\r\n\r\nplain words\r\n"
    b"--c\r\nContent-Type: text/html\r\n\r\n<p>marked words\r\n--c--\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="../../p\xc3\xafc\\"<x>.png"\r\n\r\n'
    b"iVBORw0K\r\nGgo=\r\n"
    b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=evil.html\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<script>=\r\nalert(1)</script>=0A\r\n"
    b"--b--\r\n"
)


class Case(SynchronousTestCase):
    """Two groups, an article of each kind."""

    def setUp(self) -> None:
        self.world = World()
        self.talk = self.world.group("example.talk", "Talk <about> anything")
        self.world.group("example.empty")
        self.world.post(self.talk, PLAIN)
        self.world.post(self.talk, MIXED)

    def ask(self, path: str, *fields: bytes, method: str = "GET") -> bytes:
        lines = b"".join(each + b"\r\n" for each in fields)
        head = f"{method} {path} HTTP/1.1\r\nHost: a\r\n".encode()
        return self.world.ask(head + lines + b"\r\n")

    def json(self, path: str) -> Any:
        heard = self.ask(path, b"Accept: application/json")
        self.assertEqual(b"application/json", field(heard, b"Content-Type"))
        return json.loads(body(heard))


class Lists(Case):
    """Groups, and what is in them."""

    def test_groups(self) -> None:
        """A browser gets a page, a program JSON; both lead on."""
        heard = self.ask("/news/", b"Accept: text/html")
        self.assertEqual(200, status(heard))
        self.assertIn(b'<a href="./example.talk/">example.talk</a>', body(heard))
        self.assertIn(b"Talk &lt;about&gt; anything", body(heard))
        self.assertEqual(b"Accept", field(heard, b"Vary"))
        listed = self.json("/news/")["groups"]
        self.assertEqual(["example.empty", "example.talk"], [each["name"] for each in listed])
        self.assertEqual((1, 2, 2), tuple(listed[1][each] for each in ("low", "high", "count")))

    def test_articles(self) -> None:
        """The newest is first; what strangers wrote into it does nothing."""
        page = body(self.ask("/news/example.talk/"))
        self.assertLess(page.index(b'href="./2"'), page.index(b'href="./1"'))
        self.assertIn(b"A &lt;script&gt;alert(1)&lt;/script&gt; &amp; more", page)
        self.assertIn("Jürgen &lt;b&gt;".encode(), page)
        self.assertIn(b"2026-11-21 09:00", page)
        self.assertNotIn(b"<script", page)
        self.assertIn(b"There is nothing here", body(self.ask("/news/example.empty/")))

    def test_json(self) -> None:
        """A program hears subject, author, date and number."""
        said = self.json("/news/example.talk/")
        first = said["articles"][1]
        self.assertEqual("A <script>alert(1)</script> & more", first["subject"])
        self.assertEqual("Jürgen <b> <j@example.test>", first["from"])
        self.assertEqual("2026-11-21T09:00:00+00:00", first["date"])
        self.assertEqual((1, "./1", len(PLAIN)), (first["number"], first["href"], first["octets"]))
        self.assertEqual("<plain@example.test>", first["message_id"])
        self.assertIsNone(said["older"])

    def test_pages(self) -> None:
        """One turns pages to the oldest article and sees each once, in HTML as in JSON."""
        self.patch(site, "PAGE", 3)
        for number in range(6):
            self.world.post(self.talk, b"Subject: %d\r\n\r\nx\r\n" % number)
        path: str | None = ""
        seen = []
        while path is not None:
            said = self.json(f"/news/example.talk/{path}")
            page = body(self.ask(f"/news/example.talk/{path}"))
            numbers = [each["number"] for each in said["articles"]]
            self.assertEqual(
                [str(each).encode() for each in numbers],
                re.findall(rb'<li><a href="./(\d+)"', page),
            )
            following = re.search(rb'href="(\./\?before=\d+)"', page)
            self.assertEqual(said["older"], following and following[1].decode())
            path = said["older"] and said["older"].removeprefix("./")
            seen += numbers
        self.assertEqual([8, 7, 6, 5, 4, 3, 2, 1], seen)

    def test_slashes(self) -> None:
        """Without its slash one is sent to a list, query and all."""
        heard = self.ask("/news/example.talk?before=2")
        self.assertEqual(
            (301, b"/news/example.talk/?before=2"), (status(heard), field(heard, b"Location"))
        )
        self.assertEqual(b"/news/", field(self.ask("/news"), b"Location"))

    def test_message_id(self) -> None:
        """Who knows an article's Message-ID is sent to it."""
        for said in ("plain@example.test", "%3Cplain%40example.test%3E"):
            heard = self.ask(f"/news/?message-id={said}")
            self.assertEqual(
                (302, b"/news/example.talk/1"), (status(heard), field(heard, b"Location"))
            )
        for said in ("none@example.test", "%00", "%ff@a", "a"):
            self.assertEqual(404, status(self.ask(f"/news/?message-id={said}")), said)

    def test_nothing_there(self) -> None:
        """Whatever is not there is not found, and nothing breaks."""
        for path in (
            "nothing/", "nothing", "nothing/1", "example.talk/3", "example.talk/0",
            "example.talk/01", "example.talk/1x", "example.talk/99999999999", "example.talk//",
            "example.talk/%ff", "%ff/", "example.talk/1/", "example.talk/1/9", "example.talk/1/1/1",
            "example.talk/2/1", "example.talk/3.eml", "example.talk/.eml", "example.talk/x.eml",
            "example.talk/?before=x", "example.talk/?before=%d9%a1", "INBOX/",
        ):  # fmt: skip
            self.assertEqual(404, status(self.ask(f"/news/{path}")), path)
        self.assertEqual([], self.flushLoggedErrors())

    def test_methods(self) -> None:
        """It is for reading only."""
        for method in ("POST", "PUT", "DELETE"):
            heard = self.ask("/news/example.talk/1", method=method)
            self.assertEqual(405, status(heard))
            self.assertEqual(b"GET, HEAD, OPTIONS", field(heard, b"Allow"))
        self.assertEqual(204, status(self.ask("/news/", method="OPTIONS")))

    def test_not_for_strangers(self) -> None:
        """Where only those who log in may read the news, HTTP shows none of it."""
        self.world.news_shown = False
        for path in ("/news/", "/news/example.talk/1.eml", "/news/example.talk/feed.atom"):
            self.assertEqual(404, status(self.ask(path)))


class Articles(Case):
    """One article."""

    def test_page(self) -> None:
        """It can be read: header, text, quotes, links; nothing of it is markup."""
        heard = self.ask("/news/example.talk/1")
        page = body(heard).decode()
        self.assertIn("Hello &amp; &lt;b&gt;bold&lt;/b&gt;\n", page)
        self.assertIn('<span class="q1">&gt; quoted\n</span><span class="q2">', page)
        self.assertIn(
            '<a href="https://example.org/a?b=c&amp;d=(e)" rel="nofollow ugc noreferrer">'
            "https://example.org/a?b=c&amp;d=(e)</a>. and javascript:alert(1)\n",
            page,
        )
        self.assertIn("..dots\n.\n", page)
        self.assertIn('<span class="sig">-- \nme\n</span></pre>', page)
        self.assertIn('href="../?message-id=two@example.test"', page)
        self.assertIn("Jürgen &lt;b&gt; &lt;j@example.test&gt;", page)
        self.assertIn('<a href="./2" rel="next">', page)
        self.assertIn('href="./1.eml"', page)
        self.assertNotIn("<script", page)

    def test_fields(self) -> None:
        """A page may load and run nothing, and nobody may frame it."""
        heard = self.ask("/news/example.talk/1")
        policy = field(heard, b"Content-Security-Policy") or b""
        for directive in (b"default-src 'none'", b"frame-ancestors 'none'", b"base-uri 'none'"):
            self.assertIn(directive, policy)
        self.assertNotIn(b"unsafe", policy)
        self.assertEqual(b"nosniff", field(heard, b"X-Content-Type-Options"))
        self.assertEqual(b"no-referrer", field(heard, b"Referrer-Policy"))

    def test_octets(self) -> None:
        """Its octets are those that were posted."""
        for number, octets in ((1, PLAIN), (2, MIXED)):
            heard = self.ask(f"/news/example.talk/{number}.eml")
            self.assertEqual(octets, body(heard))
            self.assertEqual(b"message/rfc822", field(heard, b"Content-Type"))
            self.assertEqual(b"Sun, 22 Nov 2026 08:30:00 GMT", field(heard, b"Last-Modified"))
            self.assertEqual(
                b'attachment; filename="example.talk-%d.eml"' % number,
                field(heard, b"Content-Disposition"),
            )
            head = self.ask(f"/news/example.talk/{number}.eml", method="HEAD")
            self.assertEqual(heard.removesuffix(octets), head)

    def test_long_one(self) -> None:
        """A large article comes whole; its page shows the beginning, and says so."""
        large = b"Subject: large\r\n\r\n" + b"x" * 76 + b"\r\n"
        large += (b"line\r\n") * 200_000
        self.world.post(self.talk, large)
        self.assertEqual(large, body(self.ask("/news/example.talk/3.eml")))
        page = body(self.ask("/news/example.talk/3"))
        self.assertLess(len(page), 400_000)
        self.assertIn(b"There is more", page)

    def test_conditions(self) -> None:
        """Who has it is told so, in every form and by entity tag and date."""
        for path in ("", "example.talk/", "example.talk/feed.atom", "example.talk/1",
                     "example.talk/1.eml", "example.talk/2/2"):  # fmt: skip
            path = f"/news/{path}"
            etag = field(self.ask(path), b"ETag")
            assert etag is not None
            again = self.ask(path, b"If-None-Match: " + etag)
            self.assertEqual((304, etag), (status(again), field(again, b"ETag")), path)
            self.assertEqual(b"", body(again))
            self.assertEqual(200, status(self.ask(path, b'If-None-Match: "x"')))
            self.assertEqual(412, status(self.ask(path, b'If-Match: "x"')))
            other = field(self.ask(path, b"Accept: application/json"), b"ETag")
            negotiated = etag.startswith(b"W/") and not path.endswith("atom")
            self.assertEqual(negotiated, other != etag, path)
        since = b"If-Modified-Since: Sun, 22 Nov 2026 08:30:00 GMT"
        self.assertEqual(304, status(self.ask("/news/example.talk/1.eml", since)))

    def test_new_article(self) -> None:
        """A new article makes lists and feeds new; one taken away does too."""
        etags = []
        for change in (None, self._add, self._take):
            if change is not None:
                change()
            etags.append(
                [field(self.ask(f"/news/{each}"), b"ETag")
                 for each in ("", "example.talk/", "example.talk/feed.atom")]
            )  # fmt: skip
        for each in zip(*etags, strict=True):
            self.assertEqual(3, len(set(each)))

    def _add(self) -> None:
        self.world.post(self.talk, b"Subject: new\r\n\r\n")

    def _take(self) -> None:
        run(self.world.store.mail.expunge(self.talk, [2], deleted_only=False))

    def test_parts(self) -> None:
        """The plain one of alternatives is shown; the others can be saved, and do nothing."""
        page = body(self.ask("/news/example.talk/2"))
        self.assertIn(b"plain words", page)
        self.assertNotIn(b"marked words", page)
        self.assertIn(b'<a href="./2/2" download>', page)
        heard = self.ask("/news/example.talk/2/2")
        self.assertEqual(b"image/png", field(heard, b"Content-Type"))
        self.assertEqual(
            b"attachment; filename=\"p_c__x_.png\"; filename*=UTF-8''p%C3%AFc__x_.png",
            field(heard, b"Content-Disposition"),
        )
        self.assertEqual(b"\x89PNG\r\n\x1a\n", unchunked(heard))
        heard = self.ask("/news/example.talk/2/3")
        self.assertEqual(b"application/octet-stream", field(heard, b"Content-Type"))
        self.assertEqual(b'attachment; filename="evil.html"', field(heard, b"Content-Disposition"))
        self.assertEqual(b"nosniff", field(heard, b"X-Content-Type-Options"))
        self.assertIn(b"sandbox", field(heard, b"Content-Security-Policy") or b"")
        self.assertEqual(b"<script>alert(1)</script>\n", unchunked(heard))
        said = self.json("/news/example.talk/2")
        self.assertEqual(["plain words"], said["texts"])
        self.assertEqual(
            [("./2/1.2", "text/html"), ("./2/2", "image/png"), ("./2/3", "text/html")],
            [(each["href"], each["type"]) for each in said["parts"]],
        )

    def test_flowed(self) -> None:
        """A paragraph of flowed text is one line, so that it fits any screen."""
        self.world.post(
            self.talk,
            b"Content-Type: text/plain; format=flowed\r\n\r\n> one \r\n> two\r\nthree \r\nfour\r\n",
        )
        page = body(self.ask("/news/example.talk/3"))
        self.assertIn(b'<span class="q1">&gt; one two\n</span>three four\n', page)

    def test_left_meanwhile(self) -> None:
        """A client that leaves within a part, or an article, leaves nothing open."""
        closed = []

        async def read(*_: Any) -> Any:
            try:
                while True:
                    yield b"QUJD" * 1000
            finally:
                closed.append(True)

        self.patch(self.world.room, "read", read)
        self.world.post(self.talk, b"Subject: large\r\n\r\n" + b"line\r\n" * 200_000)
        self.ask("/news/example.talk/")
        for path in ("3.eml", "2/2"):
            session = self.world.connect(full_at=2000)
            heard = session.say(
                f"GET /news/example.talk/{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
            )
            self.assertEqual(200, status(heard))
            session.server.connectionLost()
            self.assertEqual([True], closed, path)
            closed.clear()

    def test_gone_meanwhile(self) -> None:
        """An article that goes while it is asked for is not found, and nothing breaks."""

        async def read(*_: Any) -> Any:
            pieces: list[bytes] = []
            for piece in pieces:
                yield piece
            raise NoSuchMessage("gone")

        self.world.ask(b"GET /news/example.talk/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.patch(self.world.room, "read", read)
        for path in ("1.eml", "2/2", "1"):
            self.assertEqual(404, status(self.ask(f"/news/example.talk/{path}")), path)

    def test_hostile_bits(self) -> None:
        """Control characters, lone surrogates and charsets that lie never break a page."""
        self.world.post(
            self.talk,
            b"From: =?utf-7?q?+2AA-?= <a@b>\r\nSubject: =?utf-8?q?=00=0B=1B]0;x=EF=BF=BF?=\r\n"
            b"Message-ID: <x&y@<>\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n"
            b"+2AA- \0\x0b\x1b\r\nnews:example.talk news:plain@example.test\r\n"
            b"mailto:a@b.test?cc=all\r\n",
        )
        for path in ("", "3", "feed.atom"):
            for accept in (b"text/html", b"application/json"):
                heard = self.ask(f"/news/example.talk/{path}", b"Accept: " + accept)
                self.assertEqual(200, status(heard), path)
                self.assertIsNone(re.search(rb"[\0\x0b\x1b]", heard))
        page = body(self.ask("/news/example.talk/3"))
        self.assertIn(b'<a href="../example.talk/"', page)
        self.assertIn(b'<a href="../?message-id=plain@example.test"', page)
        self.assertIn(b'<a href="mailto:a@b.test"', page)
        ElementTree.fromstring(body(self.ask("/news/example.talk/feed.atom")))


class Feeds(Case):
    """What a feed reader gets."""

    def test_feed(self) -> None:
        """Well-formed Atom: an entry an article, the newest first, each with a lasting id."""
        heard = self.ask("/news/example.talk/feed.atom")
        self.assertEqual(b"application/atom+xml; charset=utf-8", field(heard, b"Content-Type"))
        feed = ElementTree.fromstring(body(heard))
        atom = "{http://www.w3.org/2005/Atom}"
        self.assertEqual("news:example.talk", feed.findtext(f"{atom}id"))
        self.assertEqual("2026-11-22T08:30:00+00:00", feed.findtext(f"{atom}updated"))
        entries = feed.findall(f"{atom}entry")
        self.assertEqual(
            ["news:mixed@example.test", "news:plain@example.test"],
            [each.findtext(f"{atom}id") for each in entries],
        )
        self.assertEqual("A <script>alert(1)</script> & more", entries[1].findtext(f"{atom}title"))
        link = entries[1].find(f"{atom}link")
        assert link is not None
        self.assertEqual("./1", link.get("href"))
        self.assertIn("Hello", entries[1].findtext(f"{atom}summary") or "")

    def test_empty_feed(self) -> None:
        """A feed of nothing is a feed."""
        ElementTree.fromstring(body(self.ask("/news/example.empty/feed.atom")))


class Mounted(Case):
    """What the settings make of it."""

    def serve(self, **settings: Any) -> None:
        """Serve as the service does with these settings."""
        self.site = SimpleNamespace(
            settings=Settings(**settings),
            reactor=self.world.clock,
            newsroom=self.world.room,
            files=HomesOfSite(self.world.store, self.world.homes),
            store=self.world.store,
            http=SiteRouter(self.world.clock),
            rpc=XMLRPCServer(),
            certificates=None,
            on_reload=lambda what: None,
        )
        add_routes(cast(Site, self.site))
        self.world.factory.configure(replace(self.world.factory.shared, router=self.site.http))

    def test_default(self) -> None:
        """The news are below /news/, and the site's root leads there."""
        self.serve()
        self.assertEqual(200, status(self.ask("/news/example.talk/1.eml")))
        self.assertIn(b'<a href="/news/">News</a>', body(self.ask("/")))
        self.assertEqual(b"/news/", field(self.ask("/news"), b"Location"))

    def test_elsewhere(self) -> None:
        """Below another path all links and redirects are right."""
        self.serve(http={"news_path": "/a/b.c/"})
        self.assertEqual(404, status(self.ask("/news/")))
        self.assertEqual(PLAIN, body(self.ask("/a/b.c/example.talk/1.eml")))
        for path, where in (
            ("/a/b.c", b"/a/b.c/"),
            ("/a/b.c/example.talk", b"/a/b.c/example.talk/"),
            ("/a/b.c/?message-id=plain@example.test", b"/a/b.c/example.talk/1"),
        ):
            self.assertEqual(where, field(self.ask(path), b"Location"))

    def test_nowhere(self) -> None:
        """Without a path there are none, and a file has its place."""
        self.world.put("news/a.txt", b"a file")
        self.serve(http={"news_path": ""})
        self.assertEqual(404, status(self.ask("/news/example.talk/")))
        self.assertEqual(b"a file", body(self.ask("/news/a.txt")))
        self.assertNotIn(b"<nav>", body(self.ask("/")))

    def test_not_anonymous(self) -> None:
        """What NNTP shows to nobody who has not logged in, HTTP does not either; a reload
        changes that."""
        self.serve()
        self.site.settings = Settings(nntp=NNTPSettings(anonymous="none"))
        self.assertEqual(404, status(self.ask("/news/example.talk/1.eml")))
        self.assertNotIn(b"<nav>", body(self.ask("/")))
        self.site.settings = Settings()
        self.assertEqual(200, status(self.ask("/news/example.talk/1.eml")))

    def test_bad_paths(self) -> None:
        """A path that cannot be one is refused when the settings are read."""
        for path in ("/", "news/", "/news", "//", "/a b/", "/%41/", "/{x}/"):
            self.assertRaises(ValidationError, Settings, http={"news_path": path})


def characters_gone_over(text: str) -> int:
    """Return how many characters all methods of strings had before them to make HTML of a text."""
    characters = 0

    def count(frame: FrameType, event: str, method: Any) -> None:
        nonlocal characters
        if event == "c_call" and isinstance(owner := getattr(method, "__self__", None), str):
            characters += len(owner)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        prose.text_html(text, "../")
    finally:
        sys.setprofile(before)
    return characters


class Pure(SynchronousTestCase):
    """Text, links and codings."""

    def test_links(self) -> None:
        """Links end where a person would end them; other schemes are words."""
        for text, link in (
            ("(see http://a.test/b).", "http://a.test/b"),
            ("<https://a.test/(x)>", "https://a.test/(x)"),
            ("http://a.test/'\"><b>", "http://a.test/"),
            ("HTTPS://A.test?", "HTTPS://A.test"),
            ("mailto:a@b.test,", "mailto:a@b.test"),
            ("javascript:http", None),
            ("data:text/html,x file:///etc vbscript:x", None),
        ):
            found = re.search('href="([^"]*)"', prose.text_html(text, "../"))
            self.assertEqual(link, found and found[1], text)

    def test_linear(self) -> None:
        """What is made to be slow is not: no part of it is gone over again for each other part."""
        for text in (")" * 20_000, "mailto:" * 3_000, "news:" + "(" * 20_000,
                     "http://a/" + "()" * 5_000 + ")" * 10_000, "> " * 10_000,
                     ">\n\n" * 6_000):  # fmt: skip
            self.assertLess(characters_gone_over(text), 40 * len(text), text[:10])

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """Any text is well-formed markup, and says the same."""
        made = f"<pre>{prose.text_html(text, '../')}</pre>"
        said = "".join(ElementTree.fromstring(made).itertext())
        expected = prose.clean(text).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        self.assertEqual(expected, said.rstrip("\n"))

    @given(st.binary(max_size=300), st.data())
    def test_codings_in_pieces(self, octets: bytes, data: st.DataObject) -> None:
        """A coding comes off the same, wherever the octets are cut."""
        for name, coded in (
            (b"base64", base64.encodebytes(octets)),
            (b"quoted-printable", quopri.encodestring(octets)),
            (b"x-uuencode", uuencoded(octets)),
            (b"8bit", octets),
        ):
            cut = data.draw(st.integers(0, len(coded)))

            async def pieces(coded: bytes = coded, cut: int = cut) -> Any:
                yield coded[:cut]
                yield coded[cut:]

            async def whole(name: bytes = name, pieces: Any = pieces) -> bytes:
                return b"".join([each async for each in parts.decoded(pieces(), name)])

            self.assertEqual(octets, run(whole()), name)

    def test_base64_without_end(self) -> None:
        """Base64 that is cut short, or full of other octets, gives what there is."""

        async def take(*given: bytes) -> bytes:
            async def pieces() -> Any:
                for each in given:
                    yield each

            return b"".join([each async for each in parts.decoded(pieces(), b"base64")])

        for given_, wanted in (
            ((b"YW", b"Jj"), b"abc"), ((b"YWI",), b"ab"), ((b"YQ",), b"a"), ((b"Y",), b""),
            ((b"Y!W\r\n", b"*J", b"j"), b"abc"), ((b"YWI=", b""), b"ab"),
        ):  # fmt: skip
            self.assertEqual(wanted, run(take(*given_)), given_)

    def test_names(self) -> None:
        """A part is saved under one name, whatever its sender called it."""
        for said, wanted in (
            (b"../../etc/passwd", "passwd"), (b"C:\\x\\y.exe", "y.exe"), (b"..", "part-1"),
            (b".bashrc", "bashrc"), (b"a/", "part-1"), (b"", "part-1"),
            ("gpj\u202eexe.txt".encode(), "gpj_exe.txt"),
            (b"n" * 300 + b".txt", "n" * 116 + ".txt"),
        ):  # fmt: skip
            head = b"Content-Type: image/png\r\nContent-Disposition: attachment;"
            summary = scan(head + b' filename="' + said.replace(b"\\", b"\\\\") + b'"\r\n\r\n')
            self.assertEqual(wanted, parts.saved_name(summary.root, "1"), said)

    def test_numbers(self) -> None:
        """Parts have IMAP's numbers; a message within a message is one part."""
        root = scan(MIXED).root
        self.assertEqual(["1.1", "1.2", "2", "3"], [number for number, _ in numbered(root)])
        self.assertEqual(["plain"], [part.type[1].decode() for part in texts(root)])
        forwarded = scan(b"Content-Type: message/rfc822\r\n\r\n" + PLAIN).root
        self.assertEqual(["1"], [number for number, _ in numbered(forwarded)])
        self.assertEqual([], texts(forwarded))


def uuencoded(octets: bytes) -> bytes:
    """Return octets as they were sent before there was MIME."""
    lines = [binascii.b2a_uu(octets[start : start + 45]) for start in range(0, len(octets), 45)]
    return b"".join([b"begin 644 a.bin\n", *lines, b"`\nend\n"])
