"""SMTP without a network: every pair of state and command, and client against server."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.message.address import Address
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.smtp.commands import (
    Bdat,
    Command,
    Data,
    Ehlo,
    EndOfChunk,
    Expn,
    Helo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Reply,
    Rset,
    StartTls,
    Vrfy,
    reply,
)
from netsuite.smtp.dialog import (
    OUT_OF_ORDER,
    TRANSITIONS,
    ClientDialog,
    ServerDialog,
    State,
    canonical_lines,
)
from netsuite.smtp.grammar import format_command
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput

A = Address("a", "b")
EXAMPLES: list[Command] = [
    Ehlo("x"), Helo("x"), Lhlo("x"), Mail(A), Rcpt(A), Data(), Bdat(1), Rset(), Noop(), Quit(),
    Vrfy("x"), Expn("x"), Help(), StartTls(), Auth("PLAIN"),
]  # fmt: skip
OK = reply(250, "", "OK")
NO = reply(550, "", "No")
WAY: dict[State, list[Command]] = {
    State.START: [],
    State.READY: [Ehlo("x")],
    State.MAIL: [Ehlo("x"), Mail(A)],
    State.RCPT: [Ehlo("x"), Mail(A), Rcpt(A)],
    State.CHUNKS: [Ehlo("x"), Mail(A), Rcpt(A), Bdat(0)],
}


def server_in(state: State, *, lmtp: bool = False) -> ServerDialog:
    dialog = ServerDialog(lmtp=lmtp)
    for command in WAY[state]:
        command = Lhlo("x") if lmtp and isinstance(command, Ehlo) else command
        dialog.receive(format_command(command))
        while dialog.pending is None:
            dialog.next_event()
        dialog.send(OK)
    assert dialog.state is state
    return dialog


class Table(SynchronousTestCase):
    """The state table is what the dialog does."""

    def test_every_pair(self) -> None:
        """In each state each command is taken and leads where the table says, or is refused."""
        for state in WAY:
            for command in EXAMPLES:
                if isinstance(command, Lhlo):
                    continue
                with self.subTest(state=state, command=command):
                    self._pair(state, command)

    def _pair(self, state: State, command: Command) -> None:
        dialog = server_in(state)
        dialog.receive(format_command(command) + (b"x" if isinstance(command, Bdat) else b""))
        target = TRANSITIONS.get((state, type(command)))
        if target is None:
            with self.assertRaises(RemoteProtocolError) as caught:
                dialog.next_event()
            self.assertEqual(OUT_OF_ORDER[state][type(command)], caught.exception.reply)
            self.assertFalse(caught.exception.close)
            self.assertIs(state, dialog.state)
            return
        self.assertEqual(command, dialog.next_event())
        if isinstance(command, Bdat):
            self.assertEqual(BodyChunk(b"x"), dialog.next_event())
            self.assertEqual(EndOfChunk(), dialog.next_event())
        self.assertIs(PAUSED, dialog.next_event())
        dialog.send(reply(354, "", "Go") if isinstance(command, Data) else OK)
        self.assertIs(target, dialog.state)

    def test_refusals_stay(self) -> None:
        """A command that is refused changes nothing."""
        for state in WAY:
            for command in EXAMPLES:
                if (state, type(command)) in TRANSITIONS and not isinstance(command, Bdat | Lhlo):
                    dialog = server_in(state)
                    dialog.receive(format_command(command))
                    dialog.next_event()
                    dialog.send(NO)
                    self.assertIs(state, dialog.state, command)

    def test_lmtp_greets_otherwise(self) -> None:
        """EHLO is no command of LMTP, nor LHLO of SMTP."""
        for lmtp, octets in ((True, b"EHLO x\r\n"), (True, b"HELO x\r\n"), (False, b"LHLO x\r\n")):
            dialog = ServerDialog(lmtp=lmtp)
            dialog.receive(octets)
            with self.assertRaises(RemoteProtocolError) as caught:
                dialog.next_event()
            self.assertEqual(500, caught.exception.reply.code)
        self.assertIs(State.RCPT, server_in(State.RCPT, lmtp=True).state)

    def test_our_own_mistakes(self) -> None:
        """A reply to nothing, a challenge out of turn, 250 to DATA: we are told at once."""
        with self.assertRaises(LocalProtocolError):
            server_in(State.READY).send(OK)
        with self.assertRaises(LocalProtocolError):
            server_in(State.READY).send(Challenge(b""))
        with self.assertRaises(LocalProtocolError):
            server_in(State.READY).send_one(OK)
        dialog = server_in(State.RCPT)
        dialog.receive(b"DATA\r\n")
        dialog.next_event()
        with self.assertRaises(LocalProtocolError):
            dialog.send(OK)

    def test_closed(self) -> None:
        """After 221 or 421 nothing more is read."""
        for octets, answer in (
            (b"QUIT\r\nNOOP\r\n", reply(221, "", "")),
            (b"NOOP\r\nNOOP\r\n", reply(421, "", "")),
        ):
            dialog = server_in(State.READY)
            dialog.receive(octets)
            dialog.next_event()
            dialog.send(answer)
            self.assertIs(PAUSED, dialog.next_event())


class Exchange(SynchronousTestCase):
    """A SASL exchange in the dialog."""

    def test_states(self) -> None:
        """Challenges lead in, a final reply or a broken line leads out."""
        for line, code in ((b"*\r\n", 501), (b"aGk=\r\n", 235), (b"aGk=\r\n", 535)):
            dialog = server_in(State.READY)
            dialog.receive(b"AUTH PLAIN\r\n" + line)
            self.assertEqual(Auth("PLAIN"), dialog.next_event())
            self.assertEqual(b"334 bW9yZQ==\r\n", dialog.send(Challenge(b"more")))
            self.assertIs(State.AUTH, dialog.state)
            event = dialog.next_event()
            self.assertEqual(AuthResponse(None if line[:1] == b"*" else b"hi"), event)
            dialog.send(Reply(code))
            self.assertIs(State.READY, dialog.state)
        for line in (b"!\r\n", b"x" * 13_000 + b"\r\n", b"aGk=\n"):
            dialog = server_in(State.READY)
            dialog.receive(b"AUTH PLAIN\r\n" + line + b"NOOP\r\n")
            dialog.next_event()
            dialog.send(Challenge(b""))
            with self.assertRaises(RemoteProtocolError):
                dialog.next_event()
            self.assertEqual(Noop(), dialog.next_event())


def talk(
    client: ClientDialog, server: ServerDialog, octets: bytes
) -> tuple[list[object], list[object]]:
    """Give the server what the client said, answer all of it, give the client the answers."""
    heard: list[object] = []
    server.receive(octets)
    while (event := server.next_event()) not in (NEED_DATA, PAUSED):
        if isinstance(event, BodyChunk) and heard and isinstance(heard[-1], BodyChunk):
            heard[-1] = BodyChunk(heard[-1].octets + event.octets)
        else:
            heard.append(event)
        if server.pending is not None:
            go = isinstance(event, Data)
            client.receive(server.send(reply(354, "", "Go") if go else OK))
    answers: list[object] = []
    while (answer := client.next_event()) is not NEED_DATA:
        answers.append(answer)
    return heard, answers


class ClientAgainstServer(SynchronousTestCase):
    """Two dialogs, no network."""

    def pair(self) -> tuple[ClientDialog, ServerDialog]:
        client, server = ClientDialog(), ServerDialog()
        client.receive(server.send(reply(220, "", "hello")))
        self.assertEqual((None, reply(220, "", "hello")), client.next_event())
        return client, server

    @given(st.binary(max_size=120), st.lists(st.integers(0, 120), max_size=4))
    @settings(max_examples=150, deadline=None)
    def test_any_body(self, octets: bytes, cuts: list[int]) -> None:
        """Any octets in any pieces arrive as one body, with CRLF line ends, and nothing else."""
        client, server = self.pair()
        group: list[Command] = [Ehlo("x"), Mail(A), Rcpt(A), Data()]
        heard, _ = talk(client, server, b"".join(client.send(each) for each in group))
        self.assertEqual(group, heard)
        said = b""
        points = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
        for start, stop in pairwise(points):
            said += client.send(BodyChunk(octets[start:stop]))
        said += client.send(EndOfBody())
        heard, answers = talk(client, server, said + client.send(Noop()))
        lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        if lines and not lines.endswith(b"\r\n"):
            lines += b"\r\n"
        body = [BodyChunk(lines)] if lines else []
        self.assertEqual([*body, EndOfBody(), Noop()], heard)
        self.assertEqual([(EndOfBody(), OK), (Noop(), OK)], answers)
        self.assertFalse(server.bare_line_end)

    def test_chunks(self) -> None:
        """BDAT counts what it sends; too much is our own mistake."""
        client, server = self.pair()
        talk(client, server, b"".join(client.send(each) for each in (Ehlo("x"), Mail(A), Rcpt(A))))
        said = (
            client.send(Bdat(4)) + client.send(BodyChunk(b"a\r")) + client.send(BodyChunk(b"\n."))
        )
        heard, _ = talk(client, server, said + client.send(Bdat(0, True)))
        self.assertEqual(
            [Bdat(4), BodyChunk(b"a\r\n."), EndOfChunk(), Bdat(0, True), EndOfBody()], heard
        )
        client.send(Bdat(1))
        for value in (BodyChunk(b"xx"), Noop(), EndOfBody()):
            with self.assertRaises(LocalProtocolError):
                client.send(value)

    def test_canonical_lines(self) -> None:
        """Every kind of line end becomes CRLF, wherever the pieces are cut."""
        for octets in (b"a\nb\r\nc\rd", b"\r\r\n\n\r"):
            wanted, held = canonical_lines(octets)
            for cut in range(len(octets) + 1):
                first, rest = canonical_lines(octets[:cut])
                second, last = canonical_lines(rest + octets[cut:])
                self.assertEqual((wanted, held), (first + second, last))

    def test_bad_servers(self) -> None:
        """A server that breaks the protocol is found out, and cannot fill the memory."""
        for octets in (
            b"hello\r\n", b"220-a\r\n250 b\r\n", b"220-x\r\n" * 300, b"220 " + b"x" * 70_000,
            b"220 x\r\n250 y\r\n", (b"220-" + b"x" * 60_000 + b"\r\n") * 20,
        ):  # fmt: skip
            client = ClientDialog()
            client.receive(octets)
            with self.assertRaises(RemoteProtocolError) as caught:
                for _ in range(400):
                    client.next_event()
            self.assertTrue(caught.exception.close)

    def test_wordy_servers(self) -> None:
        """A line of 64 KiB is read, and so is a code that nobody knows."""
        client = ClientDialog()
        text = "x" * (65_536 - len("571 \r\n"))
        client.receive(f"571 {text}\r\n".encode())
        self.assertEqual((None, reply(571, "", text)), client.next_event())

    def test_unasked(self) -> None:
        """A server may say 421 unasked, and may go."""
        client = ClientDialog()
        client.receive(b"220 x\r\n421 bye\r\n")
        client.receive_eof()
        client.next_event()
        self.assertEqual((None, reply(421, "", "bye")), client.next_event())
        self.assertEqual(EndOfInput(), client.next_event())
