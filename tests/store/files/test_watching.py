"""What other programs do to files is told once, and what we do is not told twice."""

from __future__ import annotations

import os
import random
import select
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from netsuite.store.changes import Change, FileChanged
from netsuite.store.feed import LocalFeed
from netsuite.store.files import Mapped, SiteTrees, inotify, watching
from netsuite.store.files.inotify import Event
from netsuite.store.files.thread_jobs import in_this_thread
from netsuite.store.files.watching import GATHER_SECONDS, FileWatcher, WatchedTree
from netsuite.store.tree import HomeTree
from netsuite.testing.cases import TestCase
from tests.logged import Lines


class Readers(Clock):
    """A reactor whose time is told, and whose readers are asked when that is said."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: object) -> None:
        """As a reactor's."""
        assert reader not in self.readers
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        """As a reactor's."""
        self.readers.remove(reader)

    def look(self) -> None:
        """Tell who has something to read."""
        for reader in tuple(self.readers):
            if select.select([reader], [], [], 0)[0]:
                reader.doRead()


class Jobs:
    """Does jobs at once, or when it is said."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] | None = None

    def run(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Do one; or keep its result back."""
        if self.held is None:
            return in_this_thread(function, *arguments)
        done: Deferred[Any] = Deferred()
        in_this_thread(function, *arguments).addBoth(
            lambda result: (
                self.held.append(lambda: done.callback(result)) if self.held is not None else None
            )
        )
        return done

    def let(self) -> None:
        """Give all that was kept back, and keep back no more."""
        held, self.held = self.held or [], None
        for each in held:
            each()


class Watching(TestCase):
    """A site's trees, watched."""

    async def begin(self, *, most: int = 1000, all_homes: bool = False) -> None:
        """Make trees and watch them."""
        self.root = Path(self.mktemp()).resolve()
        self.host = Path(self.mktemp()).resolve()
        self.host.mkdir()
        self.feed, self.reactor, self.jobs = LocalFeed(), Readers(), Jobs()
        self.told: list[Change] = []
        self.feed.watch_files(self.told.append)
        self.log = Lines()
        globalLogPublisher.addObserver(self.log)
        self.addCleanup(globalLogPublisher.removeObserver, self.log)
        self.trees = SiteTrees(
            self.root,
            run=in_this_thread,
            publish=self.feed.publish,
            mapped=([Mapped(("mirror",), self.host, read_only=False)], []),
        )
        await self.trees.start()
        self.public = self.root / "public"
        (self.public / "d" / "e").mkdir(parents=True)
        self.watcher = FileWatcher(
            [
                WatchedTree(("public",), self.public),
                WatchedTree(("home",), self.root / "home"),
                WatchedTree(("public", "mirror"), self.host),
            ],
            reactor=self.reactor,
            run=self.jobs.run,
            feed=self.feed,
            most=most,
        )
        self.trees.used = self.watcher.begin
        await self.watcher.start(all_homes=all_homes)
        self.addCleanup(self.end)

    async def end(self) -> None:
        """Stop; nothing is left open."""
        self.jobs.let()
        await self.watcher.stop()
        await self.trees.stop()
        self.assertEqual(([], []), (self.reactor.readers, self.reactor.getDelayedCalls()))
        self.assertEqual(-1, self.watcher.fileno())

    def news(self) -> list[tuple[str, bool]]:
        """Return what is told by and by: paths, and whether they are gone."""
        for _ in range(5):
            self.reactor.look()
            self.reactor.advance(GATHER_SECONDS)
        told, self.told[:] = list(self.told), []
        found = []
        for change in told:
            assert isinstance(change, FileChanged)
            found.append(("/".join((change.root, *change.path)), change.gone))
        return found

    async def put(self, tree: HomeTree, *path: str, octets: bytes = b"x") -> None:
        """Upload."""
        upload = await tree.upload(path)
        upload.write(octets)
        await upload.commit()


