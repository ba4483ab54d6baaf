"""Requests that somebody made to do harm, and what each is answered, octet for octet."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from tests.http.worlds import HELLO, World, refusal

BAD = refusal("400 Bad Request")
GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /count HTTP/1.1\r\nHost: a\r\n"

#: What is sent, and what is answered before the connection is closed.
REFUSED: list[tuple[bytes, bytes]] = [
    # the request line
    (b"GET /hello\r\n\r\n", BAD),
    (b"GET /hello\r\n", BAD),  # HTTP/0.9, and who speaks first elsewhere, wait for an answer
    (b"SSH-2.0-OpenSSH_9.6\r\n", BAD),
    (b"EHLO a.example.test\r\n", BAD),
    (b"\r\nGET /hello\r\n", BAD),
    (b"\r\nGET /" + b"a" * 300, refusal("414 URI Too Long")),
    (b"GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n", BAD),
    (b"GET\t/hello\tHTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b" GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.10\r\nHost: a\r\n\r\n", BAD),
    (b"GET /hello http/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", refusal("505 HTTP Version Not Supported")),
    (b"GET /hello HTTP/0.9\r\nHost: a\r\n\r\n", refusal("505 HTTP Version Not Supported")),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refusal("505 HTTP Version Not Supported")),
    (b"G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", BAD),  # TLS where there is none
    (b"\r\n\r\n" + GET + b"\r\n", BAD),
    (b"GET /hello HTTP/1.1\nHost: a\n\n", BAD),
    (b"GET /hello HTTP/1.1\rHost: a\r\r", BAD),
    (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET /a\\..\\b HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b'GET /"<> HTTP/1.1\r\nHost: a\r\n\r\n', BAD),
    # the four forms of a target
    (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", refusal("501 Not Implemented")),
    (b"GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    (b"GET http://u:p@a/hello HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    # Host
    (b"GET /hello HTTP/1.1\r\n\r\n", BAD),
    (GET + b"Host: a\r\n\r\n", BAD),
    (GET + b"host: b\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1\r\nHost: \xe9\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1\r\nHost: a:x\r\n\r\n", BAD),
    # field lines
    (GET + b"X : y\r\n\r\n", BAD),
    (GET + b"X\t: y\r\n\r\n", BAD),
    (GET + b"X: y\r\n z\r\n\r\n", BAD),
    (GET + b"X: y\r\n\tz\r\n\r\n", BAD),
    (b"GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", BAD),
    (GET + b"X\r\n\r\n", BAD),
    (GET + b": y\r\n\r\n", BAD),
    (GET + b"X(y): z\r\n\r\n", BAD),
    (GET + b"X: a\nY: b\r\n\r\n", BAD),
    (GET + b"X: a\rY: b\r\n\r\n", BAD),
    (GET + b"X: a\0b\r\n\r\n", BAD),
    (GET + b"X: a\x7fb\r\n\r\n", BAD),
    (GET + b"X\xe9: a\r\n\r\n", BAD),
    (GET + b"\r\r\n\r\n", BAD),
    # two lengths: smuggling
    (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", BAD),
    (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: 5, 5\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: +5\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: -5\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: 0x5\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: 1_0\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: 5 5\r\n\r\nabcde", BAD),
    (POST + b"Content-Length:\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: \xb2\r\n\r\nabcde", BAD),
    (POST + b"Content-Length: 99999999999999999999\r\n\r\n", BAD),
    # transfer codings
    (POST + b"Transfer-Encoding: xchunked\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: identity\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding:\r\n\r\n", BAD),
    (POST + b'Transfer-Encoding: "chunked"\r\n\r\n', BAD),
    (POST + b"Transfer-Encoding: chunked;x\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding : chunked\r\n\r\n", BAD),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", refusal("501 Not Implemented")),
    (b"POST /count HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", BAD),
    # chunks
    *(
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, BAD)
        for chunks in (
            b"0x5\r\nabcde\r\n0\r\n\r\n",
            b"5\nabcde\r\n0\r\n\r\n",
            b"5\r\nabcde\n0\r\n\r\n",
            b"5\r\nabcdef\r\n0\r\n\r\n",
            b"5 \r\nabcde\r\n0\r\n\r\n",
            b" 5\r\nabcde\r\n0\r\n\r\n",
            b"+5\r\nabcde\r\n0\r\n\r\n",
            b"-5\r\nabcde\r\n0\r\n\r\n",
            b"5_0\r\nabcde\r\n0\r\n\r\n",
            b"\r\nabcde\r\n0\r\n\r\n",
            b"5;\r\nabcde\r\n0\r\n\r\n",
            b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
            b"5;a=\x00\r\nabcde\r\n0\r\n\r\n",
            b"5;a=\"b\r\nabcde\r\n0\r\n\r\n",
            b"fffffffffffffffff\r\n",
            b"5" + b";a" * 1000 + b"\r\n",
            b"0\r\nX y\r\n\r\n",
            b"0\r\nX: y\nZ: z\r\n\r\n",
            b"0\r\n X: y\r\n\r\n",
        )
    ),
    # too much
    (b"GET /" + b"a" * 300 + b" HTTP/1.1\r\nHost: a\r\n\r\n", refusal("414 URI Too Long")),
    (GET + b"X: " + b"y" * 1000 + b"\r\n\r\n",
     refusal("431 Request Header Fields Too Large")),
    (GET + b"X: y\r\n" * 10 + b"\r\n", refusal("431 Request Header Fields Too Large")),
    (POST + b"Content-Length: 100001\r\n\r\n", refusal("413 Content Too Large")),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n186a1\r\n", refusal("413 Content Too Large")),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 11 + b"\r\n",
     refusal("431 Request Header Fields Too Large")),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 9000,
     refusal("431 Request Header Fields Too Large")),
    (POST + b"Expect: 100-continue, more\r\n\r\n", refusal("417 Expectation Failed")),
    (POST + b"Expect: more\r\n\r\n", refusal("417 Expectation Failed")),
]  # fmt: skip

#: Paths that lead nowhere; the connection is kept.
PATHS: list[tuple[bytes, str]] = [
    (b"/../etc/passwd", "400 Bad Request"),
    (b"/a/../../etc/passwd", "400 Bad Request"),
    (b"/a/..", "400 Bad Request"),
    (b"/./a", "400 Bad Request"),
    (b"/%2e%2e/etc/passwd", "400 Bad Request"),
    (b"/%2E./etc/passwd", "400 Bad Request"),
    (b"/%2e%2e%2fetc/passwd", "400 Bad Request"),
    (b"/..%2fetc%2fpasswd", "400 Bad Request"),
    (b"/..%5cetc", "400 Bad Request"),
    (b"/a%00.txt", "400 Bad Request"),
    (b"/a%0d%0ab", "400 Bad Request"),
    (b"/%", "400 Bad Request"),
    (b"/%g0", "400 Bad Request"),
    (b"/%2", "400 Bad Request"),
    (b"/%u002e%u002e/", "400 Bad Request"),
    (b"/%c0%ae%c0%ae/etc/passwd", "404 Not Found"),  # overlong: octets, and no dots
    (b"/%c0%afetc", "404 Not Found"),
    (b"/%e0%80%ae%e0%80%ae/etc/passwd", "404 Not Found"),
    (b"/%252e%252e/etc/passwd", "404 Not Found"),  # decoded once
    (b"/.../etc/passwd", "404 Not Found"),
    (b"/..;/etc/passwd", "404 Not Found"),
    (b"//etc/passwd", "404 Not Found"),
    (b"/a//b", "404 Not Found"),
    (b"/.git/config", "404 Not Found"),
    (b"/%2egit/config", "404 Not Found"),
    (b"/~", "404 Not Found"),
    (b"/~nobody/", "404 Not Found"),
    (b"/~%2e%2e/x", "404 Not Found"),
    (b"/~alice%2fx", "400 Bad Request"),
    (b"/" + b"a" * 150, "404 Not Found"),
    (b"/" + b"a/" * 70, "404 Not Found"),
]


class Hostile(SynchronousTestCase):
    """Each is answered exactly so, however the network cuts it, and harms nobody else."""

    def setUp(self) -> None:
        self.world = World(body_octets=100_000)

    def tearDown(self) -> None:
        self.assertEqual([], self.flushLoggedErrors())

    def test_whole(self) -> None:
        """The answer, then the end; nothing behind it is taken for a request."""
        for octets, expected in REFUSED:
            with self.subTest(octets[:80]):
                session = self.world.connect()
                self.assertEqual(expected, session.say(octets + b"\r\n" + GET + b"\r\n"))
                self.assertTrue(session.closed)

    def test_octet_by_octet(self) -> None:
        """The same answer."""
        for octets, expected in REFUSED:
            with self.subTest(octets[:80]):
                session = self.world.connect()
                heard = b""
                for octet in octets:
                    heard += session.say(bytes([octet]))
                self.assertEqual(expected, heard)
                self.assertTrue(session.closed)

    def test_behind_a_good_one(self) -> None:
        """What came before is answered first."""
        for octets, expected in REFUSED:
            with self.subTest(octets[:80]):
                session = self.world.connect()
                if octets.startswith(b"\r\n"):
                    continue
                self.assertEqual(HELLO + expected, session.say(GET + b"\r\n" + octets))

    def test_next_client(self) -> None:
        """Another connection is served as if nothing had been."""
        for octets, _ in REFUSED:
            self.world.ask(octets)
            self.assertEqual(HELLO, self.world.ask(GET + b"\r\n"))

    def test_paths(self) -> None:
        """No spelling leads out of the root, or to what is hidden."""
        self.world.put(".git/config", b"secret")
        for path, status in PATHS:
            with self.subTest(path):
                session = self.world.connect()
                heard = session.say(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(refusal(status, close=False), heard)
                self.assertFalse(session.closed)

    def test_accepted(self) -> None:
        """What only looks odd is answered."""
        for octets in (
            b"\r\n" + GET + b"\r\n",
            b"GET http://a:80/hello HTTP/1.1\r\nHost: other\r\n\r\n",
            b"GET HTTP://a/hello HTTP/1.1\r\nHost:\r\n\r\n",
            b"GET /hello HTTP/1.9\r\nHost: [::1]:8080\r\n\r\n",
            b"GET /hello HTTP/1.1\r\nHost:a\t \r\n\r\n",
            GET + b"X: caf\xe9\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
            GET + b"Content-Length: 000\r\n\r\n",
            GET + b"Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
            GET + b"Expect:\r\n\r\n",
        ):
            with self.subTest(octets):
                self.assertEqual(HELLO, self.world.ask(octets))

    def test_chunks_accepted(self) -> None:
        """Extensions, leading zeros and trailers are legal."""
        for chunks in (
            b"5\r\nabcde\r\n0\r\n\r\n",
            b"005\r\nabcde\r\n000\r\n\r\n",
            b'5;a;b=c;d="e\\""\r\nabcde\r\n0;x\r\n\r\n',
            b"5 ; a = b\r\nabcde\r\n0\r\n\r\n",
            b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
        ):
            octets = POST + b"Transfer-Encoding: Chunked\r\n\r\n" + chunks
            with self.subTest(chunks):
                self.assertTrue(self.world.ask(octets).endswith(b"\r\n\r\n5 0"))
                session = self.world.connect()
                heard = b"".join([session.say(bytes([octet])) for octet in octets])
                self.assertTrue(heard.endswith(b"\r\n\r\n5 0"))
        octets = POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nZ: z\r\n\r\n"
        self.assertTrue(self.world.ask(octets).endswith(b"\r\n\r\n0 2"))
