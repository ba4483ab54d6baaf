"""The Telnet command's conversation without a terminal or a network, and its parts."""

from __future__ import annotations

import os
import pty
import termios
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.cli.client.keymap import Discipline, LineEnds, Mode, key_name, key_named, mode_of
from netsuite.cli.client.port import port_number
from netsuite.cli.client.telnet import FIRST_WORD_SECONDS, Conversation, terminal_types
from netsuite.cli.client.terminal import AS_FOUND, Terminal, settings_for
from netsuite.cli.client.urls import BadURL, telnet_target
from netsuite.connection import errors
from netsuite.connection.client import ClientTimeouts
from netsuite.telnet.client import TelnetClient
from netsuite.telnet.commands import Code, Key
from netsuite.telnet.dialog import ClientDialog
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport
from tests.connection.joined import JoinedCase, reached
from tests.coroutines import run
from tests.telnet.worlds import PASSWORD, World

ECHO_ON, ECHO_OFF = b"\xff\xfb\x01", b"\xff\xfc\x01"
SGA_ON = b"\xff\xfb\x03"


class FakeScreen(Terminal):
    """A terminal of the test's making, which does nothing as a real one.

    Args:
        interactive: whether it is one; else pipes.
    """

    def __init__(self, *, interactive: bool = True) -> None:
        self.interactive = interactive
        self.shown = b""
        self.told = ""
        self.mode: Mode | None = None
        self.window = (80, 24)
        self.suspended = 0
        self.stuck: Deferred[None] | None = None
        self._typed: list[bytes] = []
        self._reading: Deferred[bytes] | None = None

    def type(self, octets: bytes) -> None:
        """Type; nothing for an end of file."""
        if self._reading is None:
            self._typed.append(octets)
        else:
            reading, self._reading = self._reading, None
            reading.callback(octets)

    async def read(self) -> bytes:
        """Return what is typed next."""
        if self._typed:
            return self._typed.pop(0)
        self._reading = Deferred(lambda _: setattr(self, "_reading", None))
        return await self._reading

    async def write(self, octets: bytes) -> None:
        """Show."""
        self.shown += octets
        if self.stuck is not None:
            await self.stuck

    def use(self, mode: Mode | None, discipline: Discipline = AS_FOUND) -> None:
        """Remember."""
        self.mode, self.discipline = mode, discipline

    def size(self) -> tuple[int, int]:
        """Return the window's."""
        return self.window

    def begin_line(self) -> None:
        """Nothing."""

    def tell(self, text: str, *, ended: bool = True) -> None:
        """Remember."""
        self.told += text + ("\n" if ended else "")

    def suspend(self) -> None:
        """Count."""
        self.suspended += 1


def made(fabric: Fabric) -> TelnetClient:
    """Return a client that is not connected yet."""
    return TelnetClient(fabric, timeouts=ClientTimeouts(reply_seconds=None), dialog=ClientDialog())