class Others(Watching):
    """Other programs."""

    async def test_files(self) -> None:
        """A file is written, written again, touched, made another's, renamed, removed."""
        await self.begin()
        file = self.public / "d" / "f"
        file.write_text("one")
        self.assertEqual([("public/d/f", False)], self.news())
        file.write_text("two")
        self.assertEqual([("public/d/f", False)], self.news())
        with file.open("a") as opened:
            opened.write("three")
            opened.flush()
            self.assertEqual([], self.news())  # it is told when it is done
        self.assertEqual([("public/d/f", False)], self.news())
        os.utime(file, (1, 1))
        self.assertEqual([("public/d/f", False)], self.news())
        file.chmod(0o600)
        self.assertEqual([("public/d/f", False)], self.news())
        file.rename(self.public / "g")
        self.assertEqual([("public/d/f", True), ("public/g", False)], self.news())
        (self.public / "new").write_text("in place of it")
        os.replace(self.public / "new", self.public / "g")
        self.assertEqual([("public/new", True), ("public/g", False)], self.news())
        (self.public / "g").unlink()
        self.assertEqual([("public/g", True)], self.news())
        self.assertEqual([], self.news())

    async def test_many_at_once(self) -> None:
        """What changes often in a moment is told once, as it is then."""
        await self.begin()
        file = self.public / "f"
        for number in range(20):
            file.write_text(str(number))
        file.unlink()
        (self.public / "g").write_text("x")
        self.assertEqual([("public/f", True), ("public/g", False)], self.news())

    async def test_directories(self) -> None:
        """Directories that are made are watched, with what is in them by then; those that are
        moved, under their new names; those that are gone no more."""
        await self.begin()
        before = self.watcher.watched
        (self.public / "n" / "m").mkdir(parents=True)
        (self.public / "n" / "m" / "f").write_text("x")
        found = self.news()
        self.assertEqual(
            {("public/n", False), ("public/n/m", False), ("public/n/m/f", False)}, set(found)
        )
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(before + 2, self.watcher.watched)
        (self.public / "n").rename(self.public / "d" / "o")
        self.assertEqual(
            {
                ("public/n", True),
                ("public/d/o", False),
                ("public/d/o/m", False),
                ("public/d/o/m/f", False),
            },
            set(self.news()),
        )
        (self.public / "d" / "o" / "m" / "f").write_text("y")
        self.assertEqual([("public/d/o/m/f", False)], self.news())
        outside = Path(self.mktemp()).resolve()
        (self.public / "d" / "o").rename(outside)
        self.assertEqual([("public/d/o", True)], self.news())
        self.assertEqual(before, self.watcher.watched)
        (outside / "m" / "f").write_text("z")
        self.assertEqual([], self.news())
        shutil.rmtree(self.public / "d")
        self.assertEqual(("public/d", True), self.news()[-1])
        self.assertEqual(before - 2, self.watcher.watched)

    async def test_replaced_directory(self) -> None:
        """A directory that another takes the place of in a moment is told to have gone, too."""
        await self.begin()
        (self.public / "d" / "e").rename(Path(self.mktemp()).resolve())
        (self.public / "d" / "e").mkdir()
        self.assertEqual([("public/d/e", True), ("public/d/e", False)], self.news())

    async def test_names(self) -> None:
        """Names that are no UTF-8 are told; those that are ours, or never shown, are not."""
        await self.begin()
        octets = os.fsencode(self.public)
        for name in (b"caf\xe9", b".netsuite-upload-1", b"a\x01b", b"#17"):
            with open(octets + b"/" + name, "w") as file:
                file.write("x")
        self.assertEqual([("public/caf\udce9", False), ("public/#17", False)], self.news())
        os.unlink(octets + b"/.netsuite-upload-1")
        self.assertEqual([], self.news())

    async def test_links(self) -> None:
        """A link to a directory is not followed: what is behind it is not watched."""
        await self.begin()
        outside = Path(self.mktemp()).resolve()
        outside.mkdir()
        before = self.watcher.watched
        (self.public / "link").symlink_to(outside)
        self.assertEqual([("public/link", False)], self.news())
        (outside / "f").write_text("x")
        self.assertEqual(([], before), (self.news(), self.watcher.watched))

    async def test_homes(self) -> None:
        """A home is watched from its first use on, once; what is mapped as it appears."""
        await self.begin()
        await self.trees.home("ann")
        await self.trees.home("bob")
        self.news()
        number = self.watcher.watched
        await self.trees.home("ann")
        self.trees.public_of("ann")
        self.assertEqual(number, self.watcher.watched)
        (self.root / "home" / "ann" / "public" / "f").write_text("x")
        (self.root / "home" / "cat").mkdir()
        (self.root / "home" / "cat" / "f").write_text("x")
        (self.host / "f").write_text("x")
        self.assertEqual(
            {("home/ann/public/f", False), ("public/mirror/f", False)}, set(self.news())
        )
        self.trees.public_of("dan")  # has none yet
        await self.trees.home("dan")
        self.news()
        (self.root / "home" / "dan" / "f").write_text("x")
        self.assertEqual([("home/dan/f", False)], self.news())

    async def test_all_homes(self) -> None:
        """All homes are watched at once where others than this process use them."""
        await self.begin(all_homes=True)
        (self.root / "home" / "ann").mkdir()
        self.assertEqual([("home/ann", False)], self.news())
        (self.root / "home" / "ann" / "f").write_text("x")
        self.assertEqual([("home/ann/f", False)], self.news())

    async def test_while_a_directory_is_visited(self) -> None:
        """What happens between the watch and the look at what is there is told once."""
        await self.begin()
        self.jobs.held = []
        (self.public / "n").mkdir()
        self.reactor.look()
        self.reactor.advance(GATHER_SECONDS)
        self.assertEqual([("public/n", False)], self.news())
        (self.public / "n" / "f").write_text("x")
        (self.public / "n" / "g").write_text("x")
        self.assertEqual([], self.news())  # whose it is, is not known yet
        self.jobs.let()
        self.assertEqual([("public/n/f", False), ("public/n/g", False)], self.news())

    async def test_gone_while_it_is_visited(self) -> None:
        """A directory that is moved away meanwhile is not taken for what has its name."""
        await self.begin()
        before = self.watcher.watched
        self.jobs.held = []
        (self.public / "n").mkdir()
        self.news()
        outside = Path(self.mktemp()).resolve()
        (self.public / "n").rename(outside)
        self.assertEqual([("public/n", True)], self.news())
        self.jobs.let()
        (outside / "f").write_text("x")
        self.assertEqual(([], before), (self.news(), self.watcher.watched))

    async def test_any_order(self) -> None:
        """Whatever others do, in the end what is watched is what is there, and the last word on
        each name is right."""
        await self.begin()
        chance = random.Random(1)
        known: dict[str, bool] = {}
        for _ in range(300):
            self.act(chance)
            if chance.random() < 0.3:
                self.learn(known)
        self.learn(known)
        there = [path for path in self.public.rglob("*") if path.is_dir()]
        self.assertEqual(len(there) + 2, self.watcher.watched)  # and the root, and the mirror
        self.assertGreater(len(known), 20)
        for path, gone in known.items():
            self.assertEqual(not gone, (self.root / path).exists(), path)

    def learn(self, known: dict[str, bool]) -> None:
        """Take note of the news; what goes takes with it what is in it."""
        for path, gone in self.news():
            known[path] = gone
            if gone:
                known.update((each, True) for each in known if each.startswith(f"{path}/"))

    def act(self, chance: random.Random) -> None:
        """Do something."""
        directories = [self.public, *(p for p in self.public.rglob("*") if p.is_dir())]
        where, name = chance.choice(directories), chance.choice("abc")
        path = where / name
        match chance.randrange(5):
            case 0 | 1 if not path.is_dir():
                path.write_text("x")
            case 2 if not path.exists():
                path.mkdir()
            case 3 if path.exists():
                other = chance.choice(directories) / chance.choice("abc")
                if not other.exists() and path not in other.parents:
                    path.rename(other)
            case 4 if path.is_dir():
                shutil.rmtree(path)
            case 4 if path.exists():
                path.unlink()


