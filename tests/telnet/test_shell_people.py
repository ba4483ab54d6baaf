"""The shell's people, as its users see it: words to each other, preferences, administration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from netsuite.accounts.interfaces import OpenSession
from netsuite.store.errors import NotPermitted
from netsuite.store.model import Account, Usage
from netsuite.store.outgoing import QueueCount, QueueItem
from netsuite.testing.cases import TestCase
from tests.telnet.worlds import CHARACTERS, NOW, World

XTERM = b"\xff\xfb\x18\xff\xfa\x18\0xterm\xff\xf0"


class People(TestCase):
    """Words to others, and what is known of them."""

    async def test_write(self) -> None:
        """A line is shown at once, with who says it; nothing in it acts on a terminal."""
        world = await World().fill()
        ann, bob = world.enter(CHARACTERS), world.enter(CHARACTERS, name=b"bob")
        bob.say(b"half")
        bob.heard()
        ann.say("write BOB Tea? \u202e\r\0".encode())
        heard = bob.heard()
        self.assertIn(b"12:00 ann: Tea? ", heard)
        self.assertNotIn("\u202e".encode(), heard)
        self.assertTrue(heard.endswith(b"bob:/> half"), heard)

    async def test_conversation(self) -> None:
        """Without a text, line by line, until a dot."""
        world = await World().fill()
        ann, bob = world.enter(), world.enter(name=b"bob")
        ann.say(b"write bob\r\none\r\n\r\ntwo\r\n.\r\n")
        self.assertTrue(ann.heard().endswith(b"ann:/> "))
        self.assertEqual([1, 1], [bob.heard().count(b"ann: one"), 1])
        ann.say(b"write bob\r\nthree\r\n")
        bob.say(b"quit\r\n")
        ann.say(b"four\r\n")
        self.assertIn(b"bob has gone, or reads nothing.\r\n", ann.heard())

    async def test_not_wanted(self) -> None:
        """Who is not here, or does not want it, is not written to."""
        world = await World().fill()
        ann = world.enter()
        refusal = b"bob is not here, or does not want to be written to.\r\n"
        self.assertEqual(refusal, ann.ask(b"write bob hello"))
        bob = world.enter(name=b"bob")
        self.assertEqual(b"Others may not write to you here.\r\n", bob.ask(b"mesg n"))
        self.assertEqual(refusal, ann.ask(b"write bob hello"))
        self.assertIn(b"not to be written to", ann.ask(b"finger bob"))
        self.assertEqual(b"Others may write to you here.\r\n", bob.ask(b"mesg y"))
        self.assertEqual(b"", ann.ask(b"write bob hello"))
        self.assertIn(b"usage: mesg", bob.ask(b"mesg perhaps"))

    async def test_finger(self) -> None:
        """Name, address, and whether they are here."""
        world = await World().fill()
        ann = world.enter()
        self.assertEqual(b"bob: - <bob@example.test>\r\n  not here\r\n", ann.ask(b"finger BOB"))
        self.assertIn(b"  here since 2026-03-01 12:00\r\n", ann.ask(b"finger"))
        self.assertEqual(b"There is nobody of that name here.\r\n", ann.ask(b"finger nobody"))

    async def test_narrow(self) -> None:
        """Who is here fits into 40 columns and into 20."""
        world = await World().fill()
        for columns in (20, 40):
            terminal = world.enter(
                CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0%c\0\xc8\xff\xf0" % columns
            )
            terminal.say(b"who\r\0")
            rows = terminal.heard().split(b"\r\n")[1:-1]
            self.assertTrue(rows and all(len(row) < columns for row in rows), rows)


class Preferences(TestCase):
    """What the terminal is taken for."""

    async def test_shown(self) -> None:
        """All that is known of the terminal."""
        world = await World().fill()
        terminal = world.enter(CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0" + XTERM)
        terminal.say(b"set\r\0")
        heard = terminal.heard()
        for line in (b"columns   80 (as the client says)", b"rows      24", b"pager     on",
                     b"colour    on", b"terminal  XTERM"):  # fmt: skip
            self.assertIn(line.lower(), heard.lower())

    async def test_colour(self) -> None:
        """Directories and new mail are set off where there are colours, unless that is not
        wanted."""
        world = await World().fill()
        terminal = world.enter(CHARACTERS + XTERM)
        for line in (b"mail\r\0", b"ls\r\0"):
            terminal.say(line)
            self.assertIn(b"\x1b[1;3", terminal.heard())
        terminal.say(b"set colour off\r\0mail\r\0ls\r\0")
        self.assertNotIn(b"\x1b[1;3", terminal.heard())
        plain = world.enter()
        self.assertNotIn(b"\x1b", plain.ask(b"mail") + plain.ask(b"ls"))

    async def test_size(self) -> None:
        """What the user says of the window counts."""
        world = await World().fill()
        terminal = world.enter()
        self.assertIn(b"(nobody has said)", terminal.ask(b"set"))
        self.assertEqual(b"", terminal.ask(b"set COLUMNS 20"))
        self.assertTrue(all(len(row) < 20 for row in terminal.ask(b"mail").splitlines()))
        terminal.ask(b"set rows 5")
        terminal.say(b"cat notes.txt\r\n")
        self.assertIn(b"line 4\r\n--More--", terminal.heard())
        terminal.say(b"q\r\n")
        terminal.heard()
        terminal.ask(b"set pager off")
        self.assertIn(b"line 30", terminal.ask(b"cat notes.txt"))
        terminal.ask(b"set columns auto")
        self.assertIn(b"columns   80", terminal.ask(b"set"))

    async def test_charset(self) -> None:
        """Said by the user, whatever was agreed on."""
        world = await World().fill()
        terminal = world.enter()
        self.assertIn(b"Gr??e", terminal.ask(b"cat /site/welcome.txt"))
        terminal.ask(b"set charset utf-8")
        self.assertIn("Grüße".encode(), terminal.ask(b"cat /site/welcome.txt"))
        terminal.ask(b"set charset us-ascii")
        self.assertIn(b"Gr??e", terminal.ask(b"cat /site/welcome.txt"))

    async def test_wrong(self) -> None:
        """What cannot be is told so."""
        world = await World().fill()
        terminal = world.enter()
        for words in (b"columns 5", b"columns 99999", b"rows x", b"colour blue", b"x y", b"pager",
                      b"charset latin-1", b"columns \xc2\xb2"):  # fmt: skip
            self.assertEqual(b"usage: set [NAME VALUE]\r\n", terminal.ask(b"set " + words), words)


class FakeDesk:
    """What a daemon gives administrators."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.kicked: list[str] = []
        self.permitted = True

    async def accounts(
        self, containing: str = "", *, after: str = "", limit: int
    ) -> Sequence[tuple[Account, Usage]]:
        """Return the accounts."""
        if not self.permitted:
            raise NotPermitted("bob")
        store = self._world.store
        found = await store.accounts.accounts(containing=containing, after=after, limit=limit)
        return [(each, await store.mail.usage(each.id)) for each in found]

    async def queue(self, *, limit: int) -> tuple[QueueCount, Sequence[QueueItem]]:
        """Return what waits."""
        queue = self._world.store.queue
        return await queue.count(), await queue.items(limit=limit)

    async def sessions(self, find: str = "") -> Sequence[OpenSession]:
        """Return two sessions."""
        both = [
            OpenSession("imap-1", "imap", "ann", "192.0.2.1", "Fetch\x1b[2J", 90_000.0, 3.0),
            OpenSession("smtp-2", "smtp", "", "", "", 5.0, 5.0),
        ]
        return [each for each in both if not find or find == each.account]

    async def kick(self, name: str) -> int:
        """Note whom."""
        self.kicked.append(name)
        return int(name == "imap-1")