class Told(SynchronousTestCase):
    """A server of which only the octets are there."""

    def begin(self, *, interactive: bool = True, quiet: bool = False) -> None:
        """Begin a conversation."""
        self.screen = FakeScreen(interactive=interactive)
        self.fabric = Fabric()
        self.client = made(self.fabric)
        self.half_closed = False
        self.client.half_close = self._half_close  # type: ignore[method-assign]
        self.transport = MemoryTransport()
        self.client.makeConnection(self.transport)
        self.conversation = Conversation(self.client, self.screen, "h:23", quiet=quiet)
        self.running = ensureDeferred(self.conversation.run())
        self.addCleanup(self.leave, self.running)

    def _half_close(self) -> None:
        self.half_closed = True

    def leave(self, running: Deferred[None]) -> None:
        """Let no conversation outlive its test."""
        running.addErrback(lambda _: None)
        running.cancel()

    def setUp(self) -> None:
        self.begin()

    def sent(self) -> bytes:
        """Return what the server has got since it was last asked."""
        return self.transport.said()

    def test_modes(self) -> None:
        """The terminal edits and shows what is typed, as far as the server does not."""
        hear = self.client.dataReceived
        self.assertEqual(Mode.LINES, self.screen.mode)
        hear(ECHO_ON)
        self.assertEqual(Mode.HIDDEN_LINES, self.screen.mode)
        hear(SGA_ON)
        self.assertEqual(Mode.KEYS, self.screen.mode)
        hear(ECHO_OFF)
        self.assertEqual(Mode.KEYS_SHOWN, self.screen.mode)
        self.assertEqual(b"\xff\xfd\x01\xff\xfd\x03\xff\xfe\x01", self.sent())

    def test_line_ends(self) -> None:
        """A line ends with CR LF, whether the terminal gave LF or, key by key, CR."""
        self.screen.type(b"ls\n")
        self.assertEqual(b"ls\r\n", self.sent())
        self.client.dataReceived(ECHO_ON + SGA_ON)
        self.sent()
        self.screen.type(b"l\r\x03\xff")
        self.assertEqual(b"l\r\n\x03\xff\xff", self.sent())

    def test_shown_as_it_came(self) -> None:
        """What the server shows goes to the terminal octet by octet, controls too."""
        self.client.dataReceived(b"\x1b[2J\xc3\xa5\r\0\xff\xff")
        self.assertEqual(b"\x1b[2J\xc3\xa5\r\xff", self.screen.shown)

    def test_signals(self) -> None:
        """Where the terminal takes Ctrl-C it interrupts the server's work, with a Synch; Ctrl-Z
        stops the program, unless the server has said that such keys are its own."""
        self.client.dataReceived(b"\xff\xf1")
        self.conversation.interrupted()
        self.conversation.quitted()
        self.assertEqual(bytes([255, Code.IP, 255, Code.DM, 255, Code.BRK]), self.sent())
        self.conversation.stopped()
        self.assertEqual((b"", 1), (self.sent(), self.screen.suspended))

    def test_no_telnet(self) -> None:
        """To a server that has said nothing of Telnet nothing of it is said; the input's end is
        the end of what is sent."""
        self.client.dataReceived(b"220 hello\r\n")
        self.conversation.interrupted()
        self.assertIn("speaks no Telnet; Ctrl-] for commands", self.screen.told)
        self.screen.type(b"\x1d")
        self.screen.type(b"mode character\n")
        self.screen.type(b"QUIT\n")
        self.screen.type(b"\x1d")
        self.screen.type(b"mode auto\n")
        self.screen.type(b"")
        self.assertEqual(b"QUIT\r\n", self.sent())
        self.assertTrue(self.half_closed)
        self.assertNoResult(self.running)
        self.client.dataReceived(b"221 bye\r\n")
        self.client.readConnectionLost()
        self.successResultOf(self.running)
        self.assertEqual(b"220 hello\r\n221 bye\r\n", self.screen.shown)

    def test_window(self) -> None:
        """A window that is resized is told, where the server wants to know."""
        self.screen.window = (100, 50)
        self.conversation.resized()
        self.assertEqual(b"", self.sent())
        self.client.dataReceived(b"\xff\xfd\x1f")
        self.assertEqual(b"\xff\xfb\x1f\xff\xfa\x1f\x00\x64\x00\x32\xff\xf0", self.sent())
        self.screen.window = (80, 24)
        self.conversation.resized()
        self.assertEqual(b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", self.sent())

    def test_escape(self) -> None:
        """Ctrl-] asks for commands on a terminal as it was found; what the server shows waits."""
        self.client.dataReceived(ECHO_ON + SGA_ON)
        self.sent()
        self.screen.type(b"ab\x1d")
        self.assertEqual(b"ab", self.sent())
        self.assertIsNone(self.screen.mode)
        self.client.dataReceived(b"later")
        self.assertEqual(b"", self.screen.shown)
        self.screen.type(b"status\n")
        self.assertIn("connected to h:23\n", self.screen.told)
        self.assertIn("  ECHO: the server\n", self.screen.told)
        self.screen.type(b"nonsense\n")
        self.assertIn("send F", self.screen.told)
        self.screen.type(b"\n")
        self.assertEqual(Mode.KEYS, self.screen.mode)
        self.assertEqual(b"later", self.screen.shown)
        self.screen.type(b"c")
        self.assertEqual(b"c", self.sent())

    def test_send(self) -> None:
        """A function is sent by its name, and Ctrl-] as itself; then the conversation goes on."""
        for words, expected in ((b"send ayt", b"\xff\xf6"), (b"SEND escape", b"\x1d")):
            self.screen.type(b"\x1d")
            self.screen.type(words + b"\n")
            self.assertEqual(expected, self.sent())
            self.assertEqual(Mode.LINES, self.screen.mode)

    def test_stop(self) -> None:
        """z stops the program, and later goes on where it was."""
        self.screen.type(b"\x1d")
        self.screen.type(b"z\n")
        self.assertEqual((1, Mode.LINES), (self.screen.suspended, self.screen.mode))

    def test_ctrl_c_at_the_prompt(self) -> None:
        """Ctrl-C leaves the prompt, and neither the program nor the server hears of it."""
        self.screen.type(b"\x1d")
        self.conversation.interrupted()
        self.assertEqual(Mode.LINES, self.screen.mode)
        self.assertEqual(b"", self.sent())
        self.screen.type(b"x\n")
        self.assertEqual(b"x\r\n", self.sent())

    def test_mode_changes_behind_the_prompt(self) -> None:
        """What the server negotiates meanwhile counts when the prompt is left."""
        self.screen.type(b"\x1d")
        self.client.dataReceived(ECHO_ON + SGA_ON)
        self.assertIsNone(self.screen.mode)
        self.screen.type(b"\n")
        self.assertEqual(Mode.KEYS, self.screen.mode)

    def test_close(self) -> None:
        """close leaves, with the terminal as it was found."""
        self.screen.type(b"\x1d")
        self.screen.type(b"close\n")
        self.successResultOf(self.running)
        self.assertIsNone(self.screen.mode)
        self.assertTrue(self.transport.closed)
        self.assertNotIn("closed by", self.screen.told)

    def test_closed_by_the_server(self) -> None:
        """The server's last words are shown, and that it has closed is told."""
        self.client.dataReceived(b"bye")
        self.client.readConnectionLost()
        self.successResultOf(self.running)
        self.assertEqual(b"bye", self.screen.shown)
        self.assertIsNone(self.screen.mode)
        self.assertTrue(self.screen.told.endswith("Connection closed by h:23.\n"))

    def test_broken(self) -> None:
        """A connection that breaks is no server that closes."""
        self.client.dataReceived(b"half")
        self.client.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.running, errors.ConnectionLost)
        self.assertEqual((b"half", None), (self.screen.shown, self.screen.mode))

    def test_end_of_file(self) -> None:
        """Ctrl-D on an empty line tells the server that the input has ended; twice, it leaves."""
        self.client.dataReceived(b"\xff\xf1")
        self.screen.type(b"")
        self.assertEqual(b"\xff\xec", self.sent())
        self.screen.type(b"x\n")
        self.screen.type(b"")
        self.assertNoResult(self.running)
        self.screen.type(b"")
        self.successResultOf(self.running)

    def test_pipes(self) -> None:
        """Lines from a pipe are sent, Ctrl-] is a character, and after the input's end what the
        server shows is written until it closes."""
        self.begin(interactive=False)
        self.client.dataReceived(b"\xff\xf1")
        self.screen.type(b"a\r\nb\x1d\nc\r")
        self.screen.type(b"")
        self.assertEqual(b"a\r\nb\x1d\r\nc\r\0\xff\xec", self.sent())
        self.client.dataReceived(b"more")
        self.assertNoResult(self.running)
        self.client.readConnectionLost()
        self.successResultOf(self.running)
        self.assertEqual((b"more", ""), (self.screen.shown, self.screen.told))

    def test_pipe_that_ends_first(self) -> None:
        """Where the input has ended before the server has said anything, its first word is waited
        for, a while: from it is seen what it speaks."""
        for first, sent, half_closed in (
            (ECHO_ON, b"x\r\n\xff\xfd\x01\xff\xec", False), (b"HTTP/1.0 200", b"x\r\n", True),
            (b"", b"x\r\n", True),
        ):  # fmt: skip
            self.begin(interactive=False)
            self.screen.type(b"x\n")
            self.screen.type(b"")
            self.assertFalse(self.half_closed)
            if first:
                self.client.dataReceived(first)
            else:
                self.fabric.advance(FIRST_WORD_SECONDS)
            self.assertEqual((sent, half_closed), (self.sent(), self.half_closed))

    def test_line_mode(self) -> None:
        """With LINEMODE the server says who edits, who makes signals, and which keys do (RFC
        1184); XOFF stops the terminal where it wants that (RFC 1372)."""
        hear = self.client.dataReceived
        hear(b"\xff\xfd\x22\xff\xfd\x21\xff\xfd\x06")
        said = self.sent()
        self.assertTrue(said.startswith(b"\xff\xfb\x22\xff\xfa\x22\x03"))
        self.assertTrue(said.endswith(b"\xff\xfb\x21\xff\xfb\x06"))
        hear(b"\xff\xfa\x22\x01\x03\xff\xf0")
        self.assertEqual(b"\xff\xfa\x22\x01\x07\xff\xf0", self.sent())
        discipline = self.screen.discipline
        self.assertEqual(
            (Mode.LINES, True, True), (self.screen.mode, discipline.signals, discipline.flow)
        )
        hear(b"\xff\xfa\x22\x03\x0a\x02\x08\xff\xf0\xff\xfa\x21\x00\xff\xf0")
        discipline = self.screen.discipline
        self.assertEqual((8, False), (discipline.keys[10], discipline.flow))
        hear(ECHO_ON)
        self.assertEqual(Mode.HIDDEN_LINES, self.screen.mode)
        hear(b"\xff\xfa\x22\x01\x00\xff\xf0")
        self.assertEqual((Mode.KEYS, False), (self.screen.mode, self.screen.discipline.signals))
        self.conversation.stopped()
        self.assertTrue(self.sent().endswith(bytes([255, Code.SUSP])))

    def test_a_way_out(self) -> None:
        """Whatever the server negotiates, the user may have the terminal otherwise."""
        self.client.dataReceived(ECHO_ON + SGA_ON)
        self.sent()
        for words, mode, said in (
            (b"mode line", Mode.LINES, b"\xff\xfe\x03\xff\xfe\x01"),
            (b"set echo off", Mode.HIDDEN_LINES, b""),
            (b"mode character", Mode.KEYS_SHOWN, b""),
            (b"set echo off", Mode.KEYS, b""),
            (b"set echo on", Mode.KEYS_SHOWN, b""),
        ):
            self.screen.type(b"\x1d")
            self.screen.type(words + b"\n")
            self.assertEqual((mode, said), (self.screen.mode, self.sent()), words)
        self.client.dataReceived(b"\xff\xfc\x03\xff\xfc\x01")
        self.assertEqual(Mode.KEYS_SHOWN, self.screen.mode)

    def test_escape_key(self) -> None:
        """Another key may be taken for the prompt, or none."""
        self.screen.type(b"\x1d")
        self.screen.type(b"set escape ^a\n")
        self.assertEqual(b"\x01", self.screen.discipline.escape)
        self.screen.type(b"x\x1d\x01")
        self.screen.type(b"status\n")
        self.assertIn("escape key: ^A", self.screen.told)
        self.screen.type(b"set escape off\n")
        self.screen.type(b"\x01\x1d\n")
        self.assertEqual(b"x\x1d\x01\x1d\r\n", self.sent())

    def test_back_pressure(self) -> None:
        """A terminal that does not take what is shown makes the server wait."""
        self.screen.stuck = Deferred()
        sent = 0
        while self.transport.producerState == "producing" and sent < 1_000_000:
            self.client.dataReceived(b"x" * 10_000)
            sent += 10_000
        self.assertLess(sent, 200_000)
        stuck, self.screen.stuck = self.screen.stuck, None
        stuck.callback(None)
        self.assertEqual(sent, len(self.screen.shown))


