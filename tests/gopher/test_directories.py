"""The menus of directories: listings, maps in each form, hosts, accounts, programs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from netsuite.gopher.server.programs import Programs
from netsuite.gopher.settings import Settings
from netsuite.store.model import Placement
from netsuite.testing.cases import TestCase
from netsuite.testing.certificates import authority
from tests.gopher.test_server import NOT_HERE, undated
from tests.gopher.worlds import World, transport_of


class Listings(TestCase):
    """A directory without a map."""

    async def made(self, files: dict[str, bytes], **settings: Any) -> World:
        """Return a world whose site has a directory ``d`` with files."""
        world = World()
        world.configure(settings=Settings(port=70, **settings))
        public = world.homes.public
        await public.make_directory(("d",))
        for path, octets in files.items():
            names = ("d", *path.split("/"))
            for depth in range(2, len(names)):
                try:
                    await public.make_directory(names[:depth])
                except Exception as error:
                    self.assertEqual("FileInTheWay", type(error).__name__)
            await world.put(public, names, octets)
        return world

    async def listed(self, files: dict[str, bytes], **settings: Any) -> list[str]:
        """Return the lines of the menu of such a directory, without what all lines end with."""
        world = await self.made(files, **settings)
        menu = undated(await world.ask(b"/d\r\n")).decode("utf-8", "surrogateescape")
        lines = menu.removesuffix(".\r\n").split("\r\n")[:-1]
        return [
            line.removesuffix("\tgopher.test\t70").removesuffix("\t\terror.host\t1")
            for line in lines
        ]

    async def test_order(self) -> None:
        """The way up, directories, files; what begins with a dot is not shown."""
        files = {"b.txt": b"b", "z/x": b"x", "a.txt": b"a" * 2000, ".hidden": b"", ".dir/x": b""}
        self.assertEqual(
            ["1..\t/", "1z DATE\t/d/z", "0a.txt DATE 2 KiB\t/d/a.txt", "0b.txt DATE 1 B\t/d/b.txt"],
            await self.listed(files),
        )
        plain = await self.listed(files, dates=False, sizes=False, parents=False)
        self.assertEqual(["1z\t/d/z", "0a.txt\t/d/a.txt", "0b.txt\t/d/b.txt"], plain)

    async def test_header_and_footer(self) -> None:
        """What stands above and below is a map's; names that are too long are cut."""
        lines = await self.listed(
            {"n" * 50 + ".txt": b""}, header="1Home\t/\n", footer="-----\nBye", parents=False
        )
        self.assertEqual("1Home\t/", lines[0])
        self.assertEqual(f"0{'n' * 36}... DATE 0 B\t/d/{'n' * 50}.txt", lines[1])
        self.assertEqual(["i-----", "iBye"], lines[2:])

    async def test_types_by_content(self) -> None:
        """Where the name tells nothing the content does, and is looked at once a version."""
        world = await self.made({"prog": b"\x7fELF\0", "README": b"text", "pic": b"GIF89a\0"})
        opened: list[object] = []
        public = world.homes.public
        real = public.open

        async def counting(path: tuple[str, ...]) -> Any:
            opened.append(path)
            return await real(path)

        self.patch(public, "open", counting)
        for _ in range(2):
            menu = (await world.ask(b"/d\r\n")).split(b"\r\n")
            self.assertEqual([b"1", b"0", b"g", b"9"], [line[:1] for line in menu[:4]])
        for name in ("prog", "README", "pic"):
            self.assertEqual(1, opened.count(("d", name)))
        await world.put(public, ("d", "README"), b"\0now octets")
        self.assertIn(b"\r\n9README", await world.ask(b"/d\r\n"))

    async def test_too_many(self) -> None:
        """A directory of many entries is shown in part, and says so."""
        lines = await self.listed(
            {f"{n:02}.txt": b"" for n in range(12)}, entries=10, dates=False, sizes=False
        )
        self.assertEqual(12, len(lines))
        self.assertEqual("i(12 entries, which are too many to show)", lines[-1])

    async def test_unsayable_names(self) -> None:
        """What no request can name is not linked to."""
        lines = await self.listed({"n" * 254: b"", "e": b""}, dates=False, sizes=False)
        self.assertEqual(["1..\t/", "0e\t/d/e", "i(1 with names that Gopher cannot say)"], lines)

    async def test_map_with_listing(self) -> None:
        """A map that asks for it has the entries behind it, but those that it hides; types are as
        it says; another map stands in its place."""
        lines = await self.listed(
            {
                "gophermap": b"!Mine\n# of it\n-secret.txt\n-sub\n:png=9\n=more\n*\n",
                "more": b"inner\n=more\n0It\tit.txt\n",
                "secret.txt": b"s",
                "sub/x": b"",
                "p.png": b"",
            },
            dates=False,
            sizes=False,
        )
        self.assertEqual("iMine\tTITLE\terror.host\t1", lines[0])
        self.assertEqual(["iinner"], lines[1:2], "a map within itself is there once")
        self.assertEqual(["1..\t/", "0more\t/d/more", "9p.png\t/d/p.png"], lines[-3:])
        self.assertNotIn("secret", "".join(lines))

    async def test_maps_without_end(self) -> None:
        """Maps that name each other many times are bounded together; what is not there is told."""
        names = [f"m{n}" for n in range(9)]
        body = "".join(f"={name}\n" for name in names).encode() * 9
        lines = await self.listed({"gophermap": body, **dict.fromkeys(names, body)})
        self.assertLess(len(lines), 60)
        self.assertEqual("i(there is more, which is too much)", lines[-1])
        lines = await self.listed({"gophermap": b"=gone\n=/etc/passwd\n"})
        self.assertEqual(["i(gone is not there)", "i(/etc/passwd is not there)"], lines)
        large = b"x\n" * 120_000
        lines = await self.listed({"gophermap": b"=l\n" * 40 + b"end\n", "l": large})
        self.assertLess(len(lines), 10_100)

    async def test_map_in_a_listing(self) -> None:
        """A file whose name ends so stands in the listing with what is in it."""
        lines = await self.listed(
            {"a.txt": b"", "b.gophermap": b"Between\n", "c.txt": b""}, dates=False, sizes=False
        )
        self.assertEqual(["1..\t/", "0a.txt\t/d/a.txt", "iBetween", "0c.txt\t/d/c.txt"], lines)

    async def test_gph(self) -> None:
        """index.gph is its directory's menu; another is a menu where an item is in it."""
        files = {
            "index.gph": b"Hello\n[1|More|more.gph|server|port]\n",
            "more.gph": b"[0|x|y|z|1]\n",
        }
        self.assertEqual(["iHello", "1More\t/d/more.gph"], await self.listed(files))
        world = await self.made({**files, "text.gph": b"the text\n"})
        self.assertEqual(b"0x\ty\tz\t1\r\n.\r\n", await world.ask(b"/d/more.gph\r\n"))
        self.assertEqual(b"the text\r\n.\r\n", await world.ask(b"/d/text.gph\r\n"))
        lines = await self.listed({"more.gph": files["more.gph"], "text.gph": b"the text\n"})
        self.assertEqual(["1", "1", "0"], [line[0] for line in lines])

    async def test_links(self) -> None:
        """Link files name, hide and place entries, and add links to elsewhere."""
        files = {
            ".Links": b"Name=Last\nType=1\nPath=1/x\nHost=far.test\nPort=7070\nNumb=-1\n#\n"
            b"Name=Here\nType=0\nPath=0/about.txt\nHost=+\nPort=+\nNumb=2\n#\n"
            b"Name=Web\nURL=https://x.test/\n",
            ".names": b"Path=./b.txt\nName=The second\nNumb=1\n#\nPath=./c.txt\nType=X\n",
            ".cap/a.txt": b"Name=The first\nAbstract=Of it\n",
            "a.txt": b"", "b.txt": b"", "c.txt": b"",
        }  # fmt: skip
        self.assertEqual(
            [
                "1..\t/",
                "0The second\t/d/b.txt",
                "0Here\t/about.txt",
                "hWeb\tURL:https://x.test/",
                "0The first\t/d/a.txt",
                "1Last\t1/x\tfar.test\t7070",
            ],
            await self.listed(files, dates=False, sizes=False),
        )
        world = await self.made(files)
        for name in (b".Links", b".names", b".cap", b".cap/a.txt"):
            self.assertEqual(NOT_HERE, await world.ask(b"/d/" + name + b"\r\n"))
        self.assertIn(b"+ABSTRACT:\r\n Of it\r\n", await world.ask(b"/d\t$\r\n"))

    async def test_latin_1(self) -> None:
        """A map in Latin-1 leads to the file that is named so."""
        world = await self.made({"gophermap": b"0Caf\xe9\tcaf\xe9.txt\n", "caf\udce9.txt": b"x\n"})
        menu = await world.ask(b"/d\r\n")
        selector = menu.split(b"\t")[1]
        self.assertEqual(b"/d/caf\xe9.txt", selector)
        self.assertEqual(b"x\r\n.\r\n", await world.ask(selector + b"\r\n"))

    async def test_map_asked_for(self) -> None:
        """Who asks for the map itself gets the menu, and no comment of its owner."""
        world = await self.made({"gophermap": b"# private\nshown\n"})
        self.assertEqual(b"ishown\t\terror.host\t1\r\n.\r\n", await world.ask(b"/d/gophermap\r\n"))


