"""Files over HTTP: preconditions, ranges, listings, PUT and DELETE."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

from twisted.python import monkey

from netsuite.http import files
from netsuite.http.files import SMALL_OCTETS
from netsuite.http.settings import Settings
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.http.worlds import World, refusal

BIG = bytes(range(256)) * 1024  # 256 KiB


def login(name: str, password: str = "secret") -> bytes:
    return b"Authorization: Basic " + base64.b64encode(f"{name}:{password}".encode())


def status(heard: bytes) -> int:
    return int(heard[9:12])


def body(heard: bytes) -> bytes:
    return heard.partition(b"\r\n\r\n")[2]


def field(heard: bytes, name: bytes) -> bytes | None:
    found = re.search(
        rb"\r\n" + name + rb": ([^\r]*)\r\n", heard.partition(b"\r\n\r\n")[0] + b"\r\n"
    )
    return found[1] if found else None


def unchunked(heard: bytes) -> bytes:
    """Return the body of an answer known to be rightly chunked."""
    pieces = []
    rest = body(heard)
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        pieces.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    return b"".join(pieces)


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.world.put("a.txt", b"0123456789")
        self.world.put("big.bin", BIG)
        self.world.put("dir/index.html", b"<p>index")
        self.world.put("list/b & <b>.txt", b"x")
        self.world.put("list/sub/x", b"x")
        run(self.world.store.accounts.add_account("alice", None))
        bob = run(self.world.store.accounts.add_account("bob", None))
        run(self.world.store.accounts.update_account(bob.id, groups=frozenset({"web"})))
        home = run(self.world.homes.home("alice"))
        self.world.put("public/shown.txt", b"shown", tree=home)
        self.world.put("private.txt", b"private", tree=home)

    def ask(
        self, path: str, *fields: bytes, method: str = "GET", content: bytes | None = None
    ) -> bytes:
        lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: a", *fields]
        if content is not None:
            lines.append(b"Content-Length: %d" % len(content))
        return self.world.ask(b"\r\n".join(lines) + b"\r\n\r\n" + (content or b""))

    def etag(self, path: str) -> bytes:
        found = field(self.ask(path), b"ETag")
        assert found is not None
        return found


class Reading(Case):
    """GET and HEAD."""

    def test_whole(self) -> None:
        """A small and a large file come whole, with what is known of them."""
        for path, content, kind in (
            ("/a.txt", b"0123456789", b"text/plain; charset=utf-8"),
            ("/big.bin", BIG, b"application/octet-stream"),
        ):
            for _ in range(2):  # the second time from memory
                heard = self.ask(path)
                self.assertEqual((200, content), (status(heard), body(heard)))
                self.assertEqual(kind, field(heard, b"Content-Type"))
                self.assertEqual(b"Sun, 22 Nov 2026 08:30:00 GMT", field(heard, b"Last-Modified"))
                self.assertEqual(b"bytes", field(heard, b"Accept-Ranges"))
            head = self.ask(path, method="HEAD")
            self.assertEqual(heard[: -len(content)], head)

    def test_changed(self) -> None:
        """A file changed through the suite is seen at once, one changed from outside soon."""
        self.ask("/a.txt")
        self.world.put("a.txt", b"new")
        self.assertEqual(b"new", body(self.ask("/a.txt")))
        patched = self.patch(self.world.files, "forget", lambda: None)
        self.world.put("a.txt", b"newer")
        self.assertEqual(b"new", body(self.ask("/a.txt")))
        self.world.clock.advance(1.1)
        self.assertEqual(b"newer", body(self.ask("/a.txt")))
        patched.restore()

    def test_directories(self) -> None:
        """A directory has its index or a listing; without its slash one is sent there."""
        self.assertEqual(b"<p>index", body(self.ask("/dir/")))
        heard = self.ask("/dir?x=1")
        self.assertEqual((301, b"/dir/?x=1"), (status(heard), field(heard, b"Location")))
        self.assertEqual(404, status(self.ask("/a.txt/")))
        self.assertEqual(404, status(self.ask("/a.txt/b")))

    def test_listing(self) -> None:
        """In HTML for browsers, in JSON for who prefers that; names do no harm."""
        heard = self.ask("/list/", b"Accept: text/html,*/*;q=0.8")
        self.assertIn(b'href="./b%20&amp;%20%3Cb%3E.txt">b &amp; &lt;b&gt;.txt<', body(heard))
        self.assertIn(b'href="./sub/">sub/<', body(heard))
        self.assertEqual(b"Accept", field(heard, b"Vary"))
        heard = self.ask("/list/", b"Accept: application/json")
        self.assertEqual(b"application/json; charset=utf-8", field(heard, b"Content-Type"))
        listed = json.loads(body(heard))
        self.assertEqual("/list/", listed["path"])
        self.assertEqual(["sub", "b & <b>.txt"], [each["name"] for each in listed["entries"]])
        self.assertEqual(1, listed["entries"][1]["octets"])

    def test_links(self) -> None:
        """The root's listing leads to what else there is; no other does."""
        link = b'<nav><a href="/news/">News &amp; more</a></nav>'
        self.assertIn(link, body(self.ask("/")))
        self.patch(files, "SORTED_ENTRIES", 1)
        self.assertIn(link, body(self.ask("/")))
        self.assertNotIn(b"<nav>", body(self.ask("/list/")))
        self.assertNotIn(b"<nav>", body(self.ask("/~alice/")))
        self.assertEqual(
            "/", json.loads(unchunked(self.ask("/", b"Accept: application/json")))["path"]
        )

    def test_large_listing(self) -> None:
        """A directory too large to sort is listed as it comes."""
        for number in range(30):
            self.world.put(f"many/{number}", b"")
        self.patch(files, "SORTED_ENTRIES", 10)
        heard = self.ask("/many/", b"Accept: application/json")
        self.assertEqual(b"chunked", field(heard, b"Transfer-Encoding"))
        self.assertEqual(30, len(json.loads(unchunked(heard))["entries"]))

    def test_accounts(self) -> None:
        """What an account shows is there, and nothing else of it."""
        self.assertEqual(b"shown", body(self.ask("/~alice/shown.txt")))
        self.assertEqual(301, status(self.ask("/~alice")))
        self.assertIn(b"shown.txt", body(self.ask("/~alice/")))
        for path in ("/~alice/private.txt", "/~alice/public/shown.txt", "/home/alice/private.txt"):
            self.assertEqual(refusal("404 Not Found", close=False), self.ask(path))


