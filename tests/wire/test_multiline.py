"""Commands, statuses and data blocks, in a protocol made up for the purpose."""

from __future__ import annotations

from typing import Any

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput
from netsuite.wire.multiline import CommandRules, MultiLineClient, MultiLineServer


class Ask(str):
    """Asks for a block."""


class Login(str):
    """Begins an exchange."""


class Response(str):
    """A line of an exchange."""


class Challenge(str):
    """A line of the server's within an exchange."""


class Quit(str):
    """Ends."""


KINDS = {b"A": Ask, b"L": Login, b"Q": Quit}


def parse(line: bytes) -> Any:
    if line[:1] not in KINDS:
        raise RemoteProtocolError("unknown", b"500")
    return KINDS[line[:1]](line.decode())


def parse_response(line: bytes) -> Response:
    if line == b"bad":
        raise RemoteProtocolError("bad", b"504")
    return Response(line.decode())


class Server(MultiLineServer[Any]):
    rules = CommandRules(
        start="out",
        exchange="exchange",
        closed="closed",
        transitions={
            ("out", Login): "in", ("out", Challenge): "exchange", ("exchange", Response): "in",
            ("exchange", Challenge): "exchange", ("in", Ask): "in", ("in", Quit): "closed",
        },
        refused={Response: "out"},
        out_of_order={"out": {Ask: b"480", Quit: b"480"}, "in": {Login: b"502"}},
        line_octets=10,
        too_long=b"501 long",
        not_a_line=b"501 bare",
        parse=parse,
        parse_response=parse_response,
        challenged=(Login, Response),
    )  # fmt: skip

    def send(self, value: Any) -> bytes:
        if isinstance(value, BodyChunk):
            return self._send_piece(value.octets)
        if isinstance(value, EndOfBody):
            return self._end_sending()
        if isinstance(value, Challenge):
            self._challenged(value)
        elif value == "+block":
            self._begin_body(wanted=isinstance(self.pending, Ask))
        else:
            self._answered(value == "+", isinstance(self.pending, Ask))
        return f"{value}\r\n".encode()


class Client(MultiLineClient[Any, Any]):
    status_octets = 10

    def send(self, value: str) -> bytes:
        self._asked.say(value)
        return f"{value}\r\n".encode()

    def _read_answer(self, command: Any, line: bytes) -> bytes:
        if line == b"+block":
            self._begin_receiving()
        return line


