"""Mirrors in memory, both ways: from and to our own server, and servers that can less."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from netsuite.connection import errors
from netsuite.ftp.client import FTPClient, connect
from netsuite.ftp.mirror import (
    Event,
    Failed,
    FewerSessions,
    LeftOut,
    MadeDirectory,
    Mirror,
    Options,
    Removed,
    Retrying,
    TimeSet,
    Transferred,
)
from netsuite.ftp.mirror.names import part_name
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from tests.ftp.fakes import CONTROL, HERE, NOW, World, number_of
from tests.ftp.odd_server import OddServer

T = TypeVar("T")
BIG = bytes(range(256)) * 4_000
OLD = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def at_once(function: Callable[..., T], *arguments: Any) -> Deferred[T]:
    """Run what blocks here and now."""
    return maybeDeferred(function, *arguments)


class MirrorCase(SynchronousTestCase):
    """What the tests share: a directory, and a server on a fabric."""

    fabric: Fabric

    def setUp(self) -> None:
        self.here = Path(self.mktemp())
        self.here.mkdir()

    async def connect(self) -> FTPClient:
        """Log in."""
        endpoint = TCP4ClientEndpoint(self.fabric, HERE, CONTROL)
        client = await connect(
            endpoint,
            clock=self.fabric,
            reach=lambda host, port: TCP4ClientEndpoint(self.fabric, host, port),
        )
        await client.login("alice", "se cret ")
        return client

    def mirror(self, **options: Any) -> Mirror:
        """Return a mirror."""
        self.moved: list[int] = []
        return Mirror(
            self.connect,
            clock=self.fabric,
            run=at_once,
            options=Options(**options),
            advance=self.moved.append,
        )

    async def all_of(self, events: Any) -> list[Event]:
        async with aclosing(events) as told:
            return [each async for each in told]

    def down(self, remote: str = "", **options: Any) -> list[Event]:
        """Mirror the server's tree here; return what was told."""
        return self.fabric.run(self.all_of(self.mirror(**options).down(remote, self.here)), 600)

    def up(self, remote: str = "", **options: Any) -> list[Event]:
        """Mirror the tree here to the server; return what was told."""
        return self.fabric.run(self.all_of(self.mirror(**options).up(self.here, remote)), 600)

    def write(self, path: str, octets: bytes, when: datetime = OLD) -> Path:
        """Have a file here."""
        file = self.here / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(octets)
        os.utime(file, (when.timestamp(), when.timestamp()))
        return file

    def tree(self) -> dict[str, bytes | None]:
        """Return all that is here: files with their octets, directories with None."""
        return {
            each.relative_to(self.here).as_posix(): each.read_bytes() if each.is_file() else None
            for each in self.here.rglob("*")
        }