class Conditions(Case):
    """RFC 9110, 13.2.2: one table, both for a small file and a large one."""

    def test_reading(self) -> None:
        """Each is judged in the order the RFC gives."""
        old, same = b"Sun, 22 Nov 2026 08:29:59 GMT", b"Sun, 22 Nov 2026 08:30:00 GMT"
        for path in ("/a.txt", "/big.bin"):
            etag = self.etag(path)
            for fields, expected in (
                ([b"If-None-Match: " + etag], 304),
                ([b"If-None-Match: W/" + etag], 304),
                ([b'If-None-Match: "x", ' + etag], 304),
                ([b"If-None-Match: *"], 304),
                ([b'If-None-Match: "x"'], 200),
                ([b"If-None-Match: " + etag.strip(b'"')], 200),
                ([b"If-Modified-Since: " + same], 304),
                ([b"If-Modified-Since: " + old], 200),
                ([b"If-Modified-Since: yesterday"], 200),
                ([b"If-Modified-Since: Sunday, 22-Nov-26 08:30:00 GMT"], 304),
                # If-None-Match makes If-Modified-Since not be looked at
                ([b'If-None-Match: "x"', b"If-Modified-Since: " + same], 200),
                ([b"If-Match: " + etag], 200),
                ([b"If-Match: W/" + etag], 412),
                ([b'If-Match: "x"'], 412),
                ([b"If-Match: *"], 200),
                ([b"If-Unmodified-Since: " + same], 200),
                ([b"If-Unmodified-Since: " + old], 412),
                ([b"If-Unmodified-Since: tomorrow"], 200),
                # If-Match makes If-Unmodified-Since not be looked at, and comes first of all
                ([b"If-Match: " + etag, b"If-Unmodified-Since: " + old], 200),
                ([b'If-Match: "x"', b"If-None-Match: " + etag], 412),
                ([b"If-Match: " + etag, b"If-None-Match: " + etag], 304),
            ):
                with self.subTest((path, fields)):
                    heard = self.ask(path, *fields)
                    self.assertEqual(expected, status(heard))
                    if expected == 304:
                        self.assertEqual(b"", body(heard))
                        self.assertEqual(etag, field(heard, b"ETag"))
                        self.assertIsNone(field(heard, b"Content-Length"))

    def test_ranges(self) -> None:
        """Part of a file, where it can be had and is wanted of this very file."""
        for path, whole in (("/a.txt", b"0123456789"), ("/big.bin", BIG)):
            etag, size = self.etag(path), len(whole)
            same = b"Sun, 22 Nov 2026 08:30:00 GMT"
            for wanted, fields, expected, start, stop in (
                (b"bytes=2-4", [], 206, 2, 5),
                (b"bytes=2-", [], 206, 2, size),
                (b"bytes=-3", [], 206, size - 3, size),
                (b"bytes=-%d" % (size + 5), [], 206, 0, size),
                (b"bytes=8-999999999", [], 206, 8, size),
                (b"bytes=0-0", [], 206, 0, 1),
                (b"bytes=8-99999999999999999999", [], 206, 8, size),
                (b"bytes=-99999999999999999999", [], 206, 0, size),
                (b"bytes=0-" + b"9" * 41, [], 200, 0, size),
                (b"bytes=1-2, 3-4,,0-1", [], 206, 0, 5),  # joined
                (b"bytes=%d-" % size, [], 416, 0, 0),
                (b"bytes=-0", [], 416, 0, 0),
                (b"bytes=4-2", [], 200, 0, size),
                (b"bytes=a-b", [], 200, 0, size),
                (b"bytes=", [], 200, 0, size),
                (b"lines=1-2", [], 200, 0, size),
                (b"bytes=" + b"0-1," * 17, [], 200, 0, size),
                (b"bytes=2-4", [b"If-Range: " + etag], 206, 2, 5),
                (b"bytes=2-4", [b'If-Range: "x"'], 200, 0, size),
                (b"bytes=2-4", [b"If-Range: W/" + etag], 200, 0, size),
                (b"bytes=2-4", [b"If-Range: " + same], 206, 2, 5),
                (b"bytes=2-4", [b"If-Range: Sun, 22 Nov 2026 08:30:01 GMT"], 200, 0, size),
                (b"bytes=2-4", [b"If-None-Match: " + etag], 304, 0, 0),
                (b"bytes=2-4", [b'If-Match: "x"'], 412, 0, 0),
            ):
                with self.subTest((path, wanted, fields)):
                    heard = self.ask(path, b"Range: " + wanted, *fields)
                    self.assertEqual(expected, status(heard))
                    if expected in (200, 206):
                        self.assertEqual(whole[start:stop], body(heard))
                    if expected == 206:
                        said = b"bytes %d-%d/%d" % (start, stop - 1, size)
                        self.assertEqual(said, field(heard, b"Content-Range"))
                    if expected == 416:
                        self.assertEqual(b"bytes */%d" % size, field(heard, b"Content-Range"))
            heard = self.ask(path, b"Range: bytes=2-4", method="HEAD")
            self.assertEqual((200, b"%d" % size), (status(heard), field(heard, b"Content-Length")))

    def test_fresh_file(self) -> None:
        """A date does not tell apart what may still change within its second."""
        self.world.put("fresh.txt", b"0123456789", age_seconds=0)
        date = field(self.ask("/fresh.txt"), b"Last-Modified") or b""
        heard = self.ask("/fresh.txt", b"Range: bytes=0-1", b"If-Range: " + date)
        self.assertEqual(200, status(heard))

    def test_several_ranges(self) -> None:
        """Several parts come each with a head of its own, their length announced."""
        for path, whole, kind in (
            ("/a.txt", b"0123456789" * 20, b"text/plain; charset=utf-8"),
            ("/big.bin", BIG, b"application/octet-stream"),
        ):
            self.world.put(path[1:], whole)
            size = len(whole)
            heard = self.ask(path, b"Range: bytes=150-151,0-1")
            parts = b"".join(
                b"\r\n--BOUNDARY\r\nContent-Type: %s\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%s"
                % (kind, start, start + 1, size, whole[start : start + 2])
                for start in (0, 150)
            )
            self.assertEqual(parts + b"\r\n--BOUNDARY--\r\n", body(heard))
            self.assertEqual(
                b"multipart/byteranges; boundary=BOUNDARY", field(heard, b"Content-Type")
            )
            self.assertEqual(b"%d" % len(body(heard)), field(heard, b"Content-Length"))

    def test_no_amplification(self) -> None:
        """Overlapping ranges give each octet once."""
        wanted = b",".join(b"%d-" % number for number in range(16))
        heard = self.ask("/big.bin", b"Range: bytes=" + wanted)
        self.assertEqual((206, len(BIG)), (status(heard), len(body(heard))))


