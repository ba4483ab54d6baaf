"""XML-RPC: values both ways, what a server refuses, introspection, multicall."""

from __future__ import annotations

import xmlrpc.client
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.http.xmlrpc.values import (
    MOST_DEPTH,
    Call,
    Fault,
    Unmarshallable,
    format_answer,
    format_call,
    parse_answer,
    parse_call,
)
from netsuite.testing.cases import SynchronousTestCase
from tests.http.worlds import World

_text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text
    | st.binary()
    | st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1)).map(
        lambda d: d.replace(microsecond=0)
    )
)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner) | st.dictionaries(_text, inner), max_leaves=8
)


class Values(SynchronousTestCase):
    """Python to XML and back."""

    @settings(max_examples=30, deadline=None)
    @given(st.lists(_values, max_size=3))
    def test_both_ways(self, parameters: list[Any]) -> None:
        """What is said is read again."""
        call = Call("a.b", tuple(parameters))
        self.assertEqual(call, parse_call(format_call(call)))
        self.assertEqual(parameters, parse_answer(format_answer(parameters)))

    @settings(max_examples=30, deadline=None)
    @given(_values)
    def test_standard_library(self, value: Any) -> None:
        """The standard library reads what we say, and we what it says."""
        octets = format_call(Call("m", (value,)))
        read, method = xmlrpc.client.loads(octets, use_builtin_types=True)
        self.assertEqual(((value,), "m"), (read, method))
        try:
            said = xmlrpc.client.dumps((value,), "m", allow_none=True).encode()
        except OverflowError:
            return  # it knows no i8
        self.assertEqual(Call("m", (value,)), parse_call(said))

    def test_text(self) -> None:
        """Carriage returns and markup survive; characters that no XML has are refused."""
        for text in ("a\r\nb\rc", "<&>\"']]>", "\t\n", " x ", "é€😀"):
            self.assertEqual(text, parse_answer(format_answer(text)))
        for wrong in ("\0", "\x1b", "\ufffe", "\udc80"):
            with self.assertRaises(Unmarshallable):
                format_answer(wrong)

    def test_early_year(self) -> None:
        """A year has four digits, whichever it is."""
        self.assertEqual(datetime(99, 1, 1), parse_answer(format_answer(datetime(99, 1, 1))))

    def test_unsayable(self) -> None:
        """What XML-RPC has no word for is told before anything is sent."""
        endless: list[Any] = []
        endless.append(endless)
        for value in (2**63, float("nan"), float("inf"), {1: 2}, object(), {1}, endless):
            with self.assertRaises(Unmarshallable):
                format_answer(value)

    def test_reading(self) -> None:
        """Forms that others write."""
        for inner, value in (
            ("text", "text"),
            (" ", " "),
            ("", ""),
            ("<string/>", ""),
            ("<i4> +7 </i4>", 7),
            ("<i8>-9223372036854775808</i8>", -(2**63)),
            ("<double>-.5e1</double>", -5.0),
            ("<base64> YW\n Jj </base64>", b"abc"),
            ("<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>",
             datetime(1998, 7, 17, 14, 8, 55)),
            ("<dateTime.iso8601>00990101T00:00:00</dateTime.iso8601>", datetime(99, 1, 1)),
            ("<dateTime.iso8601>1998-07-17T14:08:55Z</dateTime.iso8601>",
             datetime(1998, 7, 17, 14, 8, 55, tzinfo=UTC)),
            ("<nil/>", None),
            ("<array><data/></array>", []),
            ("<struct></struct>", {}),
            ("<![CDATA[<x>]]>", "<x>"),
        ):  # fmt: skip
            with self.subTest(inner):
                octets = f"<methodCall><methodName>m</methodName><params><param><value>{inner}"
                octets += "</value></param></params></methodCall>"
                self.assertEqual((value,), parse_call(octets.encode()).parameters)


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<methodCall><methodName>&b;</methodName></methodCall>"""


def call_of(value: str) -> str:
    return (
        "<methodCall><methodName>echo</methodName><params><param><value>"
        f"{value}</value></param></params></methodCall>"
    )


#: What is sent, and the code of the fault.
REFUSED: list[tuple[str | bytes, int]] = [
    ("", -32700),
    ("nonsense", -32700),
    ("<methodCall>", -32700),
    ("<a></b>", -32700),
    (BOMB, -32700),
    ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><methodCall/>', -32700),
    ("<methodCall><methodName>&x;</methodName></methodCall>", -32700),
    ('<?xml version="1.0" encoding="x-none"?><methodCall/>', -32701),
    (call_of("&#0;"), -32702),
    ("<methodResponse/>", -32600),
    ("<methodCall/>", -32600),
    ("<methodCall><methodName/></methodCall>", -32600),
    ("<methodCall><methodName>a<b/></methodName></methodCall>", -32600),
    ("<methodCall><methodName>a</methodName><x/></methodCall>", -32600),
    (call_of("<int>1</int><int>2</int>"), -32600),
    (call_of("<unknown/>"), -32600),
    (call_of("x<int>1</int>"), -32600),
    (call_of("<array><value/></array>"), -32600),
    (call_of("<struct><member><name>a</name></member></struct>"), -32600),
    (call_of("<array><data><value>" * MOST_DEPTH + "</value></data></array>" * MOST_DEPTH),
     -32600),
    (call_of("<int>1_000</int>"), -32602),
    (call_of("<int>2147483648</int>"), -32602),
    (call_of("<i8>9223372036854775808</i8>"), -32602),
    (call_of("<int></int>"), -32602),
    (call_of("<int>٣</int>"), -32602),
    (call_of("<boolean>true</boolean>"), -32602),
    (call_of("<double>nan</double>"), -32602),
    (call_of("<double>1e999</double>"), -32602),
    (call_of("<base64>a?b=</base64>"), -32602),
    (call_of("<dateTime.iso8601>19981317T14:08:55</dateTime.iso8601>"), -32602),
    ("<methodCall><methodName>none</methodName></methodCall>", -32601),
    ("<methodCall><methodName>echo</methodName></methodCall>", -32602),
    (call_of("<int>1</int>").replace("echo", "broken"), -32603),
    (call_of("<int>1</int>").replace("echo", "unsayable"), -32603),
    (call_of("<int>1</int>").replace("echo", "refuses"), 7),
]  # fmt: skip


class Server(SynchronousTestCase):
    """The server on its route."""

    def setUp(self) -> None:
        self.world = World()
        rpc = self.world.rpc
        rpc.add("echo", lambda value: value, signatures=[["string", "string"]], help="Echoes.")
        rpc.add("broken", self._broken)
        rpc.add("unsayable", lambda value: object())
        rpc.add("refuses", self._refuses)
        rpc.add("later", self._later)
        rpc.add("who", lambda request: request.peer.address, wants_request=True)

    def _broken(self, value: Any) -> None:
        raise RuntimeError("the inside of the server")

    def _refuses(self, value: Any) -> None:
        raise Fault(7, "no")

    async def _later(self, first: int, second: int = 5) -> int:
        return first + second

    def post(self, content: bytes, *fields: bytes, kind: bytes = b"text/xml") -> bytes:
        lines = [b"POST /RPC2 HTTP/1.1", b"Host: a", b"Content-Type: " + kind, *fields]
        lines.append(b"Content-Length: %d\r\n\r\n" % len(content))
        return self.world.ask(b"\r\n".join(lines) + content)

    def call(self, method: str, *parameters: Any) -> Any:
        heard = self.post(format_call(Call(method, parameters)))
        self.assertTrue(heard.startswith(b"HTTP/1.1 200 OK\r\n"), heard)
        return parse_answer(heard.partition(b"\r\n\r\n")[2])

    def test_calls(self) -> None:
        """Plain and async methods, defaults, and the request where one wants it."""
        self.assertEqual([1, {"a": b"x"}], self.call("echo", [1, {"a": b"x"}]))
        self.assertEqual(6, self.call("later", 1))
        self.assertEqual(3, self.call("later", 1, 2))
        self.assertEqual("192.0.2.9", self.call("who"))
        self.world.rpc["largest"] = max  # of which Python cannot tell what it takes
        self.assertEqual(3, self.call("largest", 1, 3, 2))

    def test_refused(self) -> None:
        """Each is answered with its code, and says nothing of the inside."""
        for octets, code in REFUSED:
            with self.subTest(str(octets)[:80]):
                heard = self.post(octets if isinstance(octets, bytes) else octets.encode())
                self.assertNotIn(b"inside", heard)
                fault = self.assertRaises(Fault, parse_answer, heard.partition(b"\r\n\r\n")[2])
                self.assertEqual(code, fault.code)
        self.assertEqual(2, len(self.flushLoggedErrors()))

    def test_charset(self) -> None:
        """The transport's word counts."""
        latin = '<?xml version="1.0"?>' + call_of("é")
        kind = b'text/xml; charset="iso-8859-1"'
        heard = self.post(latin.encode("latin-1"), kind=kind)
        self.assertEqual("é", parse_answer(heard.partition(b"\r\n\r\n")[2]))
        heard = self.post(latin.encode(), kind=b"text/xml; charset=klingon")
        fault = self.assertRaises(Fault, parse_answer, heard.partition(b"\r\n\r\n")[2])
        self.assertEqual(-32701, fault.code)

    def test_no_call(self) -> None:
        """What a page of another site could make a browser send is no call."""
        good = format_call(Call("echo", (1,)))
        for kind in (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data"):
            self.assertIn(b" 415 ", self.post(good, kind=kind))
        self.assertIn(b" 415 ", self.post(good, b"Content-Encoding: gzip"))
        self.assertIn(b" 413 ", self.post(b" " * 50_001))
        heard = self.world.ask(b"GET /RPC2 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(b" 405 ", heard)
        self.assertIn(b"Allow: OPTIONS, POST\r\n", heard)

    def test_introspection(self) -> None:
        """A client can find out what there is."""
        self.assertIn("echo", self.call("system.listMethods"))
        self.assertEqual("Echoes.", self.call("system.methodHelp", "echo"))
        self.assertEqual([["string", "string"]], self.call("system.methodSignature", "echo"))
        self.assertEqual("undef", self.call("system.methodSignature", "later"))
        self.assertEqual(1, self.call("system.getCapabilities")["xmlrpc"]["specVersion"])
        fault = self.assertRaises(Fault, self.call, "system.methodHelp", "none")
        self.assertEqual(-32601, fault.code)

    def test_multicall(self) -> None:
        """Several calls in one; a refused one does not stop the others."""
        calls = [
            {"methodName": "echo", "params": [1]},
            {"methodName": "refuses", "params": [1]},
            {"methodName": "none", "params": []},
            {"methodName": "system.multicall", "params": [[]]},
            {"methodName": 5},
            7,
            {"methodName": "later", "params": [1]},
        ]
        answers = self.call("system.multicall", calls)
        codes = [each["faultCode"] if isinstance(each, dict) else each for each in answers]
        self.assertEqual([[1], 7, -32601, -32601, -32602, -32602, [6]], codes)
        fault = self.assertRaises(Fault, self.call, "system.multicall", calls[:1] * 101)
        self.assertEqual(-32602, fault.code)
