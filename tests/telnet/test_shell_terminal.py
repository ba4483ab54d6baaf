"""The shell at a terminal: its pager, its prompt, and what TAB completes."""

from __future__ import annotations

from netsuite.store.errors import Busy
from netsuite.testing.cases import TestCase
from tests.telnet.worlds import CHARACTERS, LETTER, Terminal, World

WIPE = b"\r" + b" " * 8 + b"\r"


def window(columns: int, rows: int) -> bytes:
    """Give what a client says of its window."""
    return b"\xff\xfb\x1f\xff\xfa\x1f\0%c\0%c\xff\xf0" % (columns, rows)


class Pager(TestCase):
    """Back, ends, searching."""

    async def paged(self, *keys: bytes, rows: int = 6, lines: int = 30) -> list[list[bytes]]:
        """Give the rows that each key leads to, of so many lines."""
        world = await World().fill()
        home = await world.homes.home("ann")
        await world.write(home, ("long",), b"".join(b"line %d\n" % n for n in range(1, lines + 1)))
        terminal = world.enter(CHARACTERS + window(80, rows))
        terminal.say(b"cat long\r\0")
        shown = [terminal.heard()]
        for key in keys:
            terminal.say(key)
            shown.append(terminal.heard().removeprefix(WIPE))
        return [each.split(b"\r\n") for each in shown]

    def lines(self, first: int, last: int, prompt: bytes = b"--More--") -> list[bytes]:
        """Give rows as they are shown."""
        return [*(b"line %d" % number for number in range(first, last + 1)), prompt]

    async def test_back(self) -> None:
        """b shows the screen before, and at the beginning that."""
        _, on, back, more, first = await self.paged(b" ", b"b", b" ", b"bbb")
        self.assertEqual(self.lines(6, 10), on)
        self.assertEqual(self.lines(1, 5), back)
        self.assertEqual(self.lines(6, 10), more)
        self.assertTrue(first[-6].endswith(b"\rline 1"), first)

    async def test_ends(self) -> None:
        """G shows the last screen and stays there, g the first one."""
        _, last, nothing, first, end, gone = await self.paged(b"G", b"x", b"g", b"G", b" ")
        self.assertEqual(self.lines(26, 30, b"--End--"), last)
        self.assertEqual([b"\r       \r--End--"], nothing)
        self.assertEqual(self.lines(1, 5), [first[0].rpartition(b"\r")[2], *first[1:]])
        self.assertEqual(self.lines(26, 30, b"--End--"), end)
        self.assertTrue(gone[-1].endswith(b"ann:/> "))

    async def test_search(self) -> None:
        """/ goes to a text in any case, n to the next one; what is not there changes nothing."""
        _, asked, found, following, none = await self.paged(
            b"/", b"LINE 12\r\0", b"n", b"/nowhere\r\0"
        )
        self.assertEqual([b"/"], asked)
        self.assertEqual([b"LINE 12", *self.lines(12, 16)], found)
        self.assertEqual([b"That is not there, from here on.", b"--More--"], following)
        self.assertEqual(b"That is not there, from here on.", none[1])

    async def test_search_on(self) -> None:
        """Each next one is another one."""
        _, _, first, second = await self.paged(b"/", b"9\r\0", b"n")
        self.assertEqual(b"line 9", first[1])
        self.assertEqual(b"line 19", second[0])

    async def test_help(self) -> None:
        """? says what there is; it fits."""
        for columns, least in ((80, b"space: on"), (20, b"b / n g G")):
            world = await World().fill()
            terminal = world.enter(CHARACTERS + window(columns, 6))
            terminal.say(b"cat notes.txt\r\0?")
            rows = terminal.heard().split(b"\r\n")
            self.assertIn(least, b"".join(rows))
            self.assertTrue(all(len(row) < columns + 20 for row in rows[1:]), rows)

    async def test_bounded(self) -> None:
        """Of a very long text the beginning is forgotten; the end is there."""
        *_, last, back, first = await self.paged(b"G", b"b", b"g", lines=60_000)
        self.assertEqual(self.lines(59_996, 60_000, b"--End--"), last)
        self.assertEqual(b"line 59991", back[0].rpartition(b"\r")[2])
        self.assertEqual(b"line 40001", first[0].rpartition(b"\r")[2])

    async def test_interrupted(self) -> None:
        """^C in a search ends it all, and the shell goes on."""
        _, _, end = await self.paged(b"/", b"line\x03")
        self.assertTrue(end[-1].endswith(b"ann:/> "), end)


