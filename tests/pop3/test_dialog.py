"""POP3 without a network: the grammar as a table, every pair of state and command."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.pop3.commands import (
    Beginning,
    Capa,
    Command,
    Dele,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Status,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
    err,
    has_body,
    ok,
)
from netsuite.pop3.dialog import (
    OUT_OF_ORDER,
    REFUSED,
    TRANSITIONS,
    ClientDialog,
    ServerDialog,
    State,
)
from netsuite.pop3.grammar import (
    capabilities_of,
    format_command,
    format_status,
    numbered,
    parse_challenge,
    parse_command,
    parse_status,
)
from netsuite.pop3.top import TopLines
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput

COMMANDS: list[tuple[bytes, Command]] = [
    (b"USER alice", User("alice")),
    (b"USER a b", User("a b")),
    ("USER grün".encode(), User("grün")),
    (b"PASS  x y ", Pass(" x y ")),
    (b"AUTH", Auth()),
    (b"AUTH PLAIN", Auth("PLAIN")),
    (b"AUTH PLAIN =", Auth("PLAIN", b"")),
    (b"AUTH PLAIN aGk=", Auth("PLAIN", b"hi")),
    (b"CAPA", Capa()),
    (b"STLS", Stls()),
    (b"STAT", Stat()),
    (b"LIST", List()),
    (b"LIST 1", List(1)),
    (b"UTF8", Utf8()),
    (b"LANG", Lang()),
    (b"LANG en-GB", Lang("en-GB")),
    (b"LANG *", Lang("*")),
    (b"UIDL", Uidl()),
    (b"UIDL 22", Uidl(22)),
    (b"RETR 3", Retr(3)),
    (b"TOP 1 0", Top(1, 0)),
    (b"DELE 4", Dele(4)),
    (b"NOOP", Noop()),
    (b"RSET", Rset()),
    (b"QUIT", Quit()),
]
WAY: dict[State, bytes] = {
    State.AUTHORIZATION: b"",
    State.NAMED: b"USER x\r\n",
    State.TRANSACTION: b"USER x\r\nPASS y\r\n",
}


def server_in(state: State) -> ServerDialog:
    dialog = ServerDialog()
    dialog.send(ok("hello"))
    dialog.receive(WAY[state])
    while dialog.next_event() is not NEED_DATA:
        dialog.send(ok())
    assert dialog.state is state
    return dialog


class Grammar(SynchronousTestCase):
    """What is said, both ways."""

    def test_commands(self) -> None:
        """What is printed is what is read; keywords in any case."""
        for line, command in COMMANDS:
            self.assertEqual(command, parse_command(line))
            self.assertEqual(line + b"\r\n", format_command(command))
            self.assertEqual(command, parse_command(line[:4].lower() + line[4:]))
        self.assertNotIn("secret", repr(Pass("se cret ")))

    def test_statuses(self) -> None:
        """Status lines with and without text and response code."""
        for line, status in (
            (b"+OK", ok()),
            (b"+OK hello there", ok("hello there")),
            (b"-ERR", err("")),
            (b"-ERR [IN-USE] locked", err("locked", "IN-USE")),
            (b"-ERR [SYS/TEMP]", err("", "SYS/TEMP")),
        ):
            self.assertEqual(status, parse_status(line))
            self.assertEqual(line + b"\r\n", format_status(status))
        self.assertEqual(b"-ERR a b\r\n", format_status(err("a\r\nb")))
        for bad in (b"", b"OK", b"+ok", b"+OKAY", b"-ERROR", b"+ x"):
            with self.assertRaises(RemoteProtocolError):
                parse_status(bad)

    def test_bodies(self) -> None:
        """CAPA, LIST and UIDL as servers write them."""
        self.assertEqual(
            {"TOP": "", "SASL": "PLAIN X"}, capabilities_of(b"TOP\r\nsasl PLAIN X\r\n")
        )
        self.assertEqual([(1, "a"), (2, "b")], numbered(b"1 a\r\n2 b c\r\n"))
        self.assertIsNone(parse_challenge(b"+OK x"))
        self.assertEqual(b"", parse_challenge(b"+ "))
        with self.assertRaises(RemoteProtocolError):
            parse_challenge(b"+ %")

    @given(
        st.lists(
            st.sampled_from(
                [b"TOP", b"AUTH", b"USER", b"PASS", b" ", b"1", b"=", b"\xff", b"\0", b"aGk="]
            ),
            max_size=8,
        )
    )
    def test_anything(self, words: list[bytes]) -> None:
        """Any line is a command or is refused; what is read can be printed and read again."""
        try:
            command = parse_command(b"".join(words))
        except RemoteProtocolError:
            return
        try:
            printed = format_command(command)
        except LocalProtocolError:  # NUL in a name: heard, but never said
            return
        self.assertEqual(command, parse_command(printed[:-2]))


class Table(SynchronousTestCase):
    """The state table is what the dialog does."""

    def test_every_pair(self) -> None:
        """In each state each command leads where the table says, or is refused."""
        for state in WAY:
            for line, command in COMMANDS:
                with self.subTest(state=state, command=command):
                    self._pair(state, line, command)

    def _pair(self, state: State, line: bytes, command: Command) -> None:
        dialog = server_in(state)
        dialog.receive(line + b"\r\nNOOP\r\n")
        target = TRANSITIONS.get((state, type(command)))
        if target is None:
            with self.assertRaises(RemoteProtocolError) as caught:
                dialog.next_event()
            self.assertEqual(OUT_OF_ORDER[state][type(command)], caught.exception.reply)
            self.assertIs(state, dialog.state)
            return
        self.assertEqual(command, dialog.next_event())
        self.assertIs(PAUSED, dialog.next_event())
        if has_body(command):
            with self.assertRaises(LocalProtocolError):
                dialog.send(ok())
            dialog.pending = command
            dialog.send(Beginning())
            with self.assertRaises(LocalProtocolError):
                dialog.send(ok())
            self.assertEqual(b".\r\n", dialog.send(EndOfBody()))
            self.assertIs(state, dialog.state)
        else:
            dialog.send(ok())
            self.assertIs(target, dialog.state)
        refused = server_in(state)
        refused.receive(line + b"\r\n")
        refused.next_event()
        refused.send(err("no"))
        self.assertIs(REFUSED.get(type(command), state), refused.state)

    def test_our_own_mistakes(self) -> None:
        """An answer to nothing, a body nobody asked for: we are told at once."""
        for value in (ok(), BodyChunk(b"x"), EndOfBody(), Beginning(), Challenge(b"")):
            with self.assertRaises(LocalProtocolError):
                server_in(State.TRANSACTION).send(value)

    def test_exchange(self) -> None:
        """Challenges lead in, a final answer or a broken line leads out."""
        for line, answer, state in (
            (b"aGk=\r\n", ok(), State.TRANSACTION),
            (b"aGk=\r\n", err("no"), State.AUTHORIZATION),
            (b"*\r\n", err("no"), State.AUTHORIZATION),
        ):
            dialog = server_in(State.AUTHORIZATION)
            dialog.receive(b"AUTH X\r\n" + line)
            dialog.next_event()
            self.assertEqual(b"+ \r\n", dialog.send(Challenge(b"")))
            self.assertIsInstance(dialog.next_event(), AuthResponse)
            dialog.send(answer)
            self.assertIs(state, dialog.state)
        dialog = server_in(State.AUTHORIZATION)
        dialog.receive(b"AUTH X\r\n" + b"x" * 20_000 + b"\r\nCAPA\r\n")
        dialog.next_event()
        dialog.send(Challenge(b""))
        with self.assertRaises(RemoteProtocolError):
            dialog.next_event()
        self.assertEqual(Capa(), dialog.next_event())


class ClientAgainstServer(SynchronousTestCase):
    """Two dialogs, no network."""

    @given(st.binary(max_size=100), st.lists(st.integers(0, 200), max_size=4))
    @settings(max_examples=150, deadline=None)
    def test_any_message(self, octets: bytes, cuts: list[int]) -> None:
        """Any octets in any pieces, cut anywhere on the way, arrive with CRLF line ends."""
        server, client = server_in(State.TRANSACTION), ClientDialog()
        client.receive(b"+OK\r\n")
        client.next_event()
        server.receive(client.send(Retr(1)) + client.send(Noop()))
        server.next_event()
        said = server.send(Beginning("x"))
        points = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
        for start, stop in pairwise(points):
            said += server.send(BodyChunk(octets[start:stop]))
        said += server.send(EndOfBody())
        self.assertEqual(Noop(), server.next_event())
        said += server.send(ok())
        events: list[object] = []
        points = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
        for start, stop in pairwise(points):
            client.receive(said[start:stop])
            while (event := client.next_event()) is not NEED_DATA:
                events.append(event)
        body = b"".join(event.octets for event in events if isinstance(event, BodyChunk))
        lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        if lines and not lines.endswith(b"\r\n"):
            lines += b"\r\n"
        self.assertEqual(lines, body)
        rest = [event for event in events if not isinstance(event, BodyChunk)]
        self.assertEqual([(Retr(1), ok("x")), EndOfBody(), (Noop(), ok())], rest)
        client.receive_eof()
        self.assertEqual(EndOfInput(), client.next_event())

    @given(
        st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\r"]), max_size=20),
        st.integers(0, 4),
        st.integers(1, 5),
    )
    def test_top_at_any_size(self, words: list[bytes], lines: int, size: int) -> None:
        """The top of a message is the same however it is read."""
        octets = b"".join(words)
        whole = TopLines(lines).feed(octets)
        cut = TopLines(lines)
        pieces = [cut.feed(octets[start : start + size]) for start in range(0, len(octets), size)]
        self.assertEqual(whole, b"".join(pieces))
        self.assertTrue(octets.startswith(whole))

    def test_unasked(self) -> None:
        """A server that answers what was not asked is found out."""
        client = ClientDialog()
        client.receive(b"+OK\r\n+OK\r\n")
        self.assertEqual((None, Status(True)), client.next_event())
        with self.assertRaises(RemoteProtocolError):
            client.next_event()
