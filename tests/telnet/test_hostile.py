"""Sessions no client has: each with what exactly is answered, and the next client served."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from hypothesis import given
from hypothesis import strategies as st

from netsuite.telnet.dialog import ClientDialog, ServerDialog, ServerSaid
from netsuite.telnet.dialog.core import Echo
from netsuite.telnet.dialog.server import Completion, Greet, ReadKey, ReadLine, State
from netsuite.telnet.editing import Complete
from netsuite.telnet.grammar import escape
from netsuite.testing.cases import TestCase
from netsuite.wire.events import Need
from tests.telnet.worlds import CHARACTERS, PASSWORD, World

LOGIN = b"ann\r\n" + PASSWORD.encode() + b"\r\n"
NO_WAY = b"\r\nGoodbye: that is no way to talk.\r\n"
TOO_LONG = b"That line is too long: 4096 characters are taken.\r\n"
NONE = b"There is no command %s; `help` lists those there are.\r\n"
PROMPT = b"ann:/> "


@dataclass(frozen=True)
class Case:
    """What is said, and what is answered.

    Args:
        entered: whether somebody logs in before.
        closed: whether the server closes.
    """

    said: bytes
    answer: bytes
    entered: bool = False
    closed: bool = False


# fmt: off
CASES = [
    # -- before a login ------------------------------------------------------------------------
    Case(b"\xff\xfd\x63" * 200, b"\xff\xfc\x63" * 64),
    Case(b"\xff\xfb\x63" * 200, b"\xff\xfe\x63" * 64),
    Case(b"\xff\xfe\x63\xff\xfc\x63" * 5000, b""),
    Case(b"\xff\xfd\x63" * 20_000, b"\xff\xfc\x63" * 64 + NO_WAY, closed=True),
    Case(b"\xff\xfb\x03\xff\xfc\x03" * 100, b"\xff\xfd\x03\xff\xfe\x03" * 32),
    Case(bytes(b for n in range(60) for b in (255, 253, 50 + n)),
         bytes(b for n in range(60) for b in (255, 252, 50 + n))),
    Case(bytes(b for n in range(200) for b in (255, 253, 50 + n)),
         bytes(b for n in range(100) for b in (255, 252, 50 + n))),
    Case(b"\xff\xf6" * 200, b"\r\n[Yes]\r\n" * 100),
    Case(b"\xff\xf6" * 20_000, b"\r\n[Yes]\r\n" * 100 + NO_WAY, closed=True),
    Case(b"\xff\xf5" * 3, b"\xff\xf2" * 3),
    Case(b"\xff\xfa\x18" + b"x" * 5000, NO_WAY, closed=True),
    Case(b"\xff\xfa\x18" + b"\xff\xff" * 5000, NO_WAY, closed=True),
    Case(b"\xff\xfa\x18" * 3000 + b"\xff\xf0", b""),
    Case(b"\xff\xfa\xff\xf0\xff\xf0\xff\xfa\x1f\xff\xf0", b""),
    Case(b"\xff\xfa\x18\x00\x1b[2J\xff\xf0", b""),
    Case(b"\xff\xf0\xff\x00\xff\xf1\xff\xf9\xff\xef\xff\xec"[:10], b""),
    Case(b"\0" * 100_000, b""),
    Case(b"x" * 300_000, b"\r\nThat is too much before a login. Goodbye.\r\n", closed=True),
    Case(b"x" * 300 + b"\r\n", b"That line is too long: 256 characters are taken.\r\nlogin: "),
    Case(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"login: " * 3),  # a TLS client
    Case(b"GET / HTTP/1.0\r\n\r\n", b"Password: Login incorrect.\r\nlogin: "),
    Case(b"\xc3\x28\xff\xff\r\nx\r\n", b"Password: Login incorrect.\r\nlogin: "),
    Case(b"-froot\r\nx\r\n", b"Password: Login incorrect.\r\nlogin: "),
    Case(b"ann\x1b[31m'; --\r\nx\r\n", b"Password: Login incorrect.\r\nlogin: "),
    Case(b"\r\n" * 13, b"login: " * 11 + b"Goodbye.\r\n", closed=True),
    Case(b"\x04", b"Goodbye.\r\n", closed=True),
    Case(b"\xff\xec", b"Goodbye.\r\n", closed=True),
    # -- options that have much to say ------------------------------------------------------------
    Case(b"\xff\xfb\x1f" + b"".join(b"\xff\xfa\x1f%b\xff\xf0" % size for size in (
        b"\0\0\0\0", b"\xff\xff" * 4, b"\0\1\xff\xff\xff\xff", b"\0\0\xff\xff\xff\xff",
    ) * 500), b""),
    Case(b"\xff\xfb\x27\xff\xfa\x27\0\0USER\1-f root\3LANG\1\x1b[2J\3LD_PRELOAD\1/x\xff\xf0",
         b"\xff\xfa\x27\1\0USER\3LC_ALL\3LC_CTYPE\3LANG\xff\xf0"),
    Case(b"\xff\xfb\x27" + b"\xff\xfa\x27\0" + b"\0\2\1\1\2" * 500 + b"\xff\xf0",
         b"\xff\xfa\x27\1\0USER\3LC_ALL\3LC_CTYPE\3LANG\xff\xf0"),
    Case(b"\xff\xfb\x27\xff\xfa\x27\0" + b"\3" * 5000, b"\xff\xfa\x27\1\0USER\3LC_ALL\3LC_CTYPE"
         b"\3LANG\xff\xf0" + NO_WAY, closed=True),
    Case(b"\xff\xfb\x22" + b"\xff\xfa\x22\x03" + b"\x01\x03\x00" * 1000 + b"\xff\xf0",
         b"\xff\xfd\x22"),
    Case(b"\xff\xfb\x22" + b"\xff\xfa\x22\x03\x01\x03\x00\xff\xf0" * 200,
         b"\xff\xfd\x22" + b"\xff\xfa\x22\x03\x01\x00\x00\xff\xf0" * 99),
    Case(b"\xff\xfb\x22" + b"\xff\xfa\x22\x01\x03\xff\xf0" * 200,
         b"\xff\xfd\x22" + b"\xff\xfa\x22\x01\x00\xff\xf0" * 99),
    Case(b"\xff\xfb\x22\xff\xfa\x22\xff\xff\xff\xf0\xff\xfa\x22\xff\xf0", b"\xff\xfd\x22"),
    # -- after it ------------------------------------------------------------------------------
    Case(b"x" * 5000 + b"\r\npwd\r\n", TOO_LONG + PROMPT + b"/\r\n" + PROMPT, entered=True),
    Case(b"pw\0d\r\0", b"/\r\n" + PROMPT, entered=True),
    Case(b"\x1b[2J\x1b]0;x\x07pwd\r\n", NONE % b"0;xpwd" + PROMPT, entered=True),
    Case(b"ls \x1b[31mnone\r\n", b"There is no such file or directory.\r\n" + PROMPT, entered=True),
    Case(b"fr\xc2\x9b31mob\r\n", NONE % b"fr31mob" + PROMPT, entered=True),
    Case("\u202efrob\r\n".encode(), NONE % b"<U+202E>frob" + PROMPT, entered=True),
    Case(b"cat ../../../../etc/passwd\r\n",
         b"../../../../etc/passwd: There is no such file or directory.\r\n" + PROMPT, entered=True),
    Case("cat \u202egpj.exe\r\n".encode(),
         b"<U+202E>gpj.exe: There is no such file or directory.\r\n" + PROMPT, entered=True),
    Case("mail list \u2066x\r\n".encode(), b"There is no such folder or group.\r\n" + PROMPT,
         entered=True),
    Case(b"news list " + b"../" * 1000 + b"\r\n", b"There is no such folder or group.\r\n" + PROMPT,
         entered=True),
    Case(b"cd " + b"a/" * 1000 + b"\r\n", b"There is no such file or directory.\r\n" + PROMPT,
         entered=True),
    Case(b"help \x9b\r\n", NONE % b"?" + PROMPT, entered=True),
    Case(b"'" * 4001 + b"\r\n",
         b"A quotation mark or a backslash has nothing behind it.\r\n" + PROMPT, entered=True),
    Case((b"x" * 5000 + b"\r\n") * 30,
         (TOO_LONG + PROMPT) * 19 + TOO_LONG
         + b"That was too much that cannot be understood. Goodbye.\r\n", entered=True, closed=True),
    Case(b"\xff\xfa\x18" + b"x" * 5000, NO_WAY, entered=True, closed=True),
    Case(b"\xff\xfd\x63" * 200 + b"pwd\r\n", b"\xff\xfc\x63" * 64 + b"/\r\n" + PROMPT,
         entered=True),
]
# fmt: on


#: What conversations consist of, and cuts fall between.
_PARTS = st.lists(
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b"\xff", b"\xff\xfa", b"\xff\xf0", b"\xff\xff", b"\r", b"\n", b"\0", b"\x03",
             b"\x1b[A", b"\x04", b"\t", b"\x7f", b"ls\r\n", "ü".encode(), b"\xff\xf4", b"\xff\xf2"]
        ),
        st.builds(
            lambda verb, option: bytes([255, verb, option]),
            st.integers(251, 254),
            st.sampled_from([0, 1, 3, 5, 6, 24, 25, 31, 33, 34, 39, 42, 99]),
        ),
        st.builds(
            lambda option, octets: bytes([255, 250, option]) + escape(octets) + b"\xff\xf0",
            st.sampled_from([5, 24, 31, 33, 34, 39, 42, 99]),
            st.one_of(st.binary(max_size=8), st.lists(st.integers(0, 4)).map(bytes)),
        ),
    ),
    max_size=40,
)  # fmt: skip


class Dialogs(TestCase):
    """Both dialogs without a network: nothing that is said raises what is not its own error."""

    @given(_PARTS, st.booleans())
    def test_server(self, parts: list[bytes], lets_edit: bool) -> None:
        """The server's, at every turn there is; what it says is no longer than it may be."""
        dialog = ServerDialog(lets_edit=lets_edit)
        dialog.send(Greet())
        asked: list[ServerSaid] = [
            ReadLine("> ", completes=True), ReadKey("--More--"), ReadLine("? ", visible=False)
        ]  # fmt: skip
        turns = cycle(asked)
        for part in parts:
            dialog.receive(part)
            if dialog.state is State.OURS:
                dialog.send(next(turns))
            said = 0
            while not isinstance(event := dialog.next_event(), Need):
                said += len(event.octets) if isinstance(event, Echo) else 0
                if isinstance(event, Complete):
                    dialog.send(Completion("x", ("y",)))
                elif dialog.state is State.OURS:
                    dialog.send(next(turns))
            self.assertLess(said, 20_000)

    @given(_PARTS)
    def test_client(self, parts: list[bytes]) -> None:
        """The client's; what it answers is in proportion to what it hears."""
        dialog = ClientDialog()
        heard = said = 0
        for part in parts:
            dialog.receive(part)
            heard += len(part)
            while not isinstance(event := dialog.next_event(), Need):
                said += len(event.octets) if isinstance(event, Echo) else 0
        self.assertLess(said, 400 + 60 * heard)


