"""LINEMODE, both sides: who edits, and by which keys (RFC 1184)."""

from __future__ import annotations

from netsuite.telnet.commands import (
    SLC_ACK,
    SLC_FLUSHIN,
    Edit,
    Key,
    Level,
    Option,
    SpecialCharacter,
)
from netsuite.telnet.dialog import ClientDialog, ServerDialog
from netsuite.telnet.dialog.core import ANSWERS, Echo
from netsuite.telnet.dialog.linemode import KEYS, NO_KEY, SpecialKeys
from netsuite.telnet.dialog.server import Greet, ReadKey, ReadLine
from netsuite.telnet.editing import Line
from netsuite.telnet.options import Side
from netsuite.testing.cases import SynchronousTestCase
from tests.telnet.test_dialog import Conversation

MODE, SLC = b"\xff\xfa\x22\x01%c\xff\xf0", b"\xff\xfa\x22\x03%b\xff\xf0"


class Keys(SynchronousTestCase):
    """The table of one side, as 5.9 has it line by line."""

    def hear(self, keys: SpecialKeys, function: int, modifiers: int, character: int) -> object:
        answer = keys.hear(SpecialCharacter(function, modifiers, character))
        return None if answer is None else (answer.modifiers, answer.character)

    def test_answers(self) -> None:
        """Agreed is with ACK, refused with NOSUPPORT; what is known is not answered, nor is what
        agrees with us."""
        ack = Level.VALUE | SLC_ACK
        for function, modifiers, character, answer in (
            (Key.EC, Level.VALUE, 8, (ack, 8)),
            (Key.EC, Level.VALUE, 0x7F, None),
            (Key.EC, Level.CANTCHANGE, 8, (Level.CANTCHANGE | SLC_ACK, 8)),
            (Key.EC, Level.NOSUPPORT, 0, (Level.NOSUPPORT | SLC_ACK, 0)),
            (Key.EC, Level.DEFAULT, 0, (Level.VALUE, 0x7F)),
            (Key.SYNCH, Level.DEFAULT, 0, (Level.NOSUPPORT, 0)),
            (Key.SYNCH, Level.NOSUPPORT, 0, None),
            (30, Level.VALUE, 9, (Level.NOSUPPORT, 0)),
            (Key.EC, ack, 8, None),
            (30, ack, 9, None),
            (Key.SUSP, Level.VALUE | SLC_FLUSHIN, 0x1A, (ack | SLC_FLUSHIN, 0x1A)),
        ):
            self.assertEqual(answer, self.hear(SpecialKeys(), function, modifiers, character))

    def test_kept(self) -> None:
        """What was agreed on counts from then on; the defaults come back."""
        keys = SpecialKeys()
        self.hear(keys, Key.EC, Level.VALUE, 8)
        self.assertEqual(8, keys.key(Key.EC))
        self.hear(keys, Key.EL, Level.VALUE | SLC_ACK, 0x18)
        self.assertEqual(0x18, keys.key(Key.EL))
        self.hear(keys, Key.IP, Level.NOSUPPORT, 0)
        self.assertIsNone(keys.key(Key.IP))
        self.hear(keys, Key.EOF, Level.VALUE, NO_KEY)
        self.assertIsNone(keys.key(Key.EOF))
        keys.reset()
        self.assertEqual(dict(KEYS), {each.function: each.character for each in keys.all()})


class Client(SynchronousTestCase):
    """Our client does as the server says."""

    def setUp(self) -> None:
        self.dialog = ClientDialog(keys={Key.EC: 8})

    def hear(self, octets: bytes) -> bytes:
        self.dialog.receive(octets)
        said = b""
        while isinstance(event := self.dialog.next_event(), Echo):
            said += event.octets
        return said

    def begin(self) -> None:
        said = self.hear(b"\xff\xfd\x22")
        self.assertEqual(b"\xff\xfb\x22" + SLC % b"\x0a\x02\x08", said)

    def test_modes(self) -> None:
        """A mode is taken with ACK, or without where it has bits that are not known; the same one,
        and one that has ACK itself, are not answered (2.2)."""
        self.begin()
        for mask, answer, now in (
            (3, 7, 3), (3, None, 3), (7, None, 3), (0, 4, 0), (4, None, 0), (1, 5, 1),
            (0x1B, 0x1F, 0x1B), (0xE1, 1, 1),
        ):  # fmt: skip
            expected = b"" if answer is None else MODE % answer
            self.assertEqual(expected, self.hear(MODE % mask), mask)
            self.assertEqual(now, self.dialog.linemode.mask)
        self.assertTrue(self.dialog.linemode.edits)

    def test_not_agreed(self) -> None:
        """Before it was agreed on nothing of it means anything."""
        self.assertEqual(b"", self.hear(MODE % 3 + SLC % b"\0\2\0"))
        self.assertFalse(self.dialog.linemode.edits)

    def test_forward_mask(self) -> None:
        """A set of characters to forward is refused: lines are the terminal's."""
        self.begin()
        self.assertEqual(
            b"\xff\xfa\x22\xfc\x02\xff\xf0", self.hear(b"\xff\xfa\x22\xfd\x02\x08\xff\xf0")
        )

    def test_timing_mark(self) -> None:
        """A mark is refused by who edits no lines, else servers of BSD's line think that it does
        so without LINEMODE."""
        self.assertEqual(b"\xff\xfc\x06", self.hear(b"\xff\xfd\x06"))
        self.begin()
        self.assertEqual(b"\xff\xfb\x06", self.hear(b"\xff\xfd\x06"))

    def test_only_a_client_asks_for_all(self) -> None:
        """Function 0 is the client's to say."""
        self.begin()
        self.assertEqual(b"", self.hear(SLC % b"\0\3\0"))

    def test_storm(self) -> None:
        """Modes that change without end are answered so often and no more."""
        self.begin()
        said = self.hear((MODE % 3 + MODE % 0) * 500)
        self.assertLessEqual(said.count(b"\xff\xfa"), ANSWERS)

    def test_flow_control(self) -> None:
        """XOFF counts from the agreement on, until the server says otherwise (RFC 1372, 5)."""
        flow = b"\xff\xfa\x21%c\xff\xf0"
        self.hear(flow % 1)
        self.assertIsNone(self.dialog.flow)
        self.assertEqual(b"\xff\xfb\x21", self.hear(b"\xff\xfd\x21"))
        self.assertTrue(self.dialog.flow)
        self.hear(flow % 0 + flow % 2)
        self.assertEqual((False, True), (self.dialog.flow, self.dialog.restarts_with_any))
        self.hear(flow % 3 + b"\xff\xfe\x21")
        self.assertEqual((None, False), (self.dialog.flow, self.dialog.restarts_with_any))