class Ours(Watching):
    """Our own changes."""

    async def test_once(self) -> None:
        """Each is told once, in our own words."""
        await self.begin()
        home = await self.trees.home("ann")
        self.news()
        trees = (home, self.trees.public)
        for tree in trees:
            await self.put(tree, "f")
            await self.put(tree, "f", octets=b"y" * (1 << 20))
            await tree.make_directory(("n",))
            await self.put(tree, "n", "f")
            await tree.rename(("n", "f"), ("n", "g"))
            await tree.rename(("n",), ("m",))
            await tree.set_mode(("f",), 0o600)
            await tree.remove_file(("m", "g"))
            await tree.remove_directory(("m",))
        await self.put(self.trees.public, "mirror", "f")
        await home.move_to(("f",), self.trees.public, ("g",))
        heard = len(self.told)
        self.assertEqual(heard, len(self.news()))
        self.assertEqual([], self.news())

    async def test_a_directory_of_ours(self) -> None:
        """What others make in a directory that we have made, or moved, is told."""
        await self.begin()
        await self.trees.public.make_directory(("n",))
        await self.put(self.trees.public, "n", "f")
        await self.trees.public.rename(("n",), ("m",))
        self.news()
        (self.public / "m" / "g").write_text("x")
        self.assertEqual([("public/m/g", False)], self.news())

    async def test_others_of_the_same_file(self) -> None:
        """What others did before our word of a file is covered by that; what they do after is
        told."""
        await self.begin()
        (self.public / "f").write_text("theirs")
        await self.put(self.trees.public, "f")
        self.assertEqual([("public/f", False)], self.news())
        await self.put(self.trees.public, "f")
        (self.public / "f").write_text("theirs")
        self.assertEqual([("public/f", False)] * 2, self.news())

    async def test_from_another_process(self) -> None:
        """The word of another process of ours, which comes a moment later, is enough."""
        await self.begin()
        (self.public / "f").write_text("x")
        self.reactor.look()
        self.feed.publish([FileChanged("public", ("f",))])
        self.assertEqual([("public/f", False)], self.news())