class Packed(Case):
    """Copies in gzip beside the files."""

    def setUp(self) -> None:
        super().setUp()
        for path in ("style.css", "big.css"):
            large = path.startswith("big")
            self.world.put(path, b"plain" + b"x" * (100_000 * large))
            self.world.put(f"{path}.gz", b"packed" + b"y" * (100_000 * large))

    def test_given(self) -> None:
        """Who takes gzip gets the copy, each with its own entity tag; caches are told."""
        for path in ("/style.css", "/big.css"):
            for _ in range(2):  # the second time from memory
                plain = self.ask(path)
                packed = self.ask(path, b"Accept-Encoding: br, gzip")
                self.assertEqual(b"plain", body(plain)[:5])
                self.assertEqual(b"packe", body(packed)[:5])
                self.assertEqual(b"gzip", field(packed, b"Content-Encoding"))
                self.assertIsNone(field(plain, b"Content-Encoding"))
                self.assertNotEqual(field(plain, b"ETag"), field(packed, b"ETag"))
                for heard in (plain, packed):
                    self.assertEqual(b"Accept-Encoding", field(heard, b"Vary"))
                    self.assertEqual(b"text/css; charset=utf-8", field(heard, b"Content-Type"))
                    self.assertFalse((field(heard, b"ETag") or b"W/").startswith(b"W/"))
        self.assertIsNone(field(self.ask("/a.txt", b"Accept-Encoding: gzip"), b"Vary"))
        self.assertEqual(404, status(self.ask("/only.css", b"Accept-Encoding: gzip")))

    def test_choice(self) -> None:
        """It is given to who wants it, and to nobody else."""
        for value, coded in (
            (b"gzip", True), (b"GZIP", True), (b"x-gzip", True), (b"deflate, gzip;q=0.5", True),
            (b"*", True), (b"gzip;q=1.0, identity; q=0.5, *;q=0", True), (b"gzip;q=0", False),
            (b"", False), (b"identity", False), (b"br", False), (b"*;q=0", False),
            (b"gzip;q=0.2, identity", False), (b"gzip;q=0, *", False), (b"gzipped", False),
            (b"," * 150 + b"gzip", True),
        ):  # fmt: skip
            heard = self.ask("/style.css", b"Accept-Encoding: " + value)
            self.assertEqual(coded, field(heard, b"Content-Encoding") == b"gzip", value)

    def test_conditions(self) -> None:
        """Preconditions and ranges are of what is given."""
        gzip = b"Accept-Encoding: gzip"
        plain = field(self.ask("/style.css"), b"ETag") or b""
        packed = field(self.ask("/style.css", gzip), b"ETag") or b""
        heard = self.ask("/style.css", gzip, b"If-None-Match: " + packed)
        self.assertEqual((304, b"Accept-Encoding"), (status(heard), field(heard, b"Vary")))
        self.assertEqual(200, status(self.ask("/style.css", gzip, b"If-None-Match: " + plain)))
        heard = self.ask("/style.css", gzip, b"Range: bytes=0-2", b"If-Range: " + packed)
        self.assertEqual((206, b"pac"), (status(heard), body(heard)))
        heard = self.ask("/style.css", gzip, b"Range: bytes=0-2", b"If-Range: " + plain)
        self.assertEqual((200, b"packed"), (status(heard), body(heard)))
        heard = self.ask("/big.css", gzip, b"Range: bytes=0-2,5000-5001")
        self.assertEqual(200, status(heard))  # and no multipart said to be gzip

    def test_out_of_date(self) -> None:
        """A copy older than its file is of something else; so is one of a picture."""
        self.world.put("style.css", b"newer", age_seconds=60)
        self.world.put("p.png", b"plain")
        self.world.put("p.png.gz", b"packed")
        self.world.put("dir/x.css.gz/y", b"")
        self.world.put("dir/x.css", b"plain")
        for path in ("/style.css", "/p.png", "/dir/x.css"):
            heard = self.ask(path, b"Accept-Encoding: gzip")
            self.assertIsNone(field(heard, b"Content-Encoding"), path)
            self.assertIsNone(field(heard, b"Vary"))

    def test_changed_while_opened(self) -> None:
        """What changes between the opening and the answer is not remembered as it was."""

        async def changes(*_: Any) -> None:
            self.world.put("style.css", b"newer", age_seconds=60)

        with monkey.MonkeyPatcher((files, "_packed", changes)):
            self.assertEqual(b"plain", body(self.ask("/style.css")))
        self.assertEqual(b"newer", body(self.ask("/style.css")))

    def test_index(self) -> None:
        """A directory's index has a copy, too; the copy can be had by its own name."""
        self.world.put("dir/index.html.gz", b"packed")
        heard = self.ask("/dir/", b"Accept-Encoding: gzip")
        self.assertEqual((b"packed", b"gzip"), (body(heard), field(heard, b"Content-Encoding")))
        heard = self.ask("/dir/index.html.gz", b"Accept-Encoding: gzip")
        self.assertIsNone(field(heard, b"Content-Encoding"))
        self.assertEqual(b"application/gzip", field(heard, b"Content-Type"))