class Server(SynchronousTestCase):
    """Our server says who edits."""

    def begin(self, *, lets_edit: bool = True) -> Conversation:
        conversation = Conversation()
        conversation.dialog = ServerDialog(lets_edit=lets_edit)
        conversation.dialog.send(Greet())
        conversation.say(b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x22")
        conversation.sent = b""
        return conversation

    def test_lines(self) -> None:
        """Lines are edited and shown by the client, passwords not shown, keys sent at once."""
        talk = self.begin()
        talk.ask(ReadLine("> "))
        self.assertEqual(MODE % 3 + b"\xff\xfc\x01> ", talk.sent)
        talk.sent = b""
        talk.say(MODE % 7 + b"\xff\xfe\x01ls\r\n")
        self.assertEqual(([Line("ls")], b""), (talk.told, talk.sent))
        talk.ask(ReadLine("Password: ", visible=False))
        self.assertEqual(b"\xff\xfb\x01Password: ", talk.sent)
        talk.say(b"\xff\xfd\x01secret\r\n")
        self.assertEqual(b"\xff\xfb\x01Password: ", talk.sent)
        talk.sent = b""
        talk.ask(ReadKey("--More--"))
        talk.say(MODE % 4 + b"q")
        self.assertEqual(MODE % 0 + b"--More--\r" + b" " * 8 + b"\r", talk.sent)

    def test_accepted_only(self) -> None:
        """Of a client that offers it unasked nothing else is wanted: the server edits."""
        talk = self.begin(lets_edit=False)
        talk.ask(ReadLine("> "))
        self.assertEqual(b"> ", talk.sent)
        talk.say(b"l")
        self.assertEqual(b"> l", talk.sent)
        self.assertTrue(talk.dialog.is_on(Side.HIM, Option.LINEMODE))

    def test_asked_for_later(self) -> None:
        """A client that agrees while a line is being asked for edits that one."""
        talk = Conversation()
        talk.dialog = ServerDialog(lets_edit=True)
        talk.dialog.send(Greet())
        talk.ask(ReadLine("login: "))
        talk.say(b"\xff\xfd\x01\xff\xfb\x22")
        self.assertTrue(talk.sent.endswith(MODE % 3 + b"\xff\xfc\x01"))

    def test_insists(self) -> None:
        """A client that wants another mode is told again which one it is; cosmetics are its own."""
        talk = self.begin()
        talk.ask(ReadLine("> "))
        talk.sent = b""
        talk.say(MODE % 0)
        self.assertEqual(MODE % 3, talk.sent)
        talk.say(MODE % 0x0B)
        self.assertEqual(MODE % 3 + MODE % 0x0F, talk.sent)
        self.assertEqual(Edit.EDIT | Edit.TRAPSIG | Edit.SOFT_TAB, talk.dialog.linemode.mask)
        talk.say(MODE % 4)
        self.assertEqual(MODE % 3 + MODE % 0x0F, talk.sent)

    def test_keys(self) -> None:
        """The client's keys are agreed to; asked for all, ours are told (2.4)."""
        talk = self.begin()
        talk.say(SLC % b"\x0a\x02\x08\x01\x03\x00")
        self.assertEqual(SLC % b"\x0a\x82\x08\x01\x00\x00", talk.sent)
        talk.sent = b""
        talk.say(SLC % b"\0\2\0")
        self.assertIn(b"\x0a\x02\x08", talk.sent)
        talk.sent = b""
        talk.say(SLC % b"\0\3\0")
        self.assertIn(b"\x0a\x02\x7f", talk.sent)

    def test_flooded_with_keys(self) -> None:
        """However often all keys are asked for at once, one answer is no longer than the table."""
        talk = self.begin()
        talk.say(SLC % (b"\0\3\0" * 256))
        self.assertLess(len(talk.sent), 1000)
