"""The dialogs: octets to lines, keys and interrupts, whole, octet by octet and at every cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netsuite.telnet.commands import Code, Option, WindowSize
from netsuite.telnet.dialog import ClientDialog, ServerDialog, ServerSaid
from netsuite.telnet.dialog.client import Octets, Press, Prompted, Shown, Text
from netsuite.telnet.dialog.core import ANSWERS, UNANSWERED, Echo, TooMuchNegotiation
from netsuite.telnet.dialog.server import (
    TRANSITIONS,
    Farewell,
    Greet,
    Key,
    Print,
    ReadKey,
    ReadLine,
    State,
)
from netsuite.telnet.editing import EndOfFile, Interrupt, Line
from netsuite.telnet.options import Side
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, EndOfInput

ECHO = b"\xff\xfd\x01\xff\xfd\x03"  # DO ECHO, DO SGA


class Conversation:
    """A server's dialog, with what it sent and told."""

    def __init__(self, first: bytes = b"", *, utf8: bool = False) -> None:
        self.dialog = ServerDialog(utf8=utf8)
        self.dialog.send(Greet())
        self.sent = b""
        self.told: list[Any] = []
        if first:
            self.say(first)
            self.sent = b""

    def ask(self, value: Any) -> None:
        self.sent += self.dialog.send(value)
        self.run()

    def say(self, octets: bytes) -> None:
        self.dialog.receive(octets)
        self.run()

    def run(self) -> None:
        while (event := self.dialog.next_event()) not in (NEED_DATA, PAUSED):
            if isinstance(event, Echo):
                self.sent += event.octets
            else:
                self.told.append(event)
            if isinstance(event, EndOfInput):
                return


def answered(octets: bytes, pieces: Sequence[bytes], asked: Any) -> tuple[list[Any], bytes]:
    """Give what is told of pieces of octets, when each is asked for again, and what is sent."""
    conversation = Conversation(ECHO)
    conversation.ask(asked)
    for piece in pieces:
        conversation.say(piece)
        while conversation.dialog.state is State.OURS:
            conversation.ask(asked)
    return conversation.told, conversation.sent


#: What is typed, and what it is, line after line.
LINES = [
    (b"ls\r\n", [Line("ls")]),
    (b"ls\r\0", [Line("ls")]),
    (b"ls\n", [Line("ls")]),
    (b"a\rb\r", [Line("a"), Line("b")]),
    (b"a\r\n\r\nb\r\0\r\0", [Line("a"), Line(""), Line("b"), Line("")]),
    (b"a\n\rb\n", [Line("a"), Line(""), Line("b")]),
    (b"\0a\0b\0\r\n", [Line("ab")]),
    ("Grüße 日本\r\n".encode(), [Line("Grüße 日本")]),
    (b"caf\xe9\r\n", [Line("caf\ufffd")]),
    (b"a\xff\xffb\r\n", [Line("a\ufffdb")]),
    (b"ab\xff\xf7c\r\n", [Line("ac")]),  # EC
    (b"ab\xff\xf8c\r\n", [Line("c")]),  # EL
    (b"ab\xff\xf4", [Interrupt()]),  # IP
    (b"\xff\xec", [EndOfFile()]),  # EOF
    (b"a\xff\xf1\xff\xf9\xff\xed\xff\x07b\r\n", [Line("ab")]),  # NOP, GA, SUSP, one that is none
    (b"ls\xff\xfa\x1f\0\x64\0\x32\xff\xf0\r\n", [Line("ls")]),  # NAWS was not agreed to
]