class AtTheServer(SynchronousTestCase):
    """The server's side."""

    def setUp(self) -> None:
        self.dialog = Server()
        self.dialog.send("+")

    def hear(self, octets: bytes) -> Any:
        """Feed octets; give the next event, or the reply to what is wrong."""
        self.dialog.receive(octets)
        try:
            return self.dialog.next_event()
        except RemoteProtocolError as error:
            return error.reply

    def enter(self) -> None:
        self.hear(b"L\r\n")
        self.dialog.send("+")

    def test_one_after_the_other(self) -> None:
        """What is asked ahead waits for the answer before."""
        self.enter()
        self.assertEqual("A1", self.hear(b"A1\r\nA2\r\n"))
        self.assertIs(PAUSED, self.dialog.next_event())
        self.dialog.send("+block")
        self.assertTrue(self.dialog.in_body)
        said = self.dialog.send(BodyChunk(b".a\nb")) + self.dialog.send(EndOfBody())
        self.assertEqual(b"..a\r\nb\r\n.\r\n", said)
        self.assertEqual("A2", self.dialog.next_event())
        self.dialog.send("-")
        self.assertIs(NEED_DATA, self.dialog.next_event())

    def test_order(self) -> None:
        """What is out of order is refused with the answer of its state; state stays."""
        self.assertEqual(b"480", self.hear(b"A\r\n"))
        self.enter()
        self.assertEqual(b"502", self.hear(b"L\r\n"))
        self.assertEqual("in", self.dialog.state)
        self.hear(b"Q\r\n")
        self.dialog.send("+")
        self.assertIs(PAUSED, self.hear(b"A\r\n"))

    def test_exchange(self) -> None:
        """Lines of an exchange are responses; what is wrong with one ends it."""
        for wrong, reply in ((b"bad\r\n", b"504"), (b"x" * 20 + b"\r\n", b"501 long"),
                             (b"a\n", b"501 bare")):  # fmt: skip
            self.hear(b"L\r\n")
            self.dialog.send(Challenge("go on"))
            self.assertEqual("exchange", self.dialog.state)
            self.assertEqual(reply, self.hear(wrong))
            self.assertEqual("out", self.dialog.state)
        self.hear(b"L\r\n")
        self.dialog.send(Challenge("go on"))
        self.assertEqual(Response("A"), self.hear(b"A\r\n"))
        self.dialog.send("-")
        self.assertEqual("out", self.dialog.state)

    def test_our_mistakes(self) -> None:
        """What cannot be said now is told to who would say it."""
        for value in ("+", "+block", BodyChunk(b"x"), EndOfBody(), Challenge("x")):
            self.assertRaises(LocalProtocolError, self.dialog.send, value)
        self.enter()
        self.hear(b"A\r\n")
        self.assertRaises(LocalProtocolError, self.dialog.send, "+")
        self.hear(b"A\r\n")
        self.dialog.send("+block")
        self.assertRaises(LocalProtocolError, self.dialog.send, "-")

    def test_end(self) -> None:
        """The end of input is told once; before TLS, what is unread can be dropped."""
        self.dialog.receive(b"L\r\nA")
        self.assertEqual(4, self.dialog.discard_input())
        self.dialog.receive_eof()
        self.assertIsInstance(self.dialog.next_event(), EndOfInput)
        self.assertIs(NEED_DATA, self.dialog.next_event())


class AtTheClient(SynchronousTestCase):
    """The client's side."""

    def test_at_every_cut(self) -> None:
        """Answers belong to what was asked, wherever the network cuts."""
        octets = b"+ hello\r\n+block\r\n..a\r\nb\r\n.\r\n-\r\n"
        for cut in range(len(octets)):
            dialog = Client()
            dialog.send("A")
            dialog.send("Q")
            events: list[Any] = []
            body = b""
            for piece in (octets[:cut], octets[cut:]):
                dialog.receive(piece)
                while (event := dialog.next_event()) is not NEED_DATA:
                    if isinstance(event, BodyChunk):
                        body += event.octets
                    else:
                        events.append(event)
            self.assertEqual(
                [(None, b"+ hello"), ("A", b"+block"), EndOfBody(), ("Q", b"-")], events
            )
            self.assertEqual(b".a\r\nb\r\n", body)

    def test_what_no_server_says(self) -> None:
        """An answer to nothing, or a line without end, ends the session."""
        for octets in (b"+\r\n+\r\n", b"x" * 11):
            dialog = Client()
            dialog.receive(octets)
            if octets.startswith(b"+"):
                dialog.next_event()
            error = self.assertRaises(RemoteProtocolError, dialog.next_event)
            self.assertTrue(error.close)

    def test_one_answer_too_many(self) -> None:
        """An answer is never taken for a later command's, glued to another or not, whole or not."""
        for glued, rest in ((b"+ stray\r\n", b""), (b"+", b" stray\r\n"), (b"-\r\n", b"")):
            for block in (b"", b"a\r\n.\r\n"):
                dialog = Client()
                dialog.send("A")
                dialog.receive(b"+ hi\r\n" + (b"+block\r\n" if block else b"+\r\n") + block + glued)
                for _ in range(4 if block else 2):
                    dialog.next_event()
                dialog.send("B")
                dialog.receive(rest + b"+ b\r\n")
                with self.assertRaises(RemoteProtocolError) as caught:
                    dialog.next_event()
                self.assertTrue(caught.exception.close)