class WithOurServer(JoinedCase):
    """Both ends are ours."""

    def test_session(self) -> None:
        """Somebody logs in key by key; the password is shown by nobody."""
        world = run(World().fill())
        self.fabric = world.clock
        screen = FakeScreen()
        client: TelnetClient = self.fabric.run(
            connectProtocol(reached(self.fabric, world.factory), made(self.fabric))
        )
        running = self.begin(Conversation(client, screen, "h").run())
        self.assertEqual(Mode.KEYS, screen.mode)
        for key in f"ann\r{PASSWORD}\rquit\r":
            screen.type(key.encode())
            self.fabric.settle()
        self.successResultOf(running)
        self.assertIn(b"Welcome, ann", screen.shown)
        self.assertNotIn(PASSWORD.encode(), screen.shown)
        self.assertTrue(screen.shown.endswith(b"Goodbye.\r\n"))


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xff"])), st.data())
def test_lines_in_pieces(parts: list[bytes], data: st.DataObject) -> None:
    """However a pipe cuts its lines, the same is sent: every LF with one CR, no CR alone."""
    octets = b"".join(parts)
    cut = data.draw(st.integers(0, len(octets)))
    whole, pieces = LineEnds(), LineEnds()
    expected = whole.of_lines(octets) + whole.flush()
    assert (
        pieces.of_lines(octets[:cut]) + pieces.of_lines(octets[cut:]) + pieces.flush() == expected
    )
    assert expected.count(b"\n") == expected.count(b"\r\n") == octets.count(b"\n")
    assert expected.count(b"\r") == expected.count(b"\r\n") + expected.count(b"\r\0")