class Lines(SynchronousTestCase):
    """A client that types."""

    def test_every_cut(self) -> None:
        """What is typed means the same, however it is cut."""
        for octets, lines in LINES:
            ways = [[octets], [octets[i : i + 1] for i in range(len(octets))]]
            ways += [[octets[:cut], octets[cut:]] for cut in range(1, len(octets))]
            for pieces in ways:
                told, _ = answered(octets, pieces, ReadLine("> "))
                self.assertEqual(lines, told, (octets, pieces))

    def test_tail(self) -> None:
        """What is typed ahead waits until it is asked for."""
        conversation = Conversation(ECHO)
        conversation.say(b"one\r\ntwo\r\nthr")
        self.assertEqual([], conversation.told)
        conversation.ask(ReadLine("1> "))
        self.assertEqual([Line("one")], conversation.told)
        conversation.ask(ReadLine("2> "))
        conversation.ask(ReadLine("3> "))
        self.assertEqual([Line("one"), Line("two")], conversation.told)
        conversation.say(b"ee\r\n")
        self.assertEqual(Line("three"), conversation.told[-1])
        self.assertEqual(b"1> one\r\n2> two\r\n3> three\r\n", conversation.sent)

    def test_echo_of_what_is_edited(self) -> None:
        """Keys are shown as they come, by us, once the client has agreed."""
        conversation = Conversation(ECHO)
        conversation.ask(ReadLine("> "))
        conversation.say(b"lx")
        conversation.say(b"\x7fs\r\0")
        self.assertEqual(b"> lx\b \bs\r\n", conversation.sent)

    def test_long_echo(self) -> None:
        """What much typing shows is told in pieces, and all of it is typed in the end."""
        talk = Conversation(ECHO)
        talk.ask(ReadLine(""))
        talk.say(b"x" * 4000 + b"\x01")
        talk.dialog.receive(b"y\x7f" * 500 + b"z\r\n")
        pieces = []
        while isinstance(event := talk.dialog.next_event(), Echo):
            pieces.append(len(event.octets))
        self.assertLess(max(pieces), 40_000)
        self.assertGreater(sum(pieces), 4_000_000)
        self.assertEqual(Line("z" + "x" * 4000), event)

    def test_no_echo(self) -> None:
        """A client that refuses, or never answers, gets nothing echoed; no password ever is."""
        for first in (b"", b"\xff\xfe\x01\xff\xfe\x03"):
            conversation = Conversation(first)
            conversation.ask(ReadLine("login: "))
            conversation.say(b"ann\r\n")
            conversation.ask(ReadLine("Password: ", visible=False))
            conversation.say(b"secret\r\n")
            self.assertEqual([Line("ann"), Line("secret")], conversation.told)
            mark = b"\xff\xf9" if first else b""  # GA, since SGA was refused
            self.assertEqual(b"login: " + mark + b"Password: " + mark, conversation.sent)

    def test_password(self) -> None:
        """Of a password nothing is echoed but its end; what comes after is echoed again."""
        conversation = Conversation(ECHO)
        conversation.ask(ReadLine("Password: ", visible=False))
        conversation.say(b"sec")
        conversation.say(b"x\x7fret\r\0")
        conversation.ask(ReadLine("> "))
        conversation.say(b"ls")
        self.assertEqual([Line("secret")], conversation.told)
        self.assertEqual(b"Password: \r\n> ls", conversation.sent)

    def test_interrupt_at_work(self) -> None:
        """While we are at work an interrupt is told at once; what was typed before is dropped."""
        for interrupt in (b"\x03", b"\xff\xf4\xff\xf2", b"\xff\xf3", b"\xff\xee"):
            conversation = Conversation(ECHO)
            conversation.say(b"typed ahead\r\n" + interrupt + b"after\r\n")
            self.assertEqual([Interrupt()], conversation.told, interrupt)
            conversation.ask(ReadLine("> "))
            self.assertEqual([Interrupt(), Line("after")], conversation.told)

    def test_marks_behind_an_interrupt(self) -> None:
        """Who interrupts and wants nothing shown until a mark is answered misses nothing (RFC
        1184, 5.8)."""
        for marks in (b"\xff\xf2\xff\xfd\x06", b"\xff\xfd\x06"):
            conversation = Conversation(ECHO)
            conversation.ask(ReadLine("> "))
            conversation.dialog.receive(b"a\xff\xf4" + marks + b"b")
            said = b""
            while isinstance(event := conversation.dialog.next_event(), Echo):
                said += event.octets
            self.assertEqual((b"a^C\r\n\xff\xfb\x06", Interrupt()), (said, event))

    def test_too_much_ahead(self) -> None:
        """What is typed ahead without end is left to the transport, and none of it is lost."""
        conversation = Conversation(ECHO)
        for _ in range(100):
            conversation.say(b"x" * 1000)
        self.assertGreater(len(conversation.dialog.reader), 30_000)
        conversation.say(b"\r\nend\r\n")
        conversation.ask(ReadLine("> ", limit=200_000))
        self.assertEqual(Line("x" * 100_000), conversation.told[0])
        conversation.ask(ReadLine("> "))
        self.assertEqual(Line("end"), conversation.told[1])

    def test_end_of_input(self) -> None:
        """The end comes after all that was typed."""
        conversation = Conversation()
        conversation.dialog.receive(b"one\r\ntwo")
        conversation.dialog.receive_eof()
        conversation.ask(ReadLine("> "))
        self.assertEqual([Line("one")], conversation.told)
        conversation.ask(ReadLine("> "))
        self.assertEqual([Line("one"), EndOfInput()], conversation.told)


