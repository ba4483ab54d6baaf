"""The table of tests/imap/cases.py, through parser and printer, whole and in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from netsuite.imap.commands.append import Append, MessageLiteral, Replace
from netsuite.imap.commands.requests import Command, Request
from netsuite.imap.commands.responses import Continue, Status, Tagged
from netsuite.imap.dialog import ServerDialog
from netsuite.imap.dialog.events import AppendMore, WantsLiteral
from netsuite.imap.dialog.rules import State, rule_of
from netsuite.imap.grammar.append import Place, format_pieces
from netsuite.imap.grammar.compose import format_command, split_command
from netsuite.imap.grammar.printing import format_astring
from netsuite.imap.grammar.response_parser import parse_response
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.message.form import format_string
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, BodyChunk, EndOfBody
from tests.imap.cases import ALSO_READ, APPENDS, MANY_APPENDED, REFUSED, REQUESTS, RESPONSES, tag_of


def pieces_of(octets: bytes) -> Iterator[list[bytes]]:
    """Give the octets whole, one by one, and cut in two everywhere."""
    yield [octets]
    yield [octets[place : place + 1] for place in range(len(octets))]
    for cut in range(1, len(octets)):
        yield [octets[:cut], octets[cut:]]


def state_for(request: Request) -> State:
    states = rule_of(request).states
    return State.SELECTED if State.SELECTED in states else State.NOT_AUTHENTICATED


def announces(event: object) -> bool:
    """Tell whether a literal of a message comes behind an event."""
    said = event.request if isinstance(event, Command) else event
    if not isinstance(said, Append | Replace | AppendMore):
        return False
    return isinstance(said.pieces[-1], MessageLiteral)


def hear(dialog: ServerDialog, pieces: list[bytes]) -> list[object]:
    """Feed pieces; give the events, every literal allowed."""
    events: list[object] = []
    for piece in pieces:
        dialog.receive(piece)
        while not isinstance(event := dialog.next_event(), type(NEED_DATA)):
            if isinstance(event, WantsLiteral):
                dialog.send(Continue("go"))
            else:
                events.append(event)
                if announces(event):
                    dialog.send(Continue("go"))
    return events


def parts_of(octets: bytes) -> list[bytes]:
    """Cut a response into lines and literals."""
    parts: list[bytes] = []
    place = 0
    while True:
        end = octets.index(b"\r\n", place)
        line = octets[place:end]
        announced = re.search(rb"\{([0-9]+)\}\Z", line)
        if announced is None:
            return [*parts, line]
        start = end + 2
        place = start + int(announced.group(1))
        parts += line[: announced.start()], octets[start:place]


class Commands(SynchronousTestCase):
    """What a client can say."""

    def heard(self, octets: bytes, request: Request) -> None:
        for pieces in pieces_of(b"a1 " + octets + b"\r\n"):
            dialog = ServerDialog()
            dialog.state = state_for(request)
            self.assertEqual([Command(b"a1", request)], hear(dialog, pieces), octets)

    def test_read(self) -> None:
        """A command is understood however the network cuts it."""
        for octets, request in REQUESTS + ALSO_READ:
            self.heard(octets, request)

    def test_with_a_tail(self) -> None:
        """What comes behind a command is not looked at before the answer, and then whole."""
        for octets, request in REQUESTS:
            dialog = ServerDialog()
            dialog.state = state_for(request)
            tail = b"zz NOOP\r\n"
            events = hear(dialog, [b"a1 " + octets + b"\r\n" + tail])
            self.assertEqual([Command(b"a1", request)], events)
            dialog.send(Tagged(b"a1", Status.OK, "done"))
            if dialog.state is not State.LOGOUT:
                (event,) = hear(dialog, [b""])
                assert isinstance(event, Command)
                self.assertEqual(b"zz", event.tag)

    def test_written(self) -> None:
        """Our client says commands as the table has them."""
        for octets, request in REQUESTS:
            self.assertEqual(b"a1 " + octets + b"\r\n", format_command(Command(b"a1", request)))

    def test_non_synchronising(self) -> None:
        """With LITERAL+ the same command needs no leave."""
        for octets, request in REQUESTS:
            (segment,) = split_command(b"a1 " + octets + b"\r\n", literal_plus=True)
            dialog = ServerDialog()
            dialog.state = state_for(request)
            dialog.receive(segment.octets)
            self.assertEqual(Command(b"a1", request), dialog.next_event())

    def test_segments(self) -> None:
        """Without it a client stops at each literal, and not elsewhere."""
        segments = split_command(b"a LOGIN {3}\r\nann {3}\r\nf}\r\r\n", literal_plus=False)
        self.assertEqual(
            [b"a LOGIN {3}\r\n", b"ann {3}\r\n", b"f}\r\r\n"], [each.octets for each in segments]
        )
        self.assertEqual([False, False, True], [each.last for each in segments])

    def test_append(self) -> None:
        """The message of an APPEND passes through, however it is cut."""
        for octets, request in APPENDS:
            literal = request.pieces[-1]
            assert isinstance(literal, MessageLiteral)
            text = octets[-literal.octets :]
            tail = b")" * (literal.utf8 + (b"CATENATE" in octets))
            whole = b"a1 " + octets + tail + b"\r\n"
            printed = format_command(Command(b"a1", request))
            self.assertEqual(whole, printed + text + tail + b"\r\n")
            for pieces in pieces_of(whole):
                dialog = ServerDialog()
                dialog.state = State.SELECTED
                first, *chunks, last = hear(dialog, pieces)
                self.assertEqual(Command(b"a1", request), first)
                body = b"".join(each.octets for each in chunks if isinstance(each, BodyChunk))
                self.assertEqual((text, EndOfBody()), (body, last))

    def test_append_more(self) -> None:
        """Several messages, each whole or of parts, are heard in order (RFC 3502, RFC 4469)."""
        for octets, rows in MANY_APPENDED:
            for pieces in pieces_of(b"a1 " + octets + b"\r\n"):
                dialog = ServerDialog()
                dialog.state = State.SELECTED
                said: list[object] = []
                for event in hear(dialog, pieces):
                    if isinstance(event, BodyChunk):
                        before = said.pop() if isinstance(said[-1], bytes) else b""
                        assert isinstance(before, bytes)
                        said.append(before + event.octets)
                    elif isinstance(event, Command):
                        assert isinstance(event.request, Append | Replace)
                        said.append(event.request.pieces)
                    else:
                        said.append(event.pieces if isinstance(event, AppendMore) else event)
                self.assertEqual(rows, said, octets)

    def test_append_more_printed(self) -> None:
        """What comes behind a literal is printed as it is read."""
        for octets, rows in MANY_APPENDED:
            place, printed = Place(), b"APPEND a"
            for row in rows:
                if isinstance(row, tuple):
                    said, place = format_pieces(row, place)
                    printed += said
                elif isinstance(row, bytes):
                    printed += row
            tail = b")" * (place.in_utf8 + place.in_list)
            self.assertEqual(octets, printed + tail, octets)

    def test_refused(self) -> None:
        """What is not in the grammar is answered BAD, and the next command is heard."""
        for why, octets in REFUSED:
            dialog = ServerDialog()
            dialog.state = State.SELECTED
            dialog.receive(b"a1 " + octets + b"\r\nb NOOP\r\n")
            with self.assertRaises(RemoteProtocolError, msg=why) as caught:
                while isinstance(dialog.next_event(), WantsLiteral):
                    dialog.send(Continue("go"))
            answer = dialog.send(caught.exception.reply)
            self.assertTrue(answer.startswith(b"a1 BAD "), (why, answer))
            self.assertEqual(b"b", tag_of(dialog.next_event()), why)

    def test_unsayable(self) -> None:
        """A line end in a name or a password cannot become a second command."""
        from netsuite.imap.commands.requests import Id, Login, Store, StoreAction
        from tests.imap.cases import ONE

        for request in (
            Login(b"ann\r\n", b"x"),
            Login(b"ann", b"a\0b"),
            Id((("a\n", None),)),
            Store(ONE, StoreAction.ADD, frozenset({"a b"})),
        ):
            with self.assertRaises(LocalProtocolError):
                format_command(Command(b"a1", request))
        with self.assertRaises(LocalProtocolError):
            format_command(Command(b"a b", REQUESTS[0][1]))


class Responses(SynchronousTestCase):
    """What a server can say."""

    def test_both_ways(self) -> None:
        """Our client reads what our server says."""
        for octets, value in RESPONSES:
            self.assertEqual(octets, format_response(value))
            read = parse_response(Cursor(parts_of(octets)))
            if isinstance(value, Continue):
                assert isinstance(read, Continue)
                if value.challenge is None:
                    read = Continue(read.text)
                else:
                    value = Continue(read.text, value.challenge)
            self.assertEqual(value, read)

    def test_not_a_response(self) -> None:
        """What is no response is not taken for one."""
        for octets in (b"", b"*", b"* FOO", b"* 1 FOO", b"a1 PERHAPS x", b"* 1 FETCH (FOO)"):
            with self.assertRaises(BadSyntax, msg=repr(octets)):
                parse_response(Cursor([octets]))

    def test_unsayable(self) -> None:
        """No value can smuggle a line end into a response."""
        from netsuite.imap.commands.responses import Code, Condition, FlagsData

        self.assertEqual(
            b"* OK a b\r\n", format_response(Condition(Status.OK, "a\r\nb")), "text is one line"
        )
        self.assertEqual(b"* OK  [x\r\n", format_response(Condition(Status.OK, "[x")))
        for value in (
            FlagsData(("a b",)),
            Condition(Status.OK, "", Code("X", b"a]b")),
        ):
            with self.assertRaises(LocalProtocolError):
                format_response(value)


@given(st.binary(max_size=200).filter(lambda octets: b"\0" not in octets))
def test_strings(octets: bytes) -> None:
    for write in (format_string, format_astring):
        cursor = Cursor(parts_of(write(octets) + b"\r\n"))
        assert cursor.astring() == octets
        assert cursor.at_end()


@given(st.binary(max_size=60))
def test_any_line_is_answered_or_understood(octets: bytes) -> None:
    """Only RemoteProtocolError comes out, and each is sayable."""
    dialog = ServerDialog()
    dialog.state = State.SELECTED
    dialog.receive(b"a UID FETCH 1 " + octets + b"\r\n")
    for _ in range(100):
        try:
            event = dialog.next_event()
        except RemoteProtocolError as error:
            dialog.send(error.reply)
            continue
        if isinstance(event, WantsLiteral):
            dialog.send(Continue("go"))
        else:
            break
