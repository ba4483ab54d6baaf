"""Who sees and changes which files, and under which names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from netsuite.accounts.file_rules import ALL, READ_ONLY, Rule, read_path, read_permissions
from netsuite.accounts.files import AccountFiles, HomesOfSite
from netsuite.accounts.interfaces import FileAccess
from netsuite.accounts.permissions import FilePermissions
from netsuite.accounts.realm import AccountRealm
from netsuite.store.changes import Change, FileChanged
from netsuite.store.errors import (
    BadFileName,
    FileInTheWay,
    IsADirectory,
    NoSuchFile,
    NotPermitted,
    StoreError,
    TooLarge,
)
from netsuite.store.files import MemorySiteTrees
from netsuite.store.model import AccountId, AccountState
from netsuite.store.tree import Space, TreePath, UploadRequest
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import World

WHEN = datetime(2001, 2, 3, tzinfo=UTC)


def rule(path: str, **may: str) -> Rule:
    """Make a rule; ``at_`` stands for ``@``, ``any`` for ``*``."""
    names = {"*" if name == "any" else name.replace("at_", "@"): name for name in may}
    return Rule(read_path(path), {name: read_permissions(may[key]) for name, key in names.items()})


class FileFacets(TestCase):
    """The facets over trees in memory."""

    def setUp(self) -> None:
        self.world = World()
        self.homes = MemorySiteTrees(publish=self.world.store.changes.publish, limit_octets=1000)
        self.decides = FilePermissions()
        self.files = HomesOfSite(self.world.store, self.homes, self.decides)
        self.realm = AccountRealm(
            self.world.store, self.world.resolver, self.homes, permissions=self.decides
        )

    async def facet(self, name: str, **changes: Any) -> AccountFiles:
        """Make an account; give its files as the realm does."""
        await self.world.account(name, **changes)
        _, avatar, _logout = await self.realm.requestAvatar(name.encode(), None, FileAccess)
        assert isinstance(avatar, AccountFiles)
        return avatar

    async def put(self, files: FileAccess, path: TreePath, octets: bytes = b"x") -> None:
        """Write a file."""
        upload = await files.upload(path)
        upload.write(octets)
        await upload.commit()

    async def get(self, files: FileAccess, path: TreePath) -> bytes:
        """Read a file."""
        file = await files.open(path)
        try:
            return await file.read(0, 1000)
        finally:
            file.close()

    async def names(self, files: FileAccess, path: TreePath = ()) -> list[str]:
        """List."""
        return [entry.name for entry in await files.sorted_listing(path)]

    async def refuse_changes(
        self, files: FileAccess, path: TreePath, error: type[StoreError] = NotPermitted
    ) -> None:
        """Try to change something in every way."""
        self.assertLessEqual(files.permissions(path), READ_ONLY)
        for doing in (
            files.upload(path),
            files.make_directory(path),
            files.remove_file(path),
            files.remove_directory(path),
            files.rename(path, ("x",)),
            files.set_modified(path, WHEN),
        ):
            with self.assertRaises(error):
                await doing

    async def test_home_and_site(self) -> None:
        """An account finds its home at the root, its public directory in it, and the site."""
        ann = await self.facet("ann")
        self.assertEqual("ann", ann.name)
        self.assertEqual(["public", "site"], await self.names(ann))
        self.assertEqual("site", (await ann.entry(("site",))).name)
        self.assertEqual("", (await ann.entry(())).name)
        await self.put(ann, ("f",), b"mine")
        self.assertEqual(ALL, ann.permissions(("f",)))
        self.assertEqual(["f", "public", "site"], await self.names(ann))
        with self.assertRaises(TooLarge):
            await ann.sorted_listing((), limit=2)
        await self.put(await self.facet("bob"), ("f",), b"his")
        self.assertEqual(b"mine", await self.get(ann, ("f",)))

    async def test_the_site_is_for_reading(self) -> None:
        """Who is not of the web group reads the site and changes nothing there."""
        web, ann = await self.facet("web", groups=frozenset({"web"})), await self.facet("ann")
        await self.put(web, ("site", "index.html"), b"welcome")
        self.assertEqual(b"welcome", await self.get(ann, ("site", "index.html")))
        await self.refuse_changes(ann, ("site", "index.html"))
        await self.put(ann, ("f",))
        with self.assertRaises(NotPermitted):
            await ann.rename(("f",), ("site", "f"))
        self.assertEqual(["index.html"], await self.names(ann, ("site",)))
        self.assertEqual(ALL, web.permissions(("site", "f")))
        self.assertEqual(READ_ONLY, ann.permissions(("site", "f")))

    async def test_the_site_wins(self) -> None:
        """A directory of the home's own called site is hidden by the site, and cannot be made."""
        web = await self.facet("web", groups=frozenset({"web"}))
        home = await self.homes.home("web")
        await home.make_directory(("site",))
        await home.make_directory(("site", "hidden"))
        self.assertEqual([], await self.names(web, ("site",)))
        self.assertEqual(["public", "site"], await self.names(web))
        with self.assertRaises(FileInTheWay):
            await web.make_directory(("site",))
        with self.assertRaises(IsADirectory):
            await web.upload(("site",))
        for doing in (web.remove_directory(("site",)), web.rename(("site",), ("x",))):
            with self.assertRaises(NotPermitted):
                await doing
        with self.assertRaises(FileInTheWay):
            await web.rename(("public",), ("site",))

    async def test_between_home_and_site(self) -> None:
        """Who may change the site can move files between it and the home."""
        web = await self.facet("web", groups=frozenset({"web"}))
        await self.put(web, ("draft",), b"1")
        await web.rename(("draft",), ("site", "page"))
        self.assertEqual(["page"], await self.names(web, ("site",)))
        await web.rename(("site", "page"), ("public", "page"))
        self.assertEqual(b"1", await self.get(web, ("public", "page")))
        self.assertEqual([], await self.names(web, ("site",)))

    async def test_anonymous(self) -> None:
        """Everybody sees the site at the root, without what has a dot in front, for reading."""
        admin = await self.facet("root", groups=frozenset({"admin"}))
        await self.put(admin, ("site", "f"), b"hello")
        await self.put(admin, ("site", ".secret"))
        anybody = self.files.anonymous()
        self.assertEqual(["f"], await self.names(anybody))
        self.assertEqual(b"hello", await self.get(anybody, ("f",)))
        for path in ((".secret",), ("none",)):
            with self.assertRaises(NoSuchFile):
                await anybody.entry(path)
            with self.assertRaises(NoSuchFile):
                await anybody.open(path)
        await self.refuse_changes(anybody, ("f",))
        await self.refuse_changes(anybody, (".secret",), NoSuchFile)
        self.assertEqual([".secret", "f"], await self.names(admin, ("site",)))

    async def test_public_of(self) -> None:
        """What an account puts into public is for everybody, and nothing else is."""
        ann = await self.facet("ann")
        await self.put(ann, ("public", "page"), b"hello")
        await self.put(ann, ("private",))
        shown = await self.files.public_of("ANN")
        self.assertEqual("~ann", shown.name)
        self.assertEqual(b"hello", await self.get(shown, ("page",)))
        self.assertEqual("", (await shown.entry(())).name)
        await self.refuse_changes(shown, ("page",))
        for path, error in (
            (("..", "private"), NoSuchFile),  # a name with a dot in front
            (("a/../../private",), BadFileName),
        ):
            with self.assertRaises(error):
                await shown.open(path)

    async def test_public_of_nobody(self) -> None:
        """Unknown and disabled accounts show nothing, and asking makes no directories."""
        ann = await self.facet("ann")
        await self.put(ann, ("public", "page"))
        made = await self.world.account("never")
        shown = await self.files.public_of("never")
        with self.assertRaises(NoSuchFile):
            await shown.entry(())
        with self.assertRaises(NoSuchFile):
            await self.homes._homes.entry((made.name,))
        await self.world.store.accounts.update_account(ann._account.id, state=AccountState.DISABLED)
        for name in ("ann", "nobody", "", "..", "a/b"):
            with self.assertRaises(NoSuchFile):
                await self.files.public_of(name)

    async def test_disabled_while_logged_in(self) -> None:
        """An account that is disabled may do nothing from then on; nor one that is removed."""
        accounts = self.world.store.accounts
        for number, end in enumerate((accounts.remove_account, self.disable)):
            ann = await self.facet(f"ann{number}")
            await self.put(ann, ("f",))
            await end(ann._account.id)
            for path in (("f",), ("site",)):
                with self.assertRaises(NotPermitted):
                    await ann.entry(path)
            with self.assertRaises(NotPermitted):
                await ann.sorted_listing(())
            await self.refuse_changes(ann, ("f",))

    async def disable(self, number: AccountId) -> None:
        await self.world.store.accounts.update_account(number, state=AccountState.DISABLED)

    async def test_groups_while_logged_in(self) -> None:
        """Who comes into the web group may change the site at once, and no longer who leaves."""
        ann = await self.facet("ann")
        accounts = self.world.store.accounts
        await self.refuse_changes(ann, ("site", "f"))
        await accounts.update_account(ann._account.id, groups=frozenset({"web"}))
        await self.put(ann, ("site", "f"))
        await accounts.update_account(ann._account.id, groups=frozenset())
        with self.assertRaises(NotPermitted):
            await ann.remove_file(("site", "f"))

    async def test_told(self) -> None:
        """Who watches files hears which tree and path changed; who watches all does too."""
        heard: list[Change] = []
        watching = self.world.store.changes.watch_files(heard.append)
        every: list[Change] = []
        self.world.store.changes.watch_all(every.append)
        web = await self.facet("web", groups=frozenset({"web"}))
        heard.clear()
        await self.put(web, ("a",))
        await web.rename(("a",), ("site", "b"))
        await web.remove_file(("site", "b"))
        expected = [
            FileChanged("home/web", ("a",), uploaded=True),
            FileChanged("home/web", ("a",), gone=True),
            FileChanged("public", ("b",)),
            FileChanged("public", ("b",), gone=True),
        ]
        self.assertEqual(expected, heard)
        self.assertEqual(expected, every[-4:])
        watching.cancel()

    async def test_no_facet_without_files(self) -> None:
        """A realm that was given no files has no such facet."""
        await self.world.account("ann")
        realm = AccountRealm(self.world.store, self.world.resolver)
        with self.assertRaises(NotImplementedError):
            await realm.requestAvatar(b"ann", None, FileAccess)

    async def test_set_modified(self) -> None:
        """Times are set under the names one sees."""
        web = await self.facet("web", groups=frozenset({"web"}))
        entry = await web.set_modified(("site",), WHEN)
        self.assertEqual(("site", WHEN), (entry.name, entry.modified))

    async def test_set_mode(self) -> None:
        """Permissions are set under the names one sees, by who may change the file."""
        web = await self.facet("web", groups=frozenset({"web"}))
        entry = await web.set_mode(("site",), 0o711)
        self.assertEqual(("site", 0o711), (entry.name, entry.mode))
        ann = await self.facet("ann")
        with self.assertRaises(NotPermitted):
            await ann.set_mode(("site",), 0o755)

    async def test_space(self) -> None:
        """What room there is is told to who may store something."""
        ann = await self.facet("ann")
        self.assertEqual(Space(None, None), await ann.space(()))
        with self.assertRaises(NotPermitted):
            await ann.space(("site",))