class Keys(SynchronousTestCase):
    """Single keys, for paging."""

    def test_keys(self) -> None:
        """A key is told at once, and the prompt taken away."""
        conversation = Conversation(ECHO)
        for key in (b" ", b"q", b"\r\0", b"\r\n"):
            conversation.ask(ReadKey("--More--"))
            conversation.say(key)
        self.assertEqual([Key(" "), Key("q"), Key("\n"), Key("\n")], conversation.told)
        self.assertEqual((b"--More--" + b"\r" + b" " * 8 + b"\r") * 4, conversation.sent)

    def test_lines_for_keys(self) -> None:
        """Of a client that sends lines, a line is a key, and its end is not another."""
        conversation = Conversation()
        for octets in (b"\r\n", b"q\r\n", b"quit\n"):
            conversation.ask(ReadKey("--More--"))
            conversation.say(octets)
        conversation.ask(ReadLine("> "))
        conversation.say(b"ls\r\n")
        self.assertEqual([Key("\n"), Key("q"), Key("q"), Line("ls")], conversation.told)

    def test_out(self) -> None:
        """^C and ^D are no keys."""
        conversation = Conversation(ECHO)
        conversation.ask(ReadKey("--More--"))
        conversation.say(b"\x03")
        conversation.ask(ReadKey("--More--"))
        conversation.say(b"\x04")
        self.assertEqual([Interrupt(), EndOfFile()], conversation.told)


class Negotiating(SynchronousTestCase):
    """What is negotiated, and what comes of it."""

    def test_greeting(self) -> None:
        """ECHO, SGA, CHARSET and BINARY are offered; terminal type, size, BINARY and environment
        asked for, and LINEMODE where that is wanted."""
        wanted = (
            b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x2a"
            b"\xff\xfb\x00\xff\xfd\x00\xff\xfd\x27"
        )
        self.assertEqual(wanted, ServerDialog().send(Greet()))
        asking = ServerDialog(lets_edit=True)
        self.assertEqual(wanted + b"\xff\xfd\x22", asking.send(Greet()))

    def test_window(self) -> None:
        """A size is told, absurd ones made sane, those that were not agreed to ignored."""
        conversation = Conversation()
        size = b"\xff\xfa\x1f%s\xff\xf0"
        conversation.say(size % b"\0\x50\0\x18")
        conversation.say(b"\xff\xfb\x1f")
        for octets in (b"\0\x50\0\x18", b"\0\0\0\0", b"\0\1\0\1", b"\xff\xff" * 4, b"\0\x50"):
            conversation.say(size % octets)
        conversation.say(b"\xff\xfc\x1f")
        sizes = [(80, 24), (0, 0), (20, 3), (1000, 1000), (0, 0)]
        self.assertEqual([WindowSize(*each) for each in sizes], conversation.told)

    def test_terminal_types(self) -> None:
        """Types are asked for until one comes twice, and not for ever."""
        conversation = Conversation(b"\xff\xfb\x18")
        send = b"\xff\xfa\x18\x01\xff\xf0"
        for name in (b"A", b"B", b"B", b"B"):
            conversation.say(b"\xff\xfa\x18\0" + name + b"\xff\xf0")
        self.assertEqual(("A", "B"), conversation.dialog.terminal.types)
        self.assertEqual(send * 2, conversation.sent)
        conversation = Conversation(b"\xff\xfb\x18")
        for number in range(100):
            conversation.say(b"\xff\xfa\x18\0TYPE%d\xff\xf0" % number)
        self.assertEqual(8, len(conversation.dialog.terminal.types))
        self.assertEqual(send * 7, conversation.sent)

    def test_status(self) -> None:
        """STATUS tells what is on (RFC 859, 5)."""
        conversation = Conversation(ECHO + b"\xff\xfb\x1f\xff\xfd\x05")
        conversation.say(b"\xff\xfa\x05\x01\xff\xf0")
        self.assertEqual(
            b"\xff\xfa\x05\x00\xfb\x01\xfb\x03\xfb\x05\xfd\x1f\xff\xf0", conversation.sent
        )
        silent = Conversation()
        silent.say(b"\xff\xfa\x05\x01\xff\xf0")
        self.assertEqual(b"", silent.sent)

    def test_timing_mark(self) -> None:
        """Each DO is answered, in its place among what is echoed (RFC 860)."""
        conversation = Conversation(ECHO)
        conversation.ask(ReadLine(""))
        conversation.say(b"a\xff\xfd\x06b\xff\xfd\x06\xff\xfe\x06")
        self.assertEqual(b"a\xff\xfb\x06b\xff\xfb\x06", conversation.sent)

    def test_are_you_there(self) -> None:
        """AYT is answered at the prompt and while we are at work."""
        conversation = Conversation(ECHO)
        conversation.say(b"\xff\xf6")
        conversation.ask(ReadLine("> "))
        conversation.say(b"\xff\xf6")
        self.assertEqual(b"\r\n[Yes]\r\n> \r\n[Yes]\r\n", conversation.sent)

    def test_abort_output(self) -> None:
        """AO is answered with DM, and ends what prints (RFC 854)."""
        conversation = Conversation(ECHO)
        conversation.say(b"\xff\xf5")
        self.assertEqual((b"\xff\xf2", [Interrupt()]), (conversation.sent, conversation.told))

    def test_refusals(self) -> None:
        """What is not spoken here is refused; the client may not echo (RFC 857, 5)."""
        conversation = Conversation()
        conversation.say(b"\xff\xfb\x26\xff\xfd\x22\xff\xfb\x01\xff\xfc\x26\xff\xfe\x22")
        self.assertEqual(b"\xff\xfe\x26\xff\xfc\x22\xff\xfe\x01", conversation.sent)

    def test_marks(self) -> None:
        """A prompt ends with EOR where that was agreed to, with GA where SGA was refused."""
        for first, mark in ((b"\xff\xfd\x19", b"\xff\xef"), (b"\xff\xfe\x03", b"\xff\xf9"),
                            (b"", b""), (b"\xff\xfd\x03", b"")):  # fmt: skip
            conversation = Conversation(first)
            conversation.ask(ReadLine("> "))
            self.assertEqual(b"> " + mark, conversation.sent)


