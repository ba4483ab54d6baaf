"""The shell with what others have made to do harm: their letters, articles, files and words."""

from __future__ import annotations

from netsuite.telnet.sanitize import sanitized
from netsuite.testing.cases import TestCase
from tests.telnet.test_shell_mail import MailWorld
from tests.telnet.worlds import CHARACTERS, Terminal

#: Escapes, C1, overrides of direction, what is invisible, carriage returns.
EVIL = "\x1b]0;x\x07\x9b31m\u202e\u2066\u200b\r\x0c\x08".encode()
WORD = b"=?utf-8?b?G10wO3gHwpszMW3igK4KDUJjYzog?="
LETTER = (
    b"From: %(word)s <bob@example.test>\r\nTo: %(evil)s\r\nCc: %(evil)s <x@y.test>\r\n"
    b"Reply-To: %(word)s <bob@example.test>\r\nSubject: %(word)s %(evil)s\r\n"
    b"Message-ID: <%(evil)s@x.test>\r\nReferences: %(evil)s <1@x.test>\r\nDate: %(evil)s\r\n"
    b"Newsgroups: example.talk,%(evil)s\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
    b"--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%(evil)s\r\n"
    b'--m\r\nContent-Type: application/%(evil)s; name="%(word)s%(evil)s"\r\n\r\nx\r\n--m--\r\n'
) % {b"evil": EVIL, b"word": WORD}

COMMANDS = (
    b"mail", b"mail 3", b"mail parts 3", b"mail part 3 2", b"mail save 3 saved", b"ls",
    b"cat saved", b"mail search x", b"mail", b"mail reply 3\r\n\r\n\r\n\r\nhi\r\n~p\r\n.",
    b"mail reply-all 3\r\n\r\n\r\n\r\nhi\r\n~p\r\n.", b"mail forward 3 bob\r\n\r\n\r\n\r\n.",
    b"mail list Sent", b"mail 1", b"mail 2", b"news list example.talk", b"news 3",
    b"news follow 3\r\n\r\nhi\r\n~p\r\n.", b"news next", b"news search x", b"find w", b"cat wild*",
    b"mail list Nowhere\xe2\x80\xae", b"finger \xe2\x80\xae", b"write \xe2\x80\xae x",
    b"help \xe2\x80\xae", b"mail move 3 \xe2\x80\xae", b"mail write \xe2\x80\xae", b"\xe2\x80\xae",
    b"get *", b"cp wild* wild*", b"mv \xe2\x80\xae x", b"rm \xe2\x80\xae",
    b"mkdir wild\xe2\x80\xae", b"cd wild*", b"who",
)  # fmt: skip


class Hostile(TestCase):
    """Whatever it is, terminals only show it."""

    async def world(self) -> tuple[MailWorld, Terminal]:
        """Give a world full of it, and ann's terminal, which shows UTF-8."""
        world = MailWorld()
        await world.fill()
        await world.put_for_ann(LETTER)
        group = await world.store.mail.folder(None, "example.talk")
        await world.put(group.id, LETTER)
        home = await world.homes.home("ann")
        await world.write(home, ("wild\u202e\u200bname",), EVIL)
        terminal = world.enter()
        terminal.ask(b"set charset utf-8")
        return world, terminal

    async def test_every_command(self) -> None:
        """Nothing that anybody wrote acts on a terminal, and no command breaks on it."""
        _, terminal = await self.world()
        for line in COMMANDS:
            terminal.say(line + b"\r\n")
            heard = terminal.heard().decode()
            acting = [each for each in heard if each not in "\r\n" and sanitized(each) != each]
            self.assertEqual([], acting, line)
            self.assertNotIn("\r", heard.replace("\r\n", ""), line)
            self.assertNotIn("Something went wrong", heard, line)
            self.assertTrue(heard.endswith("> "), (line, heard))
        self.assertEqual([], self.flushLoggedErrors())

    async def test_completed(self) -> None:
        """Nor does what TAB shows."""
        _, terminal = await self.world()
        other = MailWorld()
        await other.fill()
        home = await other.homes.home("ann")
        for end in ("\u202e", "\u2066", "\u200b"):
            await other.write(home, (f"wild{end}",), b"")
        terminal = other.enter(CHARACTERS)
        terminal.say(b"set charset utf-8\r\0cat wi\t\t")
        heard = terminal.heard().decode()
        self.assertEqual([], [each for each in heard if each in "\u202e\u2066\u200b"])
        self.assertIn("wild<U+202E>", heard)

    async def test_flood(self) -> None:
        """A terminal that takes nothing is not written to by others, nor told of mail, without
        end."""
        world, ann = await self.world()
        bob = world.enter(name=b"bob")
        bob.transport.full_at = 1000
        for _ in range(100):
            ann.say(b"write bob " + b"x" * 390 + b"\r\n")
        self.assertIn(b"bob has gone, or reads nothing.", ann.heard())
        self.assertLess(len(bob.heard()), 3000)
        bob.transport.drain()
        bob.transport.full_at = None
        self.assertNotIn(b"reads nothing", ann.ask(b"write bob again"))
        self.assertIn(b"again", bob.heard())

    async def test_large(self) -> None:
        """A letter of one long line, and one of very many, are read and answered."""
        for body in (b"x" * 900_000 + b"\r\n", b"x\r\n" * 300_000):
            world = MailWorld()
            await world.fill()
            await world.put_for_ann(b"From: bob@example.test\r\nSubject: large\r\n\r\n" + body)
            terminal = world.enter(CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0")
            terminal.say(b"mail 3\r\0")
            self.assertTrue(terminal.heard().endswith(b"--More--"))
            terminal.say(b"qmail reply 3\r\0\r\0\r\0\r\0short\r\0.\r\0")
            self.assertIn(b"Sent to bob@example.test.", terminal.heard())
