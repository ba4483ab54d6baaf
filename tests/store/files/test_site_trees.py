"""The trees of a site: which directories they are, and that a site opens and closes them."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from netsuite.accounts.files import AccountFiles
from netsuite.accounts.interfaces import Channel, FileAccess
from netsuite.accounts.passwords import make_verifiers
from netsuite.config.load import load
from netsuite.home import SiteError
from netsuite.site import Site
from netsuite.store.changes import Change, FileChanged
from netsuite.store.errors import BadFileName, NoSuchFile, NotPermitted, TooLarge
from netsuite.store.files import SiteTrees
from netsuite.store.tree import DEPTH, EntryKind, HomeTree, TreePath, UploadRequest
from netsuite.testing.cases import TestCase
from tests.store.files.disk_case import open_below
from tests.store.reactors import reactor


async def put(tree: HomeTree, *path: str) -> None:
    """Write a file."""
    upload = await tree.upload(path)
    upload.write(b"x")
    await upload.commit()


class Homes(TestCase):
    """Homes on disk."""

    async def make(self) -> SiteTrees:
        clock = Clock()
        clock.advance(time.time())
        self.root = Path(self.mktemp())
        self.published: list[Change] = []
        homes = SiteTrees(
            self.root,
            run=deferToThread,
            now=clock.seconds,
            publish=self.published.extend,
            limit_octets=100,
        )
        await homes.start()
        self.addCleanup(homes.stop)
        return homes

    async def test_directories(self) -> None:
        """Homes are directories below home/, made when they are first used, for nobody else."""
        homes = await self.make()
        self.assertEqual(["home", "public"], sorted(os.listdir(self.root)))
        await put(homes.public, "f")
        await homes.home("ann")
        ann = await homes.home("ann")
        await put(ann, "g")
        await put(ann, "public", "page")
        found = sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*"))
        self.assertEqual(
            [
                *("home", "home/ann", "home/ann/g", "home/ann/public", "home/ann/public/page"),
                *("public", "public/f"),
            ],
            found,
        )
        modes = {
            path: stat.S_IMODE((self.root / path).stat().st_mode)
            for path in ("public/f", "home/ann", "home/ann/g")
        }
        self.assertEqual({"public/f": 0o644, "home/ann": 0o750, "home/ann/g": 0o640}, modes)
        shown = homes.public_of("ann")
        self.assertEqual(["page"], [entry.name for entry in await shown.sorted_listing(())])
        with self.assertRaises(NoSuchFile):
            await homes.public_of("bob").entry(())

    async def test_told(self) -> None:
        """Changes are told with the tree they are in."""
        homes = await self.make()
        await put(homes.public, "f")
        ann = await homes.home("ann")
        await homes.public.move_to(("f",), ann, ("g",))
        self.assertEqual(
            [
                FileChanged("public", ("f",), uploaded=True),
                FileChanged("home/ann", ()),
                FileChanged("home/ann", ("public",)),
                FileChanged("public", ("f",), gone=True),
                FileChanged("home/ann", ("g",)),
            ],
            self.published,
        )

    async def test_nobody_leaves_a_home(self) -> None:
        """A home's root is no file of it, and names of accounts are no paths."""
        homes = await self.make()
        ann = await homes.home("ann")
        for name in ("", ".", "..", "a/b", "../public", "a\0"):
            with self.assertRaises(BadFileName):
                await homes.home(name)
            with self.assertRaises(BadFileName):
                homes.public_of(name)
        for doing in (ann.remove_directory(()), ann.rename((), ("x",))):
            with self.assertRaises(NotPermitted):
                await doing
        with self.assertRaises(BadFileName):
            await ann.rename(("public",), ("..", "bob"))

    async def test_depth(self) -> None:
        """A home is as deep as the site."""
        homes = await self.make()
        ann = await homes.home("ann")
        (self.root / "home" / "ann" / "/".join("d" * DEPTH)).mkdir(parents=True)
        await ann.entry(("d",) * DEPTH)