class Charsets(SynchronousTestCase):
    """Which characters are sent."""

    def shown(self, first: bytes, *, utf8: bool = False) -> bytes:
        conversation = Conversation(first, utf8=utf8)
        conversation.ask(Print("ü"))
        return conversation.sent

    def test_which(self) -> None:
        """UTF-8 by CHARSET, by BINARY, or by default; US-ASCII else, and where it was agreed on."""
        utf8 = "ü".encode()
        accepted = b"\xff\xfd\x2a\xff\xfa\x2a\x02%s\xff\xf0"
        self.assertEqual(b"?", self.shown(b""))
        self.assertEqual(utf8, self.shown(b"", utf8=True))
        self.assertEqual(utf8, self.shown(b"\xff\xfd\x00"))
        self.assertEqual(utf8, self.shown(accepted % b"UTF-8"))
        self.assertEqual(b"?", self.shown(accepted % b"us-ascii", utf8=True))
        self.assertEqual(b"?", self.shown(b"\xff\xfd\x2a\xff\xfa\x2a\x03\xff\xf0"))
        self.assertEqual(b"?", self.shown(accepted % b"KOI8-R"))
        self.assertEqual(b"?", self.shown(b"\xff\xfa\x2a\x02UTF-8\xff\xf0"))  # nobody asked

    def test_our_request(self) -> None:
        """We ask as soon as we may, and for BINARY again when UTF-8 is agreed on and the client
        had refused that (RFC 2066, 5)."""
        conversation = Conversation()
        conversation.say(b"\xff\xfd\x2a")
        self.assertEqual(b"\xff\xfa\x2a\x01;UTF-8;US-ASCII\xff\xf0", conversation.sent)
        conversation.say(b"\xff\xfe\x00\xff\xfc\x00")
        conversation.sent = b""
        conversation.say(b"\xff\xfa\x2a\x02UTF-8\xff\xf0")
        self.assertEqual(b"\xff\xfb\x00\xff\xfd\x00", conversation.sent)

    def test_its_request(self) -> None:
        """The client's request is accepted, refused where we know none, and where ours has met
        it (RFC 2066, 2)."""
        ask = b"\xff\xfa\x2a\x01;KOI8-R;utf-8\xff\xf0"
        conversation = Conversation(b"\xff\xfb\x2a")
        conversation.say(ask)
        self.assertTrue(conversation.sent.startswith(b"\xff\xfa\x2a\x02utf-8\xff\xf0"))
        conversation = Conversation(b"\xff\xfb\x2a")
        conversation.say(b"\xff\xfa\x2a\x01;KOI8-R\xff\xf0")
        self.assertEqual(b"\xff\xfa\x2a\x03\xff\xf0", conversation.sent)
        conversation = Conversation(b"\xff\xfb\x2a\xff\xfd\x2a")
        conversation.say(ask)
        self.assertEqual(b"\xff\xfa\x2a\x03\xff\xf0", conversation.sent)
        conversation.say(b"\xff\xfa\x2a\x04\x01;a\xff\xf0")
        self.assertTrue(conversation.sent.endswith(b"\xff\xfa\x2a\x05\xff\xf0"))

    def test_question_marks_are_erased(self) -> None:
        """A wide character that is shown as one question mark takes one column to erase."""
        conversation = Conversation(ECHO + b"\xff\xfd\x2a\xff\xfa\x2a\x02us-ascii\xff\xf0")
        conversation.ask(ReadLine(""))
        conversation.say("日\x7f".encode())
        self.assertEqual(b"?\b \b", conversation.sent)


