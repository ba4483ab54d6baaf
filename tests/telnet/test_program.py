"""A program in place of the shell: on a real terminal, with real processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.trial.unittest import TestCase

from netsuite.telnet.dialog.server import Farewell, HandOver, Input, Output, Print
from netsuite.telnet.server.program import Program, terminal_name
from netsuite.telnet.settings import Settings
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError
from tests.telnet.test_dialog import ECHO, Conversation

#: Who a program may be where the tests are run by root.
USER = "nobody" if os.geteuid() == 0 else ""


class Dialog(SynchronousTestCase):
    """Octets go through as they are."""

    def test_input(self) -> None:
        """Enter is CR, however the client ends a line, and functions are keys, at every cut."""
        octets = b"ls\r\n\r\0\r\rx\n\xff\xff\xff\xf4\xff\xec\xff\xf7\xff\xed\x03"
        expected = b"ls\r\r\r\rx\n\xff\x03\x04\x7f\x1a\x03"
        for cut in range(len(octets) + 1):
            talk = Conversation(ECHO)
            talk.ask(HandOver())
            talk.say(octets[:cut])
            talk.say(octets[cut:])
            self.assertTrue(all(isinstance(each, Input) for each in talk.told))
            self.assertEqual(expected, b"".join(each.octets for each in talk.told))
            self.assertEqual(b"", talk.sent)

    def test_typed_ahead(self) -> None:
        """What was typed before the program was there is its input."""
        talk = Conversation(ECHO)
        talk.say("größe\r\n".encode())
        talk.ask(HandOver())
        self.assertEqual([Input("größe\r".encode())], talk.told)

    def test_output(self) -> None:
        """What it shows is shown, IAC doubled; a CR alone is CR NUL where it is no binary."""
        for first, shown in ((ECHO, b"a\r\nb\r\0c\r\0d\xff\xff\r\n"), (ECHO + b"\xff\xfd\0", b"")):
            talk = Conversation(first)
            talk.ask(HandOver())
            for piece in (b"a\r\nb\rc\r", b"d\xff\r", b"\n"):
                talk.ask(Output(piece))
            self.assertEqual(shown or b"a\r\nb\rc\rd\xff\xff\r\n", talk.sent)

    def test_negotiation_goes_on(self) -> None:
        """Options are answered, sizes told, and last words said."""
        talk = Conversation(ECHO)
        talk.ask(HandOver())
        talk.say(b"\xff\xf6\xff\xfb\x1f\xff\xfa\x1f\0\x28\0\x0a\xff\xf0")
        self.assertIn(b"[Yes]", talk.sent)
        self.assertEqual((40, 10), (talk.told[0].width, talk.told[0].height))
        talk.sent = b""
        talk.ask(Farewell("Bye\n"))
        self.assertEqual(b"\r\nBye\r\n", talk.sent)

    def test_print_is_the_shells(self) -> None:
        """The shell says nothing meanwhile."""
        talk = Conversation(ECHO)
        talk.ask(HandOver())
        with self.assertRaises(LocalProtocolError):
            talk.ask(Print("x"))


class Running(TestCase):
    """Programs that run."""

    timeout = 20

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.shown = b""
        self.waiting: list[tuple[bytes, Deferred[None]]] = []
        self.hold: Deferred[None] | None = None
        self.program = Program(IReactorProcess(reactor), IReactorTime(reactor), self.show)
        self.addCleanup(self.program.hang_up)

    def show(self, octets: bytes) -> Deferred[None] | None:
        """Remember what is shown, and tell who waits for it."""
        self.shown += octets
        for each in [each for each in self.waiting if each[0] in self.shown]:
            self.waiting.remove(each)
            each[1].callback(None)
        return self.hold

    def until(self, marker: bytes) -> Deferred[None]:
        """Wait until something is shown."""
        seen: Deferred[None] = Deferred()
        if marker in self.shown:
            seen.callback(None)
        else:
            self.waiting.append((marker, seen))
        return seen

    def start(self, *command: str, **told: Any) -> None:
        """Start a program."""
        self.program.start(
            list(command),
            **{
                "account": "ann", "term": "XTERM", "window": (40, 10), "peer": "192.0.2.1",
                "user": USER, **told,
            },
        )  # fmt: skip

    async def test_terminal(self) -> None:
        """It has a terminal of its own, of the window's size, and an environment that is clean."""
        os.environ["SECRET"] = "kept"
        self.addCleanup(os.environ.pop, "SECRET")
        self.start("/bin/sh", "-c", "tty; stty size; env; read x; stty size; exit 3")
        await self.until(b"10 40\r\n")
        await self.until(b"NETSUITE_ACCOUNT=ann\r\n")
        self.program.resize((100, 50))
        await self.program.write(b"\r")
        await self.program.run()
        self.assertIn(b"/dev/pts/", self.shown)
        self.assertIn(b"\r\n50 100\r\n", self.shown)
        self.assertIn(b"TERM=xterm\r\n", self.shown)
        self.assertNotIn(b"SECRET", self.shown)

    async def test_signals(self) -> None:
        """^C is a signal to it."""
        self.start(
            "/bin/sh",
            "-c",
            "trap 'echo caught; exit' INT; echo begun; while :; do sleep 0.05; done",
        )
        await self.until(b"begun")
        await self.program.write(b"\x03")
        await self.program.run()
        self.assertIn(b"caught", self.shown)

    async def test_hangup(self) -> None:
        """Who is gone leaves nothing behind: a hangup ends it, and if it stays it is killed."""
        from netsuite.telnet.server import program

        self.patch(program, "HANGUP_SECONDS", 0.2)
        for trap in ("", "trap '' HUP;"):
            self.setUp()
            self.start("/bin/sh", "-c", f"{trap} echo begun; while :; do sleep 0.05; done")
            await self.until(b"begun")
            self.program.hang_up()
            await self.program.run()

    async def test_left_behind(self) -> None:
        """What a program leaves running does not keep the session."""
        from netsuite.telnet.server import program

        self.patch(program, "LEFT_OVER_SECONDS", 0.1)
        self.start("/bin/sh", "-c", "trap '' HUP; sleep 5 & echo done")
        await self.program.run()
        self.assertIn(b"done", self.shown)

    async def test_pace(self) -> None:
        """A user whose terminal takes no more makes it wait."""
        self.hold = Deferred()
        self.start("/bin/sh", "-c", "yes | head -c 1000000; echo over")
        await self.until(b"y")
        before = len(self.shown)
        self.assertLess(before, 200_000)
        hold, self.hold = self.hold, None
        hold.callback(None)
        await self.program.run()
        self.assertIn(b"over", self.shown)

    async def test_input_pace(self) -> None:
        """A program that reads nothing makes who types wait."""
        self.start("/bin/sh", "-c", "stty raw -echo; echo begun; exec sleep 60")
        await self.until(b"begun")
        typing = None
        for _ in range(50):
            typing = ensureDeferred(self.program.write(b"x" * 65536))
            if not typing.called:
                break
        assert typing is not None
        self.assertFalse(typing.called)
        self.program.hang_up()
        await self.program.run()
        await typing

    async def test_never_root(self) -> None:
        """Nothing is run as root, whatever the settings said when they were read."""
        with self.assertRaises(PermissionError):
            self.start("/bin/sh", user="root")
        if os.geteuid() == 0:
            with self.assertRaises(PermissionError):
                self.start("/bin/sh", user="")

    async def test_cannot_start(self) -> None:
        """A program that is not there ends at once."""
        self.start("/nonexistent/program")
        await self.program.run()
        self.flushLoggedErrors()