def test_binary_keys() -> None:
    """Where the server takes binary, Enter is what the terminal gives."""
    assert LineEnds().of_keys(b"a\r", binary=True) == b"a\r"
    assert LineEnds().of_lines(b"a\r\nb\n", binary=True) == b"a\nb\n"


@pytest.mark.parametrize(
    ("name", "octet"),
    [("^]", b"\x1d"), ("^a", b"\x01"), ("^?", b"\x7f"), ("~", b"~"), ("ab", None), ("", None),
     ("^\u00e4", None), ("^1", None), ("\u00e4", None)],
)  # fmt: skip
def test_key_names(name: str, octet: bytes | None) -> None:
    """A key is written as ^X or as itself."""
    assert key_named(name) == octet
    if octet is not None:
        assert key_name(octet) == name.upper()


@pytest.mark.parametrize(
    ("text", "port", "place"),
    [
        ("h", None, "h"), ("h:2323", None, "h:2323"), ("h", 2323, "h:2323"), ("::1", None, "[::1]"),
        ("[::1]:99", None, "[::1]:99"), ("telnet://h/", None, "h"), ("telnets://h", None, "h"),
        ("telnets://h", 993, "h:993"),
    ],
)  # fmt: skip
def test_places(text: str, port: int | None, place: str) -> None:
    """A host, a host and its port, or a URL."""
    target = telnet_target(text, port)
    assert target.place == place
    assert target.tls is text.startswith("telnets:")


