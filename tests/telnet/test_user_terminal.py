"""What a server learns of a terminal: size, names, environment, characters, colours."""

from __future__ import annotations

from netsuite.telnet.dialog.server import Print, ReadLine
from netsuite.telnet.dialog.style import Style, has_colour, styled
from netsuite.telnet.options import Side
from netsuite.testing.cases import SynchronousTestCase
from tests.telnet.test_dialog import ECHO, Conversation

TTYPE = b"\xff\xfb\x18"
ENVIRON = b"\xff\xfb\x27"


def terminal_type(*names: bytes) -> bytes:
    """Return what a client says that has these names."""
    return TTYPE + b"".join(b"\xff\xfa\x18\0%b\xff\xf0" % name for name in (*names, names[-1]))


def environment(**variables: str) -> bytes:
    """Return what a client tells of its user's environment."""
    told = b"".join(
        b"%b%b\1%b" % (b"\0" if name == "USER" else b"\3", name.encode(), value.encode())
        for name, value in variables.items()
    )
    return ENVIRON + b"\xff\xfa\x27\0" + told + b"\xff\xf0"


class Characters(SynchronousTestCase):
    """Which characters a terminal shows is told in many ways."""

    def shown(self, first: bytes, *, utf8: bool = False) -> bool:
        conversation = Conversation(first, utf8=utf8)
        conversation.sent = b""
        conversation.ask(Print("ü"))
        return conversation.sent == "ü".encode()

    def test_which(self) -> None:
        """By the locale, by MTTS, by a type that has UTF-8; the more certain word counts."""
        for first, utf8 in (
            (b"", False),
            (terminal_type(b"VT100"), False),
            (terminal_type(b"DUMB"), False),
            (terminal_type(b"XTERM-256COLOR"), True),
            (terminal_type(b"LINUX"), True),
            (terminal_type(b"MUDLET", b"ANSI", b"MTTS 9"), False),
            (terminal_type(b"MUDLET", b"VT100", b"MTTS 13"), True),
            (environment(LANG="de_DE.UTF-8"), True),
            (environment(LANG="de_DE.utf8@euro"), True),
            (environment(LANG="C") + terminal_type(b"XTERM"), True),
            (environment(LANG="de_DE.ISO-8859-1") + terminal_type(b"XTERM"), False),
            (environment(LANG="de_DE.ISO-8859-1") + b"\xff\xfd\0", False),
            (environment(LC_ALL="C.UTF-8", LANG="de_DE.ISO-8859-1"), True),
            (environment(LC_ALL="", LC_CTYPE="de_DE.UTF-8"), True),
            (b"\xff\xfd\0", True),
        ):
            self.assertIs(utf8, self.shown(first), first)
        self.assertTrue(self.shown(terminal_type(b"VT100"), utf8=True))

    def test_typed(self) -> None:
        """UTF-8 that was typed is believed, from its first character on, also in a password; what
        is none is not."""
        for typed, utf8 in (("ä".encode(), True), (b"\xe4", False), (b"a", False)):
            talk = Conversation(ECHO)
            talk.ask(ReadLine("", visible=False))
            talk.say(typed + b"\r\n")
            talk.sent = b""
            talk.ask(Print("日"))
            self.assertEqual("日".encode() if utf8 else b"?", talk.sent)

    def test_shown_anew(self) -> None:
        """When it becomes known while a line is being typed, its prompt is shown as it should."""
        talk = Conversation(ECHO)
        talk.ask(ReadLine("/ü> "))
        self.assertEqual(b"/?> ", talk.sent)
        talk.sent = b""
        talk.say("x日\x7f".encode())
        self.assertEqual(b"\r    \r/\xc3\xbc> x" + "日".encode() + b"\b\b  \b\b", talk.sent)

    def test_agreed_on_comes_first(self) -> None:
        """US-ASCII by CHARSET is US-ASCII, whatever else is said."""
        agreed = b"\xff\xfd\x2a\xff\xfa\x2a\x02US-ASCII\xff\xf0"
        self.assertFalse(self.shown(agreed + b"\xff\xfd\0" + environment(LANG="C.UTF-8")))


class Environment(SynchronousTestCase):
    """What is asked for, and what is made of it."""

    def test_asked(self) -> None:
        """Four variables are asked for, and nothing else is kept."""
        talk = Conversation()
        talk.say(ENVIRON)
        self.assertEqual(b"\xff\xfa\x27\1\0USER\3LC_ALL\3LC_CTYPE\3LANG\xff\xf0", talk.sent)
        talk.say(environment(USER="ann", LD_PRELOAD="/x", LANG="C"))
        self.assertEqual({"USER": "ann", "LANG": "C"}, talk.dialog.terminal.environment)
        talk.say(b"\xff\xfa\x27\2\3LANG\xff\xf0")
        self.assertEqual({"USER": "ann"}, talk.dialog.terminal.environment)

    def test_wished_name(self) -> None:
        """A name is taken for a wish if it looks like one: no option of any program's, no
        control, nothing long."""
        for name, wished in (
            ("ann", "ann"), ("ann@example.test", "ann@example.test"), ("-f root", ""),
            ("-froot", ""), ("root\x1b[2J", ""), ("a b", ""), ("", ""), ("x" * 65, ""),
            ("x" * 1000, ""), ("größe", "größe"), ("a\nb", ""), ("../x", ""),
        ):  # fmt: skip
            talk = Conversation(environment(USER=name))
            self.assertEqual(wished, talk.dialog.terminal.user, name)

    def test_not_agreed(self) -> None:
        """What is told unasked is not kept."""
        talk = Conversation(environment(USER="ann").removeprefix(ENVIRON))
        self.assertEqual({}, talk.dialog.terminal.environment)
        self.assertFalse(talk.dialog.is_on(Side.HIM, 39))


class Colours(SynchronousTestCase):
    """Text that is set off."""

    def test_where(self) -> None:
        """Where the terminal has colours and the user wants them; always reset at a row's end."""
        coloured = b"\x1b[1;32mnew\x1b[0m\r\n"
        for first, colours in (
            (b"", False), (terminal_type(b"VT100"), False), (terminal_type(b"XTERM"), True),
            (terminal_type(b"X", b"MTTS 1"), True), (terminal_type(b"X", b"MTTS 4"), False),
        ):  # fmt: skip
            talk = Conversation(first)
            talk.ask(Print("new\n", Style.NEW))
            self.assertEqual(coloured if colours else b"new\r\n", talk.sent, first)
            talk.dialog.terminal.wants_colour = False
            talk.sent = b""
            talk.ask(Print("new\n", Style.NEW))
            self.assertEqual(b"new\r\n", talk.sent)

    def test_harmless(self) -> None:
        """What is set off is made harmless as all else is."""
        talk = Conversation(terminal_type(b"XTERM"))
        talk.ask(Print("a\x1b[0m\nb", Style.TITLE))
        self.assertEqual(b"\x1b[1ma^[[0m\x1b[0m\r\n\x1b[1mb\x1b[0m", talk.sent)
        self.assertEqual("", styled("", Style.NEW))
        self.assertEqual("\n", styled("\n", Style.NEW))

    def test_types(self) -> None:
        """Kinds of terminals are known by their names."""
        for name in ("xterm", "SCREEN.XTERM", "vt220-color", "tmux-256color", "Konsole"):
            self.assertTrue(has_colour(name), name)
        for name in ("vt100", "dumb", "UNKNOWN", "network", "xterminator", "xterm-m"):
            self.assertFalse(has_colour(name), name)