class Places(TestCase):
    """What is not a file of the site."""

    async def world(self, **changes: Any) -> World:
        """Return a world that has been filled."""
        world = World()
        await world.fill()
        world.configure(**changes)
        return world

    async def test_hosts(self) -> None:
        """Another host's root is a directory; links within it stay within it."""
        world = await self.world(hosts={"b.test": ("dir",)})
        menu = await world.ask(b"/;b.test\r\n")
        self.assertIn(b"\t/;b.test/octets\tgopher.test\t70\r\n", menu)
        self.assertEqual(b"plain words\r\n.\r\n", await world.ask(b"/;b.test/unknown\r\n"))
        for selector in (b"/;b.test/../about.txt", b"/;c.test", b"/;b.test/about.txt", b"/;"):
            self.assertEqual(NOT_HERE, await world.ask(selector + b"\r\n"), selector)
        await world.put(world.homes.public, ("gophermap",), b"%\n")
        self.assertEqual(b"1b.test\t/;b.test\tb.test\t70\r\n.\r\n", await world.ask(b"\r\n"))

    async def test_accounts(self) -> None:
        """Those who show something are linked to where a map says so."""
        world = await self.world()
        accounts = world.factory.shared.files.shown_accounts
        world.configure(shown_accounts=lambda: accounts(100))
        await world.put(world.homes.public, ("gophermap",), b"~\n")
        self.assertEqual(b"1~ann\t/~ann\tgopher.test\t70\r\n.\r\n", await world.ask(b"\r\n"))

    async def test_tls_on_the_port(self) -> None:
        """Who begins with TLS gets it, and the host it names; who does not, is served as ever."""
        world = await self.world(tls=authority.server_context(), hosts={"b.test": ("dir",)})
        for name, expected in ((b"b.test", b"/unknown\tb.test\t70"), (b"x.test", b"/dir\tgopher.")):
            client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
            client.set_connect_state()
            client.set_tlsext_host_name(name)
            connection = world.connect()
            transport = transport_of(connection)
            for _ in range(2):
                with contextlib.suppress(SSL.WantReadError):
                    client.do_handshake()
                    client.sendall(b"\r\n")
                transport.protocol.dataReceived(client.bio_read(65536))
                world.clock.advance(0)
                client.bio_write(transport.said())
            heard = b""
            while not heard:
                await deferLater(reactor, 0)
                world.clock.advance(0)
                if said := transport.said():
                    client.bio_write(said)
                with contextlib.suppress(SSL.WantReadError):
                    heard += client.recv(65536)
            self.assertIn(expected, heard)
            connection.connectionLost(Failure(ConnectionLost()))
        self.assertIn(b"Hello", await world.ask(b"/about.txt\r\n"))

    async def test_threads(self) -> None:
        """A group by thread, and a thread with its replies below."""
        world = await self.world()
        group = await world.store.mail.folder(None, "example.talk")
        for number, parent in ((10, 0), (11, 10)):
            draft = world.store.mail.draft()
            draft.write(
                b"From: Bob <bob@example.test>\r\nSubject: Re: blue\r\n"
                b"Message-ID: <%d@example.test>\r\nReferences: <%d@example.test>\r\n\r\nYes.\r\n"
                % (number, parent)
            )
            await world.store.mail.commit(draft, [Placement(group.id)])
        menu = (await world.ask(b"/news/example.talk/threads\r\n")).split(b"\r\n")
        self.assertEqual(b"1blue (3)\t/news/example.talk/threads/1\tgopher.test\t70", menu[1])
        self.assertEqual(
            [b"0blue - Ann\t/news/example.talk/1", b"0  Re: blue - Bob\t/news/example.talk/4",
             b"0    Re: blue - Bob\t/news/example.talk/5"],
            [line.removesuffix(b"\tgopher.test\t70")
             for line in (await world.ask(b"/news/example.talk/threads/5\r\n")).split(b"\r\n")[:3]],
        )  # fmt: skip
        for selector in (b"threads/99", b"threads/x", b"threads/1/2", b"x"):
            answer = await world.ask(b"/news/example.talk/" + selector + b"\r\n")
            self.assertTrue(answer.startswith(b"3"), selector)


