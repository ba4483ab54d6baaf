"""Who sees and changes which files, and under which names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from netsuite.accounts.files import AccountFiles, Action, Area, HomesOfSite, Place, allowed
from netsuite.accounts.interfaces import FileAccess
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
from netsuite.store.files import MemorySiteTrees, MemoryTree
from netsuite.store.model import Account, AccountId, AccountState
from netsuite.store.tree import Space, TreePath
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import World

WHEN = datetime(2001, 2, 3, tzinfo=UTC)


def account(name: str = "ann", *groups: str, state: AccountState = AccountState.ACTIVE) -> Account:
    """Make an account as a value."""
    return Account(AccountId(1), name, state, groups=frozenset(groups))


class Authorization(TestCase):
    """The one function that decides."""

    def test_all(self) -> None:
        """The whole table: who, where, what."""
        ann, web, admin = account(), account("web", "web"), account("root", "admin")
        off = account(state=AccountState.DISABLED)
        off_admin = account("root", "admin", state=AccountState.DISABLED)
        for who, area, owner, may_see, may_change in (
            (None, Area.SITE, "", True, False),
            (None, Area.HOME, "ann", False, False),
            (None, Area.SHOWN, "ann", True, False),
            (ann, Area.SITE, "", True, False),
            (ann, Area.HOME, "ann", True, True),
            (ann, Area.HOME, "bob", False, False),
            (ann, Area.SHOWN, "ann", True, False),
            (ann, Area.SHOWN, "bob", True, False),
            (web, Area.SITE, "", True, True),
            (web, Area.HOME, "ann", False, False),
            (admin, Area.SITE, "", True, True),
            (admin, Area.HOME, "ann", False, False),
            (off, Area.HOME, "ann", False, False),
            (off, Area.SITE, "", False, False),
            (off_admin, Area.SITE, "", False, False),
        ):
            place = Place(area, owner, MemoryTree(), ("f",))
            found = allowed(who, place, Action.SEE), allowed(who, place, Action.CHANGE)
            self.assertEqual((may_see, may_change), found, (who, area, owner))

    def test_names_with_a_dot(self) -> None:
        """Everybody sees no name with a dot in front, wherever in the path; but .well-known."""
        tree = MemoryTree()
        for path, seen in (
            ((".git",), False),
            (("a", ".htpasswd"), False),
            ((".git", "config"), False),
            ((".well-known", "security.txt"), True),
            (("a.b", "..c"), True),
        ):
            for area in (Area.SITE, Area.SHOWN):
                place = Place(area, "", tree, path)
                expected = seen and not path[-1].startswith(".")
                self.assertEqual(expected, allowed(None, place, Action.SEE), path)
                self.assertTrue(allowed(account(), place, Action.SEE))


class FileFacets(TestCase):
    """The facets over trees in memory."""

    def setUp(self) -> None:
        self.world = World()
        self.homes = MemorySiteTrees(publish=self.world.store.changes.publish, limit_octets=1000)
        self.files = HomesOfSite(self.world.store, self.homes)
        self.realm = AccountRealm(self.world.store, self.world.resolver, self.homes)

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
        self.assertFalse(files.may_write(path))
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
        self.assertTrue(ann.may_write(("f",)))
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
        self.assertTrue(web.may_write(("site", "f")))

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