class Ruled(FileFacets):
    """Facets where rules say who may do what: all that holds without rules, and what they say."""

    def setUp(self) -> None:
        super().setUp()
        self.decides.configure(
            [
                rule("/site/incoming", anonymous="incoming", ann="incoming", at_staff="all"),
                rule("/site/log", ann="append-only"),
                rule("/site/secret", at_staff="all"),
                rule("/site/kept/this", any="read-only"),
                rule("/home/*/box", any="list, store"),
            ]
        )

    async def staff(self) -> AccountFiles:
        """Make one of the staff, and the directories of the rules."""
        staff = await self.facet("staff", groups=frozenset({"staff", "web"}))
        for name in ("incoming", "log", "secret", "kept"):
            await self.homes.public.make_directory((name,))
        await self.homes.public.make_directory(("kept", "this"))
        return staff

    async def test_incoming(self) -> None:
        """Who may only leave something gives it a new name, and sees nothing, until it is moved."""
        staff = await self.staff()
        for giver, root in ((self.files.anonymous(), ()), (await self.facet("ann"), ("site",))):
            here = (*root, "incoming")
            self.assertIn("incoming", await self.names(giver, root))
            self.assertEqual("incoming", (await giver.entry(here)).name)
            await self.put(giver, (*here, "gift"), b"first")
            with self.assertRaises(FileInTheWay):
                await self.put(giver, (*here, "gift"), b"second")
            for request in (
                UploadRequest(append=True),
                UploadRequest(resume_at=2),
                UploadRequest(resume_at=5),
            ):
                with self.assertRaises((FileInTheWay, NotPermitted)):
                    await giver.upload((*here, "gift"), request)
            for path in ((*here, "gift"), (*here, "none")):
                with self.assertRaises(NoSuchFile):
                    await giver.entry(path)
                with self.assertRaises(NotPermitted):
                    await giver.open(path)
                for doing in (
                    giver.remove_file(path),
                    giver.rename(path, (*here, "other")),
                    giver.set_modified(path, WHEN),
                    giver.set_mode(path, 0o777),
                    giver.make_directory(path),
                ):
                    with self.assertRaises(NotPermitted):
                        await doing
            with self.assertRaises(NotPermitted):
                await self.names(giver, here)
            await staff.rename(("site", "incoming", "gift"), ("site", "gift"))
            self.assertEqual(b"first", await self.get(giver, (*root, "gift")))
            await staff.remove_file(("site", "gift"))

    async def test_no_part_stays_in_incoming(self) -> None:
        """A part of a file that nobody could go on with is not kept, whatever cuts it."""
        staff = await self.staff()
        giver = self.files.anonymous()
        upload = await giver.upload(("incoming", "part"))
        upload.write(b"half")
        self.assertEqual(4, upload.octets)
        await upload.abort(keep_partial=True)
        upload = await giver.upload(("incoming", "part"))
        upload.write(b"half")

        async def cut() -> None:
            raise RuntimeError

        with self.assertRaises(RuntimeError):
            await upload.commit(may_replace=cut)
        self.assertEqual([], await self.names(staff, ("site", "incoming")))
        kept = await staff.upload(("site", "incoming", "part"))
        kept.write(b"half")
        await kept.abort(keep_partial=True)
        self.assertEqual(["part"], await self.names(staff, ("site", "incoming")))

    async def test_append_only(self) -> None:
        """New files are stored and old ones become longer, and nothing is lost."""
        await self.staff()
        ann = await self.facet("ann")
        here = ("site", "log")
        await self.put(ann, (*here, "f"), b"one")
        with self.assertRaises(FileInTheWay):
            await self.put(ann, (*here, "f"), b"other")
        for request in (UploadRequest(append=True), UploadRequest(resume_at=4)):
            upload = await ann.upload((*here, "f"), request)
            upload.write(b"+")
            await upload.commit()
        self.assertEqual(b"one++", await self.get(ann, (*here, "f")))
        for doing in (
            ann.upload((*here, "f"), UploadRequest(resume_at=2)),
            ann.remove_file((*here, "f")),
            ann.rename((*here, "f"), (*here, "g")),
            ann.set_modified((*here, "f"), WHEN),
        ):
            with self.assertRaises(NotPermitted):
                await doing
        await ann.make_directory((*here, "d"))
        await self.put(ann, (*here, "d", "f"))
        upload = await ann.upload((*here, "new"), UploadRequest(append=True))
        upload.write(b"begun")
        await upload.commit()
        self.assertEqual(["d", "f", "new"], await self.names(ann, here))

    async def test_only_for_some(self) -> None:
        """Whom no rule of a path names finds nothing there; those it names do."""
        staff = await self.staff()
        await self.put(staff, ("site", "secret", "f"))
        ann, anybody = await self.facet("ann"), self.files.anonymous()
        self.assertIn("secret", await self.names(staff, ("site",)))
        for files, root in ((ann, ("site",)), (anybody, ())):
            self.assertNotIn("secret", await self.names(files, root))
            for path in ((*root, "secret"), (*root, "secret", "f")):
                self.assertEqual(frozenset(), files.permissions(path))
                with self.assertRaises(NoSuchFile):
                    await files.entry(path)
                with self.assertRaises(NoSuchFile):
                    await files.open(path)
                with self.assertRaises(NoSuchFile):
                    await files.upload(path)
        with self.assertRaises(NoSuchFile):
            await ann.rename(("site", "secret", "f"), ("f",))

    async def test_what_rules_are_about_stays(self) -> None:
        """A directory that a rule is about, or one in it, is neither moved away nor removed, so
        that nothing comes from under its rule."""
        staff = await self.staff()
        for path in (("secret",), ("incoming",), ("kept",)):
            for doing in (
                staff.rename(("site", *path), ("site", "x")),
                staff.remove_directory(("site", *path)),
            ):
                with self.assertRaises(NotPermitted):
                    await doing
            self.assertTrue({"remove", "rename"}.isdisjoint(staff.permissions(("site", *path))))
        await staff.make_directory(("site", "secret", "d"))
        await staff.rename(("site", "secret", "d"), ("site", "d"))

    async def test_moving_in(self) -> None:
        """What is moved to a place is stored there: new names only, and directories where those
        may be made."""
        ann = await self.facet("ann")
        await self.staff()
        await self.put(ann, ("f",), b"1")
        await self.put(ann, ("g",), b"2")
        await ann.make_directory(("d",))
        await ann.rename(("f",), ("site", "incoming", "f"))
        with self.assertRaises(FileInTheWay):
            await ann.rename(("g",), ("site", "incoming", "f"))
        with self.assertRaises(NotPermitted):
            await ann.rename(("d",), ("site", "incoming", "d"))
        await ann.rename(("d",), ("site", "log", "d"))
        # With a directory come the files in it.
        self.decides.configure([rule("/site/log", ann="list, make")])
        await ann.make_directory(("site", "log", "empty"))
        await ann.make_directory(("d",))
        with self.assertRaises(NotPermitted):
            await ann.rename(("d",), ("site", "log", "e"))

    async def test_of_every_home(self) -> None:
        """A rule may be about a path in every account's home."""
        ann = await self.facet("ann")
        await (await self.homes.home("ann")).make_directory(("box",))
        await self.put(ann, ("box", "f"))
        self.assertEqual({"list", "store"}, ann.permissions(("box", "f")))
        self.assertEqual(["f"], await self.names(ann, ("box",)))
        with self.assertRaises(NotPermitted):
            await ann.open(("box", "f"))
        self.assertEqual("f", (await ann.entry(("box", "f"))).name)

    async def test_other_rules(self) -> None:
        """Who is logged in goes by other rules as soon as there are others."""
        ann = await self.facet("ann")
        await self.staff()
        self.decides.configure([rule("/site", ann="list, store"), rule("/home/ann", any="nothing")])
        await self.put(ann, ("site", "f"))
        with self.assertRaises(NoSuchFile):
            await ann.entry(("f",))
        self.decides.configure([rule("/site", any="nothing")])
        self.assertEqual(["public"], await self.names(ann))
        for files, path in ((ann, ("site",)), (self.files.anonymous(), ())):
            with self.assertRaises(NoSuchFile):
                await files.entry(path)