def _runs(pid: str) -> bool:
    """Return whether a process runs, and is not merely waiting for init to hear of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


class Programmed(TestCase):
    """Programs of the operator's."""

    async def test_programs(self) -> None:
        """A program's output is the answer; a menu where its name says so; only what is in the
        directory is run."""
        self.patch(os, "geteuid", lambda: 1000)
        directory = Path(self.mktemp())
        directory.mkdir()
        for name, text, mode in (
            ("say", 'printf "%s|%s|%s|%s" "$SELECTOR" "$PATH_INFO" "$QUERY_STRING" "$HOME"', 0o755),
            ("menu.gophermap", "printf 'hi\\n1Up\\t/\\n'", 0o755),
            ("much", "head -c 1000000 /dev/zero", 0o755),
            ("plain", "printf x", 0o644),
        ):
            (directory / name).write_text(f"#!/bin/sh\n{text}\n")
            (directory / name).chmod(mode)
        world = World()
        programs = Programs(
            IReactorProcess(reactor), IReactorTime(reactor), directory, 30.0, 2, "gopher.test"
        )
        world.configure(programs=programs)
        for request, answer in {
            b"/cgi-bin/say/x/y\ta b;$(id)": b"/cgi-bin/say/x/y|/x/y|a b;$(id)|",
            b"/cgi-bin/menu.gophermap": b"ihi\t\terror.host\t1\r\n1Up\t/\tgopher.test\t70\r\n.\r\n",
            b"/cgi-bin/plain": NOT_HERE,
            b"/cgi-bin/": NOT_HERE,
            b"/cgi-bin/..": NOT_HERE,
            b"/cgi-bin/../say": NOT_HERE,
            b"/cgi-bin/nothing": NOT_HERE,
        }.items():
            self.assertEqual(answer, await world.ask(request + b"\r\n"), request)
        self.assertEqual(1_000_000, len(await world.ask(b"/cgi-bin/much\r\n")))
        await world.put(world.homes.public, ("gophermap",), b"=/cgi-bin/menu.gophermap\n")
        self.assertTrue((await world.ask(b"\r\n")).startswith(b"ihi\t"))

    async def test_children(self) -> None:
        """What a program has begun ends with it, soon; it does not keep others from their turn."""
        self.patch(os, "geteuid", lambda: 1000)
        directory = Path(self.mktemp())
        directory.mkdir()
        pids = directory / "pids"
        (directory / "leave").write_text(
            f"#!/bin/sh\nsleep 600 &\necho $! >>{pids.absolute()}\necho done\n"
        )
        (directory / "leave").chmod(0o755)
        world = World()
        world.configure(
            programs=Programs(
                IReactorProcess(reactor), IReactorTime(reactor), directory, 30.0, 1, "gopher.test"
            )
        )
        for _ in range(2):
            self.assertEqual(b"done\n", await world.ask(b"/cgi-bin/leave\r\n"))
        for pid in pids.read_text().split():
            while _runs(pid):  # it has been killed, but the kernel has not come to that
                await deferLater(reactor, 0.01)

    async def test_not_as_root(self) -> None:
        """A process that is root runs nothing, and says why in the log."""
        self.patch(os, "geteuid", lambda: 0)
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "say").write_text("#!/bin/sh\necho x\n")
        (directory / "say").chmod(0o755)
        world = World()
        world.configure(
            programs=Programs(
                IReactorProcess(reactor), IReactorTime(reactor), directory, 30.0, 2, "gopher.test"
            )
        )
        answer = await world.ask(b"/cgi-bin/say\r\n")
        self.assertTrue(answer.startswith(b"3That cannot be given now"), answer)

    async def test_endless(self) -> None:
        """A program that takes too long is killed; what it had printed is not taken for all."""
        self.patch(os, "geteuid", lambda: 1000)
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "slow").write_text("#!/bin/sh\necho begun\nexec sleep 600\n")
        (directory / "slow").chmod(0o755)
        world = World()
        world.configure(
            programs=Programs(
                IReactorProcess(reactor), IReactorTime(reactor), directory, 0.3, 2, "gopher.test"
            )
        )
        self.assertEqual(b"begun\n", await world.ask(b"/cgi-bin/slow\r\n"))
