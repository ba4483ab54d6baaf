"""The shell's files, as its users see it: patterns, and what changes files."""

from __future__ import annotations

from netsuite.store.errors import NoSuchFile
from netsuite.testing.cases import TestCase
from tests.telnet.worlds import CHARACTERS, Terminal, World


class Files(TestCase):
    """What is done with files."""

    async def world(self) -> tuple[World, Terminal]:
        """Give a world with some files more, and ann's terminal."""
        world = await World().fill()
        home = await world.homes.home("ann")
        for path in (("a.txt",), ("b.txt",), ("b*.txt",), (".hidden",), ("sub", "c.txt"),
                     ("sub", "deep", "report 1.pdf")):  # fmt: skip
            for count in range(1, len(path)):
                try:
                    await home.entry(path[:count])
                except NoSuchFile:
                    await home.make_directory(path[:count])
            await world.write(home, path, "/".join(path).encode())
        return world, world.enter()

    async def test_patterns(self) -> None:
        """Wildcards mean files, quoted ones themselves; hidden files are named by a dot."""
        _, terminal = await self.world()
        for line, names in [
            (b"ls *.txt", [b"a.txt", b"b*.txt", b"b.txt", b"notes.txt"]),
            (b"ls 'b*.txt'", [b"b*.txt"]),
            (b"ls ?.txt", [b"a.txt", b"b.txt"]),
            (b"ls [a-b].txt", [b"a.txt", b"b.txt"]),
            (b"ls [!a].txt", [b"b.txt"]),
            (b"ls */*.txt", [b"public/wild.txt", b"site/welcome.txt", b"sub/c.txt"]),
            (b"ls /sub/*.txt", [b"c.txt"]),
            (b"ls .h*", [b".hidden"]),
            (b"ls s*/d*/*", [b"1.pdf"]),
        ]:
            heard = terminal.ask(line)
            self.assertEqual(names, [row.split()[-1] for row in heard.splitlines()], line)
        self.assertEqual(b"Nothing is like x*.\r\n", terminal.ask(b"ls x*"))
        self.assertEqual(b"Nothing is like [.\r\n", terminal.ask(b"ls ["))

    async def test_several(self) -> None:
        """Several directories are listed under their names; what is not there hides none."""
        _, terminal = await self.world()
        heard = terminal.ask(b"ls sub none a.txt sub/deep")
        self.assertEqual(
            [b"none: There is no such file or directory.", b"a.txt", b"", b"sub:", b"c.txt",
             b"deep/", b"", b"sub/deep:", b"1.pdf"],
            [row.split()[-1] if row and b"none" not in row else row
             for row in heard.splitlines()],
        )  # fmt: skip

    async def test_sizes(self) -> None:
        """-h has short sizes, in whatever order options are typed."""
        world, terminal = await self.world()
        await world.write(await world.homes.home("ann"), ("big",), b"x" * 1_500_000)
        for line in (b"ls -lh big", b"ls -h -l big", b"ls -hal big"):
            self.assertIn(b"  1.4M ", terminal.ask(line))
        self.assertIn(b" 1500000 ", terminal.ask(b"ls -l big"))
        self.assertIn(b"There is no such", terminal.ask(b"ls -x"))

    async def test_narrow(self) -> None:
        """A list fits into 40 columns and into 20."""
        world, _ = await self.world()
        for columns in (20, 40):
            terminal = world.enter(
                CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0%c\0\xc8\xff\xf0" % columns
            )
            terminal.say(b"ls\r\0")
            rows = terminal.heard().split(b"\r\n")[1:-1]
            self.assertTrue(all(len(row) < columns for row in rows), rows)
            self.assertTrue(any(row.endswith(b"notes.txt") for row in rows), rows)

    async def test_remove(self) -> None:
        """Files are removed, directories with -r; what cannot be removed saves no others."""
        _, terminal = await self.world()
        heard = terminal.ask(b"rm none sub a.txt")
        self.assertEqual(
            b"none: There is no such file or directory.\r\nsub: That is a directory.\r\n", heard
        )
        self.assertEqual(b"", terminal.ask(b"rm -f none"))
        self.assertEqual(b"sub: That directory is not empty.\r\n", terminal.ask(b"rmdir sub"))
        self.assertEqual(b"", terminal.ask(b"rm -r sub"))
        self.assertEqual(b"", terminal.ask(b"rm 'b*.txt'"))
        listing = terminal.ask(b"ls")
        self.assertNotIn(b"sub", listing)
        self.assertNotIn(b"a.txt", listing)
        self.assertIn(b" b.txt\r\n", listing)
        self.assertIn(b"You may not do that.", terminal.ask(b"rm -r site"))

    async def test_directories(self) -> None:
        """Made and removed."""
        _, terminal = await self.world()
        self.assertEqual(b"", terminal.ask(b"mkdir 'new one' other"))
        self.assertEqual(b"other: Something has that name already.\r\n",
                         terminal.ask(b"mkdir other"))  # fmt: skip
        self.assertEqual(b"", terminal.ask(b"cd new*"))
        self.assertEqual(b"/new one\r\n", terminal.ask(b"pwd"))
        self.assertEqual(b"", terminal.ask(b"cd"))
        self.assertEqual(b"", terminal.ask(b"rmdir new* other"))
        self.assertIn(b"things are like that.", terminal.ask(b"cd [ps]*"))

    async def test_move(self) -> None:
        """Renamed, moved into directories; nothing is replaced unasked."""
        _, terminal = await self.world()
        self.assertEqual(b"", terminal.ask(b"mv a.txt z.txt"))
        self.assertEqual(b"z.txt: Something has that name already.\r\n",
                         terminal.ask(b"mv z.txt b.txt"))  # fmt: skip
        self.assertEqual(b"", terminal.ask(b"mv -f z.txt b.txt"))
        self.assertEqual(b"a.txt\r\n", terminal.ask(b"cat b.txt"))
        self.assertEqual(b"", terminal.ask(b"mv *.txt sub"))
        self.assertEqual(4, terminal.ask(b"ls sub/*.txt").count(b"\r\n"))
        self.assertIn(b"usage: mv", terminal.ask(b"mv sub"))
        self.assertIn(b"sub/none is no directory.", terminal.ask(b"mv sub/*.txt sub/none"))
        self.assertIn(b"is that already", terminal.ask(b"mv sub/c.txt sub"))

    async def test_copy(self) -> None:
        """Copied, octet by octet; nothing is replaced unasked, directories are not copied."""
        world, terminal = await self.world()
        octets = bytes(range(256)) * 1000
        home = await world.homes.home("ann")
        await world.write(home, ("big",), octets)
        self.assertEqual(b"", terminal.ask(b"cp big copy"))
        file = await home.open(("copy",))
        self.assertEqual(octets, b"".join([await file.read(0, 200_000),
                                           await file.read(200_000, 200_000)]))  # fmt: skip
        file.close()
        self.assertIn(b"has that name already", terminal.ask(b"cp a.txt copy"))
        self.assertEqual(b"", terminal.ask(b"cp -f a.txt copy"))
        self.assertEqual(b"a.txt\r\n", terminal.ask(b"cat copy"))
        self.assertIn(b"sub: That is a directory.", terminal.ask(b"cp sub elsewhere"))
        self.assertIn(b"You may not do that.", terminal.ask(b"cp a.txt site"))

    async def test_find(self) -> None:
        """By a part of the name, or by a pattern; what is found has its whole path."""
        _, terminal = await self.world()
        self.assertEqual(b"/sub/deep/report 1.pdf\r\n", terminal.ask(b"find report"))
        self.assertEqual(b"/b*.txt\r\n", terminal.ask(b"find '*'"))
        self.assertEqual(
            [b"/a.txt", b"/b*.txt", b"/b.txt", b"/notes.txt", b"/public/wild.txt",
             b"/site/welcome.txt", b"/sub/c.txt"],
            terminal.ask(b"find *.txt").splitlines(),
        )  # fmt: skip
        self.assertEqual(b"/sub/c.txt\r\n", terminal.ask(b"find sub *.txt"))
        self.assertEqual(b"There is nothing like that.\r\n", terminal.ask(b"find nowhere"))
        self.assertEqual(b"That is not a directory.\r\n", terminal.ask(b"find a.txt x"))

    async def test_wild_names(self) -> None:
        """A name that would act on a terminal is shown harmlessly, by every command."""
        world, terminal = await self.world()
        home = await world.homes.home("ann")
        await world.write(home, ("w\u202e\u2028x",), b"")
        for line in (b"ls", b"ls w*", b"find w", b"get w*", b"cp w* w*", b"rmdir w*"):
            heard = terminal.ask(line)
            self.assertNotIn("\u202e".encode(), heard, line)
            self.assertNotIn("\u2028".encode(), heard, line)
        self.assertEqual(b"", terminal.ask(b"rm w*"))

    async def test_get_and_put(self) -> None:
        """How files come and go: by the services there are, from where the user is."""
        world, terminal = await self.world()
        self.assertIn(b"Nothing else listens here", terminal.ask(b"get a.txt"))
        world.urls = ("ftp://0.0.0.0:8021", "ftps://[::1]:8990", "http://192.0.2.1:8080",
                      "smtp://0.0.0.0:25")  # fmt: skip
        other = world.enter()
        self.assertEqual(
            b"On your own machine, one of these:\r\n"
            b"  netsuite get ftp://ann@telnet.test:8021/sub/deep/report%201.pdf\r\n"
            b"  netsuite get ftps://ann@[::1]:8990/sub/deep/report%201.pdf\r\n",
            other.ask(b"get sub/deep/*"),
        )
        self.assertIn(b"get http://192.0.2.1:8080/~ann/wild.txt\r\n", other.ask(b"get public/*"))
        self.assertIn(b"get http://192.0.2.1:8080/welcome.txt\r\n", other.ask(b"get /site/w*"))
        self.assertIn(b"put FILE ftp://ann@telnet.test:8021/sub/\r\n", other.ask(b"put sub"))
        self.assertIn(b"That is no directory.", other.ask(b"put a.txt"))
        self.assertIn(b"sub: That is a directory.", other.ask(b"get sub"))