class OwnServer(MirrorCase):
    """Our own server."""

    def setUp(self) -> None:
        super().setUp()
        self.world = World()
        self.fabric = self.world.reactor
        self.world.put("sub/deep.bin", BIG)

    TREE = {"notes.txt": b"one\ntwo\n", "sub": None, "sub/x.bin": bytes(range(256))}

    def test_down(self) -> None:
        """All comes, with its times; the second time nothing does."""
        told = self.down()
        self.assertEqual({**self.TREE, "sub/deep.bin": BIG}, self.tree())
        self.assertEqual(
            {
                Transferred("notes.txt", 8), Transferred("sub/x.bin", 256),
                Transferred("sub/deep.bin", len(BIG)), MadeDirectory("sub"),
            },
            set(told),
        )  # fmt: skip
        self.assertEqual(sum(self.moved), 8 + 256 + len(BIG))
        self.assertEqual(NOW.timestamp(), (self.here / "notes.txt").stat().st_mtime)
        self.assertEqual([], self.down())
        self.assertEqual([], self.up())
        self.fabric.advance(400)
        self.assertEqual([], self.fabric.leftovers()[1:])  # the server listens

    def test_down_changed(self) -> None:
        """What differs in size or time comes again; permissions stay; a link is replaced, and not
        what it points to."""
        self.down()
        self.write("notes.txt", b"ONE\nTWO\n").chmod(0o600)
        outside = Path(self.mktemp())
        outside.write_bytes(b"mine")
        (self.here / "sub/x.bin").unlink()
        (self.here / "sub/x.bin").symlink_to(outside.resolve())
        told = self.down()
        self.assertEqual({Transferred("notes.txt", 8), Transferred("sub/x.bin", 256)}, set(told))
        self.assertEqual({**self.TREE, "sub/deep.bin": BIG}, self.tree())
        self.assertEqual(0o600, (self.here / "notes.txt").stat().st_mode & 0o777)
        self.assertFalse((self.here / "sub/x.bin").is_symlink())
        self.assertEqual(b"mine", outside.read_bytes())

    def test_down_delete(self) -> None:
        """With delete what the server has not goes; what is excluded stays, and without it all."""
        self.write("old/deep/er", b"x")
        self.write("sub/keep.log", b"x")
        self.write(part_name("gone", 1, None), b"x")
        self.down()
        self.assertIn("old/deep/er", self.tree())
        told = self.down(delete=True, exclude=["*.log"])
        self.assertEqual({Removed("old"), Removed(part_name("gone", 1, None))}, set(told))
        self.assertEqual({*self.TREE, "sub/deep.bin", "sub/keep.log"}, set(self.tree()))

    def test_dry_run(self) -> None:
        """It is told what would be done, and nothing is."""
        self.write("old", b"x")
        before = self.tree()
        told = self.down(dry_run=True, delete=True)
        self.assertEqual(before, self.tree())
        self.assertEqual({"old", "notes.txt", "sub/x.bin", "sub/deep.bin"}, {e.path for e in told})
        told = self.up(dry_run=True, delete=True)
        self.assertEqual({"old", "notes.txt", "sub"}, {e.path for e in told})
        self.assertIsNotNone(self.world.files.content("notes.txt"))
        self.assertIsNone(self.world.files.content("old"))

    def test_patterns(self) -> None:
        """Patterns choose, of names and of paths; what is excluded is not looked into."""
        self.down(include=["*.bin", "notes*"], exclude=["sub/x.*"])
        self.assertEqual({"notes.txt", "sub", "sub/deep.bin"}, set(self.tree()))
        self.world.put("notes.txt", b"new")
        self.down(exclude=["sub/", "n?tes.txt"])
        self.assertEqual(b"one\ntwo\n", (self.here / "notes.txt").read_bytes())

    def test_newer(self) -> None:
        """With newer only what is newer comes, or is not there."""
        self.write("notes.txt", b"mine is newer", datetime(2030, 1, 1, tzinfo=UTC))
        self.write("sub/x.bin", b"mine is older")
        told = self.down(newer=True)
        self.assertEqual({"sub/x.bin", "sub/deep.bin"}, {each.path for each in told})
        told = self.up(newer=True)
        self.assertEqual([Transferred("notes.txt", 13)], told)

    def test_in_the_way(self) -> None:
        """A file where a directory is to be, and the reverse, is told; with delete it goes."""
        self.write("sub", b"a file")
        (self.here / "notes.txt").mkdir()
        told = self.down()
        self.assertEqual({"sub", "notes.txt"}, {e.path for e in told if isinstance(e, LeftOut)})
        self.down(delete=True)
        self.assertEqual({**self.TREE, "sub/deep.bin": BIG}, self.tree())

    def test_up(self) -> None:
        """All goes, with its times; the second time nothing does, nor back."""
        self.write("a b/c.bin", BIG)
        self.write("a b/\udce9\udcff", b"octets")
        self.write("empty", b"")
        (self.here / "nothing").mkdir()
        told = self.up("new/tree")
        self.assertEqual(
            {
                MadeDirectory(""), MadeDirectory("a b"), MadeDirectory("nothing"),
                Transferred("a b/c.bin", len(BIG)), Transferred("a b/\udce9\udcff", 6),
                Transferred("empty", 0),
            },
            set(told),
        )  # fmt: skip
        self.assertEqual(BIG, self.world.files.content("new", "tree", "a b", "c.bin"))
        self.assertEqual(b"octets", self.world.files.content("new", "tree", "a b", "\udce9\udcff"))
        node = self.world.files.node_or_none(("new", "tree", "empty"))
        self.assertEqual((b"", OLD), node and (node.data, node.modified))
        self.assertEqual([], self.up("new/tree"))
        self.assertEqual([], self.down("new/tree", delete=True))
        self.assertEqual([], self.up("/new/tree/"))

    def test_up_delete(self) -> None:
        """With delete what is not here goes there, directories with all that is in them."""
        self.write("notes.txt", b"new", NOW)
        self.write("only.txt", b"x", NOW)
        told = self.up(delete=True)
        self.assertEqual({"notes.txt", "only.txt"},
                         {e.path for e in told if isinstance(e, Transferred)})  # fmt: skip
        self.assertIn(Removed("sub"), told)
        self.assertEqual(b"new", self.world.files.content("notes.txt"))
        self.assertIsNone(self.world.files.node_or_none(("sub",)))

    def test_not_a_file(self) -> None:
        """Links, FIFOs and names that cannot be said do not go; and are told."""
        os.mkfifo(self.here / "fifo")
        (self.here / "link").symlink_to("/etc/passwd")
        self.write("line\nend", b"x")
        told = self.up()
        self.assertEqual({"fifo", "link", "line\nend"}, {e.path for e in told})
        self.assertEqual({LeftOut}, {type(e) for e in told})

    def test_refused(self) -> None:
        """What is refused is told, and the rest goes."""
        self.write("a/1", b"x" * 10)
        self.write("a/2", b"x" * 1_000)
        self.world.files.limit_octets = 100
        told = self.up()
        (failed,) = (each for each in told if isinstance(each, Failed))
        self.assertEqual("a/2", failed.path)
        self.assertIsInstance(failed.error, errors.PermanentRefusal)
        self.assertEqual(b"x" * 10, self.world.files.content("a", "1"))

    def test_wrong_password(self) -> None:
        """Who cannot log in is told so at once, and nothing is touched."""
        self.world.authenticator.password = "another"
        with self.assertRaises(errors.AuthenticationFailed):
            self.down(delete=True)
        self.assertEqual({}, self.tree())

    def test_nothing_here(self) -> None:
        """A tree that is not here is not mirrored as an empty one."""
        self.here.rmdir()
        with self.assertRaises(FileNotFoundError):
            self.up(delete=True)
        self.assertIsNotNone(self.world.files.content("notes.txt"))

    def test_stopped(self) -> None:
        """Who stops listening stops the work, and no connection is left."""

        async def first() -> Event:
            async with aclosing(self.mirror(parallel=2).down("", self.here)) as told:
                async for each in told:
                    return each
            raise AssertionError

        self.fabric.run(first())
        self.fabric.advance(400)
        self.assertEqual([], self.fabric.leftovers()[1:])