class Administrators(TestCase):
    """What they see and do."""

    async def world(self) -> tuple[World, FakeDesk]:
        """Give a world in which bob is one."""
        world = await World().fill()
        world.desk = desk = FakeDesk(world)
        return world, desk

    async def test_commands(self) -> None:
        """Accounts, sessions, the queue; a session is ended by its name."""
        world, desk = await self.world()
        world.enter().say(b"mail write cy@elsewhere.test\r\n\r\n\r\nx\r\ny\r\n.\r\n")
        bob = world.enter(name=b"bob")
        accounts = bob.ask(b"accounts")
        self.assertEqual([b"ann", b"bob"], [row.split()[0] for row in accounts.splitlines()])
        self.assertEqual(1, bob.ask(b"accounts an").count(b"\r\n"))
        sessions = bob.ask(b"sessions")
        self.assertIn(b"192.0.2.1", sessions)
        self.assertIn(b"1d 1h Fetch^[[2J\r\n", sessions)
        self.assertEqual(1, bob.ask(b"sessions ann").count(b"\r\n"))
        self.assertEqual(b"There are none.\r\n", bob.ask(b"sessions nobody"))
        self.assertIn(b"ann@example.test > cy@elsewhere.test", bob.ask(b"queue"))
        self.assertEqual(b"It is ended.\r\n", bob.ask(b"kick imap-1"))
        self.assertIn(b"There is no session x;", bob.ask(b"kick x"))
        self.assertEqual(["imap-1", "x"], desk.kicked)

    async def test_nobody_else(self) -> None:
        """Others are not shown the commands, and cannot use them; nor who was one before."""
        world, desk = await self.world()
        ann, bob = world.enter(), world.enter(name=b"bob")
        self.assertNotIn(b"kick", ann.ask(b"help"))
        self.assertIn(b"kick", bob.ask(b"help"))
        for line in (b"accounts", b"queue", b"sessions", b"kick imap-1"):
            self.assertEqual(b"That is for administrators.\r\n", ann.ask(line))
        self.assertEqual([], desk.kicked)
        desk.permitted = False
        self.assertEqual(b"You may not do that.\r\n", bob.ask(b"accounts"))

    async def test_nothing_waits(self) -> None:
        """An empty queue is said to be so; the time of day is the world's."""
        world, _ = await self.world()
        self.assertEqual(b"Nothing waits.\r\n", world.enter(name=b"bob").ask(b"queue"))
        self.assertEqual(timedelta(0), NOW.utcoffset())