class Completion(TestCase):
    """What TAB does on a command's line."""

    async def world(self) -> tuple[World, Terminal]:
        """Give a world, and ann's terminal."""
        world = await World().fill()
        return world, world.enter(CHARACTERS)

    async def typed(self, *keys: bytes) -> list[bytes]:
        """Give what is shown for each, on a fresh line."""
        _, terminal = await self.world()
        shown = []
        for each in keys:
            terminal.say(each)
            shown.append(terminal.heard())
            terminal.say(b"\x15")
            terminal.heard()
        return shown

    async def test_commands(self) -> None:
        """Commands, their second words, other names, in whatever case they begin."""
        password, second, nothing, alias = await self.typed(
            b"pass\t", b"mail sea\t", b"xyz\t", b"logo\t"
        )
        self.assertEqual(b"passwd ", password)
        self.assertTrue(second.endswith(b"mail search "), second)
        self.assertEqual(b"xyz\a", nothing)
        self.assertIn(b"logout", alias)

    async def test_what_they_take(self) -> None:
        """Files, directories, folders, groups, accounts."""
        file, directory, folder, group, account, public = await self.typed(
            b"cat no\t", b"cd pu\t", b"mail list Tr\t", b"news list example.t\t", b"write b\t",
            b"cat public/\t",
        )  # fmt: skip
        for shown, whole in [
            (file, b"cat notes.txt "), (directory, b"cd public/"),
            (folder, b"mail list Trash "), (group, b"news list example.talk "),
            (account, b"write bob "), (public, b"cat public/wild.txt "),
        ]:  # fmt: skip
            self.assertTrue(shown.endswith(whole), shown)

    async def test_choices(self) -> None:
        """Where there are several they are shown, and the line stays to be typed on."""
        _, terminal = await self.world()
        terminal.say(b"news list example.\t")
        heard = terminal.heard()
        self.assertIn(b"example.closed", heard)
        self.assertTrue(heard.endswith(b"ann:/> news list example."), heard)
        terminal.say(b"talk\r\0")
        self.assertIn(b"Article 1", terminal.heard())

    async def test_numbers(self) -> None:
        """Numbers of the last list, and behind them what goes on."""
        world, terminal = await self.world()
        home = await world.homes.home("ann")
        await world.write(home, ("my file",), b"")
        terminal.say(b"mail\r\0")
        terminal.heard()
        terminal.say(b"mail move 1 Tra\t")
        self.assertTrue(terminal.heard().endswith(b"Trash "))
        terminal.say(b"\x15mail save 1 'my\t")
        self.assertTrue(terminal.heard().endswith(b"'my file' "))
        terminal.say(b"\x15cat my\t")
        self.assertTrue(terminal.heard().endswith(b"cat my\\ file "))

    async def test_store_refuses(self) -> None:
        """What cannot be looked up completes nothing, and says nothing."""
        world, terminal = await self.world()

        async def busy(*arguments: object) -> None:
            raise Busy("the lock was not free")

        self.patch(world.store.mail, "folders", busy)
        terminal.say(b"mail list Tr\t")
        self.assertEqual(b"mail list Tr\a", terminal.heard())

    async def test_addresses(self) -> None:
        """Accounts, behind a comma too."""
        _, terminal = await self.world()
        terminal.say(b"mail write\r\0x@y.test, b\t")
        self.assertTrue(terminal.heard().endswith(b"x@y.test, bob"))


class Prompt(TestCase):
    """What stands before what is typed."""

    async def test_narrow(self) -> None:
        """In a narrow window it leaves half of it."""
        world = await World().fill()
        home = await world.homes.home("ann")
        await home.make_directory(("a directory of a long name",))
        terminal = world.enter(CHARACTERS + window(20, 5))
        terminal.say(b"cd a*\r\0")
        prompt = terminal.heard().rpartition(b"\r\n")[2]
        self.assertEqual(b"a direct> ", prompt)

    async def test_wrapped(self) -> None:
        """A letter is wrapped between words where the width is known, and only there."""
        world = await World().fill()
        ann = await world.store.accounts.account("ann")
        inbox = await world.store.mail.folder(ann.id, "INBOX")
        await world.put(inbox.id, LETTER % (b"long", b"> " + b"word " * 40 + b"\r\n"))
        terminal = world.enter(CHARACTERS + window(20, 200))
        terminal.say(b"mail 3\r\0")
        rows = terminal.heard().split(b"\r\n")
        self.assertIn(b"> word word word", rows)
        self.assertTrue(all(len(row) <= 20 for row in rows), rows)
        self.assertIn(b"> " + b"word " * 40, world.enter().ask(b"mail 3"))