class OddServers(MirrorCase):
    """Servers that can less, or go away."""

    def setUp(self) -> None:
        super().setUp()
        self.fabric = Fabric()
        self.server = OddServer(listings={"/": []})
        self.server.listen(self.fabric)

    FACTS = ("MLST type;size;modify;", "REST STREAM", "MFMT")

    def is_old(self) -> None:
        """Let the server know nothing of MLSD."""
        self.server.commands["MLSD"] = b"500 what?"

    def has(self, name: str, octets: bytes, when: str = "20200102030405") -> None:
        """Let the server have a file that MLSD lists."""
        self.server.files[f"/{name}"] = octets
        self.server.times[f"/{name}"] = when
        line = f"type=file;size={len(octets)};modify={when}; {name}"
        self.server.listings["/"].append(line.encode("utf-8", "surrogateescape"))

    def test_cut_down(self) -> None:
        """A connection that breaks is made again, and only the rest comes."""
        self.server.features = [*self.FACTS]
        self.has("big", BIG)
        self.server.cuts = [300_000, 500_000]
        told = self.down()
        self.assertEqual([1.0, 1.0], [e.seconds for e in told if isinstance(e, Retrying)])
        self.assertIn(Transferred("big", len(BIG), 800_000), told)
        self.assertEqual({"big": BIG}, self.tree())
        self.assertEqual(["REST 300000", "REST 800000"], self.server.said("REST"))

    def test_killed_down(self) -> None:
        """What a mirror that was killed has left is gone on with; another version's is not."""
        self.server.features = [*self.FACTS]
        self.has("big", BIG)
        self.write(part_name("big", len(BIG), OLD), BIG[:1_000])
        self.write(part_name("big", 7, OLD), b"other")
        told = self.down()
        self.assertEqual([Transferred("big", len(BIG), 1_000)], told)
        self.assertEqual({"big": BIG}, self.tree())

    def test_cut_up(self) -> None:
        """A connection that breaks is made again, and only the rest goes; never under its name."""
        self.server.features = [*self.FACTS]
        self.write("big", BIG)
        self.server.cuts = [300_000, 500_000]
        part = f"/{part_name('big', len(BIG), OLD)}"
        names: set[str] = set()
        self.server.before = lambda line: names.update(self.server.files)
        told = self.up()
        self.assertIn(Transferred("big", len(BIG), 800_000), told)
        self.assertEqual({"/big": BIG}, self.server.files)
        self.assertEqual({part}, names - {"/big"})
        self.assertEqual("20200102030405", self.server.times["/big"])
        self.assertEqual(["REST 300000", "REST 800000"], self.server.said("REST"))

    def test_no_restart(self) -> None:
        """A server that goes on with nothing gets, and gives, all from the beginning."""
        for answer in (b"502 not here", b"451 not permitted, try again"):
            self.server.features = [*self.FACTS]
            self.server.commands["REST"] = answer
            self.server.listings["/"].clear()
            self.has("down", BIG)
            self.write(part_name("down", len(BIG), OLD), BIG[:1_000])
            self.assertEqual([Transferred("down", len(BIG))], self.down())
            self.assertEqual({"down": BIG}, self.tree())
            (self.here / "down").rename(self.here / "up")
            self.server.files = {f"/{part_name('up', len(BIG), OLD)}": BIG[:1_000]}
            listed = f"type=file;size=1000; {part_name('up', len(BIG), OLD)}"
            self.server.listings["/"] = [listed.encode()]
            self.assertEqual([Transferred("up", len(BIG))], self.up())
            self.assertEqual({"/up": BIG}, self.server.files)
            (self.here / "up").unlink()

    def test_cut_in_directory(self) -> None:
        """A directory that was made, and nobody said so, is taken as it is."""
        self.server.features = [*self.FACTS]
        self.write("d/x", b"12345")

        def cut(line: str) -> None:
            if line.startswith("MKD") and len(self.server.said("MKD")) == 1:
                for each in self.server.there:
                    each.transport.abortConnection()

        self.server.before = cut
        told = self.up("top", parallel=1)
        self.assertEqual({"/top/d/x": b"12345"}, self.server.files)
        self.assertEqual([], [each for each in told if isinstance(each, Failed)])
        self.server.listings.pop("/top/d")
        self.server.heard.clear()
        told = self.up("top", parallel=1)  # now of the one below
        self.assertEqual([], [each for each in told if isinstance(each, Failed)])
        self.assertEqual({"/top/d/x": b"12345"}, self.server.files)

    def test_restarted(self) -> None:
        """A server that is started anew loses all sessions, and gets them again."""
        self.server.features = [*self.FACTS]
        for number in range(40):
            self.has(str(number), b"x")

        def restart(line: str) -> None:
            if line == "RETR 20":
                self.server.before = lambda line: None
                (port,) = (p for p in self.fabric.ports if number_of(p) == CONTROL)
                port.stopListening()
                for each in self.server.there:
                    each.transport.abortConnection()
                self.fabric.callLater(2.5, self.server.listen, self.fabric)

        self.server.before = restart
        told = self.down(parallel=3)
        self.assertEqual(40, sum(isinstance(each, Transferred) for each in told))
        self.assertEqual(40, len(self.tree()))

    def test_appended(self) -> None:
        """Where REST is not offered, what is lacking is appended."""
        self.server.features = ["MLST type;size;modify;"]
        self.write("big", BIG)
        self.server.cuts = [300_000]
        self.up()
        self.assertEqual({"/big": BIG}, self.server.files)
        self.assertEqual(1, len(self.server.said("APPE")))
        self.assertFalse(self.server.said("REST"))

    def test_gives_up(self) -> None:
        """A connection that always breaks is made a bounded number of times."""
        self.server.features = [*self.FACTS]
        self.has("big", BIG)
        self.has("small", b"x")
        self.server.cuts = [0] * 3
        told = self.down(attempts=3, parallel=1)
        self.assertEqual([1.0, 2.0], [e.seconds for e in told if isinstance(e, Retrying)])
        (failed,) = (each for each in told if isinstance(each, Failed))
        self.assertEqual(("big", errors.ConnectionLost), (failed.path, type(failed.error)))
        self.assertEqual(b"x", self.tree()["small"])

    def test_no_server(self) -> None:
        """A server that is not there is told at once; one that goes away is tried for a while."""
        (port,) = self.fabric.ports
        port.stopListening()
        before = self.fabric.seconds()
        with self.assertRaises(errors.ConnectionRefused):
            self.down(attempts=4)
        self.assertEqual(before, self.fabric.seconds())
        self.server.listen(self.fabric)
        (port,) = self.fabric.ports
        self.server.features = [*self.FACTS]
        self.has("big", BIG)
        self.server.cuts = [1_000]

        def leave(line: str) -> None:
            if line == "RETR big":
                port.stopListening()

        self.server.before = leave
        with self.assertRaises(errors.ConnectionRefused):
            self.down(attempts=4, parallel=1)
        self.assertEqual(7.0, round(self.fabric.seconds() - before))
        self.assertEqual([part_name("big", len(BIG), OLD)], list(self.tree()))

    def test_no_way_for_data(self) -> None:
        """Where no data passes at all it is not tried for each of many files."""
        self.server.features = [*self.FACTS]
        for number in range(20):
            self.has(str(number), b"x")
        self.server.cuts = [0] * 100
        with self.assertRaises(errors.ConnectionLost):
            self.down(attempts=2, parallel=1)
        self.assertEqual(6, len(self.server.said("RETR")))

    def test_fewer_sessions(self) -> None:
        """A server that takes fewer sessions gets fewer, and all comes."""
        self.server.sessions = 2
        self.server.features = [*self.FACTS]
        for number in range(50):
            self.has(str(number), b"x" * number)
        told = self.down(parallel=5)
        self.assertEqual(50, sum(isinstance(each, Transferred) for each in told))
        self.assertEqual(50, len(self.tree()))
        (few,) = (each for each in told if isinstance(each, FewerSessions))
        self.assertIn("421 too many", str(few.error))
        self.assertEqual(2, len(self.server.said("USER")))

    def test_list(self) -> None:
        """Without MLSD, LIST is read and MDTM asked; nothing comes twice for a rough time."""
        self.is_old()
        self.server.files = {"/a b": b"12345", "/x": b"1"}
        self.server.times = {"/a b": "20200102030405"}
        self.server.listings["/"] = [
            b"total 1",
            b"-rw-r--r-- 1 o g 5 Jan  2  2020 a b",
            b"-rw-r--r-- 1 o g 1 2020-01-02 17:30 x",
            b"lrwxrwxrwx 1 o g 1 Jan  2  2020 l -> /etc",
        ]
        told = self.down()
        self.assertEqual({"a b": b"12345", "x": b"1"}, self.tree())
        self.assertEqual(["l"], [each.path for each in told if isinstance(each, LeftOut)])
        self.assertEqual(OLD.timestamp(), (self.here / "a b").stat().st_mtime)
        self.assertEqual([LeftOut], [type(each) for each in self.down()])
        # when it has grown old, and the listing tells days and no minutes, it is still the same
        self.server.listings["/"][2] = b"-rw-r--r-- 1 o g 1 Jan  2  2020 x"
        self.assertEqual([LeftOut], [type(each) for each in self.down()])

    def test_list_and_delete(self) -> None:
        """With delete nothing goes for a listing that was not understood, nor what is hidden."""
        self.is_old()
        self.write("mine", b"x")
        self.write(".hidden", b"x")
        self.server.listings["/"] = [b"-rw-r--r-- 1 o g 5 Jan  2  2020 a", b"Lines of another kind"]
        self.server.files["/a"] = b"12345"
        self.down(delete=True)
        self.assertEqual({"a", "mine", ".hidden"}, set(self.tree()))
        self.server.listings["/"].pop()
        self.down(delete=True)
        self.assertEqual({"a", ".hidden"}, set(self.tree()))

    def test_unreadable(self) -> None:
        """A directory that cannot be read is not an empty one, whatever the server calls it."""
        self.is_old()
        self.write("mine", b"x")
        self.server.ended = b"226 Transfer done (but failed to open directory)."
        (failed,) = self.down(delete=True)
        self.assertIsInstance(failed, Failed)
        self.assertEqual({"mine"}, set(self.tree()))

    def test_up_without_times(self) -> None:
        """Where times cannot be set, what was stored later than it was changed is the same."""
        self.is_old()
        self.write("a", b"12345")
        told = self.up()
        self.assertEqual([Transferred("a", 5)], told)
        self.server.times["/a"] = "20260101000000"
        self.server.listings["/"] = [b"-rw-r--r-- 1 o g 5 Jan  1 00:00 a"]
        self.assertEqual([], self.up())
        self.write("a", b"54321", datetime(2026, 2, 1, tzinfo=UTC))
        self.assertEqual([Transferred("a", 5)], self.up())

    def test_no_renaming(self) -> None:
        """Where nothing may be renamed, files are stored under their names."""
        self.server.commands["RNFR"] = b"550 not here"
        self.write("a", b"12345")
        self.write("b", b"12345")
        self.up(parallel=1)
        self.assertEqual({"/a", "/b"}, set(self.server.files))

    def test_hashes(self) -> None:
        """What was put together is compared by hash; what is wrong comes anew, once."""
        self.server.features = [*self.FACTS, "HASH SHA-256*;MD5"]
        self.has("big", BIG)
        self.write(part_name("big", len(BIG), OLD), b"wrong" * 100)
        self.assertEqual([Transferred("big", len(BIG))], self.down())
        self.assertEqual({"big": BIG}, self.tree())
        self.server.listings["/"] = [f"type=file;size=500; {part_name('up', 1_000, OLD)}".encode()]
        self.server.files[f"/{part_name('up', 1_000, OLD)}"] = b"wrong" * 100
        (self.here / "big").unlink()
        self.write("up", b"x" * 1_000)
        self.assertEqual([Transferred("up", 1_000)], self.up())
        self.assertEqual(b"x" * 1_000, self.server.files["/up"])

    def test_verify(self) -> None:
        """With verify each file is compared; what is not the same is told, and not left there."""
        self.server.features = [*self.FACTS, "XCRC"]
        self.has("a", b"12345")
        self.has("b", b"54321")
        self.server.lies["/b"] = "12345678"
        told = self.down(verify=True)
        self.assertIn(Transferred("a", 5), told)
        self.assertEqual(["b"], [each.path for each in told if isinstance(each, Failed)])
        self.assertEqual({"a": b"12345"}, self.tree())
        self.server.features = [*self.FACTS]
        self.server.heard.clear()
        for mirror in (self.down, self.up):
            for verify in (True, False):
                (failed,) = mirror("", verify=verify, checksum=not verify)
                assert isinstance(failed, Failed)
                self.assertIsInstance(failed.error, errors.NotOffered)
        self.assertFalse([line for line in self.server.heard if line[:4] in ("RETR", "STOR")])

    def test_checksum(self) -> None:
        """With checksum times do not count, and are mended; contents do."""
        self.server.features = [*self.FACTS, "XMD5"]
        self.has("a", b"12345")
        self.has("b", b"12345")
        self.write("a", b"12345", NOW)
        self.write("b", b"54321")
        self.assertEqual({TimeSet("a"), Transferred("b", 5)}, set(self.down(checksum=True)))
        self.assertEqual([], self.down())
        self.write("a", b"12345", NOW)
        self.write("b", b"54321")
        self.assertEqual({TimeSet("a"), Transferred("b", 5)}, set(self.up(checksum=True)))
        self.assertEqual(b"54321", self.server.files["/b"])
        self.assertEqual("20260301120000", self.server.times["/a"])

    def test_shorter(self) -> None:
        """A file that ends before the size that was told is tried again from there, and not taken
        for whole."""
        self.server.features = [*self.FACTS]
        self.has("a", b"12345")
        self.server.files["/a"] = b"123"
        told = self.down(attempts=2)
        self.assertIsInstance(told[-1], Failed)
        self.assertEqual({part_name("a", 5, OLD): b"123"}, self.tree())

    def test_changes_while_sent(self) -> None:
        """A file that changes while it is sent does not get its name there."""
        self.write("a", BIG)

        def change(line: str) -> None:
            if line.startswith("STOR"):
                self.write("a", b"short")

        self.server.before = change
        (failed,) = self.up()
        self.assertIsInstance(failed, Failed)
        self.assertEqual({}, self.server.files)

    def test_many(self) -> None:
        """Two thousand files come by four sessions; then nothing does."""
        self.server.features = [*self.FACTS]
        for number in range(2_000):
            self.has(f"{number:04}", b"%d" % number)
        self.assertEqual(2_000, len(self.down()))
        self.assertEqual(b"1234", self.tree()["1234"])
        self.assertEqual(4, len(self.server.said("USER")))
        self.assertEqual([], self.down())