class Writing(Case):
    """PUT and DELETE."""

    def put(self, path: str, *fields: bytes, content: bytes = b"new") -> bytes:
        return self.ask(path, *fields, method="PUT", content=content)

    def test_own(self) -> None:
        """An account writes what it shows; the file is there at once."""
        heard = self.put("/~alice/new.txt", login("alice"))
        self.assertEqual((201, b"/~alice/new.txt"), (status(heard), field(heard, b"Location")))
        read = self.ask("/~alice/new.txt")
        self.assertEqual(b"new", body(read))
        self.assertEqual(field(heard, b"ETag"), field(read, b"ETag"))
        self.assertEqual(204, status(self.put("/~alice/new.txt", login("alice"), content=b"2")))
        self.assertEqual(b"2", body(self.ask("/~alice/new.txt")))
        heard = self.ask("/~alice/new.txt", login("alice"), method="DELETE")
        self.assertEqual(204, status(heard))
        self.assertEqual(404, status(self.ask("/~alice/new.txt")))
        heard = self.ask("/~alice/new.txt", login("alice"), method="DELETE")
        self.assertEqual(404, status(heard))

    def test_site(self) -> None:
        """The public site is changed by the group web, and by nobody else."""
        self.assertEqual(201, status(self.put("/new.txt", login("bob"))))
        self.assertEqual(b"new", body(self.ask("/new.txt")))
        self.assertEqual(403, status(self.put("/new.txt", login("alice"))))

    def test_nobody_learns(self) -> None:
        """Whether something is there or not: who may not write hears the same."""
        for path in ("/~bob/x", "/~nobody/x", "/~alice/shown.txt", "/a.txt", "/none.txt", "/~"):
            for method in ("PUT", "DELETE"):
                with self.subTest((path, method)):
                    heard = self.ask(path, method=method)
                    self.assertEqual(
                        refusal(
                            "401 Unauthorized",
                            b'WWW-Authenticate: Basic realm="www.example.test", charset="UTF-8"',
                            close=False,
                        ),
                        heard,
                    )
                    wrong = self.ask(path, login("alice", "guess"), method=method)
                    self.assertEqual(heard, wrong)
                    if path != "/~alice/shown.txt":
                        heard = self.ask(path, login("alice"), method=method)
                        self.assertEqual(refusal("403 Forbidden", close=False), heard)

    def test_no_tls(self) -> None:
        """A password that came in the clear is refused, and nothing said of it."""
        self.world.authenticator.allowed = False
        self.assertEqual(403, status(self.put("/~alice/x", login("alice"))))

    def test_malformed_login(self) -> None:
        """What is no login is not one."""
        for value in (b"Basic", b"Basic !", b"Basic YQ", b"Basic YQ==", b"Basic /zov"):
            heard = self.put("/~alice/x", b"Authorization: " + value)
            self.assertEqual(400, status(heard), value)
        self.assertEqual(401, status(self.put("/~alice/x", b"Authorization: Bearer x")))
        self.assertEqual(0, self.world.authenticator.asked)

    def test_not_asked_for_the_body(self) -> None:
        """Who may not write is refused before the body is sent."""
        session = self.world.connect()
        heard = session.say(
            b"PUT /~alice/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        self.assertEqual(401, status(heard))
        self.assertTrue(session.closed)

    def test_conditions(self) -> None:
        """Lost updates are prevented, when the client asks for that."""
        etag = self.etag("/~alice/shown.txt")
        for fields, path, expected in (
            ([b"If-None-Match: *"], "/~alice/shown.txt", 412),
            ([b'If-Match: "x"'], "/~alice/shown.txt", 412),
            ([b"If-Match: *"], "/~alice/none.txt", 412),
            ([b"If-Unmodified-Since: Sun, 22 Nov 2020 08:30:00 GMT"], "/~alice/shown.txt", 412),
            # what is not there has no date to compare with (RFC 9110, 13.1.4)
            ([b"If-Unmodified-Since: Sun, 22 Nov 2020 08:30:00 GMT"], "/~alice/none.txt", 201),
            ([b"If-None-Match: *"], "/~alice/new.txt", 201),
            ([b"If-Match: " + etag], "/~alice/shown.txt", 204),
            ([b"If-Match: " + etag], "/~alice/shown.txt", 412),  # it is not that any more
        ):
            with self.subTest((fields, path)):
                self.assertEqual(expected, status(self.put(path, login("alice"), *fields)))

    def test_changed_while_it_came(self) -> None:
        """A condition that held at the beginning is judged again at the end."""
        session = self.world.connect()
        session.say(
            b"PUT /~alice/race.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
            b"If-None-Match: *\r\n" + login("alice") + b"\r\n\r\nab"
        )
        self.put("/~alice/race.txt", login("alice"))
        self.assertEqual(412, status(session.say(b"cd")))
        self.assertEqual(b"new", body(self.ask("/~alice/race.txt")))

    def test_half_a_file(self) -> None:
        """An upload that is cut short leaves nothing."""
        session = self.world.connect()
        session.say(
            b"PUT /~alice/half.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
            + login("alice") + b"\r\n\r\nab"
        )  # fmt: skip
        session.server.connectionLost()
        self.assertEqual(404, status(self.ask("/~alice/half.txt")))
        self.assertEqual([], self.flushLoggedErrors())

    def test_places(self) -> None:
        """No file is put where none can be."""
        for path, expected in (
            ("/~alice/none/x.txt", 409),
            ("/~alice/x/", 409),
            ("/~alice/", 409),
            ("/~alice", 409),
        ):
            self.assertEqual(expected, status(self.put(path, login("alice"))), path)
        heard = self.put("/~alice/x", login("alice"), b"Content-Range: bytes 0-2/10")
        self.assertEqual(400, status(heard))
        factory = self.world.factory
        factory.configure(replace(factory.shared, settings=Settings()))
        heard = self.put("/~alice/" + "a" * 300, login("alice"))
        self.assertEqual(409, status(heard))

    def test_coded(self) -> None:
        """What is sent in a content coding is refused: it would be given out without it."""
        for coding, expected in ((b"gzip", 415), (b"gzip, identity", 415), (b"Identity", 201)):
            heard = self.put("/~alice/x", login("alice"), b"Content-Encoding: " + coding)
            self.assertEqual(expected, status(heard), coding)
            if expected == 415:
                self.assertEqual(b"identity", field(heard, b"Accept-Encoding"))

    def test_other_methods(self) -> None:
        """What there is not is said, with what there is."""
        heard = self.ask("/a.txt", method="POST", content=b"")
        self.assertEqual(405, status(heard))
        self.assertEqual(b"DELETE, GET, HEAD, OPTIONS, PUT", field(heard, b"Allow"))
        self.assertEqual(204, status(self.ask("/a.txt", method="OPTIONS")))

    def test_large(self) -> None:
        """A large file goes in and comes out the same."""
        content = BIG * 3
        self.assertGreater(len(content), SMALL_OCTETS)
        self.assertEqual(201, status(self.put("/~alice/x", login("alice"), content=content)))
        self.assertEqual(content, body(self.ask("/~alice/x")))
