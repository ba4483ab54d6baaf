"""The parts without a network: heads, state tables, paths, media types, codings."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from netsuite.http.commands import Fields, Informational, Request, Response, ResponseHead
from netsuite.http.decoding import PIECE_OCTETS, BadCoding, Decoder
from netsuite.http.dialog import TRANSITIONS, ClientDialog, ServerDialog, State
from netsuite.http.grammar import format_request, parse_request
from netsuite.http.limits import HeadLimits
from netsuite.http.media import choose, media_type
from netsuite.http.paths import BadPath, join_path, split_path
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput

_token = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=12)
_value = st.text(
    st.characters(
        min_codepoint=0x21,
        max_codepoint=0xFF,
        exclude_characters="\x7f",
        exclude_categories=["Cc"],
    ),
    max_size=20,
)
_name = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=("Cc", "Cs")), min_size=1, max_size=9
)


class Heads(SynchronousTestCase):
    """Requests as octets."""

    @given(_token, st.lists(st.tuples(_token, _value), max_size=8))
    def test_both_ways(self, method: str, pairs: list[tuple[str, str]]) -> None:
        """What a client says a server reads, whatever the method and the fields."""
        known = {"host", "connection", "content-length", "transfer-encoding", "expect"}
        pairs = [pair for pair in pairs if pair[0].lower() not in known]
        request = Request(method, "/a?b", Fields(pairs), host="h:1")
        head = format_request(request).encode("latin-1") + b"\r\n"
        if method == "CONNECT":
            return
        read = parse_request(head, HeadLimits())
        self.assertEqual(
            (method, "/a", "b", "h:1"), (read.method, read.path, read.query, read.host)
        )
        stripped = [(name.lower(), value.strip(" \t")) for name, value in pairs]
        self.assertEqual(stripped, list(read.fields)[1:])

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        """Whatever comes is a request or refused with an answer; cuts do not matter."""
        outcomes = []
        for size in (len(octets) or 1, 1, 7):
            dialog = ServerDialog(HeadLimits(100, 200, 5))
            outcome: list[object] = []
            for start in range(0, len(octets), size):
                dialog.receive(octets[start : start + size])
                try:
                    while (event := dialog.next_event()) not in (NEED_DATA, PAUSED):
                        outcome.append(event)
                except RemoteProtocolError as error:
                    self.assertTrue(error.close)
                    outcome.append(error.reply)
                    break
            outcomes.append(outcome)
        self.assertEqual(outcomes[0], outcomes[1])
        self.assertEqual(outcomes[0], outcomes[2])

    def test_unsayable(self) -> None:
        """A client cannot be made to say two requests."""
        for request in (
            Request("GET", "/a b", host="h"),
            Request("GET", "/a\r\nX: y", host="h"),
            Request("G T", "/", host="h"),
            Request("GET", "/", host="h\r\nX: y"),
            Request("GET", "/", host="h/x"),
            Request("GET", "/", Fields([("X", "a\r\nb: c")]), host="h"),
            Request("GET", "/", Fields([("X", "a\nb")]), host="h"),
            Request("GET", "/", Fields([("X", "a\0")]), host="h"),
            Request("GET", "/", Fields([("X y", "a")]), host="h"),
            Request("GET", "/", Fields([("Host", "a")]), host="h"),
            Request("GET", "/", Fields([("Content-Length", "5")]), host="h"),
            Request("GET", "/\xe9", host="h"),
        ):
            with self.subTest(request), self.assertRaises(LocalProtocolError):
                ClientDialog().send(request)


class States(SynchronousTestCase):
    """What may be said when."""

    def dialog(self, state: State) -> ServerDialog:
        dialog = ServerDialog()
        if state is State.IDLE:
            return dialog
        if state is State.CLOSED:
            dialog.receive_eof()
            self.assertEqual(EndOfInput(), dialog.next_event())
            return dialog
        dialog.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIsInstance(dialog.next_event(), Request)
        if state is State.ANSWERING:
            dialog.send(ResponseHead(200))
        return dialog

    def test_table(self) -> None:
        """Everything in the table can be said, and nothing else."""
        said = (
            Informational(103), Response(200), ResponseHead(200), BodyChunk(b"x"), EndOfBody(),
        )  # fmt: skip
        for state in State:
            for value in said:
                with self.subTest((state, value)):
                    dialog = self.dialog(state)
                    self.assertIs(state, dialog.state)
                    following = TRANSITIONS.get((state, type(value)))
                    if following is None:
                        self.assertRaises(LocalProtocolError, dialog.send, value)
                        self.assertIs(state, dialog.state)
                    else:
                        dialog.send(value)
                        self.assertIs(following, dialog.state)

    def test_lengths_are_kept(self) -> None:
        """No more and no less of a body than was announced; none where none may be."""
        dialog = self.dialog(State.ASKED)
        dialog.send(ResponseHead(200, Fields(), 3))
        self.assertRaises(LocalProtocolError, dialog.send, BodyChunk(b"abcd"))
        dialog.send(BodyChunk(b"ab"))
        self.assertRaises(LocalProtocolError, dialog.send, EndOfBody())
        dialog.sent(1)
        self.assertEqual(b"", dialog.send(EndOfBody()))
        for status in (204, 304):
            dialog = self.dialog(State.ASKED)
            self.assertRaises(LocalProtocolError, dialog.send, Response(status, (), b"x"))

    def test_framing_is_the_dialogs(self) -> None:
        """A handler cannot contradict the framing."""
        for name in ("Content-Length", "transfer-encoding", "Connection"):
            dialog = self.dialog(State.ASKED)
            with self.assertRaises(LocalProtocolError):
                dialog.send(Response(200, ((name, "5"),)))


class Answers(SynchronousTestCase):
    """What a client makes of a server's octets."""

    def events(self, octets: bytes, method: str = "GET", *, end: bool = False) -> list[object]:
        outcomes = []
        for size in (1, len(octets)):
            dialog = ClientDialog()
            dialog.send(Request(method, "/", host="h"))
            events: list[object] = []
            for start in range(0, len(octets), size):
                dialog.receive(octets[start : start + size])
                while (event := dialog.next_event()) is not NEED_DATA:
                    last = events[-1] if events else None
                    if isinstance(event, BodyChunk) and isinstance(last, bytes):
                        events[-1] = last + event.octets
                    else:
                        events.append(event.octets if isinstance(event, BodyChunk) else event)
            if end:
                dialog.receive_eof()
                while (event := dialog.next_event()) is not NEED_DATA:
                    events.append(event)
            outcomes.append(events)
        self.assertEqual(outcomes[0], outcomes[1])
        return [each for each in outcomes[0] if not isinstance(each, ResponseHead)]

    def test_framings(self) -> None:
        """Counted, chunked, up to the end, none; answers before the answer."""
        ok = b"HTTP/1.1 200 OK\r\n"
        end = EndOfBody()
        self.assertEqual([b"abc", end], self.events(ok + b"Content-Length: 3\r\n\r\nabc"))
        self.assertEqual([b"abc", end], self.events(ok + b"Content-Length: 3, 3\r\n\r\nabc"))
        chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        self.assertEqual([b"abc", end], self.events(chunked))
        self.assertEqual([b"abc", end, EndOfInput()], self.events(ok + b"\r\nabc", end=True))
        self.assertEqual([end], self.events(ok + b"Content-Length: 3\r\n\r\n", "HEAD"))
        for status in (b"204 No", b"304 Not"):
            octets = b"HTTP/1.1 " + status + b"\r\nContent-Length: 3\r\n\r\n"
            self.assertEqual([end], self.events(octets))
        early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        said = self.events(early + ok + b"Content-Length: 0\r\n\r\n")
        self.assertEqual([Informational(103, (("link", "x"),)), end], said)

    def test_refused(self) -> None:
        """A server that can be read in two ways is not read."""
        ok = b"HTTP/1.1 200 OK\r\n"
        for octets in (
            b"HTTP/1.1 200 OK\n\n" + b"\r\n\r\n",
            b"220 ready\r\n\r\n",
            b"HTTP/2.0 200 OK\r\n\r\n",
            b"HTTP/1.1 99 X\r\n\r\n",
            ok + b"X y\r\n\r\n",
            ok + b"X: y\r\n z\r\n\r\n",
            ok + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            ok + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
            ok + b"Content-Length: +3\r\n\r\n",
            ok + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
            ok + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
            b"HTTP/1.1 101 Switching\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
            b"x" * 70_000,
        ):
            with self.subTest(octets[:60]), self.assertRaises(RemoteProtocolError):
                self.events(octets)

    def test_cut_short(self) -> None:
        """An answer that ends too early is told from a whole one."""
        for octets in (
            b"HTTP/1.1 200 OK\r\nContent-",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        ):
            with self.subTest(octets), self.assertRaises(RemoteProtocolError):
                self.events(octets, end=True)