class Printing(SynchronousTestCase):
    """What is printed."""

    def test_harmless(self) -> None:
        """Nothing that is printed acts on a terminal, prompts and last words included."""
        for value in (Print, ReadLine, ReadKey, Farewell):
            dialog = ServerDialog(utf8=True)
            dialog.send(Greet())
            sent = dialog.send(value("\x1b[2J\u202e\x9b\x07\n"))
            self.assertEqual(b"^[[2J<U+202E><U+009B>^G\r\n", sent)

    def test_states(self) -> None:
        """What may be said depends on whose turn it is; last words may always be."""
        values: Sequence[ServerSaid] = (
            Greet(), Print(""), ReadLine(""), ReadKey(""), Farewell("")
        )  # fmt: skip
        for state in State:
            for value in values:
                dialog = ServerDialog()
                dialog.state = state
                following = TRANSITIONS.get((state, type(value)))
                if following is None:
                    self.assertRaises(LocalProtocolError, dialog.send, value)
                else:
                    dialog.send(value)
                    self.assertIs(following, dialog.state)

    def test_last_words(self) -> None:
        """They begin on a line of their own, and nothing is read after them."""
        conversation = Conversation(ECHO)
        conversation.ask(ReadLine("> "))
        conversation.ask(Farewell("Bye\n"))
        conversation.say(b"ls\r\n")
        self.assertEqual((b"> \r\nBye\r\n", []), (conversation.sent, conversation.told))


