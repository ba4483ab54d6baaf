"""A session as the shell uses it: completion, notices, what is known of the terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from netsuite.telnet.dialog.server import Completion, Key, ReadKey, ReadLine
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.editing import Line
from netsuite.telnet.server import session
from netsuite.telnet.server.session import Session
from netsuite.telnet.shell.terminal import Interrupted
from netsuite.testing.cases import SynchronousTestCase
from tests.telnet.worlds import CHARACTERS, Terminal, World

SIZE = b"\xff\xfb\x1f\xff\xfa\x1f\0\x14\0\x18\xff\xf0"  # 20 by 24


class Sessions(SynchronousTestCase):
    """A shell of the test's own."""

    def run_shell(self, shell: Callable[[Session], Awaitable[None]]) -> Terminal:
        """Return a terminal on which something runs in place of the shell."""

        async def run(connection: Session, shared: Any) -> None:
            await shell(connection)

        self.patch(session, "run_shell", run)
        terminal = World().connect()
        terminal.say(CHARACTERS + SIZE)
        terminal.heard()
        return terminal

    def completing(
        self, complete: Callable[[str, str], Awaitable[Completion]]
    ) -> tuple[Terminal, list[Any]]:
        """Return a terminal whose lines are completed, and what they came to."""
        came: list[Any] = []

        async def shell(connection: Session) -> None:
            while True:
                try:
                    came.append(await connection.read_line(ReadLine("> "), complete))
                except Interrupted:
                    came.append("interrupted")

        terminal = self.run_shell(shell)
        terminal.heard()
        terminal.say(b"\x15")
        return terminal, came

    def test_completion(self) -> None:
        """TAB asks with what stands around the cursor; what it gives goes in, or is shown."""
        asked: list[tuple[str, str]] = []
        answers = [
            Completion("tes.txt "), Completion("", ("one", "two\x1b", "three")), Completion(),
        ]  # fmt: skip

        async def complete(before: str, behind: str) -> Completion:
            asked.append((before, behind))
            return answers.pop(0)

        terminal, came = self.completing(complete)
        terminal.say(b"cat no\t")
        self.assertEqual(b"cat notes.txt ", terminal.heard())
        terminal.say(b"\x1b[D\t")
        self.assertEqual(b"\b\r\none    two^[  three\r\n> cat notes.txt \b", terminal.heard())
        terminal.say(b"\t")
        self.assertEqual(b"\a", terminal.heard())
        terminal.say(b"\r")
        self.assertEqual([("cat no", ""), ("cat notes.txt", " "), ("cat notes.txt", " ")], asked)
        self.assertEqual([Line("cat notes.txt ")], came)

    def test_completion_that_waits(self) -> None:
        """What is typed meanwhile waits for it; an interrupt and a hangup cancel it."""
        waiting: list[Deferred[Completion]] = []
        cancelled: list[str] = []

        async def complete(before: str, behind: str) -> Completion:
            waiting.append(Deferred())
            try:
                return await waiting[-1]
            except CancelledError:
                cancelled.append(before)
                raise

        terminal, came = self.completing(complete)
        terminal.say(b"a\tc\r")
        self.assertEqual(b"a", terminal.heard())
        waiting[0].callback(Completion("b"))
        self.assertEqual([Line("abc")], came)
        terminal.say(b"x\ty\x03z\r")
        self.assertEqual(([Line("abc"), "interrupted", Line("z")], ["x"]), (came, cancelled))
        terminal.say(b"w\t")
        terminal.connection.notice("Word.")
        terminal.connection.hang_up()
        self.assertEqual(["x", "w"], cancelled)

    def test_completion_that_fails(self) -> None:
        """What it raises is logged; the bell rings, and the line goes on."""

        async def complete(before: str, behind: str) -> Completion:
            raise RuntimeError("broken")

        terminal, came = self.completing(complete)
        terminal.say(b"a\tb\r")
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))
        self.assertIn(b"\a", terminal.heard())
        self.assertEqual([Line("ab")], came)

    def test_notices(self) -> None:
        """A notice comes at once, above the line or the prompt for a key that is awaited."""

        async def shell(connection: Session) -> None:
            await connection.read_line(ReadLine("> ", text="edit me"))
            await connection.read_key(ReadKey("--More--"))
            await connection.wait(Deferred())

        terminal = self.run_shell(shell)
        terminal.say(b"ab")
        terminal.heard()
        terminal.connection.notice("You have \x07 mail.")
        self.assertEqual(b"\r    \rYou have ^G mail.\r\n> ab", terminal.heard())
        terminal.say(b"\r")
        terminal.heard()
        terminal.connection.notice("more\n")
        self.assertEqual(b"\r        \rmore\r\n--More--", terminal.heard())
        terminal.say(b" ")
        terminal.heard()
        terminal.connection.notice("at work")
        self.assertEqual(b"at work\r\n", terminal.heard())

    def test_prefilled(self) -> None:
        """A line may hold something to be edited, where we edit it."""
        came: list[object] = []

        async def shell(connection: Session) -> None:
            came.append(await connection.read_key(ReadKey("?")))
            came.append(await connection.read_line(ReadLine("> ", text="edit me")))

        terminal = self.run_shell(shell)
        terminal.say(b"k\x7f\x7f it\r")
        self.assertEqual([Key("k"), Line("edit  it")], came)
        self.assertIn(b"> edit me", terminal.heard())

    def test_terminal(self) -> None:
        """Type, colours and the wished name are the client's word."""

        async def shell(connection: Session) -> None:
            await connection.wait(Deferred())

        terminal = self.run_shell(shell)
        connection = terminal.connection
        self.assertEqual(("", "", False), (
            connection.terminal_type, connection.wished_name, connection.colour
        ))  # fmt: skip
        terminal.say(b"\xff\xfb\x18\xff\xfa\x18\0XTERM\xff\xf0")
        terminal.say(b"\xff\xfb\x27\xff\xfa\x27\0\0USER\1ann\xff\xf0")
        self.assertEqual(("XTERM", "ann", True), (
            connection.terminal_type, connection.wished_name, connection.colour
        ))  # fmt: skip
        terminal.heard()
        connection.print("x", Style.TITLE)
        self.assertEqual(b"\x1b[1mx\x1b[0m", terminal.heard())
        connection.use_colour(False)
        self.assertFalse(connection.colour)