class Parts(SynchronousTestCase):
    """Paths, media types, codings."""

    @given(st.lists(_name.filter(lambda name: name not in (".", "..")), min_size=1, max_size=5))
    def test_paths_both_ways(self, names: list[str]) -> None:
        """Any names make a path that is read as those names."""
        self.assertEqual(tuple(names), split_path(join_path(tuple(names))))

    def test_path_of_octets(self) -> None:
        """A name that is not UTF-8 comes back as the octets it was."""
        (name,) = split_path("/caf%E9")
        self.assertEqual(b"caf\xe9", name.encode("utf-8", "surrogateescape"))
        self.assertEqual("/caf%E9", join_path((name,)))
        self.assertEqual("/x", join_path(("", "x")))
        self.assertRaises(BadPath, split_path, "/a/%2E%2e/b")

    def test_media_types(self) -> None:
        """By the last part of the name, whatever the machine."""
        for name, kind in (
            ("a.html", "text/html; charset=utf-8"),
            ("A.PNG", "image/png"),
            ("a.tar.gz", "application/gzip"),
            ("README", "application/octet-stream"),
            (".html", "application/octet-stream"),
            ("a.unknown", "application/octet-stream"),
        ):
            self.assertEqual(kind, media_type(name), name)

    def test_choosing(self) -> None:
        """The client's weights count, then our order."""
        offered = ("text/html", "application/json")
        for accept, chosen in (
            ("", 0), ("*/*", 0), ("application/json", 1), ("text/html;q=0.5, application/json", 1),
            ("application/*", 1), ("text/*;q=0.1,*/*;q=0.2", 1), ("image/png", 0),
            ("application/json;q=0, */*", 0), ("nonsense", 0), ("text/html;level=1;q=0.2,*/*", 1),
        ):  # fmt: skip
            self.assertEqual(offered[chosen], choose(accept, offered), accept)

    @given(st.binary(max_size=2000), st.integers(1, 50))
    def test_decoding(self, octets: bytes, size: int) -> None:
        """Whatever the coding and the cuts, the content comes out."""
        raw = zlib.compressobj(wbits=-15)
        for coding, coded in (
            ("gzip", gzip.compress(octets)),
            ("gzip", gzip.compress(octets[:5]) + gzip.compress(octets[5:])),
            ("deflate", zlib.compress(octets)),
            ("deflate", raw.compress(octets) + raw.flush()),
        ):
            decoder = Decoder(coding)
            out = b""
            for start in range(0, len(coded), size):
                out += b"".join(decoder.feed(coded[start : start + size]))
            decoder.finish()
            self.assertEqual(octets, out)

    def test_bomb(self) -> None:
        """A bomb is given in pieces; who stops taking them stops it."""
        bomb = gzip.compress(bytes(20_000_000))
        pieces = list(Decoder("gzip").feed(bomb))
        self.assertEqual(20_000_000, sum(map(len, pieces)))
        self.assertLessEqual(max(map(len, pieces)), PIECE_OCTETS)

    def test_bad_codings(self) -> None:
        """What is cut short, or no such coding, is told."""
        decoder = Decoder("gzip")
        list(decoder.feed(gzip.compress(b"abc")[:-1]))
        self.assertRaises(BadCoding, decoder.finish)
        self.assertRaises(BadCoding, list, Decoder("gzip").feed(b"plain text"))
        self.assertRaises(BadCoding, list, Decoder("deflate").feed(zlib.compress(b"x") + b"more"))