@pytest.mark.parametrize("text", ["h/x", "telnet://h/?a", "", "h:99999", "h:23:5:x", "a b"])
def test_no_places(text: str) -> None:
    """What is none is refused."""
    with pytest.raises(BadURL):
        telnet_target(text)
    with pytest.raises(BadURL):
        telnet_target("h:2323", 24)


@pytest.mark.parametrize(
    ("text", "port"), [("23", 23), ("65535", 65535), ("http", 80), ("SMTP", 25)]
)
def test_ports(text: str, port: int) -> None:
    """A number, or what the machine calls a service."""
    assert port_number(text) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "no-such-service", "\u0663", "\ud800", ""])
def test_no_ports(text: str) -> None:
    """What is neither is refused."""
    with pytest.raises(click.BadParameter, match="neither a port"):
        port_number(text)


def test_terminal_types() -> None:
    """The exact name first, then the family's, which more servers know."""
    assert terminal_types("xterm-256color") == ("XTERM-256COLOR", "XTERM")
    assert terminal_types("vt100") == ("VT100",)
    assert terminal_types("") == ("UNKNOWN",)


def test_terminal_settings() -> None:
    """On a real terminal the modes do what they are called, and change nothing for good."""
    master, slave = pty.openpty()
    try:
        original = termios.tcgetattr(slave)
        kept = [*original[:6], list(original[6])]
        for mode in Mode:
            termios.tcsetattr(slave, termios.TCSANOW, settings_for(mode, original))
            found: Any = termios.tcgetattr(slave)
            shows = mode in (Mode.LINES, Mode.KEYS_SHOWN)
            lines = mode in (Mode.LINES, Mode.HIDDEN_LINES)
            assert bool(found[3] & termios.ECHO) is shows
            assert bool(found[3] & termios.ICANON) is lines
            assert bool(found[3] & termios.ISIG) is lines
            assert bool(found[1] & termios.OPOST) is (mode is not Mode.KEYS)
            if mode is Mode.LINES:  # Ctrl-] is told at once, not with the line's end
                os.write(master, b"ab\x1d")
                assert os.read(slave, 10) == b"ab\x1d"
        disciplined: Any = settings_for(
            Mode.LINES, original,
            Discipline(b"\x01", signals=False, flow=True, restarts_with_any=True, soft_tabs=True,
                       literal=True, keys={Key.EC: 8, Key.AYT: 20}),
        )  # fmt: skip
        assert not disciplined[3] & (termios.ISIG | termios.ECHOCTL)
        assert disciplined[0] & termios.IXON
        assert disciplined[0] & termios.IXANY
        assert disciplined[1] & termios.TAB3 == termios.TAB3
        assert (disciplined[6][termios.VERASE], disciplined[6][termios.VEOL]) == (b"\x08", b"\x01")
        assert original == kept
    finally:
        os.close(master)
        os.close(slave)


def test_mode_table() -> None:
    """Echo alone hides a line, as servers do for a password that is still edited here."""
    assert mode_of(echo=True, suppress_go_ahead=False) is Mode.HIDDEN_LINES