class Hostile(SynchronousTestCase):
    """Peers that ask without end."""

    def test_bounded_answers(self) -> None:
        """A storm is answered so often and no more, until time has gone by; then it is ended."""
        storms = (b"\xff\xfd\x63", b"\xff\xfb\x01\xff\xfc\x01", b"\xff\xf6",
                  b"\xff\xfd\x06", b"\xff\xf5", b"\xff\xfa\x05\x01\xff\xf0",
                  b"\xff\xfa\x2a\x04\xff\xf0")  # fmt: skip
        for storm in storms:
            conversation = Conversation(b"\xff\xfd\x05")
            conversation.dialog.replenish()
            for _ in range(20):
                conversation.say(storm * 100)
            answers = conversation.sent.count(b"\xff") + conversation.sent.count(b"[Yes]")
            self.assertLessEqual(answers, 2 * ANSWERS + 10, storm)
            before = len(conversation.sent)
            conversation.dialog.replenish()
            conversation.say(b"\xff\xf6")
            self.assertEqual(before + 9, len(conversation.sent), storm)
            with self.assertRaises(TooMuchNegotiation) as caught:
                for _ in range(2 * UNANSWERED // 100):
                    conversation.say(storm * 100)
            self.assertTrue(caught.exception.close)
            self.assertIsInstance(caught.exception.reply, Farewell)

    def test_endless_subnegotiation(self) -> None:
        """One that does not end is, with last words."""
        conversation = Conversation()
        with self.assertRaises(RemoteProtocolError) as caught:
            conversation.say(b"\xff\xfa\x18" + b"x" * 5000)
        self.assertEqual(Farewell("Goodbye: that is no way to talk.\n"), caught.exception.reply)
        self.assertIn(b"Goodbye", conversation.dialog.send(caught.exception.reply))


class Client(SynchronousTestCase):
    """The client's side."""

    def heard(self, dialog: ClientDialog, octets: bytes) -> tuple[bytes, bytes, int]:
        """Give what a dialog shows of octets, what it sends, and how many prompts ended."""
        dialog.receive(octets)
        shown = sent = b""
        prompts = 0
        while (event := dialog.next_event()) is not NEED_DATA:
            if isinstance(event, Shown):
                shown += event.octets
            elif isinstance(event, Prompted):
                prompts += 1
            else:
                assert isinstance(event, Echo)
                sent += event.octets
        return shown, sent, prompts

    def test_every_cut(self) -> None:
        """What is shown and answered does not depend on the cut."""
        octets = (b"\xff\xfb\x01hello\r\n\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0CR\r\0NUL\0 "
                  b"\xff\xfd\x1f\xff\xff> \xff\xf9\xff\xfb\x19# \xff\xef")  # fmt: skip
        expected = (
            b"hello\r\nCR\rNUL \xff> # ",
            b"\xff\xfd\x01\xff\xfb\x18\xff\xfa\x18\x00XTERM\xff\xf0"
            b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xfd\x19",
            2,
        )
        for cut in range(len(octets) + 1):
            dialog = ClientDialog()
            first = self.heard(dialog, octets[:cut])
            second = self.heard(dialog, octets[cut:])
            both = (first[0] + second[0], first[1] + second[1], first[2] + second[2])
            self.assertEqual(expected, both, cut)

    def test_terminal_types(self) -> None:
        """Each in turn, the last twice, then from the top (RFC 1091, 6)."""
        dialog = ClientDialog(terminal_types=("A", "B"))
        self.heard(dialog, b"\xff\xfd\x18")
        names = [self.heard(dialog, b"\xff\xfa\x18\x01\xff\xf0")[1][4:-2] for _ in range(5)]
        self.assertEqual([b"A", b"B", b"B", b"A", b"B"], names)

    def test_charset(self) -> None:
        """The first that both know; none is refused."""
        dialog = ClientDialog()
        _, sent, _ = self.heard(dialog, b"\xff\xfa\x2a\x01;KOI8-R;utf-8\xff\xf0")
        self.assertEqual((b"\xff\xfa\x2a\x02utf-8\xff\xf0", "utf-8"), (sent, dialog.charset))
        _, sent, _ = self.heard(dialog, b"\xff\xfa\x2a\x01;KOI8-R\xff\xf0")
        self.assertEqual(b"\xff\xfa\x2a\x03\xff\xf0", sent)

    def test_binary(self) -> None:
        """In binary mode NULs are data."""
        dialog = ClientDialog()
        self.heard(dialog, b"\xff\xfb\x00")
        self.assertEqual(b"a\0\r\0", self.heard(dialog, b"a\0\r\0")[0])

    def test_saying(self) -> None:
        """Lines end with CR LF, IAC is doubled, an interrupt has DM behind it."""
        dialog = ClientDialog()
        self.assertEqual(b"a\r\n", dialog.send(Text("a\n")))
        self.assertEqual(b"\xff\xff\n", dialog.send(Octets(b"\xff\n")))
        self.assertEqual(b"\xff\xf4\xff\xf2", dialog.send(Press(Code.IP)))
        self.assertEqual(b"", dialog.send(WindowSize(100, 50)))
        _, sent, _ = self.heard(dialog, b"\xff\xfd\x1f")
        self.assertTrue(sent.endswith(b"\xff\xfa\x1f\0\x64\0\x32\xff\xf0"))
        self.assertEqual(b"\xff\xfa\x1f\0\x50\0\0\xff\xf0", dialog.send(WindowSize(80, 0)))


class BothSides(SynchronousTestCase):
    """Our client and our server."""

    def test_agree(self) -> None:
        """They agree in a few rounds, and then say no more."""
        server, client = ServerDialog(), ClientDialog(terminal_types=("A", "B"))
        to_client = server.send(Greet())
        rounds = 0
        while to_client:
            client.receive(to_client)
            to_server = b""
            while isinstance(event := client.next_event(), Echo):
                to_server += event.octets
            server.receive(to_server)
            to_client = b""
            while (told := server.next_event()) is not PAUSED:
                to_client += told.octets if isinstance(told, Echo) else b""
            rounds += 1
            assert rounds < 10
        self.assertEqual(("A", "B"), server.terminal.types)
        self.assertEqual(("utf-8", "utf-8"), (server.terminal.charset, client.charset))
        for option in (Option.ECHO, Option.SGA, Option.CHARSET, Option.BINARY):
            self.assertTrue(server.is_on(Side.US, option), option)
            self.assertTrue(client.is_on(Side.HIM, option), option)
        self.assertTrue(server.is_on(Side.HIM, Option.NAWS))