@pytest.mark.parametrize(
    ("told", "name"),
    [("XTERM-256COLOR", "xterm-256color"), ("", "dumb"), ("../x", "dumb"), ("a/b", "dumb"),
     ("x" * 41, "dumb"), ("MTTS 1", "dumb"), ("-f", "dumb"), ("a..b", "dumb")],
)  # fmt: skip
def test_terminal_names(told: str, name: str) -> None:
    """A name is taken if it can be that of a terminal's description."""
    assert terminal_name(told) == name


def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be run, or would be root's, is refused when the settings are read."""
    plain = tmp_path / "plain"
    plain.write_text("")
    for euid, program, user, wrong in (
        (1000, sys.executable, "", ""),
        (0, sys.executable, "", "would run as root"),
        (0, sys.executable, "root", "is root"),
        (0, sys.executable, "nobody", ""),
        (1000, sys.executable, "nobody", "by root alone"),
        (0, sys.executable, "no-such-user", "is no user of this system"),
        (1000, "python3", "", "path from the root on"),
        (1000, str(plain), "", "none that can be run"),
        (1000, str(tmp_path), "", "none that can be run"),
    ):
        monkeypatch.setattr(os, "geteuid", lambda euid=euid: euid)
        if wrong:
            with pytest.raises(ValidationError, match=wrong):
                Settings(program=[program], program_user=user)
        else:
            assert Settings(program=[program], program_user=user).program == [program]
    assert Settings().program == []