class InASite(TestCase):
    """A site's files."""

    async def test_site(self) -> None:
        """A started site has its directories, gives the facet to who logs in, and leaves nothing
        open when it is stopped."""
        home = Path(self.mktemp())
        settings = load(None, ["tls.enabled=false", "files.upload_octets=5"])
        site = Site(home, settings=settings, reactor=reactor)
        site.startService()
        await site.when_open()
        try:
            await self.use(site)
            self.assertNotEqual([], open_below(home))
        finally:
            await site.stopService()
        self.assertEqual([], open_below(home))

    async def use(self, site: Site) -> None:
        """Log in and write a file."""
        assert site.home is not None
        files = site.home / "files"
        self.assertTrue((files / "public").is_dir())
        self.assertEqual([], list(await site.files.anonymous().sorted_listing(())))
        await site.store.accounts.add_account("ann", make_verifiers("secret"))
        session = await site.authenticator.log_in(
            Channel("ftp", local=True), "ann", "secret", FileAccess
        )
        assert isinstance(session.avatar, AccountFiles)
        self.assertTrue((files / "home" / "ann" / "public").is_dir())
        upload = await session.avatar.upload(("f",))
        upload.write(b"12345")
        await upload.commit()
        self.assertEqual(b"12345", (files / "home" / "ann" / "f").read_bytes())
        with self.assertRaises(TooLarge):
            await session.avatar.upload(("g",), UploadRequest(expected_octets=6))

    async def test_cannot_be_used(self) -> None:
        """A root that is no directory is said so in a line that says what to change."""
        home = Path(self.mktemp())
        home.mkdir()
        (home / "files").write_bytes(b"")
        site = Site(home, settings=load(None, ["tls.enabled=false"]), reactor=reactor)
        with self.assertRaises(SiteError) as caught:
            await site._storage.start()
        self.assertIn("files.root", str(caught.exception))
        await site._storage.stop()

    async def test_rules_links_and_mapped_directories(self) -> None:
        """What a configuration says of the files holds for all who come, and other rules as soon
        as they are read."""
        home, mirror = Path(self.mktemp()), Path(self.mktemp()).resolve()
        (mirror / "pool").mkdir(parents=True)
        (mirror / "pool" / "f").write_bytes(b"mirrored")
        (mirror / "latest").symlink_to("pool")
        public = home / "files" / "public"
        for name in ("incoming", ".hidden", "d"):
            (public / name).mkdir(parents=True)
        (public / ".hidden" / "f").write_bytes(b"secret")
        (public / "d" / "f").write_bytes(b"shown")
        (public / "d" / "kept").write_bytes(b"for nobody")
        (public / "shown").symlink_to("d")
        (public / "not").symlink_to(".hidden")
        (public / "in").symlink_to("incoming")
        (public / "out").symlink_to(mirror)
        said = [
            "tls.enabled=false",
            'files.links="inside"',
            f"""files.mapped=[{{path="/site/mirror", directory="{mirror}"}},
            {{path="/home/ann/mine", directory="{mirror}", read_only=false}}]""",
            'files.rules=[{path="/site/incoming", may={"*"="incoming"}},'
            '{path="/site/d/kept", may={}}]',
        ]
        site = Site(home, settings=load(None, said), reactor=reactor)
        site.startService()
        await site.when_open()
        try:
            await self.look(site)
            await self.store(site, mirror)
            site.apply(load(None, [*said[:3], 'files.rules=[{path="/site", may={}}]']))
            with self.assertRaises(NoSuchFile):
                await site.files.anonymous().entry(("d",))
        finally:
            await site.stopService()
        self.assertEqual([], open_below(home) + open_below(mirror))

    async def look(self, site: Site) -> None:
        """Look as anybody."""
        anybody = site.files.anonymous()
        path: TreePath
        entries = {entry.name: entry.kind for entry in await anybody.sorted_listing(())}
        self.assertEqual({"d", "in", "incoming", "mirror", "shown"}, set(entries))
        self.assertEqual({EntryKind.DIRECTORY}, set(entries.values()))
        listed = await anybody.sorted_listing(("mirror",))
        self.assertEqual(["latest", "pool"], [entry.name for entry in listed])
        for path in (("d",), ("shown",)):  # what a rule hides is not listed through a link either
            listed = await anybody.sorted_listing(path)
            self.assertEqual(["f"], [entry.name for entry in listed], path)
        for path, content in (
            (("shown", "f"), b"shown"),
            (("mirror", "pool", "f"), b"mirrored"),
            (("mirror", "latest", "f"), b"mirrored"),
        ):
            file = await anybody.open(path)
            self.assertEqual(content, await file.read(0, 100))
            file.close()
        for path in (
            *(("not",), ("not", "f"), ("out",), ("out", "pool"), ("in", "f")),
            *(("d", "kept"), ("shown", "kept")),
        ):
            with self.assertRaises(NoSuchFile):
                await anybody.entry(path)

    async def store(self, site: Site, mirror: Path) -> None:
        """Store by links, and into what is mapped."""
        anybody = site.files.anonymous()
        path: TreePath
        for path in (("mirror", "f"), ("mirror", "pool", "f"), ("mirror", "latest", "f")):
            with self.assertRaises(NotPermitted):
                await anybody.upload(path)
        upload = await anybody.upload(("in", "f"))
        await upload.commit()
        with self.assertRaises(NotPermitted):  # a link gives no more than where it leads to
            await anybody.open(("in", "f"))
        account = await site.store.accounts.add_account("ann", make_verifiers("secret"))
        await site.store.accounts.update_account(account.id, groups=frozenset({"admin"}))
        session = await site.authenticator.log_in(
            Channel("ftp", local=True), "ann", "secret", FileAccess
        )
        ann: FileAccess = session.avatar
        for path in (("site", "mirror", "f"), ("site", "mirror", "latest", "f")):
            with self.assertRaises(NotPermitted):
                await ann.upload(path)
        upload = await ann.upload(("mine", "latest", "g"))
        await upload.commit()
        self.assertTrue((mirror / "pool" / "g").exists())
        await ann.rename(("mine", "pool", "g"), ("site", "d", "g"))
        await ann.remove_file(("site", "shown", "g"))
        await ann.remove_file(("site", "shown"))
        listed = await ann.sorted_listing(("site", "d"))
        self.assertEqual(["f", "kept"], [entry.name for entry in listed])
        for path in (("mine",), ("site", "mirror"), ("site", "incoming")):
            with self.assertRaises(NotPermitted):
                await ann.remove_directory(path)