class Hostile(TestCase):
    """The table."""

    async def answered(self, case: Case, pieces: list[bytes]) -> tuple[bytes, bool]:
        """Give what is answered, and whether the server has closed."""
        world = await World().fill()
        terminal = world.connect()
        if case.entered:
            terminal.say(LOGIN)
        terminal.heard()
        for piece in pieces:
            terminal.say(piece)
        answer = terminal.heard(), terminal.closed
        self.assertIn(b"Welcome", self.served(world))
        return answer

    def served(self, world: World) -> bytes:
        """Give what the next client hears."""
        world.clock.advance(61)
        terminal = world.connect()
        terminal.say(LOGIN)
        return terminal.heard()

    async def test_table(self) -> None:
        """Each is answered so and not otherwise, in one piece and in many."""
        for case in CASES:
            size = len(case.said)
            for step in {size, max(1, size // 7), 1 if size < 2000 else size}:
                pieces = [case.said[i : i + step] for i in range(0, size, step)]
                with self.subTest(said=case.said[:40], step=step):
                    answer, closed = await self.answered(case, pieces)
                    self.assertEqual((case.answer, case.closed), (answer, closed))
        self.assertEqual([], self.flushLoggedErrors())

    async def test_every_octet_after_iac(self) -> None:
        """No octet after IAC ends a session, alone or with any other behind it."""
        world = await World().fill()
        terminal = world.connect()
        for code in range(236):
            terminal.say(bytes([255, code]))
        terminal.say(b"".join(bytes([255, 254, option]) for option in range(256)))
        terminal.heard()
        terminal.say(LOGIN)
        self.assertIn(b"Welcome", terminal.heard())

    async def test_echo_is_bounded(self) -> None:
        """What is echoed of a line is some times the line at most, and never of another mind."""
        world = await World().fill()
        terminal = world.enter(CHARACTERS)
        terminal.say(b"\x1b[A" * 1000 + b"\x7f" * 1000 + b"\x15" * 1000)
        self.assertLess(len(terminal.heard()), 20_000)
        terminal.say(b"y" * 100_000)
        self.assertEqual(4097, len(terminal.heard()))