class Limits(Watching):
    """Too much of it."""

    async def test_too_many_directories(self) -> None:
        """Beyond so many directories none is watched, and the log says so, once."""
        await self.begin(most=3)
        self.assertEqual(3, self.watcher.watched)
        for name in "abc":
            (self.public / name).mkdir()
            self.news()
        self.assertEqual(3, self.watcher.watched)
        said = [line for line in self.log if "not all directories are watched" in line]
        self.assertEqual(1, len(said))
        self.assertIn("files.watched_directories", said[0])
        (self.public / "f").write_text("x")
        self.assertEqual([("public/f", False)], self.news())

    async def test_the_system_allows_no_more(self) -> None:
        """So it is where the system allows no more."""

        def none(self: object, directory: int) -> int:
            raise OSError(28, "No space left on device")

        self.patch(inotify.Inotify, "add", none)
        await self.begin()
        self.assertEqual(0, self.watcher.watched)
        said = [line for line in self.log if "fs.inotify.max_user_watches" in line]
        self.assertEqual(1, len(said))

    async def test_overflow(self) -> None:
        """Where events were lost all may have changed; and directories that were made meanwhile
        are watched."""
        await self.begin()
        await self.trees.home("ann")
        self.news()
        real = inotify.Inotify.read
        (self.public / "unseen").mkdir()
        queue = self.watcher._inotify
        assert queue is not None
        list(real(queue))  # lost
        lost = [Event(-1, inotify.OVERFLOW, b"")]
        self.patch(inotify.Inotify, "read", lambda queue: [lost.pop()] if lost else real(queue))
        (self.public / "f").write_text("x")
        self.assertEqual([("home/ann", False), ("public", False)], self.news()[:2])
        (self.public / "unseen" / "f").write_text("x")
        self.assertEqual([("public/unseen/f", False)], self.news())
        self.assertTrue(any("more changed" in line for line in self.log))

    async def test_too_much_at_once(self) -> None:
        """More than so many files are not told one by one."""
        self.patch(watching, "MOST", 10)
        await self.begin()
        for number in range(30):
            (self.public / str(number)).write_text("x")
        self.assertEqual([("public", False)], self.news())
        (self.public / "f").write_text("x")
        self.assertEqual([("public/f", False)], self.news())

    async def test_no_inotify(self) -> None:
        """Where there is none, or no more of them, all else goes on."""

        def refused(self: object) -> None:
            raise OSError(24, "Too many open files")

        self.patch(inotify.Inotify, "__init__", refused)
        await self.begin()
        await self.trees.home("ann")
        await self.put(self.trees.public, "f")
        self.assertEqual([], self.reactor.readers)
        self.assertTrue(any("Too many open files" in line for line in self.log))
        self.patch(inotify, "_init", None)
        await self.begin()
        self.assertTrue(any("not seen on this system" in line for line in self.log))
